# Sourced by install.sh. The drivers are taken out again.

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
        note "left as it is, because another file has replaced it: $path"
        keep_copy "$1"
        return
        ;;
    edited)
        if is_configuration "$1"; then
            note "kept, because it was changed: $path"
            keep_copy "$1"
            return
        fi
        note "removed, although it was changed after its installation: $path"
        ;;
    absent)
        if [[ ! -d ${path%/*} ]]; then
            ! exists "$backup/$1" || note "not restored, because its directory is missing: $path"
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
                note "kept, a changed configuration that an installation replaced: $copy"
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
    refuse_package
    require_write_access
    take_lock
    clear_leftovers
    if [[ ! -f $manifest ]]; then
        # A run that was ended before it had written the manifest has changed nothing else.
        if [[ -d $backup || -d $edited ]] && has_only_copies; then
            note "nothing to do: the drivers are not installed; $lib holds only what an earlier removal kept"
            return
        fi
        rmdir -- "$lib" 2>/dev/null || fail "$lib has no manifest: its content is unknown, so it is not removed"
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
        rmdir -- "$lib" 2>/dev/null || note "kept, because it holds other files: $lib"
        note "removed; all replaced files are restored. Restart OpenNebula, or end the one_market process."
    else
        note "removed; replaced files are restored, except the copies named above, which stay in $lib."
        note "Restart OpenNebula, or end the one_market process."
    fi
}
