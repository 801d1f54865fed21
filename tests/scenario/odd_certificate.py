# SPDX-License-Identifier: Apache-2.0
"""Client certificates with subjects that no tool would make, written in DER by hand (X.690,
RFC 5280 4.1)."""

import base64
import datetime

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SEQUENCE, SET, OID, INTEGER, BITS, OCTETS, TIME = 0x30, 0x31, 6, 2, 3, 4, 0x17
UTF8, PRINTABLE, TELETEX, BMP = 12, 19, 20, 30
ATTRIBUTES = {"CN": b"\x55\x04\x03", "C": b"\x55\x04\x06", "O": b"\x55\x04\x0a",
              "OU": b"\x55\x04\x0b"}
ECDSA_WITH_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
EXTENDED_KEY_USAGE = b"\x55\x1d\x25"
CLIENT_AUTH = bytes.fromhex("2b06010505070302")


def tlv(tag, *parts):
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes(2, "big")
    return bytes([tag, 0x82]) + size + content


def attribute(kind, text, tag=UTF8):
    """text: of that string type, or bytes as they are."""
    if isinstance(text, str):
        text = text.encode("utf-16-be" if tag == BMP else "latin-1" if tag == TELETEX
                           else "utf-8")
    return tlv(SEQUENCE, tlv(OID, ATTRIBUTES[kind]), tlv(tag, text))


def name(*parts):
    """Each part is an attribute's arguments, or a list of these for a part of several."""
    sets = [p if isinstance(p, list) else [p] for p in parts]
    return tlv(SEQUENCE, *(tlv(SET, *(attribute(*a) for a in s)) for s in sets))


def issue(authority, *parts):
    """Writes odd.crt and odd.key into the authority's directory and returns their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    times = [tlv(TIME, (now + datetime.timedelta(days=d)).strftime("%y%m%d%H%M%SZ").encode())
             for d in (-1, 1)]
    usage = tlv(SEQUENCE, tlv(OID, EXTENDED_KEY_USAGE),
                tlv(OCTETS, tlv(SEQUENCE, tlv(OID, CLIENT_AUTH))))
    public = key.public_key().public_bytes(serialization.Encoding.DER,
                                           serialization.PublicFormat.SubjectPublicKeyInfo)
    body = tlv(SEQUENCE, tlv(0xa0, tlv(INTEGER, b"\x02")), tlv(INTEGER, b"\x01"),
               ECDSA_WITH_SHA256, authority.cert.subject.public_bytes(),
               tlv(SEQUENCE, *times), name(*parts), public,
               tlv(0xa3, tlv(SEQUENCE, usage)))
    signature = authority.key.sign(body, ec.ECDSA(hashes.SHA256()))
    text = base64.encodebytes(tlv(SEQUENCE, body, ECDSA_WITH_SHA256,
                                  tlv(BITS, b"\0" + signature)))
    paths = authority.directory / "odd.crt", authority.directory / "odd.key"
    paths[0].write_bytes(b"-----BEGIN CERTIFICATE-----\n" + text +
                         b"-----END CERTIFICATE-----\n")
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM,
                                           serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))
    return paths
