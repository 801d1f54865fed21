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

examples_run() {
    local place token
    place=$(mktemp -d)
    # shellcheck disable=SC2064 # expanded now: the variable is local
    trap "rm -rf '$place'" RETURN
    (umask 077 && openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
        -out "$place/a.pem")
    cat >"$place/accounts.yaml" <<YAML
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
  namespace: shop
  uid: 0d7b9a4c-5d3e-4a4a-8f88-0000000000ab
  annotations: { example.com/tenant: acme }
YAML
    cp tests/example/* "$place" &&
        make -C "$place" all >/dev/null &&
        "$place/documents" https://oidc.example.com/prod "$place/a.pem" >"$place/out" &&
        grep -q '"issuer":"https://oidc.example.com/prod"' "$place/out" &&
        grep -q '"kty":"RSA"' "$place/out" &&
        "$place/tokens" https://oidc.example.com/prod "$place/a.pem" "$place/accounts.yaml" \
            shop web vault >"$place/out" &&
        grep -q '"tenant":"acme"' "$place/out" || return
    token=$(head -n 1 "$place/out") &&
        "$place/documents" https://oidc.example.com/prod "$place/a.pem" | tail -n 1 >"$place/jwks" &&
        /usr/bin/python3 - "$token" "$place/jwks" <<'PYTHON'
import sys, jwt
keys = jwt.PyJWKSet.from_json(open(sys.argv[2]).read())
claims = jwt.decode(sys.argv[1], keys.keys[0].key, algorithms=["RS256"], audience="vault",
                    issuer="https://oidc.example.com/prod")
assert claims["tenant"] == "acme", claims
PYTHON
}

expect "the binary runs" "$prefix/bin/sa-issuerd" version
expect "the man page is there" test -s "$prefix/share/man/man1/sa-issuerd.1"
expect "pkg-config knows the library" pkg-config --print-errors --exists 'saissuer >= 0.1'
expect "every declared function is exported" every_declared_function_is_exported
expect "the systemd unit starts the installed binary" unit_names_the_installed_binary
expect "programs outside build, run, and mint what others verify" examples_run
