# Sourced by install.sh. --rpm: an RPM package. RPM cannot divert the files of another package, so this one has the archive's
# tree in it, runs its installer, and runs it again when OpenNebula has been upgraded.

make_rpm() {
    local top
    local -a executables
    command -v rpmbuild >/dev/null || fail "rpmbuild is missing (apt: rpm; dnf: rpm-build)"
    refuse_options_of_installation --rpm
    resolve_version
    resolve_output "market-drivers-$version-1.$(uname -m).rpm"
    find_executables
    make_staging
    top=$staging/rpmbuild
    stage_rpm "$top/tree"
    rpm_specification "$top/tree" >"$staging/market-drivers.spec"
    SOURCE_DATE_EPOCH=$timestamp rpmbuild --quiet -bb --define "_topdir $top" --define "_rpmdir $staging/rpms" \
        --define "_build_id_links none" --define "__os_install_post %{nil}" --define "clamp_mtime_to_source_date_epoch 1" \
        --define "use_source_date_epoch_as_buildtime 1" --define "_buildhost localhost" --define "_tree $top/tree" \
        --define "_binary_payload w1.xzdio" "$staging/market-drivers.spec" >&2 || fail "rpmbuild cannot build the package: see its message above; if $staging has no space left, set TMPDIR to another directory"
    write_output <"$(find "$staging/rpms" -name '*.rpm')"
    note "made: $output"
    report_newer_symbols
}

stage_rpm() {
    mkdir -p "$1"/usr/{lib,share/doc/market-drivers}
    stage_archive "$1/usr/lib/market-drivers"
    rm -rf -- "$1"/usr/lib/market-drivers/{docs,README.md,CHANGELOG.md,CONTRIBUTING.md,LICENSE}
    stage_documents "$1/usr/share/doc/market-drivers"
    stage_man_pages "$1"
    chmod -R u=rwX,go=rX -- "$1/usr/share"
}

# The specification, with this version, the package's files and what installs them.
rpm_specification() {
    local line
    while IFS= read -r line; do
        case $line in
        *@OPTIONS@*) printf '%s\n' "${line//@OPTIONS@/"-k$($stock_datastores && echo ' --stock-datastores')"}" ;;
        *) printf '%s\n' "${line//@VERSION@/"$version"}" ;;
        esac
    done <"$here/packaging/market-drivers.spec"
}
