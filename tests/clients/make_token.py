#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Signs a token shaped like a Kubernetes service-account token, independently of sa-issuerd.

usage: make_token.py ISSUER PRIVATE_PEM ALG [--forge]

The kid is Kubernetes': SHA-256 of the DER SubjectPublicKeyInfo. --forge signs with a new key of
the same kind under the same kid: a verifier must refuse the result."""

import base64
import hashlib
import json
import sys
import time
import uuid

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
AUDIENCE = "https://relying.party.example"


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def key_id(key):
    der = key.public_key().public_bytes(serialization.Encoding.DER,
                                        serialization.PublicFormat.SubjectPublicKeyInfo)
    return encode(hashlib.sha256(der).digest())


def another(key):
    if isinstance(key, rsa.RSAPrivateKey):
        return rsa.generate_private_key(65537, key.key_size)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return ec.generate_private_key(key.curve)
    return ed25519.Ed25519PrivateKey.generate()


def sign(key, alg, data):
    if alg == "EdDSA":
        return key.sign(data)
    digest = HASHES[alg[2:]]()
    if alg.startswith("RS"):
        return key.sign(data, padding.PKCS1v15(), digest)
    r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def main(issuer, pem, alg, forge):
    with open(pem, "rb") as f:
        key = serialization.load_pem_private_key(f.read(), None)
    now = int(time.time())
    header = {"alg": alg, "kid": key_id(key), "typ": "JWT"}
    claims = {
        "aud": [AUDIENCE], "exp": now + 600, "iat": now, "iss": issuer,
        "jti": str(uuid.uuid4()), "nbf": now, "nonce": "n-0S6_WzA2Mj",
        "sub": "system:serviceaccount:prod:web",
    }
    text = ".".join(encode(json.dumps(part, separators=(",", ":")).encode())
                    for part in (header, claims))
    signer = another(key) if forge else key
    print(text + "." + encode(sign(signer, alg, text.encode())))


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:4], "--forge" in sys.argv)
