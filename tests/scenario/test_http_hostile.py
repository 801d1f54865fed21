# SPDX-License-Identifier: Apache-2.0
"""Requests that two parsers may read differently, sent as raw bytes.

Each case says what must come of it: "refused" (a 4xx or 5xx answer and the end of the
connection), "ended" (the connection ends, with a refusal or without a word), or a status. A
GET for a marker follows in the same bytes: whatever is refused, the marker must not be served.
"""

import socket
import unittest

import daemon
from raw import exchange, statuses

PATH = b"/openid/v1/jwks"
HOST = b"Host: x\r\n"
LINE = b"GET " + PATH + b" HTTP/1.1\r\n"
MARKER = b"GET /.well-known/openid-configuration HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
MARKED = b'"issuer":'


def head(*fields, line=LINE, host=HOST):
    return line + host + b"".join(f + b"\r\n" for f in fields) + b"\r\n"


def target(text, version=b"HTTP/1.1"):
    return b"GET " + text + b" " + version + b"\r\n" + HOST + b"\r\n"


CASES = {
    # request line
    "method in lower case": (head(line=b"get " + PATH + b" HTTP/1.1\r\n"), 405),
    "method unknown": (head(line=b"BREW " + PATH + b" HTTP/1.1\r\n"), 405),
    "method is no token": (head(line=b"G@T " + PATH + b" HTTP/1.1\r\n"), "refused"),
    "method missing": (head(line=b" " + PATH + b" HTTP/1.1\r\n"), "ended"),
    "method TRACE": (head(line=b"TRACE " + PATH + b" HTTP/1.1\r\n"), 405),
    "method CONNECT": (head(line=b"CONNECT x:443 HTTP/1.1\r\n"), "refused"),
    "target absolute-form": (target(b"http://x" + PATH), "refused"),
    "target absolute-form of another host": (target(b"http://evil" + PATH), "refused"),
    "target authority-form": (target(b"x:80"), "refused"),
    "target asterisk-form": (target(b"*"), "refused"),
    "target without a slash": (target(b"openid/v1/jwks"), "refused"),
    "target empty": (b"GET  HTTP/1.1\r\n" + HOST + b"\r\n", "ended"),
    "target with a space": (target(b"/openid/v1/jwks x"), "ended"),
    "target with a tab": (target(b"/openid/v1/\tjwks"), "refused"),
    "target with a fragment": (target(PATH + b"#x"), "refused"),
    "target with NUL": (target(PATH + b"\0"), "ended"),
    "target with NUL and more": (target(PATH + b"\0x"), "ended"),
    "target with a raw 0x7f": (target(PATH + b"\x7f"), "refused"),
    "target with raw UTF-8": (target("/öpenid".encode()), "refused"),
    "target with a backslash": (target(b"/openid\\v1\\jwks"), "refused"),
    "target with quotes": (target(b'/"jwks"'), "refused"),
    "target with %00": (target(PATH + b"%00"), 404),
    "target with %00 and more": (target(PATH + b"%00.html"), 404),
    "target with %2f": (target(b"/openid%2fv1%2fjwks"), 404),
    "target with %2e%2e": (target(b"/openid/x/%2e%2e/v1/jwks"), 404),
    "target with ..": (target(b"/openid/x/../v1/jwks"), 404),
    "target with //": (target(b"//openid/v1/jwks"), 404),
    "target with a bare percent": (target(PATH + b"%"), 404),
    "target of 20000 bytes": (target(b"/" + b"a" * 20000), "refused"),
    "query is ignored": (target(PATH + b"?a=b&c"), 200),
    "query with a NUL": (target(PATH + b"?a=\0b"), "ended"),
    "query with a control byte": (target(PATH + b"?a=\x01b"), "refused"),
    "version 0.9": (b"GET " + PATH + b"\r\n", "ended"),
    "version HTTP/1.2": (target(PATH, b"HTTP/1.2"), "refused"),
    "version HTTP/1.9": (target(PATH, b"HTTP/1.9"), "refused"),
    "version HTTP/2.0": (target(PATH, b"HTTP/2.0"), "refused"),
    "version HTTP/0.9": (target(PATH, b"HTTP/0.9"), "ended"),
    "version in lower case": (target(PATH, b"http/1.1"), "ended"),
    "version with a leading zero": (target(PATH, b"HTTP/01.1"), "ended"),
    "version with garbage": (target(PATH, b"HTTP/1.1x"), "ended"),
    "version of another protocol": (target(PATH, b"SIP/2.0"), "ended"),
    "two spaces after the method": (head(line=b"GET  " + PATH + b" HTTP/1.1\r\n"), "ended"),
    "two spaces before the version": (head(line=b"GET " + PATH + b"  HTTP/1.1\r\n"), "ended"),
    "a space after the version": (head(line=b"GET " + PATH + b" HTTP/1.1 \r\n"), "ended"),
    "a tab instead of a space": (head(line=b"GET\t" + PATH + b"\tHTTP/1.1\r\n"), "ended"),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "refused"),
    "a TLS ClientHello": (b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\n\n", "ended"),
    "bare LF after the request line": (LINE[:-2] + b"\n" + HOST + b"\r\n", "refused"),
    # lines
    "bare LF after a field": (LINE + b"Host: x\n\r\n", "refused"),
    "bare LF for the empty line": (LINE + HOST + b"\n", "refused"),
    "bare LF everywhere": (LINE[:-2] + b"\nHost: x\n\n", "refused"),
    "bare CR in a field": (head(b"X: a\rb"), "refused"),
    "bare CR after the request line": (LINE[:-1] + HOST + b"\r\n", "ended"),
    "folded line with a space": (head(b"X: a", b" b"), "refused"),
    "folded line with a tab": (head(b"X: a", b"\tb"), "refused"),
    "folded Content-Length": (head(b"Content-Length:", b" 5"), "refused"),
    "blank before the first field": (LINE + b" Host: x\r\n\r\n", "refused"),
    # field names and values
    "no Host": (head(host=b""), "refused"),
    "two Hosts": (head(b"Host: y"), "refused"),
    "two equal Hosts": (head(b"Host: x"), "refused"),
    "two Hosts in different case": (head(b"hOST: x"), "refused"),
    "Host empty": (head(host=b"Host:\r\n"), "refused"),
    "Host with a path": (head(host=b"Host: x/y\r\n"), "refused"),
    "Host with userinfo": (head(host=b"Host: u@x\r\n"), "refused"),
    "Host with a list": (head(host=b"Host: x, y\r\n"), "refused"),
    "Host with a space": (head(host=b"Host: x y\r\n"), "refused"),
    "Host with a bad port": (head(host=b"Host: x:y\r\n"), "refused"),
    "Host with a port of six digits": (head(host=b"Host: x:123456\r\n"), "refused"),
    "Host with NUL": (head(host=b"Host: x\0y\r\n"), "refused"),
    "Host as URL": (head(host=b"Host: http://x\r\n"), "refused"),
    "Host with an open bracket": (head(host=b"Host: [::1\r\n"), "refused"),
    "Host in brackets": (head(host=b"Host: [::1]:8443\r\n"), 200),
    "Host with blanks around": (head(host=b"Host: \t x \t\r\n"), 200),
    "space before the colon": (head(b"X : y"), "refused"),
    "tab before the colon": (head(b"X\t: y"), "refused"),
    "space before Content-Length's colon": (head(b"Content-Length : 5"), "refused"),
    "space in a name": (head(b"X Y: z"), "refused"),
    "name empty": (head(b": y"), "refused"),
    "name with NUL": (head(b"X\0Y: z"), "refused"),
    "name with a control byte": (head(b"X\x01: y"), "refused"),
    "name with 8-bit bytes": (head(b"X\xe9: y"), "refused"),
    "name with a slash": (head(b"X/Y: z"), "refused"),
    "name in brackets": (head(b"[X]: y"), "refused"),
    "field without a colon": (head(b"Nonsense"), "refused"),
    "value with NUL": (head(b"X: a\0b"), "refused"),
    "value with NUL at its end": (head(b"X: a\0"), "refused"),
    "value with a control byte": (head(b"X: a\x01b"), "refused"),
    "value with DEL": (head(b"X: a\x7fb"), "refused"),
    "value with an escape sequence": (head(b"X: \x1b[2J"), "refused"),
    "value with 8-bit bytes": (head(b"X: caf\xc3\xa9"), 200),
    "value empty": (head(b"X:"), 200),
    "field of 20000 bytes": (head(b"X: " + b"a" * 20000), "refused"),
    "2000 fields": (head(*(b"X-%d: y" % i for i in range(2000))), "refused"),
    "100 fields": (head(*(b"X-%d: y" % i for i in range(100))), 200),
    # framing of bodies
    "Content-Length twice": (head(b"Content-Length: 0", b"Content-Length: 5"), "refused"),
    "Content-Length twice, equal": (head(b"Content-Length: 5", b"Content-Length: 5"),
                                    "refused"),
    "Content-Length as a list": (head(b"Content-Length: 5, 5"), "refused"),
    "Content-Length negative": (head(b"Content-Length: -1"), "refused"),
    "Content-Length with a plus": (head(b"Content-Length: +5"), "refused"),
    "Content-Length in hex": (head(b"Content-Length: 0x5"), "refused"),
    "Content-Length with a fraction": (head(b"Content-Length: 5.0"), "refused"),
    "Content-Length with leading zeros": (head(b"Content-Length: 005"), "refused"),
    "Content-Length empty": (head(b"Content-Length:"), "refused"),
    "Content-Length with letters": (head(b"Content-Length: 5x"), "refused"),
    "Content-Length with an inner space": (head(b"Content-Length: 1 0"), "refused"),
    "Content-Length over 64 bits": (head(b"Content-Length: 18446744073709551617"), "refused"),
    "Content-Length over the limit": (head(b"Content-Length: 65537"), 413),
    "Transfer-Encoding chunked": (head(b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
                                  "refused"),
    "Transfer-Encoding and Content-Length": (
        head(b"Content-Length: 5", b"Transfer-Encoding: chunked") + b"0\r\n\r\n", "refused"),
    "Transfer-Encoding gzip": (head(b"Transfer-Encoding: gzip"), "refused"),
    "Transfer-Encoding identity": (head(b"Transfer-Encoding: identity"), "refused"),
    "Transfer-Encoding obscured": (head(b"Transfer-Encoding: xchunked"), "refused"),
    "Transfer-Encoding twice": (head(b"Transfer-Encoding: chunked",
                                     b"Transfer-Encoding: identity"), "refused"),
    "Transfer-Encoding in HTTP/1.0": (
        head(b"Transfer-Encoding: chunked", line=b"GET " + PATH + b" HTTP/1.0\r\n"),
        "refused"),
    "Transfer-Encoding with a tab": (head(b"Transfer-Encoding:\tchunked"), "refused"),
    "POST with a body": (
        head(b"Content-Length: 5", line=b"POST " + PATH + b" HTTP/1.1\r\n") + b"abcde", 405),
    "body for an unknown path": (
        head(b"Content-Length: 5", line=b"GET /none HTTP/1.1\r\n") + b"abcde", 404),
    "Expect of another kind": (head(b"Expect: a-miracle"), 417),
    # fields that must be single
    "Authorization twice": (head(b"Authorization: Bearer a", b"Authorization: Bearer b"),
                            "refused"),
    "Content-Type twice": (head(b"Content-Type: a/b", b"Content-Type: a/b"), "refused"),
    "Expect twice": (head(b"Expect: 100-continue", b"Expect: 100-continue"), "refused"),
}

# Refused with a status, but so that the connection may go on: there is no doubt where the
# next request begins.
KEPT_OPEN = {404, 405, 200}


class Hostile(daemon.Case):
    def check(self, d, data, expected):
        received, ended = exchange(d.port, data + MARKER)
        codes = statuses(received)
        self.assertTrue(ended, f"the connection stays: {received!r}")
        if isinstance(expected, int):
            self.assertTrue(codes and codes[0] == expected, received)
            if expected in KEPT_OPEN and b"Content-Length: 5" not in data:
                self.assertIn(MARKED, received)
            return
        if expected == "refused":
            self.assertTrue(codes, "ended without an answer")
        self.assertTrue(all(code >= 400 for code in codes), received)
        self.assertNotIn(MARKED, received)
        if codes:
            self.assertIn(b"connection: close", received.lower())

    def test_each_is_refused_and_nothing_smuggled(self):
        d = self.daemon()
        self.assertGreaterEqual(len(CASES), 60)
        for name, (data, expected) in CASES.items():
            with self.subTest(name):
                self.check(d, data, expected)
        refused = d.metric("sa_issuerd_http_requests_refused_total", listener="discovery")
        self.assertGreater(refused, 50)
        self.assertEqual(d.get("/openid/v1/jwks").status, 200)

    def test_admin_listener_has_the_same_check(self):
        d = self.daemon()
        for name in ("two Hosts", "Transfer-Encoding chunked", "folded line with a tab",
                     "value with NUL", "Content-Length as a list"):
            with self.subTest(name):
                data = CASES[name][0].replace(PATH, b"/metrics")
                received, ended = exchange(d.admin_port, data)
                self.assertTrue(ended)
                self.assertTrue(all(code >= 400 for code in statuses(received)), received)

    def test_bytes_in_pieces_mean_the_same(self):
        """The distance of fields in the library's buffer must not depend on how they came."""
        d = self.daemon()
        data = head(b"X-Long: " + b"a" * 5000, *(b"X-%d: %d" % (i, i) for i in range(100)))
        for size in (1, 7, 100, 4096):
            with self.subTest(size), socket.create_connection(("127.0.0.1", d.port)) as s:
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                s.settimeout(5 * daemon.PATIENCE)
                step = max(size, len(data) // 500) if size == 1 else size
                for i in range(0, len(data), step):
                    s.sendall(data[i:i + step])
                self.assertTrue(s.recv(65536).startswith(b"HTTP/1.1 200 "))


if __name__ == "__main__":
    unittest.main()
