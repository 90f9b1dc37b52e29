#!/usr/bin/env bash
# Puts the market drivers in place of OpenNebula's own ones, and takes them out again.
#
# Everything under remotes/ is installed as it stands there. A file that runs ".build/release/NAME" is a launcher: it is
# made to run the installed executable NAME instead. Adding a driver therefore needs no edit here.
#
# The manifest in the library directory has one line per file and version that was put in place: checksum, name. It is
# written before the first file is touched, so that an interrupted run can be repeated or removed.
set -eu -o pipefail
umask 022
unset CDPATH LD_LIBRARY_PATH

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly temporary_prefix=.market-drivers-install
# one_market looks for the marker that the message goes to standard input in so many bytes.
readonly longest_launcher=512

usage() {
    cat <<'END'
usage: ./install.sh [-d DIR] [-u USER] [-g GROUP] [-k] [-b DIR] [--stock-datastores]
       ./install.sh -r [-d DIR]
       ./install.sh --demo

Without an action option: builds what is not built, and installs.

  -d DIR    OpenNebula is self-contained in DIR (its ONE_LOCATION): DIR/var/remotes, DIR/lib/mads.
            Without it: /var/lib/one/remotes, /usr/lib/one/mads.
  -u USER   owner of the installed files; without it oneadmin where the system's paths are used and there is
            such a user, else the user that runs this
  -g GROUP  their group; without it the user's own
  -k        keep configuration files that exist
  -b DIR    take the executables from DIR, and build nothing
  --stock-datastores
            leave the scripts in remotes/datastore alone; those that an earlier run has replaced are put back
  -r        remove: put every replaced file back, and take away what was added; what was changed since stays, and so
            does its original, in the library directory
  --demo    show the drivers at work in a throw-away installation
  -h        this text
END
}

fail() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

note() {
    printf '%s\n' "$*"
}

# ---- What is asked for ----

location=
owner=
group=
keep=false
programs=
stock_datastores=false
action=install

parse_arguments() {
    while (($#)); do
        case $1 in
        -d | -u | -g | -b)
            [[ -n ${2:-} ]] || fail "$1 needs a value; see --help"
            case $1 in
            -d) location=$2 ;;
            -u) owner=$2 ;;
            -g) group=$2 ;;
            -b) programs=$2 ;;
            esac
            shift
            ;;
        -k) keep=true ;;
        --stock-datastores) stock_datastores=true ;;
        -r) action=remove ;;
        --demo) action=demo ;;
        -h | --help)
            usage
            exit 0
            ;;
        *) fail "unknown option $1; see --help" ;;
        esac
        shift
    done
}

# Sets the three roots. A file's key in the manifest is ROOT/PATH: remotes/market/http/import, mads/one_market, lib/….
resolve_roots() {
    if [[ -n $location ]]; then
        [[ $location != *$'\n'* ]] || fail "-d: a line break in the directory's name is not possible"
        [[ -d $location ]] || fail "-d: there is no directory $location"
        location=$(cd -- "$location" && pwd) || fail "-d: $location cannot be entered"
        location=${location%/}
        remotes=$location/var/remotes
        mads=$location/lib/mads
        lib=$location/lib/market-drivers
    else
        remotes=/var/lib/one/remotes
        mads=/usr/lib/one/mads
        lib=/usr/lib/one/market-drivers
    fi
    backup=$lib/backup
    edited=$lib/edited
    manifest=$lib/manifest
}

require_opennebula() {
    local directory
    for directory in "$remotes" "$mads"; do
        [[ -d $directory ]] || fail "no OpenNebula is there: $directory is missing; -d DIR names a self-contained one"
    done
}

require_write_access() {
    local directory
    for directory in "$remotes" "$mads" "${lib%/*}"; do
        [[ ! -d $directory || -w $directory ]] ||
            fail "$directory cannot be written by $(id -un); run this as root or as its owner"
    done
}

resolve_owner() {
    if [[ -z $owner ]]; then
        owner=$(id -un)
        if [[ -z $location ]] && ((EUID == 0)) && id -u oneadmin >/dev/null 2>&1; then owner=oneadmin; fi
    fi
    owner=$(id -un -- "$owner" 2>/dev/null) || fail "-u: there is no such user"
    [[ -n $group ]] || group=$(id -gn -- "$owner")
    group=$(getent group -- "$group" | cut -d: -f1) || fail "-g: there is no such group"
    if ((EUID != 0)); then
        [[ $owner == "$(id -un)" ]] || fail "-u: only root can give files to $owner"
        id -Gn | tr ' ' '\n' | grep -qxF -- "$group" || fail "-g: only root can give files to the group $group"
    fi
}

# Two runs at once would mix their backups.
take_lock() {
    command -v flock >/dev/null || return 0
    exec 9<"${lib%/*}"
    flock -n 9 || fail "another install.sh is at work in ${lib%/*}; wait for its end"
}

# ---- Roots, keys and checksums ----

# Sets $path to the file of key $1. This and the next one answer in variables: they are called for every file.
locate() {
    case $1 in
    remotes/*) path=$remotes/${1#remotes/} ;;
    mads/*) path=$mads/${1#mads/} ;;
    lib/*) path=$lib/${1#lib/} ;;
    esac
}

checksum() {
    sha256sum <"$1" | cut -d' ' -f1
}

exists() {
    [[ -e $1 || -L $1 ]]
}

is_configuration() {
    [[ $1 == remotes/etc/* ]]
}

# The manifest that was found: keys in their order, the checksums of each, the directories made.
declare -a known_keys=() made_directories=()
declare -A known_sums=()

read_manifest() {
    local sum key
    [[ -f $manifest ]] || return 0
    while read -r sum key; do
        case $sum in
        '#'*) ;;
        directory) made_directories+=("$key") ;;
        *)
            [[ -n ${known_sums[$key]:-} ]] || known_keys+=("$key")
            known_sums[$key]="${known_sums[$key]:-} $sum"
            ;;
        esac
    done <"$manifest"
}

# Sets $path to the file of key $1, and $state to whose it is: absent; ours; edited: ours, changed by somebody; foreign:
# of another origin. What is in the library directory is never edited.
examine() {
    locate "$1"
    state=foreign
    if ! exists "$path"; then
        state=absent
    elif [[ -f $path && ! -L $path && -n ${known_sums[$1]:-} ]]; then
        if [[ $1 == lib/* || ${known_sums[$1]} == *" $(checksum "$path")"* ]]; then
            state=ours
        elif is_configuration "$1" || grep -qF -- "${lib##*/}/" "$path"; then
            state=edited
        fi
    fi
}

# ---- What is to be installed ----

staging=
cleanup() {
    local status=$?
    [[ -z $staging ]] || rm -rf -- "$staging"
    [[ -z ${pending:-} ]] || rm -f -- "$pending"
    return "$status"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Staging needs a file system that executables can be run from.
make_staging() {
    local parent
    for parent in "${TMPDIR:-/tmp}" "${lib%/*}"; do
        staging=$(mktemp -d -- "$parent/$temporary_prefix.XXXXXX") || continue
        touch -- "$staging/probe"
        chmod 755 -- "$staging/probe"
        if [[ -x $staging/probe ]]; then
            rm -f -- "$staging/probe"
            return
        fi
        rm -rf -- "$staging"
    done
    staging=
    fail "no temporary directory can be made in ${TMPDIR:-/tmp} from which programs may run; set TMPDIR"
}

# $1 as one word for sh.
sh_quoted() {
    local quote="'\\''"
    printf "'%s'" "${1//\'/"$quote"}"
}

launched_program() {
    sed -n '2s|^exec "[^"]*/\.build/release/\([^"/]*\)".*|\1|p' "$1"
}

# A launcher of the checkout, made to run the installed executable.
installed_launcher() {
    local first second
    {
        IFS= read -r first
        IFS= read -r second
    } <"$1"
    # What follows the quoted path is kept: the arguments, and the marker that one_market looks for.
    printf '%s\nexec %s%s\n' "$first" "$(sh_quoted "$lib/$2")" "${second#exec \"*\"}"
}

# Fills $staging with the tree to install, by keys.
stage() {
    local file key program
    local -A wanted=([one_market]="$programs/one_market")
    mkdir -p "$staging/mads" "$staging/lib"
    while IFS= read -r -d '' file; do
        key=remotes/${file#"$here/remotes/"}
        if $stock_datastores && [[ $key == remotes/datastore/* ]]; then continue; fi
        mkdir -p "$staging/${key%/*}"
        program=$(launched_program "$file")
        if [[ -n $program ]]; then
            wanted[$program]=$programs/$program
            installed_launcher "$file" "$program" >"$staging/$key"
            chmod 755 "$staging/$key"
            stage_replaced_script "$key"
            (($(stat -c %s "$staging/$key") <= longest_launcher)) || fail "the name of the directory is too long: $lib"
        else
            cp -- "$file" "$staging/$key"
            if [[ -x $file ]]; then chmod 755 "$staging/$key"; else chmod 644 "$staging/$key"; fi
        fi
    done < <(find "$here/remotes" -type f ! -name '.*' ! -name '*~' -print0)
    printf '#!/bin/sh\nexec %s "$@"\n' "$(sh_quoted "$lib/one_market")" >"$staging/mads/one_market"
    chmod 755 "$staging/mads/one_market"
    for program in "${wanted[@]}"; do
        [[ -x $program ]] || fail "there is no executable $program; build with: swift build -c release"
        cp -- "$program" "$staging/lib/"
        chmod 755 "$staging/lib/${program##*/}"
    done
    check_libraries "${wanted[@]}"
}

# A datastore's script that is replaced stays beside ours, as NAME.stock: it does what ours leaves to it.
stage_replaced_script() {
    local path state
    [[ $1 == remotes/datastore/* ]] || return 0
    examine "$1"
    if [[ $state != foreign ]]; then
        [[ -f $manifest ]] || return 0
        path=$backup/$1
    fi
    [[ -f $path ]] || return 0
    cp -- "$path" "$staging/$1.stock"
    chmod 755 "$staging/$1.stock"
}

# The executables "$@" have the Swift runtime in them: what else they load must be on this machine.
check_libraries() {
    local missing
    missing=$(ldd "$@" 2>/dev/null | awk '/=> not found/ { print $1 }' | sort -u)
    # shellcheck disable=SC2086 # a word each
    [[ -z $missing ]] || fail_missing_libraries $missing
}

# ---- Putting files in place ----

# Makes the directory of $1 and those above it, and records which were not there.
make_directory() {
    local directory=$1
    [[ ! -d $directory ]] || return 0
    exists "$directory" && fail "$directory is in the way: it is not a directory"
    make_directory "${directory%/*}"
    mkdir -- "$directory"
    own "$directory"
}

own() {
    if ((EUID == 0)); then chown -h -- "$owner:$group" "$1"; elif [[ -n $group ]]; then chgrp -h -- "$group" "$1"; fi
}

# The directories that $1, a key, will need and that are not there, outermost first, as keys.
missing_directories() {
    local directory=${1%/*} path
    [[ $directory == */* ]] || return 0
    missing_directories "$directory"
    locate "$directory"
    [[ -d $path ]] || printf '%s\n' "$directory"
}

# Copies $1 to $2 with all its attributes, so that $2 is at any moment the old file or the new one.
publish() {
    pending=$(mktemp -- "${2%/*}/$temporary_prefix.XXXXXX") || fail "${2%/*} cannot be written"
    if [[ -L $1 ]]; then rm -f -- "$pending"; fi
    cp -a --no-target-directory -- "$1" "$pending" || fail "$2 cannot be written"
    if [[ ! -L $pending ]]; then sync -- "$pending" 2>/dev/null || true; fi
    mv -fT -- "$pending" "$2" || fail "$2 cannot be replaced"
    pending=
}

# Whether $1 has the mode of $2 and the right owner.
has_attributes() {
    [[ $(stat -c '%a %U:%G' -- "$1") == "$(stat -c %a -- "$2") $owner:$group" ]]
}

# What has to be done for each key of the new tree, found out before anything is changed.
declare -a new_keys=() work=()
declare -A new_sums=()

plan() {
    local key path state sum
    while read -r sum key; do
        examine "$key"
        [[ -L $path || ! -d $path ]] || fail "$path is a directory; a driver's file belongs there"
        if $keep && is_configuration "$key" && [[ $state == foreign || $state == edited ]]; then
            note "kept: $path"
            if [[ -n ${known_sums[$key]:-} ]]; then new_keys+=("$key") new_sums[$key]=${known_sums[$key]}; fi
            continue
        fi
        if [[ $state == foreign ]] && ((EUID != 0)) && [[ ! -O $path ]]; then
            fail "$path belongs to $(stat -c %U -- "$path"): only root can put it back as it is; run this as root"
        fi
        new_keys+=("$key")
        new_sums[$key]=" $sum"
        if [[ $state != ours ]] || ! cmp -s -- "$staging/$key" "$path" || ! has_attributes "$path" "$staging/$key"; then
            work+=("$state $key")
        fi
    done < <(cd "$staging" && find lib remotes mads -type f -exec sha256sum {} + | order_of_installation)
}

# Executables first, the driver manager last: nothing in place ever names what is not there yet.
order_of_installation() {
    local line rank
    while IFS= read -r line; do
        case $line in
        *' lib/'*) rank=1 ;;
        *' mads/'*) rank=3 ;;
        *) rank=2 ;;
        esac
        printf '%s %s\n' "$rank" "$line"
    done | sort -k1,1n -k3 | cut -d' ' -f2-
}

# Writes the manifest: with "all", what was known before stays listed beside the new.
write_manifest() {
    local key sum
    {
        echo '# Files that install.sh has put in place; install.sh -r needs this list. Do not edit.'
        for key in ${made_directories[@]+"${made_directories[@]}"}; do printf 'directory %s\n' "$key"; done
        if [[ $1 == all ]]; then
            for key in ${known_keys[@]+"${known_keys[@]}"}; do
                for sum in ${known_sums[$key]}; do printf '%s %s\n' "$sum" "$key"; done
            done
        fi
        for key in "${new_keys[@]}"; do
            for sum in ${new_sums[$key]}; do printf '%s %s\n' "$sum" "$key"; done
        done
    } | awk '!seen[$0]++' >"$staging/manifest"
    own "$staging/manifest"
    if [[ ! -f $manifest ]] || ! cmp -s "$staging/manifest" "$manifest"; then publish "$staging/manifest" "$manifest"; fi
}

# Keeps a copy of the file at key $1 in the mirror tree $2.
save() {
    local path
    locate "$1"
    make_directory "$2/${1%/*}"
    publish "$path" "$2/$1"
}

put_in_place() {
    local entry state key path added=0 replaced=0 updated=0
    for entry in ${work[@]+"${work[@]}"}; do
        state=${entry%% *}
        key=${entry#* }
        locate "$key"
        case $state in
        absent) ((added += 1)) ;;
        ours) ((updated += 1)) ;;
        foreign)
            save "$key" "$backup"
            ((replaced += 1))
            ;;
        edited)
            save "$key" "$edited"
            note "changed since it was installed, and now replaced: $path"
            note "  the changed file is kept as $edited/$key"
            ((updated += 1))
            ;;
        esac
        make_directory "${path%/*}"
        own "$staging/$key"
        publish "$staging/$key" "$path"
    done
    retire
    ((${#work[@]} == 0)) || note "installed: $added files added, $replaced replaced, $updated updated"
    ((replaced == 0)) || note "the replaced files are kept in $backup"
}

# Takes back the files of an earlier run that this one does not install: those of an older version, or the scripts of
# datastores.
retire() {
    local key path restored=0 gone=0
    for key in ${known_keys[@]+"${known_keys[@]}"}; do
        if [[ -z ${new_sums[$key]:-} ]]; then
            locate "$key"
            undo "$key"
            if ! exists "$path"; then
                ((gone += 1))
            elif same_file "$backup/$key" "$path"; then
                ((restored += 1))
            fi
            [[ -n ${kept[$key]:-} ]] || rm -f -- "$backup/$key"
        fi
    done
    ((restored + gone == 0)) ||
        note "no longer installed: $restored files put back as they were before, $gone taken away"
}

has_retired() {
    local key
    for key in ${known_keys[@]+"${known_keys[@]}"}; do
        [[ -n ${new_sums[$key]:-} ]] || return 0
    done
    return 1
}

record_directories() {
    local entry directory
    local -A listed=()
    for directory in ${made_directories[@]+"${made_directories[@]}"}; do listed[$directory]=1; done
    for entry in ${work[@]+"${work[@]}"}; do
        while IFS= read -r directory; do
            [[ -z ${listed[$directory]:-} ]] || continue
            listed[$directory]=1
            made_directories+=("$directory")
        done < <(missing_directories "${entry#* }")
    done
}

# What an earlier removal has kept must neither be overwritten by this installation's copies nor be taken for them.
set_copies_aside() {
    local tree number
    [[ ! -f $manifest ]] || return 0
    for tree in "$backup" "$edited"; do
        exists "$tree" || continue
        number=1
        while exists "$tree.$number"; do ((number += 1)); done
        mv -T -- "$tree" "$tree.$number"
        note "what an earlier removal has kept is now in $tree.$number"
    done
}

# What a run that was killed has left under temporary names.
clear_leftovers() {
    local root
    rm -rf -- "${lib%/*}/$temporary_prefix".??????
    for root in "$remotes" "$mads" "$lib"; do
        [[ ! -d $root ]] || find "$root" -name "$temporary_prefix.??????" ! -type d -exec rm -f -- {} +
    done
}

install_drivers() {
    require_opennebula
    require_write_access
    resolve_owner
    prepare_programs
    take_lock
    read_manifest
    clear_leftovers
    make_staging
    stage
    plan
    report_missing
    if ((${#work[@]} == 0)) && ! has_retired; then
        # An interrupted run may have left the manifest at its wider state.
        write_manifest new
        note "nothing to do: the drivers are already installed in $lib"
        return
    fi
    record_directories
    make_directory "$lib"
    set_copies_aside
    write_manifest all
    put_in_place
    write_manifest new
    say_what_is_next
}

say_what_is_next() {
    cat <<END
owner: $owner:$group
next:
  oned.conf needs no change. Restart OpenNebula, or, while no upload to a marketplace is under way, end the
  one_market process: oned starts the new one by itself.
remove with:
  $(sh_quoted "$here/install.sh") -r${location:+ -d $(sh_quoted "$location")}
END
}

# ---- Taking it out again ----

# The keys whose copy in $backup was not put back: the only one that there is.
declare -A kept=()

# Gives back what was at key $1 before it was installed.
undo() {
    local path state
    examine "$1"
    # As after a removal that was interrupted.
    if [[ $state == foreign || $state == edited ]] && same_file "$backup/$1" "$path"; then return; fi
    case $state in
    foreign)
        note "left as it is, since it is not what was installed: $path"
        keep_copy "$1"
        return
        ;;
    edited)
        if is_configuration "$1"; then
            note "kept, since it was changed: $path"
            keep_copy "$1"
            return
        fi
        note "was changed since it was installed, and goes all the same: $path"
        ;;
    absent)
        if [[ ! -d ${path%/*} ]]; then
            ! exists "$backup/$1" || note "not put back, since its directory is gone: $path"
            keep_copy "$1"
            return
        fi
        ;;
    esac
    if exists "$backup/$1"; then
        publish "$backup/$1" "$path"
    else
        rm -f -- "$path"
    fi
}

same_file() {
    if [[ -L $1 || -L $2 ]]; then
        [[ -L $1 && -L $2 && $(readlink -- "$1") == "$(readlink -- "$2")" ]]
    else
        [[ -f $1 && -f $2 ]] && cmp -s -- "$1" "$2"
    fi
}

keep_copy() {
    exists "$backup/$1" || return 0
    kept[$1]=1
    note "  its original is kept as $backup/$1"
}

# Deletes the copies that were put back or are in place. Fails where others stay.
discard_copies() {
    local tree copy key path="" status=0
    for tree in "$backup" "$edited"; do
        [[ -d $tree ]] || continue
        while IFS= read -r -d '' copy; do
            key=${copy#"$tree/"}
            locate "$key"
            if [[ $tree == "$edited" ]] && is_configuration "$key" && ! same_file "$copy" "$path"; then
                note "kept, a changed configuration that an installation had replaced: $copy"
            elif [[ $tree == "$backup" && -z ${kept[$key]:-} && -z ${known_sums[$key]:-} ]]; then
                note "kept, the original of $path: $copy"
            elif [[ $tree == "$edited" || -z ${kept[$key]:-} ]]; then
                rm -f -- "$copy"
                continue
            fi
            status=1
        done < <(find "$tree" ! -type d -print0)
        find "$tree" -depth -type d -empty -exec rmdir -- {} \;
    done
    return "$status"
}

# Whether the library directory has nothing but what earlier removals have kept.
has_only_copies() {
    [[ -z $(find "$lib" -mindepth 1 -maxdepth 1 ! -name "${backup##*/}*" ! -name "${edited##*/}*") ]]
}

remove_directories() {
    local index path
    for ((index = ${#made_directories[@]} - 1; index >= 0; index--)); do
        locate "${made_directories[index]}"
        if [[ -d $path && ! -L $path ]]; then rmdir -- "$path" 2>/dev/null || true; fi
    done
}

remove_drivers() {
    local index all_back=true
    if [[ ! -d $lib ]]; then
        note "nothing to do: the drivers are not installed in $lib"
        return
    fi
    require_write_access
    take_lock
    clear_leftovers
    if [[ ! -f $manifest ]]; then
        # A run that was ended before it had written the manifest has changed nothing else.
        if [[ -d $backup || -d $edited ]] && has_only_copies; then
            note "nothing to do: the drivers are not installed; $lib has what an earlier removal has kept"
            return
        fi
        rmdir -- "$lib" 2>/dev/null || fail "$lib has no manifest, so nothing is known of what it holds; it is left alone"
        note "removed: $lib, which was empty"
        return
    fi
    read_manifest
    # Backwards: what calls an executable goes before the executable.
    for ((index = ${#known_keys[@]} - 1; index >= 0; index--)); do undo "${known_keys[index]}"; done
    remove_directories
    discard_copies || all_back=false
    rm -f -- "$manifest"
    if $all_back; then
        rmdir -- "$lib" 2>/dev/null || note "kept, since other files are in it: $lib"
        note "removed; every replaced file is back. Restart OpenNebula, or end the one_market process."
    else
        note "removed; replaced files are back, but for the copies named above, which stay in $lib."
        note "Restart OpenNebula, or end the one_market process."
    fi
}

# ---- What the machine needs ----

# PROGRAM, and the package that it comes with: apt's, dnf's.
readonly programs_needed='
qemu-img qemu-utils qemu-img
ssh openssh-client openssh-clients
xz xz-utils xz
bzip2 bzip2 bzip2
gzip gzip gzip
zstd zstd zstd
lz4 lz4 lz4
fakeroot fakeroot fakeroot'

# That of Sources/HTTP/CurlLibrary.swift.
readonly curl_library=libcurl.so.4

# The start of a LIBRARY's name, and its package.
readonly libraries_needed='
libssl libssl3 openssl-libs
libcrypto libssl3 openssl-libs
libstdc++ libstdc++6 libstdc++'

# A HEADER, and its package: for building.
readonly headers_needed='
curl/curl.h libcurl4-openssl-dev libcurl-devel
openssl/evp.h libssl-dev openssl-devel'

say_missing() {
    printf 'missing: %s (apt: %s; dnf: %s)\n' "$1" "$2" "$3"
}

report_missing() {
    local program apt dnf
    while read -r program apt dnf; do
        [[ -z $program ]] || command -v "$program" >/dev/null || say_missing "$program" "$apt" "$dnf"
    done <<<"$programs_needed"
    # The executables open it when they first need it, so that ldd does not list it. The loader says what it cannot find.
    [[ -z $(LC_ALL=C LD_PRELOAD=$curl_library env true 2>&1) ]] || say_missing "$curl_library" libcurl4 libcurl
}

fail_missing_libraries() {
    local library prefix apt dnf
    for library in "$@"; do
        while read -r prefix apt dnf; do
            [[ -z $prefix || $library != "$prefix"* ]] || say_missing "$library" "$apt" "$dnf" >&2
        done <<<"$libraries_needed"
    done
    fail "the executables in $programs cannot start: not found: $*"
}

has_header() {
    local directory
    for directory in /usr/include /usr/include/*-linux-gnu* /usr/local/include; do
        [[ ! -e $directory/$1 ]] || return 0
    done
    return 1
}

# Sets $programs to the directory of the executables, and builds them.
prepare_programs() {
    local header apt dnf complete=true
    if [[ -n $programs ]]; then
        [[ -d $programs ]] || fail "-b: there is no directory $programs"
        programs=$(cd -- "$programs" && pwd)
        return
    fi
    programs=$here/.build/release
    if ! command -v swift >/dev/null; then
        [[ -x $programs/one_market ]] || fail "no swift command: install a Swift 6 toolchain (swift.org), or build as a user who has one: swift build -c release"
        note "no swift command here: taking the executables that are built already"
        return
    fi
    while read -r header apt dnf; do
        [[ -z $header ]] || has_header "$header" || {
            say_missing "$header" "$apt" "$dnf" >&2
            complete=false
        }
    done <<<"$headers_needed"
    $complete || fail "the drivers cannot be built without these headers"
    build
}

build() {
    local log
    note "building (swift build -c release) ..."
    log=$(swift_build) && return
    # The compiler's cache names the directory that the checkout was copied or moved from.
    if [[ $log == *SwiftShims* || $log == *'module cache path'* ]]; then
        note "the build is one of another directory: building again without its module cache ..."
        rm -rf -- "$here"/.build/*/release/ModuleCache
        log=$(swift_build) && return
    fi
    printf '%s\n' "$log" >&2
    fail "the build failed; if the checkout was copied or moved, delete $here/.build and try again"
}

swift_build() {
    cd -- "$here" && swift build -c release 2>&1
}

parse_arguments "$@"
if [[ $action == demo ]]; then exec "$here/Tests/Rigs/demo"; fi
resolve_roots
case $action in
install) install_drivers ;;
remove) remove_drivers ;;
esac
