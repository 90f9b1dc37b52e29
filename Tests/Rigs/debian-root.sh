#!/bin/sh
# A small Debian with apt, as a tar archive with owners and devices, of the release that this machine has.
#
#   debian-root.sh FILE.tar   makes it unless it is there; several may ask at once
#
# Its package server is http://packages.invalid, so that nothing is installed from elsewhere by mistake.
set -eu
file=$1
exec 9>"$file.lock"
flock 9
[ ! -e "$file" ] || exit 0
# shellcheck source=/dev/null
. /etc/os-release
for sources in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
    [ ! -s "$sources" ] || break
done
# shellcheck disable=SC2016 # the hook is run by mmdebstrap, whose $1 is the root directory
mmdebstrap --quiet --variant=apt --include=libcap2-bin,mount \
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
    ' "$VERSION_CODENAME" "${file%.tar}.new.tar" "$sources"
mv -- "${file%.tar}.new.tar" "$file"
