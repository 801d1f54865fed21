#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Looks at both documents of an issuer as the pickiest relying parties do.

usage: lint.py ISSUER [--jwks FILE --discovery FILE] [PRIVATE_PEM...]

Each finding is one line; the exit code is 1 if there is any. With --jwks and --discovery the
documents are read from files. The public halves of the PRIVATE_PEMs must be what the JWKS says,
member by member, computed by python3-cryptography. Only Python and that library are used."""

import argparse
import base64
import hashlib
import json
import math
import re
import sys
import urllib.request

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

EC = {"P-256": ("ES256", ec.SECP256R1, 32), "P-384": ("ES384", ec.SECP384R1, 48),
      "P-521": ("ES512", ec.SECP521R1, 66)}
MEMBERS = {"RSA": ["use", "kty", "kid", "alg", "n", "e"],
           "EC": ["use", "kty", "kid", "crv", "alg", "x", "y"],
           "OKP": ["use", "kty", "kid", "crv", "alg", "x"]}
CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


class Lint:
    def __init__(self):
        self.findings = []

    def check(self, holds, text):
        if not holds:
            self.findings.append(text)
        return holds


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(lint, text, what):
    """base64url, canonical: no padding, no unused bits."""
    if not lint.check(isinstance(text, str) and re.fullmatch(r"[A-Za-z0-9_-]+", text),
                      f"{what} is no base64url"):
        return b""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    lint.check(encode(data) == text, f"{what} is not canonical base64url")
    return data


def parse(lint, body, what):
    def no_duplicates(pairs):
        names = [name for name, _ in pairs]
        lint.check(len(set(names)) == len(names), f"{what}: a member twice in {names}")
        return dict(pairs)

    lint.check(body[:1] == b"{" and body[-1:] == b"}", f"{what}: text around the object")
    document = json.loads(body.decode("utf-8"), object_pairs_hook=no_duplicates)
    compact = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    go = compact.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    lint.check(body.decode() == go, f"{what}: not the compact form of Go's encoder")
    return document


def jwk_of(public):
    """What the JWK of a public key must be, in Kubernetes' member order."""
    der = public.public_bytes(serialization.Encoding.DER,
                              serialization.PublicFormat.SubjectPublicKeyInfo)
    kid = encode(hashlib.sha256(der).digest())
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        n, e = (encode(v.to_bytes((v.bit_length() + 7) // 8, "big"))
                for v in (numbers.n, numbers.e))
        return {"use": "sig", "kty": "RSA", "kid": kid, "alg": "RS256", "n": n, "e": e}
    if isinstance(public, ed25519.Ed25519PublicKey):
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return {"use": "sig", "kty": "OKP", "kid": kid, "crv": "Ed25519", "alg": "EdDSA",
                "x": encode(raw)}
    crv = CURVES[public.curve.name]
    alg, _, size = EC[crv]
    numbers = public.public_numbers()
    x, y = (encode(v.to_bytes(size, "big")) for v in (numbers.x, numbers.y))
    return {"use": "sig", "kty": "EC", "kid": kid, "crv": crv, "alg": alg, "x": x, "y": y}


def public_of(lint, jwk):
    """The key of the members; None if they make none."""
    kid = jwk["kid"]
    if jwk["kty"] == "RSA":
        n = decode(lint, jwk["n"], f"{kid}: n")
        e = int.from_bytes(decode(lint, jwk["e"], f"{kid}: e"), "big")
        lint.check(n[:1] != b"\0", f"{kid}: n starts with a zero byte")
        modulus = int.from_bytes(n, "big")
        lint.check(2048 <= modulus.bit_length() <= 8192, f"{kid}: {modulus.bit_length()} bits")
        lint.check(e % 2 == 1 and 65537 <= e < 2 ** 31, f"{kid}: exponent {e}")
        return rsa.RSAPublicNumbers(e, modulus).public_key()
    if jwk["kty"] == "OKP":
        return ed25519.Ed25519PublicKey.from_public_bytes(decode(lint, jwk["x"], f"{kid}: x"))
    _, curve, size = EC[jwk["crv"]]
    x, y = (decode(lint, jwk[m], f"{kid}: {m}") for m in "xy")
    lint.check(len(x) == len(y) == size, f"{kid}: coordinates of {len(x)} and {len(y)} bytes")
    # refuses a point off the curve
    return ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"),
                                         curve()).public_key()


def lint_jwk(lint, jwk):
    kid = jwk.get("kid")
    kty = jwk.get("kty")
    if not lint.check(kty in MEMBERS, f"{kid}: kty {kty}"):
        return
    if not lint.check(list(jwk) == MEMBERS[kty], f"{kid}: members {list(jwk)}"):
        return
    lint.check(jwk["use"] == "sig", f"{kid}: use {jwk['use']}")
    try:
        public = public_of(lint, jwk)
    except (KeyError, ValueError) as e:
        lint.check(False, f"{kid}: no key: {e}")
        return
    lint.check(jwk == jwk_of(public), f"{kid}: alg, crv or kid do not fit the key")


def lint_jwks(lint, jwks, private_pems):
    keys = jwks["keys"]
    lint.check(list(jwks) == ["keys"], f"JWKS: members {list(jwks)}")
    lint.check(1 <= len(keys) <= 100, f"JWKS: {len(keys)} keys")
    for jwk in keys:
        lint_jwk(lint, jwk)
    kids = [jwk.get("kid") for jwk in keys]
    lint.check(len(set(kids)) == len(kids), "JWKS: a kid twice")
    moduli = [int.from_bytes(base64.urlsafe_b64decode(jwk["n"] + "=="), "big")
              for jwk in keys if jwk.get("kty") == "RSA"]
    for i, n in enumerate(moduli):
        lint.check(all(math.gcd(n, m) == 1 for m in moduli[:i]), "JWKS: a shared RSA factor")
    for pem in private_pems:
        with open(pem, "rb") as f:
            key = serialization.load_pem_private_key(f.read(), None)
        lint.check(jwk_of(key.public_key()) in keys, f"JWKS: the key of {pem} is not in it")


def lint_discovery(lint, metadata, issuer, jwks):
    names = ["issuer", "jwks_uri", "response_types_supported", "subject_types_supported",
             "id_token_signing_alg_values_supported"]
    lint.check(list(metadata)[:5] == names, f"discovery: members {list(metadata)}")
    lint.check(metadata["issuer"] == issuer, f"discovery: issuer {metadata['issuer']}")
    lint.check(re.fullmatch(r"https?://[^#?\s]+[^#?\s/]", metadata["jwks_uri"]),
               f"discovery: jwks_uri {metadata['jwks_uri']}")
    lint.check(metadata["response_types_supported"] == ["id_token"], "discovery: response types")
    lint.check(metadata["subject_types_supported"] == ["public"], "discovery: subject types")
    algs = sorted({jwk["alg"] for jwk in jwks["keys"]})
    lint.check(metadata["id_token_signing_alg_values_supported"] == algs,
               f"discovery: algorithms are not those of the keys, {algs}")
    lint.check({"iss", "sub", "aud", "exp", "iat"} <= set(metadata.get("claims_supported", [])),
               "discovery: claims_supported lacks a claim that every token has")
    for name, value in metadata.items():
        lint.check(value not in (None, []), f"discovery: {name} is empty")


def fetch(lint, url, content_types):
    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            lint.check(False, f"{url}: redirects")

    with urllib.request.build_opener(NoRedirect).open(url, timeout=5) as r:
        body = r.read(1 << 20)
        kind = r.headers.get("Content-Type")
        lint.check(r.status == 200, f"{url}: status {r.status}")
        lint.check(kind in content_types, f"{url}: Content-Type {kind}")
        age = re.fullmatch(r"public, max-age=(\d+)", r.headers.get("Cache-Control", ""))
        lint.check(age and int(age[1]) <= 3600, f"{url}: {r.headers.get('Cache-Control')}")
        lint.check(r.headers.get("ETag"), f"{url}: no ETag")
        return body


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("issuer")
    parser.add_argument("private_pems", nargs="*")
    parser.add_argument("--jwks")
    parser.add_argument("--discovery")
    args = parser.parse_intermixed_args()
    lint = Lint()
    if args.discovery:
        with open(args.discovery, "rb") as f:
            body = f.read()
    else:
        body = fetch(lint, args.issuer + "/.well-known/openid-configuration",
                     ["application/json"])
    metadata = parse(lint, body, "discovery")
    if args.jwks:
        with open(args.jwks, "rb") as f:
            body = f.read()
    else:
        body = fetch(lint, metadata["jwks_uri"],
                     ["application/jwk-set+json", "application/json"])
    jwks = parse(lint, body, "JWKS")
    lint_jwks(lint, jwks, args.private_pems)
    lint_discovery(lint, metadata, args.issuer, jwks)
    print("\n".join(lint.findings) or f"{len(jwks['keys'])} keys, both documents are as wanted")
    sys.exit(1 if lint.findings else 0)


main()
