#!/bin/sh
# A server's directory of small RPMs: rpm-repository.sh DIRECTORY
#
# `one-context`, in DIRECTORY itself for RHEL 9 and for openSUSE, needs `tool`; `rpm/` is the repository with what it
# needs, and with what is installed in every image of these families. `more-release` there names `more/`, which has
# `beyond`.
set -eu
directory=$1
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
names='util-linux curl bind-utils cloud-utils-growpart growpart parted ruby rubygem-json sudo shadow-utils shadow
    openssh-server openssh qemu-guest-agent gawk virt-what'

# describe NAME [LINE …]: a package with a file, and these lines
describe() {
    printf '%%package -n %s\nSummary: x\n' "$1"
    name=$1
    shift
    [ $# -eq 0 ] || printf '%s\n' "$@"
    printf '%%description -n %s\nx\n%%files -n %s\n/usr/share/%s\n' "$name" "$name" "$name"
    all="$all $name"
}

all=
{
    printf 'Name: context\nVersion: 1\nRelease: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n%%description\nx\n'
    describe one-context 'Requires: tool'
    describe tool 'Requires: tool-base'
    describe tool-base
    # The scripts of packages need it.
    describe bash 'Provides: /bin/sh'
    describe more-release
    describe beyond
    describe broken 'Requires: no-such-tool'
    for name in $names; do describe "$name"; done
    # shellcheck disable=SC2016 # rpmbuild runs it
    printf '%%install\nfor name in%s; do mkdir -p %%{buildroot}/usr/share/$name; echo $name >%%{buildroot}/usr/share/$name/file; done\n' \
        "$all"
    cat <<'POST'
%post -n tool-base
touch /var/lib/base
%post -n tool
set -e
[ -e /var/lib/base ] && [ -c /dev/null ] && [ -e /proc/self/status ] && [ "$(id -u)" = 0 ]
grep -q nameserver /etc/resolv.conf && [ ! -L /etc/resolv.conf ]
cp /bin/true /usr/bin/capable
setcap cap_net_bind_service+ep /usr/bin/capable
mkdir -m 2750 /var/lib/tool
chown 33:1234 /var/lib/tool
%post -n more-release
printf '[more]\nname=more\nbaseurl=http://packages.invalid/more\ngpgcheck=0\n' >/etc/yum.repos.d/more.repo
%post -n one-context
touch /var/lib/contextualized
POST
} >"$work/context.spec"
mkdir -p "$directory/rpm" "$directory/more"
HOME=$work rpmbuild --quiet -bb --define "_topdir $work" --define "_rpmdir $work" "$work/context.spec" 2>"$work/log" ||
    { cat "$work/log" >&2; exit 1; }
mv "$work/noarch/one-context-1-1.noarch.rpm" "$directory/one-context-1-1.el9.noarch.rpm"
cp "$directory/one-context-1-1.el9.noarch.rpm" "$directory/one-context-1-1.suse.noarch.rpm"
mv "$work"/noarch/beyond-*.rpm "$directory/more/"
mv "$work"/noarch/*.rpm "$directory/rpm/"
createrepo_c --quiet "$directory/rpm"
createrepo_c --quiet "$directory/more"
