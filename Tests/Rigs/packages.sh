# shellcheck shell=bash
# Sourced by Tests/run and Tests/Rigs/demo.

# require_packages SIGN PACKAGE …: installs, as root on Debian, each package whose SIGN is missing: a program's name, or a
# pattern of a file's path. Else it says which are missing.
require_packages() {
    local -a missing=()
    while (($#)); do
        if [[ $1 == */* ]]; then compgen -G "$1"; else command -v "$1"; fi >/dev/null || missing+=("$2")
        shift 2
    done
    ((${#missing[@]})) || return 0
    if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
        echo "missing packages: ${missing[*]}; install them, or run this as root on Debian" >&2
        return 1
    fi
    echo "installing ${missing[*]} ..."
    install_packages "${missing[@]}"
}

install_packages() {
    local log status=0 policy=/usr/sbin/policy-rc.d
    local -a apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends)
    # Debian would start a server with its package; those of the tests are started by the tests.
    if [[ -e $policy ]]; then policy=; else printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"; fi
    # The lists of a fresh machine are missing or out of date.
    log=$("${apt[@]}" update 2>&1 && "${apt[@]}" install "$@" 2>&1) || status=$?
    [[ -z $policy ]] || rm -f -- "$policy"
    if ((status)); then
        printf '%s\n' "$log" >&2
        echo "apt-get could not install: $*" >&2
    fi
    return "$status"
}

# require_modules MODULE …: makes .build/python, a Python with these modules and perhaps others, unless it is there already.
require_modules() {
    local folder=.build/python
    [[ " $(cat "$folder/modules" 2>/dev/null) " == *" $* "* ]] && return 0
    echo "installing $* for Python ..."
    if python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check "$@"; then
        echo "$*" >"$folder/modules"
    else
        echo "pip could not install: $*" >&2
        return 1
    fi
}
