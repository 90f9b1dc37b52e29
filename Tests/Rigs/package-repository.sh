#!/bin/sh
# A server's directory of small Debian packages: package-repository.sh DIRECTORY [SCRIPT]
#
# `one-context`, in DIRECTORY itself, needs `tool`; `debian/` is the repository with that, with what it needs, and with
# `hostile`, whose installation runs SCRIPT.
set -eu
directory=$1
script=${2-}
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
chmod 755 "$work"

# make NAME DEPENDS POSTINST FILE
make() {
    mkdir -p "$work/$1/DEBIAN" "$work/$1/usr/share/$1"
    echo "$1" >"$work/$1/usr/share/$1/file"
    printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: x <x@example.com>\nDescription: x\n' "$1" "$version" \
        >"$work/$1/DEBIAN/control"
    [ -z "$2" ] || echo "Depends: $2" >>"$work/$1/DEBIAN/control"
    [ "$1" != tool ] || echo 'Provides: tool-feature (= 2), tool-other' >>"$work/$1/DEBIAN/control"
    printf '#!/bin/sh\nset -e\n%s\n' "$3" >"$work/$1/DEBIAN/postinst"
    chmod 755 "$work/$1/DEBIAN/postinst"
    dpkg-deb --root-owner-group -b "$work/$1" "$4" >/dev/null
}

mkdir -p "$directory/debian"
version=1
make one-context tool 'touch /var/lib/contextualized' "$directory/one-context_1.deb"
# shellcheck disable=SC2016 # the package's script is run in the image
make tool tool-base '
    [ -e /var/lib/base ] && [ -c /dev/null ] && [ -e /proc/self/status ] && [ "$(id -u)" = 0 ]
    echo data >/dev/null
    grep -q nameserver /etc/resolv.conf && [ ! -L /etc/resolv.conf ]
    cp /bin/true /usr/bin/capable
    setcap cap_net_bind_service+ep /usr/bin/capable
    mkdir -m 2750 /var/lib/tool
    chown 33:1234 /var/lib/tool
    echo key >/etc/ssh/ssh_host_ed25519_key
    /usr/sbin/policy-rc.d tool start || [ $? = 101 ]' "$directory/debian/tool_1.deb"
make tool-base '' 'touch /var/lib/base' "$directory/debian/tool-base_1.deb"
make slow '' 'sleep 600' "$directory/debian/slow_1.deb"
make broken no-such-tool '' "$directory/debian/broken_1.deb"
make failing '' 'echo it went wrong here >&2; exit 3' "$directory/debian/failing_1.deb"
make hostile one-context "$script" "$directory/debian/hostile_1.deb"
# What is installed in every image of Debian's kin, if its root directory has not got it already.
names='curl bind9-host cloud-utils parted ruby sudo dbus openssh-server qemu-guest-agent gawk virt-what open-vm-tools'
# libc6 breaks old ones.
version=99:1
for name in $names; do make "$name" '' '' "$directory/debian/${name}_1.deb"; done
cd "$directory/debian"
apt-ftparchive packages . >Packages
xz -k Packages
apt-ftparchive release . >Release
# As on Debian's servers.
rm Packages
