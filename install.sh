#!/usr/bin/env bash
# Puts the market drivers in place of OpenNebula's own ones, and takes them out again.
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

Without an action option: builds what is not built, and installs.

  -d DIR    OpenNebula is self-contained in DIR (its ONE_LOCATION): DIR/var/remotes, DIR/lib/mads.
            Without it: /var/lib/one/remotes, /usr/lib/one/mads.
  -u USER   owner of the installed files; without it oneadmin where the system's paths are used and there is
            such a user, else the user that runs this
  -g GROUP  their group; without it the user's own
  -k        keep configuration files that exist
  -b DIR    take the executables from DIR, and build nothing
  --stock-datastores
            leave the scripts in remotes/datastore alone; those that an earlier run has replaced are put back
  -r        remove: put every replaced file back, and take away what was added; what was changed since stays, and so
            does its original, in the library directory
  --archive make FILE, an archive with this installer and the executables, for front-ends without a toolchain;
            without a name market-drivers-VERSION-MACHINE.tar.gz; FILE may be a directory, or end in .tar.zst
  --deb     make FILE, a Debian package; without a name market-drivers_VERSION_ARCHITECTURE.deb
  --rpm     make FILE, an RPM package; without a name market-drivers-VERSION-1.MACHINE.rpm
  --demo    show the drivers at work in a throw-away installation
  -h        this text
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
