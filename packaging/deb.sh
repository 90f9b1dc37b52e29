# Sourced by install.sh. --deb: a Debian package. packaging/deb has what goes into it besides the drivers.

make_deb() {
    local architecture
    local -a executables
    command -v dpkg-deb >/dev/null || fail "dpkg-deb is missing (apt: dpkg; dnf: dpkg)"
    refuse_options_of_installation --deb
    resolve_version
    architecture=$(debian_architecture)
    resolve_output "market-drivers_$version-1_$architecture.deb"
    find_executables
    make_staging
    stage
    make_package_tree "$staging/tree" deb
    stage_debian_documents "$staging/tree/usr/share/doc/market-drivers"
    stage_control "$staging/tree"
    find "$staging/tree" -exec touch -h -d "@$timestamp" -- {} +
    SOURCE_DATE_EPOCH=$timestamp dpkg-deb --root-owner-group -Zxz -z0 --build "$staging/tree" "$staging/deb" >/dev/null ||
        fail "dpkg-deb cannot build the package: see its message above; if $staging has no space left, set TMPDIR to another directory"
    write_output <"$staging/deb"
    note "made: $output"
    report_newer_symbols
}

debian_architecture() {
    case $(uname -m) in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    *) dpkg --print-architecture ;;
    esac
}

# The documents that Debian's policy wants, in the directory $1.
stage_debian_documents() {
    cp -- "$here/packaging/deb/copyright" "$1/"
    gzip -9n <"$here/CHANGELOG.md" >"$1/changelog.gz"
    rm -f -- "$1/CHANGELOG.md"
    ln -sf ../../common-licenses/Apache-2.0 "$1/LICENSE"
    {
        printf 'market-drivers (%s-1) unstable; urgency=medium\n\n' "$version"
        printf '  * Built from the sources of this version; their changes are in changelog.gz.\n\n'
        printf ' -- %s  %s\n' "$(maintainer)" "$(LC_ALL=C date -u -R -d "@$timestamp")"
    } | gzip -9n >"$1/changelog.Debian.gz"
    mkdir -p "$1/../../lintian/overrides"
    cp -- "$here/packaging/deb/lintian-overrides" "$1/../../lintian/overrides/market-drivers"
}

# Who builds the package, as Debian's tools take it from the environment.
maintainer() {
    printf '%s <%s>' "${DEBFULLNAME:-Market Drivers}" "${DEBEMAIL:-market-drivers@example.org}"
}

# Fills $1/DEBIAN.
stage_control() {
    local script line size glibc
    size=$(du -k -s --apparent-size -- "$1" | cut -f1)
    glibc=$(newest_symbols | sed -n 's/^GLIBC //p')
    mkdir -- "$1/DEBIAN"
    while IFS= read -r line; do
        line=${line//@VERSION@/"$version-1"}
        line=${line//@ARCHITECTURE@/"$architecture"}
        line=${line//@MAINTAINER@/"$(maintainer)"}
        line=${line//@SIZE@/"$size"}
        printf '%s\n' "${line//@GLIBC@/"$glibc"}"
    done <"$here/packaging/deb/control" >"$1/DEBIAN/control"
    for script in preinst postinst postrm; do
        debian_script "$1" "$script" >"$1/DEBIAN/$script"
        chmod 755 -- "$1/DEBIAN/$script"
    done
    (cd "$1" && find var/lib/one/remotes/etc -type f -printf '/%p\n' | sort) >"$1/DEBIAN/conffiles"
    (cd "$1" &&
        find usr var -type f ! -path 'var/lib/one/remotes/etc/*' -print0 | sort -z | xargs -0 md5sum) >"$1/DEBIAN/md5sums"
}

# The maintainer script $2, with the functions that all of them share, and the paths that the tree $1 has of
# OpenNebula's.
debian_script() {
    local line
    while IFS= read -r line; do
        case $line in
        '# shellcheck '*) ;;
        '. ./diversions') debian_script "$1" diversions ;;
        '# @PATHS@') paths_of_opennebula "$1" ;;
        *) printf '%s\n' "$line" ;;
        esac
    done <"$here/packaging/deb/$2"
}

paths_of_opennebula() {
    (cd "$1" && find usr/lib/one/mads var/lib/one/remotes ! -path 'var/lib/one/remotes/etc/*' -type f -printf '/%p\n' | sort)
}
