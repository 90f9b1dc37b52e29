# Sourced by install.sh. --archive: what a front-end without a toolchain needs, in one file.

make_archive() {
    local name compress
    local -a executables
    refuse_options_of_installation --archive
    resolve_version
    name=market-drivers-$version-$(uname -m)
    resolve_output "$name.tar.gz"
    case $output in
    *.tar.gz | *.tgz) compress='gzip -9n' ;;
    *.tar.zst) compress='zstd -q -19' ;;
    *) fail "--archive: the name of the file must end in .tar.gz, .tgz or .tar.zst: $output" ;;
    esac
    command -v "${compress%% *}" >/dev/null || fail "${compress%% *} is missing"
    find_executables
    make_staging
    stage_archive "$staging/$name"
    # shellcheck disable=SC2086 # a word each
    tar -C "$staging" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$timestamp" -c -- "$name" |
        $compress | write_output
    note "made: $output"
    report_newer_symbols
}

# $1 becomes a checkout with its executables in bin/, and without sources.
stage_archive() {
    mkdir -- "$1" "$1/bin"
    cp -R -- "$here"/{install.sh,packaging,remotes,docs,README.md,CHANGELOG.md,CONTRIBUTING.md,LICENSE} "$1/"
    find "$1" -mindepth 1 \( -name '.*' -o -name '*~' \) -prune -exec rm -rf -- {} +
    cp -- "${executables[@]}" "$1/bin/"
    printf '%s\n' "$version" >"$1/packaging/version"
    chmod -R u=rwX,go=rX -- "$1"
}
