#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Authlib: its discovery model validates the document as OpenID Connect asks. See run.sh."""

import json
import sys
import urllib.request

from authlib.jose import JsonWebKey, JsonWebToken
from authlib.jose.errors import JoseError
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url

AUDIENCE = "https://relying.party.example"


def get(url):
    with urllib.request.urlopen(url, timeout=10) as r:
        return json.load(r)


def check(metadata, issuer):
    if issuer.startswith("https:"):  # Authlib takes nothing else, loopback or not
        metadata.validate_issuer()
        metadata.validate_jwks_uri()
    metadata.validate_response_types_supported()
    metadata.validate_subject_types_supported()
    if "RS256" in metadata["id_token_signing_alg_values_supported"]:
        # It insists on RS256, as OpenID Connect Discovery does; an issuer may leave it out.
        metadata.validate_id_token_signing_alg_values_supported()
    metadata.validate_claims_supported()
    return metadata["issuer"] == issuer


def main(issuer, token_file, alg):
    with open(token_file, encoding="ascii") as f:
        token = f.read().strip()
    metadata = OpenIDProviderMetadata(get(get_well_known_url(issuer, external=True)))
    algs = metadata["id_token_signing_alg_values_supported"]
    if not check(metadata, issuer) or alg not in algs:
        sys.exit(2)
    keys = JsonWebKey.import_key_set(get(metadata["jwks_uri"]))
    options = {"iss": {"essential": True, "value": issuer},
               "aud": {"essential": True, "value": AUDIENCE}}
    try:
        claims = JsonWebToken([alg]).decode(token, keys, claims_options=options)
        claims.validate()
    except JoseError as e:
        print(repr(e))
        sys.exit(3)
    print(claims["sub"])


main(*sys.argv[1:])
