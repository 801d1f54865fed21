#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The jose command (latchset): curl and jq for the way to the keys. See run.sh.
set -eu
issuer=$1 token_file=$2 alg=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

curl -sSf "$issuer/.well-known/openid-configuration" >"$work/metadata"
[ "$(jq -r .issuer "$work/metadata")" = "$issuer" ] || exit 2
jq -e --arg alg "$alg" '.id_token_signing_alg_values_supported | index($alg) != null' \
    "$work/metadata" >/dev/null || exit 2
curl -sSf "$(jq -r .jwks_uri "$work/metadata")" >"$work/jwks"
# The verifier's part that the command leaves to its caller: the key that the header names.
kid=$(cut -d. -f1 "$token_file" | jose b64 dec -i- | jq -r .kid)
jq -e --arg kid "$kid" '.keys[] | select(.kid == $kid)' "$work/jwks" >"$work/jwk" || exit 2
tr -d '\n' <"$token_file" >"$work/token"
jose jws ver -i "$work/token" -k "$work/jwk" -O "$work/claims" >/dev/null 2>&1 || exit 3
jq -er .sub "$work/claims"
