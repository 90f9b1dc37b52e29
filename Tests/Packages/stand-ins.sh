# Stand-ins for OpenNebula's own packages. Sourced by Tests/Packages/run and Tests/Pages/run.

# stock FILE TEXT [MODE]: a script of the stock drivers.
stock() {
    mkdir -p "${1%/*}"
    printf '#!/bin/sh\n# %s\necho "stock %s"\n' "$2" "${1##*/}" >"$1"
    chmod "${3:-755}" "$1"
}

# make_opennebula VERSION DIRECTORY: opennebula-common and opennebula, with the paths that OpenNebula's packages have.
# Version 2.0 has a file that 1.0 has not, and the other way round.
make_opennebula() {
    local tree=$2/tree
    mkdir -p "$tree/DEBIAN" "$tree/var/lib/one"
    control opennebula-common "$1" >"$tree/DEBIAN/control"
    postinst "$tree" 'getent passwd oneadmin >/dev/null ||' \
        'useradd --system --user-group --home-dir /var/lib/one --shell /bin/sh oneadmin' \
        'chown oneadmin:oneadmin /var/lib/one'
    build "$tree" "$2"

    stock_tree "$1" "$tree"
    mkdir -p "$tree/DEBIAN"
    control opennebula "$1" >"$tree/DEBIAN/control"
    echo 'Depends: opennebula-common' >>"$tree/DEBIAN/control"
    echo /var/lib/one/remotes/etc/datastore/datastore.conf >"$tree/DEBIAN/conffiles"
    postinst "$tree" 'chown -R oneadmin:oneadmin /var/lib/one/remotes'
    build "$tree" "$2"
}

# stock_tree VERSION TREE: the files of OpenNebula.
stock_tree() {
    local file remotes=$2/var/lib/one/remotes
    for file in market/{http,s3}/{import,delete,monitor} market/{one,linuxcontainers}/monitor \
        datastore/{fs,ceph}/{cp,export,rm} tm/ssh/clone; do
        stock "$remotes/$file" "$1"
    done
    stock "$remotes/market/http/import" "$1" 750
    stock "$remotes/datastore/downloader.sh" "$1"
    stock "$2/usr/lib/one/mads/one_market" "$1"
    stock "$2/usr/lib/one/mads/one_market.rb" "$1" 644
    if [[ $1 == 2.0 ]]; then
        stock "$remotes/market/http/export" "$1"
        rm -- "$remotes/market/s3/delete"
    fi
    mkdir -p "$remotes/etc/datastore"
    echo 'A=1' >"$remotes/etc/datastore/datastore.conf"
}

# make_opennebula_rpm VERSION DIRECTORY: the same as one RPM.
make_opennebula_rpm() {
    local tree=$2/tree
    stock_tree "$1" "$tree"
    printf '%s\n' 'Name: opennebula' "Version: $1" 'Release: 1' 'Summary: a stand-in of the tests' 'License: none' \
        'BuildArch: noarch' 'AutoReqProv: no' '%description' 'a stand-in' '%install' "cp -a $tree/. %{buildroot}/" '%pre' \
        'getent passwd oneadmin >/dev/null || useradd --system --user-group --home-dir /var/lib/one oneadmin' '%files' \
        '/usr/lib/one/mads/*' '%defattr(-,oneadmin,oneadmin)' '%dir /var/lib/one' '/var/lib/one/remotes' >"$2/spec"
    rpmbuild --quiet -bb --define "_topdir $2/rpmbuild" --define "_rpmdir $2" --define '_rpmfilename opennebula.rpm' \
        "$2/spec" >/dev/null
    rm -rf -- "$tree" "$2/spec" "$2/rpmbuild"
}

# postinst TREE LINE …
postinst() {
    local script=$1/DEBIAN/postinst
    shift
    printf '%s\n' '#!/bin/sh' 'set -e' "$@" >"$script"
    chmod 755 "$script"
}

control() {
    printf '%s\n' "Package: $1" "Version: $2" 'Architecture: all' 'Maintainer: Tests <tests@example.org>' \
        'Description: a stand-in of the tests'
}

# build TREE DIRECTORY: makes a package of the tree, and removes the tree. It prints the name of the file.
build() {
    local name
    name=$(sed -n 's/^Package: //p' "$1/DEBIAN/control")
    dpkg-deb --root-owner-group -Znone --build "$1" "$2/$name.deb" >/dev/null
    rm -rf -- "$1"
}
