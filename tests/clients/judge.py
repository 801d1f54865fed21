#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Verifiers of others, in batch; see judge.mjs.

usage: judge.py pyjwt|authlib|jwcrypto|jose|cjose|libjwt|haproxy ISSUER

jose (the command), cjose, libjwt and haproxy verify signatures and leave the claims, and which
key is for which algorithm, to their caller."""

import contextlib
import http.client
import json
import os
import pathlib
import socket
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


def compiled(library, keys):
    """A judge in C, which lives as long as its standard input."""
    place = tempfile.TemporaryDirectory()
    program = os.path.join(place.name, "judge")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", library, "jansson"], check=True,
                           capture_output=True, text=True).stdout.split()
    here = pathlib.Path(__file__).parent
    subprocess.run(["cc", "-O1", "-Wall", "-o", program, here / "judge.c",
                    here / f"judge_{library}.c", *flags], check=True)
    judge = subprocess.Popen([program, json.dumps(keys)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)

    def verify(token, _):
        judge.stdin.write(json.dumps(token) + "\n")
        judge.stdin.flush()
        answer = judge.stdout.readline().strip()
        if answer not in ("accept", "refuse"):
            sys.exit(f"{library} broke off")
        if answer != "accept":
            raise ValueError(answer)
    verify.place = place
    return verify


def cjose(metadata):
    return compiled("cjose", json.loads(get(metadata["jwks_uri"])))


def keys_with_pem(metadata):
    """The keys, each also as PEM, which another library makes of it."""
    from jwcrypto import jwk

    keys = json.loads(get(metadata["jwks_uri"]))
    for key in keys["keys"]:
        key["pem"] = jwk.JWK(**key).export_to_pem().decode()
    return keys


def libjwt(metadata):
    return compiled("libjwt", keys_with_pem(metadata))


HAPROXY = """
global
    tune.bufsize 262144
defaults
    mode http
    timeout client 60s
frontend judge
    bind fd@{fd}
    http-request set-var(txn.kid) http_auth_bearer,jwt_header_query('$.kid')
    http-request set-var(txn.alg) http_auth_bearer,jwt_header_query('$.alg')
{rules}
    http-request deny
"""
HAPROXY_RULE = """
    http-request return status 200 if {{ var(txn.kid) -m str -- {kid} }} \
        {{ var(txn.alg) -m str {alg} }} {{ http_auth_bearer,jwt_verify(txn.alg,"{path}") 1 }}
"""


def haproxy(metadata):
    """A proxy that lets requests with a good token through. What cannot stand in a header, such
    as a line end, does not get as far as that."""
    place = tempfile.TemporaryDirectory()
    rules = []
    for key in keys_with_pem(metadata)["keys"]:
        path = pathlib.Path(place.name) / f"{key['kid']}.pem"
        path.write_text(key["pem"])
        # EdDSA is not among its algorithms.
        if key["alg"] != "EdDSA":
            rules.append(HAPROXY_RULE.format(kid=key["kid"], alg=key["alg"], path=path))
    config = pathlib.Path(place.name) / "haproxy.cfg"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config.write_text(HAPROXY.format(fd=listener.fileno(), rules="".join(rules)))
        # It must not outlive this process.
        subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "haproxy", "-db", "-f", config],
                         pass_fds=[listener.fileno()], stdout=sys.stderr)
        port = listener.getsockname()[1]

    def verify(token, _):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/", headers={"Authorization": "Bearer " + token})
                status = connection.getresponse().status
            except (OSError, http.client.HTTPException) as e:
                sys.exit(f"haproxy broke off: {e}")
        if status not in (200, 400, 403):
            sys.exit(f"haproxy said {status}")
        if status != 200:
            raise ValueError(status)
    verify.place = place
    return verify


def main(name, issuer):
    metadata = json.loads(get(issuer + "/.well-known/openid-configuration"))
    if metadata["issuer"] != issuer:
        sys.exit(2)
    judges = (pyjwt, authlib, jwcrypto, jose, cjose, libjwt, haproxy)
    verify = {f.__name__: f for f in judges}[name](metadata)
    for line in sys.stdin:
        try:
            verify(*json.loads(line))
            print("accept", flush=True)
        except Exception as e:  # pylint: disable=broad-except # whatever a library raises
            print("refuse", " ".join(f"{type(e).__name__}: {e}".split())[:200], flush=True)


main(*sys.argv[1:])
