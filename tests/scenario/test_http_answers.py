# SPDX-License-Identifier: Apache-2.0
"""What well-formed requests are answered: documents, conditions, methods, connections."""

import itertools
import json
import random
import unittest

import daemon
import raw
from raw import DISCOVERY, JWKS


class Answers(daemon.Case):
    def test_headers_of_both_documents(self):
        d = self.daemon()
        for path, kind, cache in ((DISCOVERY, "application/json", "public, max-age=3600"),
                                  (JWKS, "application/jwk-set+json", "public, max-age=300")):
            with self.subTest(path):
                answer = d.get(path)
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.headers["Content-Type"], kind)
                self.assertEqual(answer.headers["Cache-Control"], cache)
                self.assertRegex(answer.headers["ETag"], r'^"[\w-]+"$')
                self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "*")
                self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
                self.assertEqual(int(answer.headers["Content-Length"]), len(answer.body))
                self.assertIn("Date", answer.headers)
                self.assertNotIn("Set-Cookie", answer.headers)
                self.assertNotIn("Vary", answer.headers)

    def test_head_is_get_without_the_body(self):
        d = self.daemon()
        for path in (DISCOVERY, JWKS, "/none"):
            with self.subTest(path), raw.tcp(d.port) as c:
                c.get(path)
                whole = c.answer()
                c.get(path, method="HEAD")
                head = c.answer(body=False)
                self.assertEqual(head.status, whole.status)
                whole.headers.pop("date"), head.headers.pop("date")
                self.assertEqual(head.headers, whole.headers)
                c.get(path)  # no byte of a body stands in the way
                self.assertEqual(c.answer().body, whole.body)

    def test_conditional_requests(self):
        d = self.daemon()
        etag = d.get(JWKS).headers["ETag"]
        rows = [(etag, 304), (f"W/{etag}", 304), ("*", 304), (f'"x", {etag}', 304),
                (f'"x",W/{etag},"y"', 304), ('"x"', 200), (etag.strip('"'), 200), ("", 200)]
        with raw.tcp(d.port) as c:
            for field, status in rows:
                with self.subTest(field):
                    c.get(JWKS, f"If-None-Match: {field}")
                    answer = c.answer()
                    self.assertEqual(answer.status, status)
                    self.assertEqual(answer.headers["etag"], etag)
                    self.assertEqual(answer.headers["cache-control"], "public, max-age=300")
                    self.assertEqual(answer.headers["access-control-allow-origin"], "*")
                    self.assertEqual(answer.body == b"", status == 304)
            c.get(JWKS, f"If-None-Match: {etag}", method="HEAD")
            self.assertEqual(c.answer(body=False).status, 304)
            other = d.get(DISCOVERY).headers["ETag"]
            c.get(JWKS, f"If-None-Match: {other}")
            self.assertEqual(c.answer().status, 200)

    def test_errors_are_status_objects(self):
        d = self.daemon()
        for path, method, status, reason in ((JWKS, "POST", 405, "MethodNotAllowed"),
                                             (JWKS, "DELETE", 405, "MethodNotAllowed"),
                                             ("/none", "GET", 404, "NotFound"),
                                             ("/none", "POST", 404, "NotFound")):
            with self.subTest(path=path, method=method):
                answer = d.request(path, method=method)
                self.assertEqual(answer.status, status)
                body = answer.json()
                self.assertEqual((body["kind"], body["apiVersion"]), ("Status", "v1"))
                self.assertEqual((body["code"], body["reason"]), (status, reason))
                self.assertEqual(answer.headers["Content-Type"], "application/json")
                self.assertEqual(answer.headers["Cache-Control"], "no-store")
                self.assertEqual(answer.headers.get("Allow"),
                                 "GET, HEAD, OPTIONS" if status == 405 else None)

    def test_preflight(self):
        d = self.daemon()
        answer = d.request(JWKS, method="OPTIONS", headers={
            "Origin": "https://spa.example.com", "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization"})
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "*")
        self.assertIn("GET", answer.headers["Access-Control-Allow-Methods"])
        self.assertIn("Authorization", answer.headers["Access-Control-Allow-Headers"])
        self.assertEqual(d.request("/none", method="OPTIONS").status, 404)

    def test_what_a_request_says_of_itself_changes_nothing(self):
        d = self.daemon()
        plain = d.get(JWKS)
        for headers in ({"Accept": "text/html"}, {"Accept": "application/json"},
                        {"Accept": ""}, {"Accept-Encoding": "gzip, br"},
                        {"Authorization": "Bearer nonsense"}, {"Authorization": ""},
                        {"Cookie": "a=b"}, {"Range": "bytes=0-1"}, {"Host": "other.example"},
                        {"X-Forwarded-Host": "evil"}, {"If-Modified-Since": "nonsense"}):
            with self.subTest(headers):
                answer = d.get(JWKS, headers=headers)
                self.assertEqual((answer.status, answer.body), (200, plain.body))
                self.assertNotIn("Content-Encoding", answer.headers)

    def test_only_the_literal_paths_answer(self):
        d = self.daemon()
        dice = random.Random(20261123)
        good = {JWKS, DISCOVERY}
        tried = set()
        pieces = ["/", "//", ".", "..", "%2f", "%2e", "%00", ";a=b", "openid", "v1", "jwks",
                  "JWKS", "jwks/", ".well-known", "openid-configuration", "%6awks", "~", "+",
                  "%", "@", ":", "keys", "index.html", "*", "&", "=", "'", "!"]
        with raw.tcp(d.port) as c:
            while len(tried) < 2000:
                base = list(dice.choice(sorted(good)))
                for _ in range(dice.randint(1, 3)):
                    at = dice.randrange(1, len(base) + 1)
                    base[at:at + dice.randint(0, 3)] = dice.choice(pieces)
                path = "".join(base)
                if path in good or path in tried:
                    continue
                tried.add(path)
                c.get(path)
                self.assertEqual(c.answer().status, 404, path)
            for path in good:
                c.get(path + "?" + dice.choice(pieces))
                self.assertEqual(c.answer().status, 200)

    def test_admin_pages(self):
        d = self.daemon()
        self.assertEqual(d.admin("/livez").body, b"ok\n")
        ready = d.admin("/readyz")
        self.assertEqual(ready.status, 200)
        self.assertIn(b"generation 1", ready.body)
        for path, method in itertools.product(("/livez", "/readyz", "/metrics"),
                                              ("POST", "PUT", "DELETE", "OPTIONS", "PATCH")):
            with self.subTest(path=path, method=method):
                answer = d.admin(path, method=method)
                self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET, HEAD"))
        for path in ("/", JWKS, "/metrics/", "/debug", "/livez/../metrics"):
            self.assertEqual(d.admin(path).status, 404, path)
        for path in ("/livez", "/readyz", "/metrics"):
            self.assertEqual(d.get(path).status, 404, "admin pages are not public")
        self.assertNotIn("Access-Control-Allow-Origin", d.admin("/metrics").headers)


class Connections(daemon.Case):
    def test_many_requests_on_one_connection(self):
        d = self.daemon()
        with raw.tcp(d.port) as c:
            for i in range(1000):
                c.get((JWKS, DISCOVERY, "/none")[i % 3])
                self.assertEqual(c.answer().status, (200, 200, 404)[i % 3])
        accepted = d.metric("sa_issuerd_http_connections_accepted_total", listener="discovery")
        self.assertEqual(accepted, 1)

    def test_pipelined_requests_are_answered_in_order(self):
        d = self.daemon()
        paths = [(JWKS, DISCOVERY, "/none")[i % 3] for i in range(300)]
        want = {p: d.get(p).body for p in set(paths)}
        with raw.tcp(d.port) as c:
            c.send(b"".join(f"GET {p} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for p in paths))
            for path in paths:
                self.assertEqual(c.answer().body, want[path])

    def test_connection_close_is_honoured(self):
        d = self.daemon()
        with raw.tcp(d.port) as c:
            c.get(JWKS, "Connection: close")
            self.assertEqual(c.answer().headers["connection"], "close")
            self.assertLess(c.ended(), 1)

    def test_http_1_0(self):
        d = self.daemon()
        with raw.tcp(d.port) as c:
            c.send(f"GET {JWKS} HTTP/1.0\r\n\r\n".encode())
            self.assertEqual(c.answer().status, 200)
            self.assertLess(c.ended(), 1)
        with raw.tcp(d.port) as c:
            for _ in range(2):
                c.send(f"GET {JWKS} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".encode())
                self.assertEqual(c.answer().status, 200)

    def test_client_that_ends_its_side_still_gets_its_answer(self):
        """libmicrohttpd does not see an end that comes with the last bytes of a request, so it
        is the idle deadline that ends such a connection."""
        def config(c, _):
            c["limits"] = {"idleTimeout": "500ms"}
        d = self.daemon(config)
        with raw.tcp(d.port) as c:
            c.get(JWKS)
            c.socket.shutdown(1)
            self.assertEqual(c.answer().status, 200)
            self.assertLess(c.ended(), 2 * daemon.PATIENCE)

    def test_body_of_a_get_is_read_and_dropped(self):
        d = self.daemon()
        with raw.tcp(d.port) as c:
            for size in (1, 1000, 65536):
                c.get(JWKS, f"Content-Length: {size}")
                c.send(b"GET /none HTTP/1.1\r\n"[:size].ljust(size, b"x"))
                self.assertEqual(c.answer().status, 200)
            c.get(JWKS)
            self.assertEqual(c.answer().status, 200)

    def test_expect_100_continue(self):
        d = self.daemon()
        with raw.tcp(d.port) as c:
            c.get(JWKS, "Content-Length: 3", "Expect: 100-continue")
            self.assertEqual(c.answer().status, 100)
            c.send(b"abc")
            self.assertEqual(c.answer().status, 200)
        with raw.tcp(d.port) as c:  # what will be refused is refused before the body is sent
            c.get(JWKS, "Content-Length: 3", "Expect: 100-continue", method="PUT")
            self.assertEqual(c.answer().status, 405)
            self.assertLess(c.ended(), 1)
        with raw.tcp(d.port) as c:
            c.get(JWKS, "Content-Length: 65537", "Expect: 100-continue")
            self.assertEqual(c.answer().status, 413)


class RequestLog(daemon.Case):
    def logged(self, requests):
        def config(c, _):
            c["log"]["requests"] = requests
        d = self.daemon(config)
        d.get(JWKS)
        d.get("/none")
        d.get("/a\\b")
        d.get(JWKS, headers={"If-None-Match": "*"})
        d.stop()
        return [line for line in d.log_lines()
                if line["msg"] == "request" and line["listener"] == "discovery"]

    def test_all(self):
        lines = self.logged("all")
        self.assertEqual([line["status"] for line in lines], [200, 404, 400, 304])
        self.assertEqual(lines[0]["path"], JWKS)
        self.assertEqual(lines[0]["method"], "GET")
        self.assertEqual(lines[2]["refusal"], "target")
        self.assertRegex(lines[0]["client"], r"^127\.0\.0\.1:\d+$")
        self.assertEqual(len({line["request"] for line in lines}), 4)

    def test_failed(self):
        self.assertEqual([line["status"] for line in self.logged("failed")], [404, 400])

    def test_none(self):
        self.assertEqual(self.logged("none"), [])

    def test_input_cannot_forge_a_line(self):
        def config(c, _):
            c["log"]["requests"] = "all"
        d = self.daemon(config)
        raw.exchange(d.port, b'GET /"},{"msg":"forged" HTTP/1.1\r\nHost: x\r\n\r\n')
        raw.exchange(d.port, b"GET /\x1b[2J\xff HTTP/1.1\r\nHost: x\r\n\r\n")
        d.stop()
        for line in d.log_text().splitlines():
            self.assertNotEqual(json.loads(line)["msg"], "forged")
            self.assertTrue(line.isprintable(), line)


if __name__ == "__main__":
    unittest.main()
