#!/usr/bin/env bash
# Installs the market drivers in place of OpenNebula's own ones, and removes them.
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
       ./install.sh --archive [FILE] [-b DIR]
       ./install.sh --deb | --rpm [FILE] [-b DIR] [--stock-datastores]
       ./install.sh --demo

Without -r, --archive, --deb, --rpm and --demo: build the drivers if needed, and install them.

  -d DIR    OpenNebula is self-contained in DIR (ONE_LOCATION): DIR/var/remotes, DIR/lib/mads
            (default: /var/lib/one/remotes, /usr/lib/one/mads)
  -u USER   owner of the installed files
            (default: oneadmin if root installs without -d and this user exists, else the user that runs this)
  -g GROUP  group of the installed files (default: the owner's group)
  -k        keep configuration files that exist
  -b DIR    take the executables from DIR; build nothing
  --stock-datastores
            leave the scripts in remotes/datastore alone; restore those that an earlier run replaced
  -r        remove the drivers and restore the replaced files; files that were changed stay, and their originals
            stay in the library directory
  --archive make FILE, an archive with this installer and the executables, for front-ends without a toolchain
            (default: market-drivers-VERSION-MACHINE.tar.gz)
  --deb     make FILE, a Debian package (default: market-drivers_VERSION-1_ARCHITECTURE.deb)
  --rpm     make FILE, an RPM package (default: market-drivers-VERSION-1.MACHINE.rpm)
  --demo    show the drivers at work in a temporary installation
  -h        print this text

FILE can be a directory. The name of an archive ends in .tar.gz, .tgz or .tar.zst.
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
# The file that --archive or a package is written to.
output=
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
        --archive | --deb | --rpm)
            action=${1#--}
            if [[ -n ${2:-} && $2 != -* ]]; then
                output=$2
                shift
            fi
            ;;
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

# shellcheck source=packaging/places.sh
. "$here/packaging/places.sh"
# shellcheck source=packaging/staging.sh
. "$here/packaging/staging.sh"
# shellcheck source=packaging/installation.sh
. "$here/packaging/installation.sh"
# shellcheck source=packaging/removal.sh
. "$here/packaging/removal.sh"
# shellcheck source=packaging/needs.sh
. "$here/packaging/needs.sh"
# shellcheck source=packaging/build.sh
. "$here/packaging/build.sh"
# shellcheck source=packaging/release.sh
. "$here/packaging/release.sh"
# shellcheck source=packaging/archive.sh
. "$here/packaging/archive.sh"
# shellcheck source=packaging/deb.sh
. "$here/packaging/deb.sh"
# shellcheck source=packaging/rpm.sh
. "$here/packaging/rpm.sh"

parse_arguments "$@"
resolve_roots
case $action in
install) install_drivers ;;
remove) remove_drivers ;;
archive) make_archive ;;
deb) make_deb ;;
rpm) make_rpm ;;
demo)
    [[ -x $here/Tests/Rigs/demo ]] || fail "--demo needs a checkout: an archive does not have it"
    exec "$here/Tests/Rigs/demo"
    ;;
esac
