# The archive of install.sh. Sourced by Tests/Packages/run.

# What every front-end of OpenNebula 7 has: RHEL 9 has the oldest glibc and libstdc++, Ubuntu 22.04 the oldest OpenSSL 3.
readonly -A oldest=([GLIBC]=2.34 [GLIBCXX]=3.4.29 [CXXABI]=1.3.13 [OPENSSL]=3.0.0 [GCC]=9)

# The executables, as they are in the archive, load no newer symbol than the oldest front-end has, and no library that it
# may not have.
library_story() {
    local story='the libraries' place=$work/unpacked program newer
    mkdir "$place"
    tar -C "$place" --strip-components=1 -xf "$work/archive.tar.gz"
    same 'what is in bin/' 'market-drivers one_market' "$(cd "$place/bin" && echo *)"
    for program in "$place"/bin/*; do
        newer=$(objdump -T -- "$program" | versions_needed | while read -r symbol family version; do
            [[ -n ${oldest[$family]:-} ]] && dpkg --compare-versions "$version" le "${oldest[$family]}" ||
                echo "$symbol needs ${family}_$version, a front-end may have ${oldest[$family]:-none}"
        done)
        same "what ${program##*/} needs beyond the oldest front-end" '' "$newer"
        same "the libraries of ${program##*/}" '' "$(objdump -p -- "$program" | sed -n 's/^ *NEEDED *//p' |
            grep -vxE 'lib(c|m|gcc_s|stdc\+\+|crypto)\.so\.[0-9]+|ld-linux-x86-64\.so\.2' || true)"
    done
    has 'that anything was compared' GLIBC "$(objdump -T -- "$place/bin/one_market" | versions_needed)"
    same 'what install.sh says of newer symbols' '' "$(./install.sh --archive "$work/" -b "$place/bin" | grep '^newer' || true)"
}

# Of a list of symbols: SYMBOL FAMILY VERSION for each that has a version.
versions_needed() {
    sed -nE 's/.*\*UND\*.*[ (]([A-Z]+)_([0-9.]+)\)? +([^ ]+)$/\3 \1 \2/p' | sort -u
}

# Unpacked, installed, run, and removed.
archive_story() {
    local story="$story: the archive" before
    before=$(listing "$root")
    succeeds 'install.sh installs' in_root "$root" /tests/archive/install.sh
    has 'what it says' 'owner: oneadmin:oneadmin' "$said"
    has 'what else it says' 'missing: qemu-img (apt: qemu-utils' "$said"
    same 'that it looks for no toolchain' '' "$(grep -iE 'swift|build' <<<"$said" || true)"
    succeeds 'the drivers are at work' at_work
    succeeds 'a second run' in_root "$root" /tests/archive/install.sh
    has 'what it says' 'already installed' "$said"
    fails 'the package beside it' 'remove them first with: install.sh -r' in_root "$root" dpkg -i /tests/market-drivers.deb
    in_root "$root" dpkg --purge market-drivers >/dev/null 2>&1
    succeeds 'the drivers are still at work' at_work
    succeeds 'install.sh removes' in_root "$root" /tests/archive/install.sh -r
    same 'what is there afterwards' "$before" "$(listing "$root")"
    same '--demo' 'install.sh: --demo needs a checkout: an archive does not have it' \
        "$(in_root "$root" /tests/archive/install.sh --demo 2>&1 || true)"
}

at_work() {
    in_root "$root" setpriv --reuid oneadmin --regid oneadmin --init-groups bash /tests/at-work
    # The next listing is not to have it.
    rm -rf -- "$root/var/lib/one/market-drivers"
}
