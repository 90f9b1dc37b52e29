# Stand-ins for OpenNebula's own packages. Sourced by Tests/Packages/run.

# stock FILE TEXT [MODE]: a script of the stock drivers.
stock() {
    mkdir -p "${1%/*}"
    printf '#!/bin/sh\n# %s\necho "stock %s"\n' "$2" "${1##*/}" >"$1"
    chmod "${3:-755}" "$1"
}

# make_opennebula VERSION DIRECTORY: opennebula-common and opennebula, with the paths that OpenNebula's packages have.
# Version 2.0 has a file that 1.0 has not, and the other way round.
make_opennebula() {
    local tree=$2/tree file
    mkdir -p "$tree/DEBIAN" "$tree/var/lib/one"
    control opennebula-common "$1" >"$tree/DEBIAN/control"
    postinst "$tree" 'getent passwd oneadmin >/dev/null ||' \
        'useradd --system --user-group --home-dir /var/lib/one --shell /bin/sh oneadmin' \
        'chown oneadmin:oneadmin /var/lib/one'
    build "$tree" "$2"

    mkdir -p "$tree/DEBIAN"
    control opennebula "$1" >"$tree/DEBIAN/control"
    echo 'Depends: opennebula-common' >>"$tree/DEBIAN/control"
    for file in market/{http,s3}/{import,delete,monitor} market/{one,linuxcontainers}/monitor \
        datastore/{fs,ceph}/{cp,export,rm} tm/ssh/clone; do
        stock "$tree/var/lib/one/remotes/$file" "$1"
    done
    stock "$tree/var/lib/one/remotes/market/http/import" "$1" 750
    stock "$tree/var/lib/one/remotes/datastore/downloader.sh" "$1"
    stock "$tree/usr/lib/one/mads/one_market" "$1"
    stock "$tree/usr/lib/one/mads/one_market.rb" "$1" 644
    if [[ $1 == 2.0 ]]; then
        stock "$tree/var/lib/one/remotes/market/http/export" "$1"
        rm -- "$tree/var/lib/one/remotes/market/s3/delete"
    fi
    mkdir -p "$tree/var/lib/one/remotes/etc/datastore"
    echo 'A=1' >"$tree/var/lib/one/remotes/etc/datastore/datastore.conf"
    echo /var/lib/one/remotes/etc/datastore/datastore.conf >"$tree/DEBIAN/conffiles"
    postinst "$tree" 'chown -R oneadmin:oneadmin /var/lib/one/remotes'
    build "$tree" "$2"
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
