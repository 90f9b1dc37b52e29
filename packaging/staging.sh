# Sourced by install.sh. The tree that is to be installed, put together in a temporary directory.

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
    fail "cannot make a temporary directory in ${TMPDIR:-/tmp} from which programs can run; set TMPDIR to another one"
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
    [[ $action == install && $1 == remotes/datastore/* ]] || return 0
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
    local listing missing
    listing=$(LC_ALL=C ldd "$@" 2>&1) || true
    missing=$(awk '/=> not found/ { print $1 }' <<<"$listing" | sort -u)
    # shellcheck disable=SC2086 # a word each
    [[ -z $missing ]] || fail_missing_libraries $missing
    missing=$(sed -n "s/.*: version \`\([^']*\)' not found.*/\1/p" <<<"$listing" | sort -u | tr '\n' ' ')
    [[ -z $missing ]] || fail "the executables in $programs cannot start: this system's libraries are older than" \
        "${missing% }; build them on this system"
}
