/// What is run in a container while its image is built, by its own shell: only the container itself can be harmed.
/// $1 is the package manager, $2 the directory of the build in the container, $3 the mirror, or nothing.
enum InstallScripts {
    /// Exit statuses of ``install``.
    static let noLists: Int32 = 10
    static let notInstalled: Int32 = 11
    /// The package manager says that it has installed what the container's records do not have: ``missing``.
    static let notRecorded: Int32 = 12
    /// In front of the names of these, in the last line of the log.
    static let missing = "market-drivers: not in the records: "

    /// Bytes of the log that are kept in the container.
    private static let logLimit = 4 << 20

    /// The files that name package servers: their globs.
    private static let sources = """
        sources() {
            for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \\
                /etc/yum.conf /etc/dnf/dnf.conf /etc/yum.repos.d/*.repo /etc/zypp/repos.d/*.repo /etc/apk/repositories
            do
                [ -f "$file" ] && "$@" "$file"
            done
        }
        beside() { echo "$place/sources/$(echo "$1" | tr / +)"; }

        """

    /// Whether the container's own records have a package: of a name, or what provides it; of a file, that version.
    private static let records = """
        records() {
            case $manager in
                apt) if command -v dpkg-query >/dev/null; then echo dpkg; else echo rpm; fi ;;
                apk) echo apk ;;
                *) echo rpm ;;
            esac
        }
        has() {
            case $(records) in
                dpkg)
                    # A hyphen at the end asks for a removal.
                    case $1 in *-) return 0 ;; esac
                    set -- "${1%%[:=]*}"
                    dpkg-query -W -f '${db:Status-Status}\\n' "$1" 2>/dev/null | grep -qx installed && return
                    case $(dpkg-query -W -f '${db:Status-Status}, ${Provides},\\n' | grep '^installed,') in
                        *", $1,"* | *", $1 ("*) ;;
                        *) return 1 ;;
                    esac
                    ;;
                rpm) rpm -q --whatprovides "${1%%=*}" >/dev/null || rpm -q "$1" >/dev/null ;;
                apk) [ -n "$(apk info -e "${1%%@*}")" ] ;;
            esac
        }
        has_file() {
            case $(records) in
                dpkg)
                    [ "$(dpkg-query -W -f '${db:Status-Status} ${Version}' "$(dpkg-deb -f "$1" Package)")" = \
                        "installed $(dpkg-deb -f "$1" Version)" ]
                    ;;
                rpm) rpm -q "$(rpm -qp --qf '%{NAME}-%{VERSION}-%{RELEASE}' "$1" 2>/dev/null)" >/dev/null ;;
                apk)
                    set -- "${1##*/}" "$(tar -xzOf "$1" .PKGINFO | sed -n 's/^pkgname = //p')" \
                        "$(tar -xzOf "$1" .PKGINFO | sed -n 's/^pkgver = //p')"
                    # Later formats are not those of tar.
                    if [ -n "$2" ]; then has "$2=$3"; else has "${1%-*-r[0-9]*}"; fi
                    ;;
            esac
        }

        """

    private static let services = "/usr/sbin/policy-rc.d"

    /// Prepares the container and installs the packages: those in `packages/`, and by `names` and `optional` of the
    /// build's directory.
    static let install =
        sources + records + """
            manager=$1 place=$2 mirror=$3
            say() { echo "market-drivers: $*"; }

            keep() {
                if [ -e "$1" ] || [ -L "$1" ]; then mv -f "$1" "$place/kept/$2"; fi
            }
            redirect() {
                [ ! -e "$(beside "$1")" ] || return 0
                cp -p "$1" "$(beside "$1")"
                sed -e 's/^mirrorlist *=/#&/' -e 's/^metalink *=/#&/' -e 's/^# *baseurl *=/baseurl=/' \\
                    -e "s|https*://[^/ ]*|$mirror|g" "$1" >"$place/rewritten"
                cat "$place/rewritten" >"$1"
            }

            refresh() {
                case $manager in
                    apt) apt-get -q -o APT::Update::Error-Mode=any update ;;
                    zypper) zypper --non-interactive --gpg-auto-import-keys refresh ;;
                    apk) apk update ;;
                    *) "$manager" -y makecache ;;
                esac
            }
            install() {
                case $manager in
                    apt)
                        # A build that is cut off leaves nothing: no file of it has to be on the disk before the next.
                        apt-get -q -y -o APT::Install-Recommends=false -o Dpkg::Options::=--force-confdef \\
                            -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-unsafe-io \\
                            -o Dpkg::Use-Pty=0 install "$@"
                        ;;
                    dnf) dnf -y --setopt=install_weak_deps=False install "$@" ;;
                    yum) yum -y install "$@" ;;
                    zypper)
                        zypper --non-interactive install --no-recommends --allow-unsigned-rpm "$@"
                        # More than that only informs.
                        case $? in 0 | 10[0-36]) ;; *) return 1 ;; esac
                        ;;
                    apk) apk add "$@" ;;
                esac
            }

            mkdir -p "$place/kept" "$place/sources"
            keep /etc/resolv.conf resolv.conf
            cp "$place/resolv.conf" /etc/resolv.conf
            if [ "$manager" = apt ]; then
                keep \(services) policy-rc.d
                printf '#!/bin/sh\\nexit 101\\n' >\(services)
                chmod 755 \(services)
            fi
            if [ -n "$mirror" ]; then sources redirect; fi

            refresh || exit \(noLists)
            # Lists of further servers come first: other packages may come from these.
            for name in $(cat "$place/names"); do
                case $name in *-release*) install "$name" || exit \(notInstalled) ;; esac
            done
            if [ -n "$mirror" ]; then sources redirect; fi
            set -f
            set -- $(cat "$place/names")
            # apk would take no package's signature if it took these without one.
            if [ "$manager" = apk ] && [ $# -gt 0 ]; then
                install "$@" || exit \(notInstalled)
                set -- --allow-untrusted
            fi
            set +f
            for file in "$place"/packages/*; do [ -f "$file" ] && set -- "$@" "$file"; done
            if [ $# -gt 0 ]; then install "$@" || exit \(notInstalled); fi
            for name in $(cat "$place/optional"); do
                install "$name" || say "the optional package $name cannot be installed"
            done
            # Old ones of yum pass over what they do not find, and success is easily said.
            missing=
            for file in "$place"/packages/*; do
                [ ! -f "$file" ] || has_file "$file" || missing="$missing ${file##*/}"
            done
            for name in $(cat "$place/names"); do
                has "$name" || missing="$missing $name"
            done
            [ -z "$missing" ] || { echo "\(missing)${missing# }"; exit \(notRecorded); }
            exit 0
            """

    /// Gives the container back what was its own, and removes what no two containers may share. Its standard input
    /// becomes the log in the container.
    static let finish =
        sources + """
            manager=$1 place=$2 log=/var/log/market-drivers-build.log
            put_back() {
                rm -f "$2"
                if [ -e "$place/kept/$1" ] || [ -L "$place/kept/$1" ]; then mv -f "$place/kept/$1" "$2"; fi
            }
            restore() {
                copy=$(beside "$1")
                [ ! -f "$copy" ] || cp -p "$copy" "$1"
            }

            case $manager in
                apt)
                    apt-get clean
                    rm -rf /var/lib/apt/lists/*
                    put_back policy-rc.d \(services)
                    ;;
                zypper) zypper --non-interactive clean --all ;;
                apk) rm -rf /var/cache/apk/* ;;
                *) "$manager" -y clean all ;;
            esac >/dev/null 2>&1
            sources restore
            # A package may have put another one in its place.
            if [ ! -L /etc/resolv.conf ] && [ "$(cat /etc/resolv.conf)" = "$(cat "$place/resolv.conf")" ]; then
                put_back resolv.conf /etc/resolv.conf
            fi
            if [ -f /etc/machine-id ]; then : >/etc/machine-id; fi
            [ -L /var/lib/dbus/machine-id ] || rm -f /var/lib/dbus/machine-id
            # Debian's service makes no keys: without them it would not start.
            for unit in /usr/lib/systemd/system/ssh.service /lib/systemd/system/ssh.service; do
                if [ -f "$unit" ] && [ "$manager" = apt ]; then
                    mkdir -p /etc/systemd/system/ssh.service.d
                    printf '[Service]\\nExecStartPre=\\nExecStartPre=/usr/bin/ssh-keygen -A\\n%s\\n' \\
                        'ExecStartPre=/usr/sbin/sshd -t' >/etc/systemd/system/ssh.service.d/10-host-keys.conf
                fi
            done
            rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
            if [ -f /etc/shadow ]; then
                (umask 077; sed 's/^root:[^:]*:/root:*:/' /etc/shadow >"$place/shadow") || exit 1
                cat "$place/shadow" >/etc/shadow && rm -f "$place/shadow" || exit 1
            fi
            mkdir -p /var/log && rm -rf "$log" && tail -c \(logLimit) >"$log" || exit 1
            """
}
