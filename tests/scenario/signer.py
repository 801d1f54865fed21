# SPDX-License-Identifier: Apache-2.0
"""A daemon that signs, and a client for it: Python's grpcio with messages coded here from the
text of k8s.io/externaljwt's .proto files, so independent of the code under test."""

import base64
import json
import time
import uuid

import grpc

import keys

SERVICE = "v1.ExternalJWTSigner"
ALPHA = "v1alpha1.ExternalJWTSigner"
POD = {"name": "web-0", "uid": "5e8a1f7c-0000-4000-8000-000000000001"}


# Protocol Buffers

def varint(value):
    out = bytearray()
    while value > 0x7f:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def text_field(number, value):
    data = value if isinstance(value, bytes) else value.encode()
    return varint(number << 3 | 2) + varint(len(data)) + data


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def read_message(data):
    """[(field number, int or bytes)] in the order of the message."""
    found, at = [], 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            value, at = read_varint(data, at)
        elif tag & 7 == 2:
            size, at = read_varint(data, at)
            value = data[at:at + size]
            assert len(value) == size, "a field ends beyond its message"
            at += size
        else:
            raise AssertionError(f"wire type {tag & 7}")
        found.append((tag >> 3, value))
    return found


class Key:
    def __init__(self, data):
        fields = read_message(data)
        assert [number for number, _ in fields] in ([1, 2], [1, 2, 3]), fields
        self.kid = fields[0][1].decode()
        self.der = fields[1][1]
        self.excluded = len(fields) == 3 and fields[2][1] == 1


class FetchedKeys:
    def __init__(self, data):
        fields = read_message(data)
        self.keys = [Key(value) for number, value in fields if number == 1]
        timestamp = dict(read_message(dict(fields)[2]))
        self.changed = timestamp[1]
        self.refresh = dict(fields)[3]

    @property
    def kids(self):
        return [key.kid for key in self.keys]


class Signature:
    def __init__(self, data):
        fields = read_message(data)
        assert [number for number, _ in fields] == [1, 2], fields
        self.header, self.signature = (value.decode() for _, value in fields)

    def head(self):
        return json.loads(unpadded(self.header))


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def segment(claims):
    """The claims segment of a token as kube-apiserver makes it."""
    data = claims if isinstance(claims, bytes) else json.dumps(
        claims, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign_request(claims):
    return text_field(1, claims if isinstance(claims, str) else segment(claims))


def claims(d, lifetime=3600, now=None, namespace="shop", name="web", **changes):
    """What kube-apiserver writes into a pod's token."""
    now = int(time.time()) if now is None else now
    found = {
        "aud": ["https://kubernetes.default.svc"],
        "exp": now + lifetime,
        "iat": now,
        "iss": d.issuer,
        "jti": str(uuid.uuid4()),
        "kubernetes.io": {
            "namespace": namespace,
            "node": {"name": "node-1", "uid": str(uuid.UUID(int=3))},
            "pod": POD,
            "serviceaccount": {"name": name, "uid": str(uuid.UUID(int=2))},
        },
        "nbf": now,
        "sub": f"system:serviceaccount:{namespace}:{name}",
    }
    found.update(changes)
    return {k: v for k, v in found.items() if v is not None}


class Client:
    """One connection."""

    def __init__(self, d, service=SERVICE, target=None, options=()):
        self.channel = grpc.insecure_channel(
            target or f"unix:{d.socket}",
            options=[("grpc.use_local_subchannel_pool", 1), ("grpc.default_authority", "localhost"),
                     *options])
        self.service = service

    def call(self, method, message=b"", timeout=10, service=None):
        path = f"/{service or self.service}/{method}"
        return self.channel.unary_unary(path, lambda m: m, lambda m: m)(
            message, timeout=timeout, wait_for_ready=True)

    def sign(self, what, **options):
        return Signature(self.call("Sign", sign_request(what), **options))

    def token(self, what):
        """The whole token of these claims."""
        text = segment(what)
        signed = self.sign(text)
        return f"{signed.header}.{text}.{signed.signature}"

    def keys(self, **options):
        return FetchedKeys(self.call("FetchKeys", **options))

    def max_lifetime(self, **options):
        return dict(read_message(self.call("Metadata", **options)))[1]

    def close(self):
        self.channel.close()


def refusal(call, *arguments, **options):
    """(code, details) of a call that must fail."""
    try:
        call(*arguments, **options)
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError("it was answered")


def daemon_that_signs(case, signer=None, change=None, socket=None, **options):
    """One cluster issuer; started unless start=False."""
    def config(c, d):
        d.socket = d.dir / "signer.sock"
        c["listeners"]["signer"] = {"unix": socket or "signer.sock"}
        c["issuers"][0]["role"] = "cluster"
        if signer is not None:
            c["issuers"][0]["signer"] = signer
        c["audit"] = {"file": "audit.log"}
        if change:
            change(c, d)
    return case.daemon(config, **options)


def audit(d):
    return [json.loads(line) for line in (d.dir / "audit.log").read_text().splitlines()]


def verify(token, d):
    """The claims of the token, if the key set that the daemon publishes says it is good."""
    import jwt
    kid = jwt.get_unverified_header(token)["kid"]
    published = next(k for k in jwt.PyJWKSet.from_dict(d.jwks()).keys if k.key_id == kid)
    return jwt.decode(token, published.key, algorithms=["RS256", "ES256", "ES384", "ES512"],
                      audience="https://kubernetes.default.svc", issuer=d.issuer)


def spki(path):
    return keys.openssl("pkey", "-in", path, "-pubout", "-outform", "DER")
