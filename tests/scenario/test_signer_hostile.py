# SPDX-License-Identifier: Apache-2.0
"""What nobody should send to the signer's socket: broken HTTP/2, and claims that no API server
would write. Nothing of it may be signed, and none of it may keep others waiting."""

import base64
import contextlib
import json
import random
import socket
import struct
import time

import hpack

import daemon
import signer

MAGIC = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8


def frame(kind, flags, stream, payload=b""):
    """RFC 9113 section 4.1."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + struct.pack(">I", stream) \
        + payload


def head(*fields, drop=(), path="/v1.ExternalJWTSigner/Sign"):
    """A header block; every field literal, as HPACK's table would tie the cases together."""
    all_fields = [(":method", "POST"), (":scheme", "http"), (":path", path),
                  (":authority", "localhost"), ("content-type", "application/grpc"),
                  ("te", "trailers"), *fields]
    return hpack.Encoder().encode([hpack.NeverIndexedHeaderTuple(*f) for f in all_fields
                                   if f[0] not in drop], huffman=False)


HELLO = MAGIC + frame(SETTINGS, 0, 0)
CALL = frame(HEADERS, END_HEADERS, 1, head()) + frame(DATA, END_STREAM, 1, b"\0\0\0\0\0")

BROKEN = {
    "nothing": b"",
    "zeros": bytes(4096),
    "a TLS hello": bytes.fromhex("16030100a5010000a10303") + bytes(160),
    "HTTP/1.1": b"POST /v1.ExternalJWTSigner/Sign HTTP/1.1\r\nHost: x\r\n\r\n",
    "half a magic": MAGIC[:12],
    "a magic and no settings": MAGIC + frame(PING, 0, 0, bytes(8)),
    "a frame beyond its maximum": HELLO + b"\xff\xff\xff\0\0\0\0\0\1" + bytes(70000),
    "settings of an odd length": HELLO + frame(SETTINGS, 0, 0, bytes(5)),
    "settings on a stream": HELLO + frame(SETTINGS, 0, 1, bytes(6)),
    "a window beyond its maximum": HELLO + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 1 << 31)),
    "a frame size below its minimum": HELLO + frame(SETTINGS, 0, 0, struct.pack(">HI", 5, 1)),
    "data before headers": HELLO + frame(DATA, 0, 1, b"x"),
    "data on no stream": HELLO + frame(DATA, 0, 0, b"x"),
    "headers on no stream": HELLO + frame(HEADERS, END_HEADERS, 0, head()),
    "an even stream": HELLO + frame(HEADERS, END_HEADERS, 2, head()),
    "streams that go back": HELLO + frame(HEADERS, END_HEADERS, 5, head())
    + frame(HEADERS, END_HEADERS, 3, head()),
    "a push": HELLO + frame(PUSH, END_HEADERS, 1, struct.pack(">I", 2) + head()),
    "a ping of 7 bytes": HELLO + frame(PING, 0, 0, bytes(7)),
    "a window of nothing": HELLO + frame(WINDOW, 0, 0, struct.pack(">I", 0)),
    "a window that overflows": HELLO + 3 * frame(WINDOW, 0, 0, struct.pack(">I", (1 << 31) - 1)),
    "a reset of an idle stream": HELLO + frame(RST, 0, 7, struct.pack(">I", 8)),
    "a continuation of nothing": HELLO + frame(CONTINUATION, END_HEADERS, 1, head()),
    "another frame within headers": HELLO + frame(HEADERS, 0, 1, head())
    + frame(PING, 0, 0, bytes(8)),
    "headers without end": HELLO + frame(HEADERS, 0, 1, head())
    + 1000 * frame(CONTINUATION, 0, 1, b""),
    "headers of a megabyte": HELLO + frame(HEADERS, 0, 1, head())
    + 64 * frame(CONTINUATION, 0, 1, hpack.Encoder().encode([("x", "y" * 16000)], huffman=False)),
    "padding beyond the frame": HELLO
    + frame(HEADERS, END_HEADERS | PADDED, 1, b"\xff" + head()[:10]),
    "HPACK garbage": HELLO + frame(HEADERS, END_HEADERS, 1, b"\xff" * 64),
    "an HPACK index out of range": HELLO + frame(HEADERS, END_HEADERS, 1, b"\xff\xff\xff\x7f"),
    "an HPACK table too large": HELLO + frame(HEADERS, END_HEADERS, 1, b"\x3f\xff\xff\xff\x7f"),
    "capitals in a name": HELLO + frame(HEADERS, END_HEADERS, 1, head(("X-Y", "z"))),
    "a pseudo-header behind others": HELLO + frame(HEADERS, END_HEADERS, 1, head((":x", "y"))),
    "no path": HELLO + frame(HEADERS, END_HEADERS, 1, head(drop=[":path"])),
    "two paths": HELLO + frame(HEADERS, END_HEADERS, 1, head((":path", "/"))),
    "connection: close": HELLO + frame(HEADERS, END_HEADERS, 1, head(("connection", "close"))),
    "a wrong content-length": HELLO + frame(HEADERS, END_HEADERS, 1, head(("content-length", "1")))
    + frame(DATA, END_STREAM, 1, b"\0\0\0\0\0"),
    "data behind the end": HELLO + CALL + frame(DATA, END_STREAM, 1, b"x"),
    "headers twice": HELLO + 2 * frame(HEADERS, END_HEADERS, 1, head()),
    "a stream that depends on itself": HELLO + frame(PRIORITY, 0, 1, struct.pack(">IB", 1, 1)),
    "a going away client": HELLO + frame(GOAWAY, 0, 0, bytes(8)) + CALL,
    "pings without end": HELLO + 20000 * frame(PING, 0, 0, bytes(8)),
    "settings without end": HELLO + 20000 * frame(SETTINGS, 0, 0),
    "many settings": HELLO + frame(SETTINGS, 0, 0, 2000 * struct.pack(">HI", 99, 0)),
    "empty data without end": HELLO + frame(HEADERS, END_HEADERS, 1, head())
    + 20000 * frame(DATA, 0, 1),
    "unknown frames": HELLO + 5000 * frame(0x42, 0xff, 0, b"x" * 100),
    "streams taken back at once": HELLO + b"".join(
        frame(HEADERS, END_HEADERS, 2 * i + 1, head())
        + frame(RST, 0, 2 * i + 1, struct.pack(">I", 8))
        for i in range(5000)),
    "more streams than allowed": HELLO + b"".join(
        frame(HEADERS, END_HEADERS, 2 * i + 1, head()) for i in range(3000)),
    "bodies that do not end": HELLO + b"".join(
        frame(HEADERS, END_HEADERS, 2 * i + 1, head())
        + frame(DATA, 0, 2 * i + 1, b"\0\0\0\xff\xff" + bytes(200))
        for i in range(250)),
}


class Frames(daemon.Case):
    @staticmethod
    def send(d, data):
        """All of it, as far as the other side takes it; what it answers is not looked at."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(0.2)
            s.connect(str(d.socket))
            with contextlib.suppress(OSError):
                s.sendall(data)
            with contextlib.suppress(OSError):
                while s.recv(65536):
                    pass

    def test_broken_connections_bother_nobody_else(self):
        def change(c, d):
            c["limits"] = {"headerTimeout": "500ms", "bodyTimeout": "500ms"}
        d = signer.daemon_that_signs(self, change=change, key="p256")
        other = signer.Client(d)
        self.addCleanup(other.close)
        other.keys()
        rss = d.rss_kib()
        for name, data in BROKEN.items():
            with self.subTest(name):
                self.send(d, data)
                other.keys(timeout=5 * daemon.PATIENCE)  # on the connection that was there before
                self.assertTrue(d.running())
        signer.verify(other.token(signer.claims(d)), d)
        self.assertEqual([line["result"] for line in signer.audit(d)
                          if line["result"] == "signed"], ["signed"])
        daemon.wait_until("the others are gone", lambda: d.metric(
            "sa_issuerd_signer_connections_open") == 1)
        if not daemon.is_sanitized():
            self.assertLess(d.rss_kib() - rss, 8192)

    def test_noise_behind_a_good_beginning(self):
        d = signer.daemon_that_signs(self, key="p256")
        rng = random.Random(7)
        good = HELLO + CALL
        for _ in range(300):
            data = bytearray(good)
            for _ in range(rng.randrange(1, 8)):
                data[rng.randrange(len(MAGIC), len(data))] = rng.randrange(256)
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(str(d.socket))
                s.sendall(data)
        client = signer.Client(d)
        self.addCleanup(client.close)
        signer.verify(client.token(signer.claims(d)), d)


class Payloads(daemon.Case):
    """Ten thousand requests to sign, mutated from good ones in one process."""

    COUNT = 10000

    def mutate(self, rng, d, now):
        """Bytes of a claims segment, mostly bad."""
        good = json.loads(json.dumps(signer.claims(d, now=now)))  # nothing in it is shared
        kind = rng.randrange(6)
        if kind == 0:
            key = rng.choice(list(good))
            good[key] = rng.choice([None, 0, -1, 1.5, "", [], {}, True, "x", [1], {"a": 1},
                                    1 << 62, "system:masters", ["a", ["b"]], dict(good)])
        elif kind == 1:
            good[rng.choice(["admin", "groups", "ISS", "Sub", "azp", "kubernetes.io/x", "iss ",
                             "https://aws.amazon.com/tags"])] = rng.choice([1, "x", {}, ["y"]])
        elif kind == 2:
            for key in ("iat", "exp", "nbf"):
                if rng.random() < 0.6:
                    good[key] += rng.choice([-90000, -3601, -61, -1, 1, 61, 90000, 10 ** 9])
        elif kind == 3:
            inner = good["kubernetes.io"]
            place = rng.choice([inner, inner["serviceaccount"], inner["pod"]])
            place[rng.choice(["namespace", "name", "uid", "Name", "NAMESPACE"])] = rng.choice(
                ["kube-system", "root", "", "a:b", None, 7, [], "UPPER"])
        elif kind == 4:
            good["sub"] = rng.choice(["system:serviceaccount:kube-system:web", "system:masters",
                                      "system:serviceaccount:shop:web:x", "kubernetes-admin",
                                      "system:serviceaccount::", "system:node:n"])
        text = json.dumps(good, separators=(",", ":")).encode()
        if kind == 5 or rng.random() < 0.2:
            text = bytearray(text)
            for _ in range(rng.randrange(1, 4)):
                what = rng.randrange(3)
                at = rng.randrange(len(text))
                if what == 0:
                    text[at] = rng.randrange(256)
                elif what == 1:
                    del text[at]
                else:
                    text[at:at] = text[rng.randrange(len(text)):][:rng.randrange(40)]
        segment = base64.urlsafe_b64encode(bytes(text)).rstrip(b"=")
        return segment + b"=" if rng.random() < 0.02 else segment

    @staticmethod
    def reason(segment, issuer):
        """Why the policy must refuse it, by another reading; None: it may be signed."""
        def pairs(items):
            if len({k for k, _ in items}) != len(items):
                raise ValueError("twice")
            return dict(items)
        if b"=" in segment:
            return "padding"
        try:
            claims = json.loads(signer.unpadded(segment.decode()), object_pairs_hook=pairs)
            inner = claims["kubernetes.io"]
            now = time.time()
            tests = {
                "members": set(claims) - {"jti"} == {"aud", "exp", "iat", "iss", "kubernetes.io",
                                                      "nbf", "sub"},
                "iss": claims["iss"] == issuer,
                "sub": claims["sub"] == "system:serviceaccount:%s:%s" % (
                    inner["namespace"], inner["serviceaccount"]["name"]),
                "types": all(type(claims[k]) is int for k in ("iat", "exp", "nbf"))
                and isinstance(claims["aud"], list) and claims["aud"]
                and all(isinstance(a, str) for a in claims["aud"]),
                "life": 0 < claims["exp"] - claims["iat"] <= 86400,
                "now": abs(claims["iat"] - now) <= 120,
            }
            return next((k for k, ok in tests.items() if not ok), None)
        except (ValueError, KeyError, TypeError, UnicodeError, AttributeError) as error:
            return repr(error)

    def test_none_is_signed_outside_the_policy(self):
        d = signer.daemon_that_signs(self, key="p256")
        client = signer.Client(d)
        self.addCleanup(client.close)
        rng = random.Random(20260101)
        method = client.channel.unary_unary(f"/{signer.SERVICE}/Sign", lambda m: m, lambda m: m)
        signed = outside = 0
        for begin in range(0, self.COUNT, 100):
            now = int(time.time())
            segments = [self.mutate(rng, d, now) for _ in range(100)]
            calls = [method.future(signer.text_field(1, s), timeout=60 * daemon.PATIENCE)
                     for s in segments]
            for segment, call in zip(segments, calls):
                if call.exception() is None:
                    signed += 1
                    reason = self.reason(segment, d.issuer)
                    if reason is not None:
                        outside += 1
                        print(f"signed at {begin}: {reason}: {segment!r}")
                else:
                    self.assertIn(call.exception().code().name,
                                  ("INVALID_ARGUMENT", "PERMISSION_DENIED"))
        self.assertEqual(outside, 0)
        lines = signer.audit(d)
        self.assertEqual(len(lines), self.COUNT)
        self.assertEqual(sum(line["result"] == "signed" for line in lines), signed)
        self.assertTrue(all(line["reason"] for line in lines if line["result"] == "refused"))
        self.assertLess(signed, self.COUNT / 2)
        self.assertGreater(signed, 100)  # the mutations are near enough to what is good
