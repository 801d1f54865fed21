# SPDX-License-Identifier: Apache-2.0
"""Bodies in chunks (RFC 9112 section 7.1), byte by byte: what some clients send that do not know
how much they have to say."""

import unittest

import asking
import daemon

BODY = asking.body()


def head(path=asking.PATH, content_type=asking.JSON):
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n").encode()


def chunks(data, size):
    """In chunks of that size, without the end."""
    pieces = [data[i:i + size] for i in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)


class Chunked(daemon.Case):
    def test_what_is_well_formed(self):
        d = asking.daemon_with_tokens(self)
        whole = chunks(BODY, len(BODY))
        for name, data in {
                "one chunk": whole + b"0\r\n\r\n",
                "a byte each": chunks(BODY, 1) + b"0\r\n\r\n",
                "upper case": whole.replace(b"%x\r" % len(BODY), b"%X\r" % len(BODY), 1)
                + b"0\r\n\r\n",
                "zeros before the size": b"000" + whole + b"000\r\n\r\n",
                "a trailer": whole + b"0\r\nX: y\r\n\r\n"}.items():
            with self.subTest(name), asking.unix(d) as c:
                c.send(head() + data)
                answer = c.answer()
                self.assertEqual(answer.status, 201)
                self.assertEqual(answer.headers["connection"], "close")
                self.assertIsNone(c.answer())

    def test_what_follows_is_no_request(self):
        d = asking.daemon_with_tokens(self)
        with asking.unix(d) as c:
            c.send(head() + chunks(BODY, 9) + b"0\r\n\r\n" + asking.raw_request())
            self.assertEqual(c.answer().status, 201)
            self.assertIsNone(c.answer())
        self.assertEqual(d.metric("sa_issuerd_http_requests_total", listener="tokens"), 1)

    def test_what_is_malformed_gets_no_token(self):
        def change(c, _):
            c["limits"] = {"bodyTimeout": "500ms"}
        d = asking.daemon_with_tokens(self, change)
        whole = chunks(BODY, len(BODY))
        for name, data in {
                "not chunked at all": BODY,
                "a size that is none": b"x\r\n" + BODY + b"\r\n0\r\n\r\n",
                "a negative size": b"-" + whole + b"0\r\n\r\n",
                "a prefix": b"0x" + whole + b"0\r\n\r\n",
                "a size beyond 64 bits": b"10000000000000000" + whole + b"0\r\n\r\n",
                "a size that nobody will send": b"ffffffffffffffff\r\n" + BODY + b"\r\n0\r\n\r\n",
                "no line end behind a chunk": whole[:-2] + b"0\r\n\r\n",
                "a size too small": b"5\r\n" + BODY + b"\r\n0\r\n\r\n",
                "no size": b"\r\n" + BODY + b"\r\n0\r\n\r\n"}.items():
            with self.subTest(name), asking.unix(d) as c:
                c.send(head() + data)
                answer = c.answer()
                if answer is not None:
                    self.assertEqual(answer.status // 100, 4)
                    self.assertIsNone(c.answer())
        self.assertEqual(d.metric("sa_issuerd_http_requests_total", listener="tokens",
                                  code="201"), 0)

    def test_more_than_may_be(self):
        def change(c, _):
            c["limits"] = {"maxBodyBytes": "1KiB"}
        d = asking.daemon_with_tokens(self, change)
        for size in (1, 700, 5000):
            with self.subTest(size=size), asking.unix(d) as c:
                c.send(head() + chunks(BODY + b" " * 5000, size) + b"0\r\n\r\n")
                answer = c.answer()
                self.assertEqual((answer.status, answer.headers["connection"]), (413, "close"))
        with asking.unix(d) as c:
            c.send(head() + chunks(BODY.ljust(1024), 100) + b"0\r\n\r\n")
            self.assertEqual(c.answer().status, 201)

    def test_one_that_does_not_end(self):
        def change(c, _):
            c["limits"] = {"bodyTimeout": "200ms"}
        d = asking.daemon_with_tokens(self, change)
        with asking.unix(d) as c:
            c.send(head() + chunks(BODY, 7))
            self.assertIsNone(c.answer())

    def test_an_exchange(self):
        d = asking.daemon_with_tokens(self)
        with asking.unix(d) as c:
            c.send(head(asking.EXCHANGE, "application/x-www-form-urlencoded")
                   + chunks(b"grant_type=password", 4) + b"0\r\n\r\n")
            answer = c.answer()
            self.assertEqual(answer.status, 400)
            self.assertIn(b'"unsupported_grant_type"', answer.body)

    def test_the_discovery_listener_takes_none(self):
        d = asking.daemon_with_tokens(self)
        got = d.request("/openid/v1/jwks", headers={"Transfer-Encoding": "chunked"})
        self.assertEqual(got.status, 400)


if __name__ == "__main__":
    unittest.main()
