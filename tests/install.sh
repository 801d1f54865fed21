#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Checks an installed tree the way an outsider meets it.
#
# usage: tests/install.sh PREFIX
set -eu
cd "$(dirname "$0")/.."
prefix=$(realpath "${1:?usage: tests/install.sh PREFIX}")
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib

expect() {
    echo "- $1"
    shift
    "$@" || {
        echo "  does not hold: $*" >&2
        exit 1
    }
}

every_declared_function_is_exported() {
    local name missing=0
    for name in $(cat "$prefix"/include/sa_issuer/*.h | grep -oE '\bsai_[a-z0-9_]+\(' |
        tr -d '(' | grep -v '_fn$'); do
        nm -D --defined-only "$prefix/lib/libsaissuer.so" | grep -q " T $name\$" || {
            echo "  not exported: $name" >&2
            missing=1
        }
    done
    return $missing
}

unit_names_the_installed_binary() {
    grep -q "^ExecStart=$prefix/bin/sa-issuerd serve" "$prefix/lib/systemd/system/sa-issuerd.service" &&
        ! grep -q '[^a-z]/usr/bin/sa-issuerd' "$prefix/lib/systemd/system/sa-issuerd.service"
}

example_runs() {
    local place
    place=$(mktemp -d)
    # shellcheck disable=SC2064 # expanded now: the variable is local
    trap "rm -rf '$place'" RETURN
    (umask 077 && openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
        -out "$place/a.pem")
    cp tests/example/* "$place" &&
        make -C "$place" documents >/dev/null &&
        "$place/documents" https://oidc.example.com/prod "$place/a.pem" >"$place/out" &&
        grep -q '"issuer":"https://oidc.example.com/prod"' "$place/out" &&
        grep -q '"kty":"RSA"' "$place/out"
}

expect "the binary runs" "$prefix/bin/sa-issuerd" version
expect "the man page is there" test -s "$prefix/share/man/man1/sa-issuerd.1"
expect "pkg-config knows the library" pkg-config --print-errors --exists 'saissuer >= 0.1'
expect "every declared function is exported" every_declared_function_is_exported
expect "the systemd unit starts the installed binary" unit_names_the_installed_binary
expect "a program outside builds and runs against it" example_runs
