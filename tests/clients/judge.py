#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Verifiers of others, in batch; see judge.mjs.

usage: judge.py pyjwt|authlib|jwcrypto|jose|cjose ISSUER

jose (the command) and cjose verify signatures and leave the claims to their caller."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request


def get(url):
    with urllib.request.urlopen(url, timeout=10) as r:
        return r.read().decode()


def pyjwt(metadata):
    import jwt

    client = jwt.PyJWKClient(metadata["jwks_uri"])
    # The signing keys are read once: by default it asks again for each unknown kid.
    keys = {key.key_id: key for key in client.get_signing_keys()}

    def verify(token, audience):
        kid = jwt.get_unverified_header(token).get("kid")
        jwt.decode(token, keys[kid].key, audience=audience, issuer=metadata["issuer"],
                   algorithms=metadata["id_token_signing_alg_values_supported"])
    return verify


def authlib(metadata):
    from authlib.jose import JsonWebKey, JsonWebToken

    keys = JsonWebKey.import_key_set(json.loads(get(metadata["jwks_uri"])))
    decoder = JsonWebToken(metadata["id_token_signing_alg_values_supported"])

    def verify(token, audience):
        options = {"iss": {"essential": True, "value": metadata["issuer"]},
                   "aud": {"essential": True, "value": audience}}
        decoder.decode(token, keys, claims_options=options).validate()
    return verify


def jwcrypto(metadata):
    from jwcrypto import jwk, jwt

    keys = jwk.JWKSet.from_json(get(metadata["jwks_uri"]))
    algs = metadata["id_token_signing_alg_values_supported"]

    def verify(token, audience):
        # It checks the times of these only; None: any value.
        want = {"iss": metadata["issuer"], "aud": audience, "exp": None, "nbf": None}
        jwt.JWT(jwt=token, key=keys, algs=algs, check_claims=want)
    return verify


def jose(metadata):
    keys = {k["kid"]: k for k in json.loads(get(metadata["jwks_uri"]))["keys"]}
    place = tempfile.TemporaryDirectory()
    jwk = pathlib.Path(place.name) / "jwk"

    def verify(token, _):
        header = subprocess.run(["jose", "b64", "dec", "-i-"], input=token.split(".")[0].encode(),
                                capture_output=True, check=True).stdout
        jwk.write_text(json.dumps(keys[json.loads(header)["kid"]]))
        subprocess.run(["jose", "jws", "ver", "-i-", "-k", jwk], input=token.encode(), check=True,
                       capture_output=True)
    verify.place = place
    return verify


def cjose(metadata):
    place = tempfile.TemporaryDirectory()
    program = os.path.join(place.name, "judge_cjose")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "cjose", "jansson"], check=True,
                           capture_output=True, text=True).stdout.split()
    source = pathlib.Path(__file__).with_name("judge_cjose.c")
    subprocess.run(["cc", "-O1", "-Wall", "-o", program, source, *flags], check=True)
    judge = subprocess.Popen([program, get(metadata["jwks_uri"])], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)

    def verify(token, _):
        judge.stdin.write(json.dumps(token) + "\n")
        judge.stdin.flush()
        answer = judge.stdout.readline().strip()
        if answer != "accept":
            raise ValueError(answer or "it broke off")
    verify.place = place
    return verify


def main(name, issuer):
    metadata = json.loads(get(issuer + "/.well-known/openid-configuration"))
    if metadata["issuer"] != issuer:
        sys.exit(2)
    verify = {f.__name__: f for f in (pyjwt, authlib, jwcrypto, jose, cjose)}[name](
        metadata)
    for line in sys.stdin:
        try:
            verify(*json.loads(line))
            print("accept", flush=True)
        except Exception as e:  # pylint: disable=broad-except # whatever a library raises
            print("refuse", " ".join(f"{type(e).__name__}: {e}".split())[:200], flush=True)


main(*sys.argv[1:])
