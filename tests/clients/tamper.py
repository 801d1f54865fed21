# SPDX-License-Identifier: Apache-2.0
"""Tokens that must be refused, made of a good one; independent of sa-issuerd.

    for v in tamper.variants(tamper.Maker(issuer, pem, alg, ...)):
        v.name, v.token, v.reason, v.kind

reason is a pattern for what `sa-issuerd verify` says. kind tells who else must refuse it:

    SIGNATURE   whoever verifies signatures: nobody with the key has signed this
    CLAIMS      whoever looks at claims: RFC 7519 says that such a token is not to be accepted
    STRICT      nobody but us: the RFCs allow it, or leave it to the verifier, or are not obeyed
"""

import base64
import dataclasses
import hashlib
import hmac
import json
import time
import zlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

import make_token

SIGNATURE, CLAIMS, STRICT = "signature", "claims", "strict"
BAD_SIGNATURE = "signature: the signature does not fit the message and key"
BASE64 = "not base64url: "
ED25519_ORDER = 2 ** 252 + 27742317777372353535851937790883648493
ORDERS = {
    "ES256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
    "ES384": int("f" * 48 + "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16),
    "ES512": int("01" + "f" * 64 + "fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e"
                 "91386409", 16),
}

encode = make_token.encode


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclasses.dataclass
class Variant:
    name: str
    token: str
    reason: str
    kind: str


class Maker:
    """Makes tokens with one key of the issuer. others: {alg: kid} of keys of other algorithms
    that the issuer publishes."""

    def __init__(self, issuer, audience, pem, alg, others):
        self.issuer, self.audience, self.alg, self.others = issuer, audience, alg, others
        with open(pem, "rb") as f:
            self.key = serialization.load_pem_private_key(f.read(), None)
        self.kid = make_token.key_id(self.key)
        self.attacker = make_token.another(self.key)
        self.now = int(time.time())

    def header(self, **changes):
        return {"alg": self.alg, "kid": self.kid, "typ": "JWT", **changes}

    def claims(self, **changes):
        claims = {"aud": [self.audience], "exp": self.now + 3000, "iat": self.now,
                  "iss": self.issuer, "jti": "4a6e1c6f-3d5b-4e55-8f3a-0d3c7a6f1b2e",
                  "kubernetes.io": {"namespace": "prod"}, "nbf": self.now,
                  "sub": "system:serviceaccount:prod:web", **changes}
        return {name: v for name, v in claims.items() if v is not ...}

    @staticmethod
    def json(value):
        if isinstance(value, (str, bytes)):
            return value if isinstance(value, bytes) else value.encode()
        return json.dumps(value, separators=(",", ":")).encode()

    def text(self, header=None, claims=None):
        """What is signed; header and claims may be texts."""
        return ".".join((encode(self.json(header or self.header())),
                         encode(self.json(self.claims() if claims is None else claims))))

    def sign(self, text, key=None):
        return make_token.sign(key or self.key, self.alg, text.encode())

    def token(self, header=None, claims=None, key=None):
        text = self.text(header, claims)
        return text + "." + encode(self.sign(text, key))


def flip(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def algorithms(m):
    """Another algorithm than that of the key."""
    good = m.token()
    _, claims, signature = good.split(".")
    for name in ("none", "None", "NONE", "nOnE"):
        text = m.text(m.header(alg=name))
        yield Variant(f"alg {name}, no signature", text + ".", "signature: empty", SIGNATURE)
        yield Variant(f"alg {name}, with a signature", text + "." + signature,
                      "header.alg: none: the token is not signed", SIGNATURE)
    public = m.key.public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    secrets = {
        "PEM": public.public_bytes(serialization.Encoding.PEM, spki),
        "PEM without line end": public.public_bytes(serialization.Encoding.PEM, spki).strip(),
        "DER": public.public_bytes(serialization.Encoding.DER, spki),
        "kid": m.kid.encode(), "nothing": b"",
    }
    for form, secret in secrets.items():
        text = m.text(m.header(alg="HS256"))
        mac = hmac.new(secret, text.encode(), hashlib.sha256).digest()
        yield Variant(f"HS256 with the public key as {form}", text + "." + encode(mac),
                      "header.alg: HS256: HMAC is refused", SIGNATURE)
    for other in ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"):
        if other != m.alg:
            yield Variant(f"says {other}", m.token(m.header(alg=other)),
                          f"header.alg: {other}, but the key with this kid is for {m.alg}",
                          SIGNATURE)
    if m.alg == "RS256":  # one key, one algorithm (RFC 8725 section 3.1), though RSA knows more
        for other in ("RS384", "RS512"):
            text = m.text(m.header(alg=other))
            yield Variant(f"signed with {other}",
                          text + "." + encode(make_token.sign(m.key, other, text.encode())),
                          f"header.alg: {other}, but the key with this kid is for RS256", STRICT)
    yield Variant("says PS256", m.token(m.header(alg="PS256")), "PS256 is not supported",
                  SIGNATURE)
    yield Variant("alg in lower case", m.token(m.header(alg=m.alg.lower())), "is not supported",
                  SIGNATURE)
    yield Variant("alg is a list", m.token(m.header(alg=[m.alg])), "alg: must be a string",
                  SIGNATURE)
    no_alg = m.header()
    del no_alg["alg"]
    yield Variant("no alg", m.token(no_alg), "header.alg: missing", SIGNATURE)


def other_keys(m):
    attacker_jwk = {"kty": "oct", "k": "AA"}
    public = m.attacker.public_key()
    der = public.public_bytes(serialization.Encoding.DER,
                              serialization.PublicFormat.SubjectPublicKeyInfo)
    brought = "keys that a token brings or points to are never used"
    yield Variant("signed with another key", m.token(key=m.attacker), BAD_SIGNATURE, SIGNATURE)
    for name, value in (("jwk", attacker_jwk), ("jku", "https://attacker.example/jwks"),
                        ("x5u", "https://attacker.example/cert"),
                        ("x5c", [base64.b64encode(der).decode()])):
        yield Variant(f"{name} and its key", m.token(m.header(**{name: value}), key=m.attacker),
                      f"header.{name}: {brought}", SIGNATURE)
        yield Variant(f"{name} beside the right key", m.token(m.header(**{name: value})),
                      f"header.{name}: {brought}", STRICT)
    for alg, kid in m.others.items():
        yield Variant(f"kid of the {alg} key", m.token(m.header(kid=kid)),
                      f"header.alg: {m.alg}, but the key with this kid is for {alg}", SIGNATURE)
    unknown = "header.kid: no key of the issuer has the id"
    yield Variant("unknown kid", m.token(m.header(kid="unknown")), unknown, SIGNATURE)
    yield Variant("unknown kid and key", m.token(m.header(kid=make_token.key_id(m.attacker)),
                                                 key=m.attacker), unknown, SIGNATURE)
    yield Variant("kid is a path", m.token(m.header(kid="../../etc/passwd"), key=m.attacker),
                  unknown, SIGNATURE)
    yield Variant("kid is empty", m.token(m.header(kid="")), "header.kid: must have 1 to", STRICT)
    yield Variant("kid is a number", m.token(m.header(kid=7)), "header.kid: must be a string",
                  STRICT)
    no_kid = m.header()
    del no_kid["kid"]
    yield Variant("no kid", m.token(no_kid), r"header.kid: missing, and 2 keys are for", STRICT)
    yield Variant("no kid, another key", m.token(no_kid, key=m.attacker),
                  "header.kid: missing, and 2 keys", SIGNATURE)


def signatures(m):
    """Signatures that are none."""
    good = m.token()
    text, signature = good.rsplit(".", 1)
    raw = decode(signature)
    width = f"{m.alg} signature of .* bytes: want {len(raw)}"

    def of(value):
        return text + "." + encode(value)

    for bit in (0, 4 * len(raw), 8 * len(raw) - 1):
        yield Variant(f"bit {bit} of the signature", of(flip(raw, bit)), BAD_SIGNATURE, SIGNATURE)
    yield Variant("signature of zeros", of(bytes(len(raw))), BAD_SIGNATURE, SIGNATURE)
    yield Variant("signature of ones", of(b"\xff" * len(raw)), BAD_SIGNATURE, SIGNATURE)
    yield Variant("signature cut", of(raw[:-1]), width, SIGNATURE)
    yield Variant("half a signature", of(raw[:len(raw) // 2]), width, SIGNATURE)
    yield Variant("signature and a byte", of(raw + b"\0"), width, SIGNATURE)
    yield Variant("a byte and signature", of(b"\0" + raw), width, SIGNATURE)
    yield Variant("one byte", of(b"\1"), width, SIGNATURE)
    yield Variant("no signature", text + ".", "signature: empty", SIGNATURE)
    yield Variant("signature of the claims alone",
                  of(m.sign(text.split(".")[1])), BAD_SIGNATURE, SIGNATURE)
    header, claims = text.split(".")
    for name, part, index in (("header", header, 0), ("claims", claims, 1)):
        parts = [header, claims]
        parts[index] = encode(flip(decode(part), 8 * (len(decode(part)) // 2)))
        yield Variant(f"a bit of the {name}", ".".join(parts) + "." + signature,
                      BAD_SIGNATURE if index else "header", SIGNATURE)
    other = m.text(claims=m.claims(sub="system:serviceaccount:kube-system:admin"))
    yield Variant("other claims", other + "." + signature, BAD_SIGNATURE, SIGNATURE)
    late = m.text(claims=m.claims(exp=m.now + 9 * 10 ** 8))
    yield Variant("later exp", late + "." + signature, BAD_SIGNATURE, SIGNATURE)
    swapped = m.text({"kid": m.kid, "alg": m.alg, "typ": "JWT"})
    yield Variant("header in another order", swapped + "." + signature, BAD_SIGNATURE, SIGNATURE)
    yield from of_its_kind(m, text, raw, of)


def of_its_kind(m, text, raw, of):
    if isinstance(m.key, rsa.RSAPrivateKey):
        n = m.key.public_key().public_numbers().n
        for name, value in (("1", 1), ("n - 1", n - 1), ("n", n)):
            yield Variant(f"signature {name}", of(value.to_bytes(len(raw), "big")),
                          BAD_SIGNATURE, SIGNATURE)
        digest = make_token.HASHES[m.alg[2:]]()
        pss = m.key.sign(text.encode(), padding.PSS(padding.MGF1(digest), 32), digest)
        yield Variant("PSS padding", of(pss), BAD_SIGNATURE, SIGNATURE)
        yield Variant("SHA-1", of(m.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA1())),
                      BAD_SIGNATURE, SIGNATURE)
    elif isinstance(m.key, ec.EllipticCurvePrivateKey):
        size, order = len(raw) // 2, ORDERS[m.alg]
        r, s = raw[:size], raw[size:]
        fields = {"0": bytes(size), "1": (1).to_bytes(size, "big"),
                  "n": order.to_bytes(size, "big")}
        for a in fields:
            for b in fields:
                yield Variant(f"r {a}, s {b}", of(fields[a] + fields[b]), BAD_SIGNATURE,
                              SIGNATURE)
        yield Variant("r 0", of(fields["0"] + s), BAD_SIGNATURE, SIGNATURE)
        yield Variant("s 0", of(r + fields["0"]), BAD_SIGNATURE, SIGNATURE)
        yield Variant("r and s swapped", of(s + r), BAD_SIGNATURE, SIGNATURE)
        number = int.from_bytes(r, "big") + order
        if number.bit_length() <= 8 * size:
            yield Variant("r + n", of(number.to_bytes(size, "big") + s), BAD_SIGNATURE, SIGNATURE)
        der = utils.encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
        yield Variant("DER", of(der), f"{m.alg} signature of .* bytes: want", SIGNATURE)
    else:
        s = int.from_bytes(raw[32:], "little") + ED25519_ORDER
        yield Variant("s + order", of(raw[:32] + s.to_bytes(32, "little")), BAD_SIGNATURE,
                      SIGNATURE)
        yield Variant("the identity", of(b"\1" + bytes(63)), BAD_SIGNATURE, SIGNATURE)


def claims_of_rfc_7519(m):
    def of(name, reason, **changes):
        return Variant(name, m.token(claims=m.claims(**changes)), reason, CLAIMS)

    yield of("expired", "claims.exp: expired at", exp=m.now - 3600, iat=m.now - 7200,
             nbf=m.now - 7200)
    yield of("exp 0", "claims.exp: expired at 1970-01-01", exp=0)
    yield of("not yet valid", "claims.nbf: not valid before", nbf=m.now + 3600)
    yield of("another issuer", "claims.iss: .*: want", iss="https://attacker.example")
    yield of("issuer with a slash", "claims.iss: .*/: want", iss=m.issuer + "/")
    yield of("issuer in upper case", "claims.iss: .*: want", iss=m.issuer.upper())
    yield of("issuer and more", "claims.iss: .*: want", iss=m.issuer + ".attacker.example")
    yield of("no issuer", "claims.iss: missing", iss=...)
    yield of("another audience", "claims.aud: not for", aud=["https://other.example"])
    yield of("another audience, alone", "claims.aud: not for", aud="https://other.example")
    yield of("audience and more", "claims.aud: not for", aud=m.audience + "/more")
    yield of("start of the audience", "claims.aud: not for", aud=m.audience[:-1])
    yield of("audience in a string of two", "claims.aud: not for", aud="a " + m.audience)
    yield of("empty audience", "claims.aud: must be", aud=[])
    yield of("no audience", "claims.aud: missing", aud=...)
    yield of("audience is a number", "claims.aud: must be", aud=7)
    yield of("audience is an object", "claims.aud: must be", aud={m.audience: True})
    yield of("exp is a string", "claims.exp: must be", exp="never")
    yield of("exp is a list", "claims.exp: must be", exp=[m.now + 3000])
    for name, claims, reason in (
            ("claims are text", "hello", "claims: not JSON"),
            ("claims are a list", [m.claims()], "claims: not a JSON object"),
            ("claims are a string", '"a"', "claims: not JSON"),
            ("claims are null", "null", "claims: not JSON"),
            ("claims in UTF-16", json.dumps(m.claims()).encode("utf-16"), "claims: not JSON"),
            ("claims are a token", m.token(), "claims: not JSON"),
            ("claims cut", json.dumps(m.claims())[:-1], "claims: not JSON: ends early"),
            ("no claims at all", "{}", "claims.iss: missing")):
        yield Variant(name, m.token(claims=claims), reason, CLAIMS)


def strict_claims(m):
    def of(name, reason, **changes):
        return Variant(name, m.token(claims=m.claims(**changes)), reason, STRICT)

    def edited(name, old, new, reason):
        text = json.dumps(m.claims(), separators=(",", ":"))
        assert old in text
        return Variant(name, m.token(claims=text.replace(old, new).encode()), reason, STRICT)

    number = "claims.{}: must be an integer"
    yield of("no exp", "claims.exp: missing", exp=...)
    yield of("no iat", "claims.iat: missing", iat=...)
    yield of("no sub", "claims.sub: missing", sub=...)
    yield of("iat ahead", "claims.iat: issued in the future", iat=m.now + 3600)
    yield of("exp is a fraction", number.format("exp"), exp=m.now + 3000.5)
    yield of("exp is a string of digits", number.format("exp"), exp=str(m.now + 3000))
    yield of("exp is true", number.format("exp"), exp=True)
    yield of("exp is null", number.format("exp"), exp=None)
    yield of("exp is negative", number.format("exp"), exp=-1)
    yield of("exp is 2^53", number.format("exp"), exp=2 ** 53)
    yield of("exp is 2^64", "claims: not JSON: a number is out of range", exp=2 ** 64)
    yield of("nbf is a string", number.format("nbf"), nbf=str(m.now))
    yield of("iat is a string", number.format("iat"), iat=str(m.now))
    yield of("issuer is a list", "claims.iss: must be a string", iss=[m.issuer])
    yield of("sub is a number", "claims.sub: must be a string", sub=7)
    yield of("jti is a number", "claims.jti: must be a string", jti=7)
    yield of("a number in the audience", "claims.aud: must be", aud=[m.audience, 7])
    twice = "claims: not JSON: a member stands there twice"
    yield edited("sub twice", '"sub":', '"sub":"system:serviceaccount:a:b","sub":', twice)
    yield edited("exp twice", '"exp":', '"exp":1,"exp":', twice)
    yield edited("exp twice, once escaped", '"exp":', '"\\u0065xp":1,"exp":', twice)
    yield edited("a member twice further in", '"namespace":', '"namespace":"a","namespace":', twice)
    yield edited("exp is 1e999", f'"exp":{m.now + 3000}', '"exp":1e999', "a number is out of range")
    yield edited("exp is NaN", f'"exp":{m.now + 3000}', '"exp":NaN', "claims: not JSON")
    yield edited("NUL behind a number", f'"exp":{m.now + 3000}', f'"exp":{m.now + 3000}\0',
                 "claims: not JSON: a NUL byte")
    yield edited("NUL in a string", '"sub":"', '"sub":"\\u0000', r"not JSON: \\u0000 in a string")
    yield edited("half a surrogate", '"sub":"', '"sub":"\\ud800', "claims: not JSON")
    yield edited("a comment", '{"aud"', '/**/{"aud"', "claims: not JSON")
    yield edited("a comma too many", '["', '["a",,"', "claims: not JSON")
    good = json.dumps(m.claims()).encode()
    for name, claims, reason in (
            ("byte order mark", b"\xef\xbb\xbf" + good, "claims: not JSON"),
            ("something behind the claims", good + b"{}", "something stands behind the end"),
            ("invalid UTF-8", good.replace(b"web", b"w\xff\xfe"), "invalid UTF-8"),
            ("overlong UTF-8", good.replace(b"web", b"w\xc0\x80b"), "invalid UTF-8"),
            ("deep claims", good[:-1] + b',"a":' + b"[" * 40 + b"]" * 40 + b"}",
             "claims: more than 32 levels")):
        yield Variant(name, m.token(claims=claims), reason, STRICT)


def strict_headers(m):
    def of(name, reason, kind=STRICT, **changes):
        return Variant(name, m.token(m.header(**changes)), reason, kind)

    def edited(name, old, new, reason):
        text = json.dumps(m.header(), separators=(",", ":"))
        assert old in text
        return Variant(name, m.token(text.replace(old, new)), reason, STRICT)

    # RFC 7515 section 4.1.11: these are not to be accepted by anybody
    crit = "header.crit: no critical extension is supported"
    yield of("crit with an unknown extension", crit, SIGNATURE, crit=["x"], x=1)
    yield of("crit is empty", crit, crit=[])
    yield of("crit with exp", crit, crit=["exp"], exp=1)
    yield of("unencoded payload", "header.(crit|b64)", crit=["b64"], b64=False)
    yield of("b64 false without crit", "header.b64", b64=False)
    yield of("typ at+jwt", r"header.typ: at\+jwt: want JWT", typ="at+jwt")
    yield of("typ is a list", "header.typ: must be a string", typ=["JWT"])
    yield of("cty JWT", "header.cty: nested tokens are refused", cty="JWT")
    yield of("enc", "header.enc: encrypted tokens are refused", enc="A128GCM")
    yield of("an unknown member", "header.x: not allowed", x=1)
    yield of("a large header", "header: longer than 8192 bytes", x="a" * 9000)
    yield edited("alg twice", '"alg":', '"alg":"none","alg":', "header: not JSON: a member stands")
    yield edited("kid twice", '"kid":', '"kid":"a","kid":', "header: not JSON: a member stands")
    text = m.text(m.header(zip="DEF"), zlib.compress(m.json(m.claims()))[2:-4])
    yield Variant("compressed", text + "." + encode(m.sign(text)), "header.zip: compressed", STRICT)


def strict_forms(m):
    good = m.token()
    header, claims, signature = good.split(".")
    parts = "want three parts with dots between them, not"
    yield Variant("two parts", header + "." + claims, f"{parts} 2", SIGNATURE)
    yield Variant("four parts", good + ".AAAA", f"{parts} 4", SIGNATURE)
    yield Variant("five parts", good + ".AAAA.AAAA", "encrypted tokens are refused", SIGNATURE)
    yield Variant("a dot behind", good + ".", f"{parts} 4", SIGNATURE)
    yield Variant("one part", header, f"{parts} 1", SIGNATURE)
    yield Variant("nothing", "", "no token: the text is empty", SIGNATURE)
    yield Variant("empty header", "." + claims + "." + signature, "header: empty", SIGNATURE)
    yield Variant("empty claims", header + ".." + signature, "claims: empty", SIGNATURE)
    yield Variant("JSON serialisation",
                  json.dumps({"protected": header, "payload": claims, "signature": signature}),
                  "the JSON serialisation of a JWS", SIGNATURE)
    yield Variant("Bearer", "Bearer " + good, f"header: {BASE64}", STRICT)
    yield Variant("blank before", " " + good, f"header: {BASE64}", STRICT)
    yield Variant("blank behind", good + " ", f"signature: {BASE64}", STRICT)
    yield Variant("two line ends", good + "\n\n", f"signature: {BASE64}", STRICT)
    for name, index in (("header", 0), ("claims", 1), ("signature", 2)):
        part = good.split(".")
        middle = len(part[index]) // 2
        for what, text in (("padding", part[index] + "=" * (-len(part[index]) % 4 or 4)),
                           ("a line end", part[index][:middle] + "\n" + part[index][middle:]),
                           ("a star", part[index][:middle] + "*" + part[index][middle:])):
            changed = part[:index] + [text] + part[index + 1:]
            yield Variant(f"{what} in the {name}", ".".join(changed), f"{name}: {BASE64}", STRICT)
    if len(signature) % 4:
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        other = alphabet[alphabet.index(signature[-1]) + 1]
        yield Variant("unused bits set", good[:-1] + other, "unused bits of the last character",
                      STRICT)
    if "-" in signature or "_" in signature:
        yield Variant("signature in plain base64", f"{header}.{claims}." +
                      signature.replace("-", "+").replace("_", "/"), f"signature: {BASE64}", STRICT)
    long = m.claims(padding="a" * 60000)
    yield Variant("more than 64 KiB", m.token(claims=long), "a token of more than 65536", STRICT)


def variants(m):
    for group in (algorithms, other_keys, signatures, claims_of_rfc_7519, strict_claims,
                  strict_headers, strict_forms):
        yield from group(m)
