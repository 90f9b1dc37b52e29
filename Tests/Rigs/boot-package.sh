#!/bin/sh
# A context package that can boot: boot-package.sh FILE.deb
#
# Its units have the names of OpenNebula's. Their script does what a container's context asks for: host name, key of
# root, and network.
set -eu
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
chmod 755 "$work"
mkdir -p "$work/DEBIAN" "$work/usr/sbin" "$work/usr/lib/systemd/system"

cat >"$work/DEBIAN/control" <<'EOF'
Package: one-context
Version: 1
Architecture: all
Maintainer: x <x@example.com>
Depends: util-linux, bash, curl, bind9-host, cloud-utils, parted, ruby, sudo, passwd, dbus, openssh-server,
 qemu-guest-agent, gawk, virt-what
Description: x
EOF
cat >"$work/DEBIAN/postinst" <<'EOF'
#!/bin/sh
systemctl enable one-context-local.service one-context-online.service one-context.service
EOF
chmod 755 "$work/DEBIAN/postinst"

# unit NAME AFTER BEFORE
unit() {
    cat >"$work/usr/lib/systemd/system/$1.service" <<EOF
[Unit]
After=$2
Before=$3
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/one-contextd $1
[Install]
WantedBy=multi-user.target
EOF
}
unit one-context-local local-fs.target 'network-pre.target systemd-networkd.service ssh.service'
unit one-context-online network.target one-context.service
unit one-context network-online.target ''

cat >"$work/usr/sbin/one-contextd" <<'EOF'
#!/bin/bash
echo "$1" >>/run/one-context.done
[ "$1" = one-context-local ] || exit 0
. /context/context.sh
echo "$SET_HOSTNAME" >/etc/hostname
hostname "$SET_HOSTNAME"
mkdir -m 700 -p /root/.ssh
echo "$SSH_PUBLIC_KEY" >/root/.ssh/authorized_keys
# The image makes the keys of its server where a package manager has installed it.
[ -e /etc/systemd/system/ssh.service.d ] || ssh-keygen -q -A
printf '[Match]\nMACAddress=%s\n[Network]\nAddress=%s/24\nGateway=%s\n' "$ETH0_MAC" "$ETH0_IP" "$ETH0_GATEWAY" \
    >/etc/systemd/network/eth0.network
EOF
chmod 755 "$work/usr/sbin/one-contextd"
dpkg-deb --root-owner-group -b "$work" "$1" >/dev/null
