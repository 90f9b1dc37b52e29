#!/bin/sh
# A small Debian with apt, as a tar archive with owners and devices, of the release that this machine has.
#
#   debian-root.sh FILE.tar [ID VERSION MANAGER]   makes it unless it is there; several may ask at once
#   debian-root.sh FILE.tar --bootable             with systemd, as public images have it
#
# With the rest it takes itself for that distribution: it has MANAGER, dnf or zypper, and `curl` is an installed RPM. The
# list of RPMs is where that distribution has it. Its package server is http://packages.invalid, so that nothing is
# installed from elsewhere by mistake. One that boots has this machine's servers.
set -eu
file=$1
bootable=
if [ "${2-}" = --bootable ]; then
    bootable=yes
    set -- "$file"
fi
export id="${2-}" release="${3-}" manager="${4-}" work=
exec 9>"$file.lock"
flock 9
[ ! -e "$file" ] || exit 0
# shellcheck source=/dev/null
. /etc/os-release
for sources in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
    [ ! -s "$sources" ] || break
done
if [ -n "$bootable" ]; then
    # shellcheck disable=SC2016 # $1 is the root directory
    mmdebstrap --quiet --variant=apt --include=systemd-sysv,dbus,udev,iproute2 --customize-hook='
        rm -f "$1/etc/resolv.conf" "$1/etc/hostname"
        : >"$1/etc/machine-id"
        printf "[Match]\nName=eth0\n[Network]\nDHCP=true\n" >"$1/etc/systemd/network/eth0.network"
        chroot "$1" systemctl enable systemd-networkd 2>&1
    ' "$VERSION_CODENAME" "${file%.tar}.new.tar" "$sources"
    mv -- "${file%.tar}.new.tar" "$file"
    exit 0
fi
if [ -n "$id" ]; then
    work=$(mktemp -d)
    trap 'rm -rf -- "$work"' EXIT
    sh "${0%/*}/rpm-repository.sh" "$work"
fi
# shellcheck disable=SC2016 # the hook is run by mmdebstrap, whose $1 is the root directory
mmdebstrap --quiet --variant=apt --include="libcap2-bin,mount${id:+,rpm,$manager}" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/lib/x86_64-linux-gnu/gconv/*' \
    --customize-hook='
        rm -f "$1"/etc/apt/sources.list.d/* "$1/etc/resolv.conf"
        echo "deb [trusted=yes] http://packages.invalid/debian ./" >"$1/etc/apt/sources.list"
        ln -s ../run/systemd/resolve/stub-resolv.conf "$1/etc/resolv.conf"
        echo 0123456789abcdef0123456789abcdef >"$1/etc/machine-id"
        mkdir -p "$1/etc/ssh" "$1/srv/own"
        echo key >"$1/etc/ssh/ssh_host_rsa_key"
        echo mine >"$1/srv/own/file"
        chown -R 1000:1001 "$1/srv/own"
        chmod 0700 "$1/srv/own"
        cp "$1/bin/true" "$1/usr/bin/attributed"
        chroot "$1" setcap cap_net_raw+ep /usr/bin/attributed
        [ -n "$id" ] || exit 0
        printf "ID=%s\nVERSION_ID=%s\nPRETTY_NAME=\"%s %s\"\n" "$id" "$release" "$id" "$release" \
            >"$1/usr/lib/os-release"
        mkdir -p "$1/etc/rpm" "$1/etc/yum.repos.d" "$1/etc/zypp/repos.d"
        database=/var/lib/rpm
        if [ "$manager" = zypper ]; then
            database=/usr/lib/sysimage/rpm
            rm -rf "$1/var/lib/rpm"
            mkdir -p "$1$database"
            ln -s "../..$database" "$1/var/lib/rpm"
        fi
        echo "%_dbpath $database" >"$1/etc/rpm/macros"
        printf "[main-repo]\nname=main\nenabled=1\ngpgcheck=0\nbaseurl=http://packages.invalid/rpm\n" \
            >"$1/etc/yum.repos.d/main.repo"
        cp "$1/etc/yum.repos.d/main.repo" "$1/etc/zypp/repos.d/"
        cp "$work"/rpm/curl-1-1.noarch.rpm "$1/tmp/"
        chroot "$1" rpm --install --justdb --nodeps --noscripts /tmp/curl-1-1.noarch.rpm 2>&1
        rm "$1/tmp/curl-1-1.noarch.rpm"
    ' "$VERSION_CODENAME" "${file%.tar}.new.tar" "$sources"
mv -- "${file%.tar}.new.tar" "$file"
