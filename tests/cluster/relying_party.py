# SPDX-License-Identifier: Apache-2.0
"""PyJWT as a relying party: knows an issuer URL, and learns the rest by discovery."""

import json
import urllib.request

import jwt

import daemon


def verify(issuer, token, audience, certificate):
    """The claims of a token; raises jwt.InvalidTokenError."""
    context = daemon.tls_context(certificate)

    def fetch(url):
        with urllib.request.urlopen(url, timeout=10, context=context) as answer:
            return json.load(answer)
    metadata = fetch(issuer + "/.well-known/openid-configuration")
    if metadata["issuer"] != issuer:
        raise AssertionError(f"issuer {metadata['issuer']}, wanted {issuer}")
    kid = jwt.get_unverified_header(token)["kid"]
    known = {key.key_id: key for key in jwt.PyJWKSet.from_dict(fetch(metadata["jwks_uri"])).keys}
    if kid not in known:
        raise jwt.InvalidKeyError(f"{kid} is not published")
    return jwt.decode(token, known[kid].key, audience=audience, issuer=issuer,
                      algorithms=metadata["id_token_signing_alg_values_supported"],
                      options={"require": ["exp", "iat", "nbf", "sub", "jti"]})


def unverified(token):
    """Header and claims, for what no relying party looks at."""
    return (jwt.get_unverified_header(token),
            jwt.decode(token, options={"verify_signature": False}))
