# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2001
# What the make snippets of the key cases are run with (sh -eu, umask 077), in the directory
# that they fill. Keys are made when they are first asked for and kept in $CACHE, so that the
# whole suite makes each kind once; no key is ever part of the source tree.

# make_key NAME: the commands behind each name
make_key() {
    case $1 in
    rsa[0-9]*) openssl genrsa "$(echo "$1" | sed 's/^rsa\([0-9]*\).*/\1/')" ;;
    e3) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
        -pkeyopt rsa_keygen_pubexp:3 ;;
    e33bit) openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 \
        -pkeyopt rsa_keygen_pubexp:4294967311 ;;
    pss) openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 ;;
    p256* | p384* | p521* | p224*) openssl genpkey -algorithm EC \
        -pkeyopt "ec_paramgen_curve:P-$(echo "$1" | sed 's/^p\([0-9]*\).*/\1/')" ;;
    k256) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 ;;
    brainpool) openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1 ;;
    dsa) openssl dsaparam -genkey -noout 1024 ;;
    ed25519* | ed448 | x25519) openssl genpkey -algorithm "$(echo "$1" | sed 's/[a-z]$//')" ;;
    esac
}

# key NAME: the private key, PKCS#8 PEM (DSA: its own form)
key() {
    if [ ! -s "$CACHE/$1.pem" ]; then
        make_key "$1" 2>/dev/null >"$CACHE/$1.$$"
        case $1 in
        dsa) ;;
        *) openssl pkcs8 -topk8 -nocrypt -in "$CACHE/$1.$$" -out "$CACHE/$1.$$.8"
            mv "$CACHE/$1.$$.8" "$CACHE/$1.$$" ;;
        esac
        mv "$CACHE/$1.$$" "$CACHE/$1.pem"
    fi
    cat "$CACHE/$1.pem"
}

# pub NAME: the public key, SubjectPublicKeyInfo PEM
pub() {
    key "$1" | openssl pkey -pubout
}

# kid NAME: as Kubernetes derives it, by other means than ours
kid() {
    pub "$1" | openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary |
        basenc --base64url | tr -d '=\n'
}

# certificate NAME [ARGUMENTS]: a self-signed one
certificate() {
    key "$1" >"$CACHE/for-cert.$$"
    shift
    openssl req -x509 -key "$CACHE/for-cert.$$" -subj /CN=test -days 3650 "$@" 2>/dev/null
    rm "$CACHE/for-cert.$$"
}

# sec1 NAME / pkcs1 NAME: the traditional private forms
sec1() { key "$1" | openssl ec 2>/dev/null; }
pkcs1() { key "$1" | openssl rsa -traditional 2>/dev/null; }

# relabel FROM TO: other words between the dashes
relabel() { sed "s/-----\(BEGIN\|END\) $1-----/-----\1 $2-----/"; }

# handmade WHAT...: keys that openssl would not make; see handmade.py
handmade() { python3 "$DATA/handmade.py" "$@"; }
