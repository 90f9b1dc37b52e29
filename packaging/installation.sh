# Sourced by install.sh. The tree is put in place, file by file.

# Makes the directory of $1 and those above it, and records which were not there.
make_directory() {
    local directory=$1
    [[ ! -d $directory ]] || return 0
    exists "$directory" && fail "$directory is not a directory; move it away"
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
        [[ -L $path || ! -d $path ]] || fail "$path is a directory, but a driver is a file; move it away"
        if $keep && is_configuration "$key" && [[ $state == foreign || $state == edited ]]; then
            note "kept: $path"
            if [[ -n ${known_sums[$key]:-} ]]; then new_keys+=("$key") new_sums[$key]=${known_sums[$key]}; fi
            continue
        fi
        if [[ $state == foreign ]] && ((EUID != 0)) && [[ ! -O $path ]]; then
            fail "$path belongs to $(stat -c %U -- "$path"): only root can restore it unchanged; run this as root"
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
            note "replaced, although it was changed after its installation: $path"
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
        note "no longer installed: $restored files restored, $gone removed"
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
        note "what an earlier removal kept is now in $tree.$number"
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
    refuse_package
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
  Restart OpenNebula. Or end the one_market process while no upload to a marketplace runs: oned starts the new one.
  oned.conf needs no change.
remove with:
  $(sh_quoted "$here/install.sh") -r${location:+ -d $(sh_quoted "$location")}
END
}
