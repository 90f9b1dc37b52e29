# Fresh roots of Debian's releases, without a toolchain. Sourced by Tests/Packages/run and Tests/Pages/run, which set
# $cache, where the roots are kept as archives, and $root_packages, what they have besides the essential packages.

# make_root SUITE DIRECTORY: a root of the release, from an archive that is made once.
make_root() {
    local archive=$cache/$1-$root_packages.tar part=$cache/$1.part.tar
    if [[ ! -s $archive ]]; then
        mmdebstrap --quiet --variant=minbase --include="$root_packages" \
            --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io \
            "$1" "$part" http://deb.debian.org/debian >"$archive.log" 2>&1 || {
            cat "$archive.log" >&2
            return 1
        }
        mv -- "$part" "$archive"
    fi
    mkdir -- "$2"
    tar -C "$2" -xf "$archive" || return 1
    # A package that restarts something is told from others by this.
    printf '#!/bin/sh\necho "$*" >>/restarted\nexit 101\n' >"$2/usr/sbin/policy-rc.d"
    chmod 755 "$2/usr/sbin/policy-rc.d"
    mkdir "$2/tests"
    cp Tests/Packages/at-work Tests/Rigs/conversation.sh "$2/tests/"
}

# in_root DIRECTORY COMMAND …: with its own processes, and without this machine's environment. Its / is a mount point, as
# rpm(8) wants it to be.
in_root() {
    # shellcheck disable=SC2016 # the inner shell's
    unshare --mount --pid --fork --kill-child env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive HOME=/root \
        sh -c 'mount --rbind "$1" "$1" && mount -t proc proc "$1/proc" && exec chroot "$@"' sh "$@"
}

# What is where OpenNebula and its drivers are, and what is diverted.
listing() {
    (
        cd "$1" &&
            find usr/lib/one var/lib/one \( -type f -printf '%p %m %u:%g ' -exec sha256sum {} \; \) -o -printf '%p %y %m %u:%g\n' |
            sed 's/  [^ ]*$//' | sort
    )
    dpkg-divert --admindir "$1/var/lib/dpkg" --list '*/one/*' | sort
}
