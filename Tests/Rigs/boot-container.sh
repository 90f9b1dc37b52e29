#!/bin/sh
# Boots a container's disk image with systemd-nspawn, in the way of OpenNebula's LXC hosts: its context lies in /context.
# Asks it COMMAND from outside, by ssh as root, and ends it. Needs root.
#
#   boot-container.sh IMAGE DIRECTORY COMMAND
#
# DIRECTORY is empty. It gets the keys, the context and what the boot prints, `boot.log`. All is done in namespaces that
# end with this script: mounts, loop device, network and processes.
set -eu
if [ -z "${BOOT_INSIDE-}" ]; then
    groups=
    for top in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
        [ -w "$top/cgroup.procs" ] || continue
        mkdir "$top/market-drivers-test-$$"
        groups="$groups $top/market-drivers-test-$$"
    done
    # shellcheck disable=SC2086 # the paths have no blanks
    trap '[ -z "$groups" ] || find $groups -depth -type d -exec rmdir {} +' EXIT
    trap 'exit 1' HUP INT TERM
    # shellcheck disable=SC2016 # the shell inside expands it
    BOOT_INSIDE=yes BOOT_GROUPS=$groups unshare --mount --net --pid --fork --kill-child --mount-proc \
        sh -c 'for group in $BOOT_GROUPS; do echo 0 >"$group/cgroup.procs"; done; exec sh "$@"' sh "$0" "$@"
    exit
fi

image=$1 directory=$2 command=$3
mac=02:00:0a:00:00:02
mkdir "$directory/root" "$directory/context"
ssh-keygen -q -t ed25519 -N '' -C test -f "$directory/key"
cat >"$directory/context/context.sh" <<EOF
ETH0_IP='10.0.0.2'
ETH0_GATEWAY='10.0.0.1'
ETH0_MAC='$mac'
SET_HOSTNAME='booted'
SSH_PUBLIC_KEY='$(cat "$directory/key.pub")'
EOF

mount -o loop "$image" "$directory/root"
# systemd-nspawn leaves names below it.
mkdir -p /run/systemd
mount -t tmpfs none /run/systemd
# It would wait for udev to tell of the network interface.
mount -o remount,bind,ro /sys
ip link set lo up
ip link add gate type veth peer name eth0 address "$mac"
ip address add 10.0.0.1/24 dev gate
ip link set gate up
systemd-nspawn --quiet --register=no --keep-unit --directory="$directory/root" --machine=booted \
    --network-interface=eth0 --bind-ro="$directory/context:/context" --boot >"$directory/boot.log" 2>&1 </dev/null &
container=$!

inside() {
    ssh -q -i "$directory/key" -o BatchMode=yes -o ConnectTimeout=2 -o StrictHostKeyChecking=no \
        -o UserKnownHostsFile=/dev/null root@10.0.0.2 "$1"
}
tries=0
until inside true; do
    tries=$((tries + 1))
    if [ "$tries" -ge 60 ] || ! kill -0 "$container"; then
        tail -n 20 "$directory/boot.log" >&2
        exit 1
    fi
    sleep 1
done
inside "$command"
inside 'systemctl poweroff' || true
wait "$container"
