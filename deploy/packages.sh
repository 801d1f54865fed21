#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages (12 and 13) that a job needs and that are not there yet.
#
# usage: deploy/packages.sh build|test|ci|bench
set -eu

build=(gcc libc6-dev cmake ninja-build pkg-config
    libcurl4-openssl-dev libgnutls28-dev libjansson-dev libmicrohttpd-dev libnghttp2-dev
    libpcre2-dev libssl-dev libyaml-dev
    openssl ca-certificates curl jq)
test=("${build[@]}" git g++ make libcmocka-dev binutils mandoc wrk jose
    python3 python3-cryptography python3-jwt python3-authlib python3-jwcrypto python3-requests
    python3-prometheus-client python3-yaml python3-jsonschema python3-kubernetes
    python3-grpcio python3-hpack nghttp2-client
    libcjose-dev libjwt-dev libcrypt-jwt-perl haproxy kubernetes-client)
ci=("${test[@]}" clang clang-format clang-tidy libclang-rt-dev llvm cppcheck shellcheck devscripts
    systemd)
bench=("${build[@]}" nginx-light wrk nghttp2-client python3 python3-cryptography)

usage() {
    sed -n '3,5s/^# \{0,1\}//p' "$0"
    exit "$1"
}

[ $# -eq 1 ] || usage 2 >&2
case $1 in
build) wanted=("${build[@]}") ;;
test) wanted=("${test[@]}") ;;
ci) wanted=("${ci[@]}") ;;
bench) wanted=("${bench[@]}") ;;
-h | --help) usage 0 ;;
*) usage 2 >&2 ;;
esac

installed() {
    case $1 in
    # Any of these will do, wherever they come from.
    kubernetes-client) command -v kubectl >/dev/null ;;
    nodejs) command -v node >/dev/null ;;
    npm) command -v npm >/dev/null ;;
    *) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
    esac
}

case $1 in test | ci) wanted+=(nodejs npm) ;; esac
missing=()
for package in "${wanted[@]}"; do
    installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "packages.sh: these packages are missing: ${missing[*]}" >&2
        echo "packages.sh: install them as root, or install sudo" >&2
        exit 1
    }
    as_root=(sudo)
fi

# apt_get ARGUMENT...: without questions, and waiting for another apt to finish.
apt_get() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

echo "installing ${missing[*]}"
apt_get update
apt_get install --no-install-recommends "${missing[@]}"
