# Sourced by install.sh. The executables.

# Sets $programs to the directory of the executables, and builds them.
prepare_programs() {
    local header apt dnf complete=true
    if [[ -n $programs ]]; then
        [[ -d $programs ]] || fail "-b: there is no directory $programs"
        programs=$(cd -- "$programs" && pwd)
        return
    fi
    # An archive has them.
    programs=$here/bin
    [[ ! -x $programs/one_market ]] || return 0
    programs=$here/.build/release
    if ! command -v swift >/dev/null; then
        [[ -x $programs/one_market ]] || fail "no swift command: install a Swift 6 toolchain (swift.org), or build as a user who has one: swift build -c release"
        note "no swift command: using the executables that are already built"
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
        note "the build was made in another directory: building again without its module cache ..."
        rm -rf -- "$here"/.build/*/release/ModuleCache
        log=$(swift_build) && return
    fi
    printf '%s\n' "$log" >&2
    fail "the build failed; if the checkout was copied or moved, delete $here/.build and try again"
}

swift_build() {
    cd -- "$here" && swift build -c release 2>&1
}
