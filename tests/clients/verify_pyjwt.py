#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""PyJWT: discovery by hand (it has none), keys by PyJWKClient. See run.sh."""

import json
import sys
import urllib.request

import jwt

AUDIENCE = "https://relying.party.example"


def main(issuer, token_file, alg):
    with open(token_file, encoding="ascii") as f:
        token = f.read().strip()
    with urllib.request.urlopen(issuer + "/.well-known/openid-configuration", timeout=10) as r:
        metadata = json.load(r)
    if metadata["issuer"] != issuer or \
            alg not in metadata["id_token_signing_alg_values_supported"]:
        sys.exit(2)
    key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
    try:
        claims = jwt.decode(token, key.key, algorithms=[alg], audience=AUDIENCE, issuer=issuer)
    except jwt.InvalidTokenError as e:
        print(repr(e))
        sys.exit(3)
    print(claims["sub"])


main(*sys.argv[1:])
