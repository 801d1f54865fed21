#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Verifiers of others against a running issuer: reads both documents over HTTP, as they do, and
# verifies a token that was signed with a key of the issuer by a tool that is not ours. A forged
# token with the kid of that key must be refused by each of them.
#
# usage: tests/clients/run.sh ISSUER_URL PRIVATE_PEM ALG
#
# A line per client and token; exit code 1 if any was not as it should be. A client is called with
# ISSUER_URL TOKEN_FILE ALG, prints the sub claim and exits with 0, with 3 if the signature is
# wrong, with anything else if it did not come so far.
# Needs python3-cryptography, python3-jwt, python3-authlib, jose, curl, jq, node and "npm ci" here.
set -u
[ $# -eq 3 ] || { sed -n '3,/^set /s/^# \{0,1\}//p' "$0" | sed '$d'; exit 2; }
issuer=$1 pem=$2 alg=$3
here=$(cd "$(dirname "$0")" && pwd)
subject=system:serviceaccount:prod:web
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=/usr/bin/python3 # Debian's, which has Debian's modules

clients=(
    "PyJWT|$python $here/verify_pyjwt.py"
    "Authlib|$python $here/verify_authlib.py"
    "npm jose|node $here/verify_jose.mjs"
    "npm openid-client|node $here/verify_openid_client.mjs"
)
# The jose command of Debian 12 has no EdDSA.
[ "$alg" = EdDSA ] || clients+=("jose command|sh $here/verify_jose.sh")

if ! "$python" "$here/make_token.py" "$issuer" "$pem" "$alg" >"$work/good" ||
    ! "$python" "$here/make_token.py" "$issuer" "$pem" "$alg" --forge >"$work/forged"; then
    echo "run.sh: no token could be made" >&2
    exit 1
fi

failed=0
# verify NAME COMMAND TOKEN CODE OUTPUT: OUTPUT empty for any
verify() {
    local code got
    # shellcheck disable=SC2086 # a command with its arguments
    got=$(timeout 30 $2 "$issuer" "$work/$3" "$alg" 2>&1)
    code=$?
    if [ $code -eq "$4" ] && [ "${5:-$got}" = "$got" ]; then
        echo "ok   $1: $3 token"
    else
        echo "FAIL $1: $3 token: exit code $code, want $4: $got"
        failed=1
    fi
}
for client in "${clients[@]}"; do
    verify "${client%%|*}" "${client#*|}" good 0 "$subject"
    verify "${client%%|*}" "${client#*|}" forged 3 ""
done

if findings=$("$python" "$here/lint.py" "$issuer" "$pem" 2>&1); then
    echo "ok   lint: $findings"
else
    echo "FAIL lint: $findings"
    failed=1
fi
exit $failed
