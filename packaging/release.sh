# Sourced by install.sh. What archives and packages have in common: their version, and what they need.

# What every front-end of OpenNebula 7 has at the least: RHEL 9, Ubuntu 22.04, Debian 12.
readonly oldest_libraries='
GLIBC 2.34
GLIBCXX 3.4.29
CXXABI 1.3.13
OPENSSL 3.0.0'

# The name of the file in the library directory that tells of a package.
readonly package_mark=package

# Sets $version and $timestamp, seconds. A checkout that is no release has the date of its last change in its version,
# which sorts before that of the release.
resolve_version() {
    local -a git=(git -C "$here" -c log.showSignature=false -c safe.directory="$here")
    version=$(<"$here/packaging/version")
    timestamp=$(stat -c %Y -- "$here/packaging/version")
    if [[ -e $here/.git ]] && command -v git >/dev/null && timestamp=$("${git[@]}" log -1 --format=%ct 2>/dev/null); then
        "${git[@]}" describe --exact-match --match "v$version" >/dev/null 2>&1 ||
            version+='~'$(date -u -d "@$timestamp" +%Y%m%d%H%M)
    fi
    timestamp=${SOURCE_DATE_EPOCH:-$timestamp}
}

# The names of the executables.
programs_of_launchers() {
    local file
    echo one_market
    while IFS= read -r -d '' file; do launched_program "$file"; done < <(find "$here/remotes" -type f -print0)
}

# The options of an installation, and $1, which makes something else.
refuse_options_of_installation() {
    if [[ -n $location$owner$group ]] || $keep; then
        fail "$1 installs nothing: -d, -u, -g and -k do not go with it"
    fi
}

# Sets $programs, and $executables to the paths of those that are needed.
find_executables() {
    local name
    prepare_programs
    executables=()
    while IFS= read -r name; do
        [[ -x $programs/$name ]] || fail "there is no executable $programs/$name; build with: swift build -c release"
        executables+=("$programs/$name")
    done < <(programs_of_launchers | sort -u)
    command -v readelf >/dev/null || fail "readelf is missing (apt: binutils; dnf: binutils)"
}

# Prints, for each family of symbols, the newest version that the executables need: GLIBC 2.34.
newest_symbols() {
    LC_ALL=C readelf -VW -- "${executables[@]}" |
        sed -n 's/.* Name: \([A-Z]*\)_\([0-9][0-9.]*\) .*/\1 \2/p' | sort -k1,1 -k2,2Vr | sort -su -k1,1
}

# Says which of the symbols that the executables need some front-end does not have.
report_newer_symbols() {
    local family oldest needed
    while read -r family needed; do
        oldest=$(sed -n "s/^$family //p" <<<"$oldest_libraries")
        [[ -n $oldest && $needed != "$oldest" ]] || continue
        [[ $(printf '%s\n' "$oldest" "$needed" | sort -V | tail -n 1) == "$needed" ]] || continue
        note "newer than on some front-ends of OpenNebula 7, which have ${family}_$oldest: ${family}_$needed for" \
            "$(symbols_of "${family}_$needed")"
    done < <(newest_symbols)
}

# The names of the symbols of version $1.
symbols_of() {
    LC_ALL=C readelf -W --dyn-syms -- "${executables[@]}" |
        sed -n "s/.* \([^ ]*\)@$1 .*/\1/p" | sort -u | tr '\n' ' ' | sed 's/ $//'
}

# Sets $output to the absolute path of the file to make: the one that was asked for, or else $1.
resolve_output() {
    output=${output:-$1}
    [[ ! -d $output ]] || output=${output%/}/$1
    [[ $output == */* ]] || output=./$output
    [[ -d ${output%/*} ]] || fail "there is no directory ${output%/*}"
}

# Makes $output of standard input, whole or not at all.
write_output() {
    pending=$(mktemp -- "${output%/*}/$temporary_prefix.XXXXXX") || fail "${output%/*} cannot be written"
    cat >"$pending" || fail "$output cannot be written"
    chmod 644 -- "$pending"
    mv -fT -- "$pending" "$output" || fail "$output cannot be replaced"
    pending=
}

# Makes the tree $1 of what is staged, as a package has it, with the documents; $2 is the kind of the package.
make_package_tree() {
    mkdir -p "$1"/usr/{lib/one,share/doc/market-drivers} "$1/var/lib/one"
    mv -- "$staging/lib" "$1/usr/lib/one/market-drivers"
    mv -- "$staging/mads" "$1/usr/lib/one/mads"
    mv -- "$staging/remotes" "$1/var/lib/one/remotes"
    # By this install.sh knows that the files are not its own.
    printf '%s\n' "$2" >"$1/usr/lib/one/market-drivers/$package_mark"
    stage_documents "$1/usr/share/doc/market-drivers"
    stage_man_pages "$1"
    chmod -R u=rwX,go=rX -- "$1"
}

# The manual, in the directory $1: where README.md and docs/ lie in a checkout, so that their links lead to each other.
stage_documents() {
    mkdir -p "$1/docs"
    cp -- "$here"/{README.md,CHANGELOG.md,CONTRIBUTING.md,LICENSE} "$1/"
    (cd "$here/docs" && find . -type f \( -name '*.md' -o -name '*.svg' \) -exec cp --parents -t "$1/docs" -- {} +)
}

# The man pages, in the tree $1.
stage_man_pages() {
    local page section
    for page in "$here"/docs/man/*.[1-9]; do
        section=$1/usr/share/man/man${page##*.}
        mkdir -p "$section"
        gzip -9n <"$page" >"$section/${page##*/}.gz"
    done
}
