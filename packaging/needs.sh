# Sourced by install.sh. What the machine must have.

# PROGRAM, and the package that it comes with: apt's, dnf's.
readonly programs_needed='
qemu-img qemu-utils qemu-img
ssh openssh-client openssh-clients
xz xz-utils xz
bzip2 bzip2 bzip2
gzip gzip gzip
zstd zstd zstd
lz4 lz4 lz4
fakeroot fakeroot fakeroot'

# That of Sources/HTTP/CurlLibrary.swift.
readonly curl_library=libcurl.so.4

# The start of a LIBRARY's name, and its package.
readonly libraries_needed='
libssl libssl3 openssl-libs
libcrypto libssl3 openssl-libs
libstdc++ libstdc++6 libstdc++'

# A HEADER, and its package: for building.
readonly headers_needed='
curl/curl.h libcurl4-openssl-dev libcurl-devel
openssl/evp.h libssl-dev openssl-devel'

say_missing() {
    printf 'missing: %s (apt: %s; dnf: %s)\n' "$1" "$2" "$3"
}

report_missing() {
    local program apt dnf
    while read -r program apt dnf; do
        [[ -z $program ]] || command -v "$program" >/dev/null || say_missing "$program" "$apt" "$dnf"
    done <<<"$programs_needed"
    # The executables open it when they first need it, so that ldd does not list it. The loader says what it cannot find.
    [[ -z $(LC_ALL=C LD_PRELOAD=$curl_library env true 2>&1) ]] || say_missing "$curl_library" libcurl4 libcurl
}

fail_missing_libraries() {
    local library prefix apt dnf
    for library in "$@"; do
        while read -r prefix apt dnf; do
            [[ -z $prefix || $library != "$prefix"* ]] || say_missing "$library" "$apt" "$dnf" >&2
        done <<<"$libraries_needed"
    done
    fail "the executables in $programs cannot start: not found: $*"
}

has_header() {
    local directory
    for directory in /usr/include /usr/include/*-linux-gnu* /usr/local/include; do
        [[ ! -e $directory/$1 ]] || return 0
    done
    return 1
}
