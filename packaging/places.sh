# Sourced by install.sh. Where OpenNebula is, whose the files are to be, and what an earlier run has put where.

# Sets the three roots. A file's key in the manifest is ROOT/PATH: remotes/market/http/import, mads/one_market, lib/….
resolve_roots() {
    if [[ -n $location ]]; then
        [[ $location != *$'\n'* ]] || fail "-d: the directory's name cannot have a line break"
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
        [[ -d $directory ]] || fail "OpenNebula is not installed: $directory is missing; for a self-contained one give -d DIR"
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
    local name
    if [[ -z $owner ]]; then
        owner=$(id -un)
        if [[ -z $location ]] && ((EUID == 0)) && id -u oneadmin >/dev/null 2>&1; then owner=oneadmin; fi
    fi
    name=$owner
    owner=$(id -un -- "$name" 2>/dev/null) || fail "-u $name: there is no such user"
    [[ -n $group ]] || group=$(id -gn -- "$owner")
    name=$group
    group=$(getent group -- "$name" | cut -d: -f1) || fail "-g $name: there is no such group"
    if ((EUID != 0)); then
        [[ $owner == "$(id -un)" ]] || fail "-u: only root can give files to $owner"
        id -Gn | tr ' ' '\n' | grep -qxF -- "$group" || fail "-g: only root can give files to the group $group"
    fi
}

# The files of a package are dpkg's or rpm's: they belong to no manifest.
refuse_package() {
    [[ ! -e $lib/$package_mark ]] ||
        fail "the drivers are installed as a package: upgrade or remove it with apt or dnf"
}

# Two runs at once would mix their backups.
take_lock() {
    command -v flock >/dev/null || return 0
    exec 9<"${lib%/*}"
    flock -n 9 || fail "another install.sh runs in ${lib%/*}; wait until it ends"
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
