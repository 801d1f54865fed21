# SPDX-License-Identifier: Apache-2.0
"""The tokens listener: how requests for tokens come in and are answered."""

import base64
import contextlib
import json
import os
import resource
import subprocess
import time

import asking
import daemon
import memory
import raw


def claims(response):
    """Of the token in a TokenRequest's answer."""
    part = response.json()["status"]["token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Answers(daemon.Case):
    def test_a_token_is_given(self):
        d = asking.daemon_with_tokens(self)
        got = asking.post(d)
        self.assertEqual(got.status, 201)
        self.assertEqual(got.headers["Content-Type"], "application/json")
        self.assertEqual(got.headers["Cache-Control"], "no-store")
        self.assertEqual(claims(got)["sub"], "system:serviceaccount:shop:web")
        self.assertEqual(claims(got)["aud"], ["sts.amazonaws.com"])
        asking.wait_for_metric(d, 1, "http_requests_total", route="token_request", code="201")

    def test_a_connection_is_kept(self):
        d = asking.daemon_with_tokens(self)
        with contextlib.closing(asking.connect(d)) as c:
            ids = {claims(asking.ask(c))["jti"] for _ in range(20)}
        self.assertEqual(len(ids), 20)
        asking.wait_for_metric(d, 1, "http_connections_accepted_total")

    def test_other_methods_get_405(self):
        d = asking.daemon_with_tokens(self)
        for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "post"):
            got = asking.post(d, method=method, data=b"")
            self.assertEqual((got.status, got.headers["Allow"]), (405, "POST"), method)
            if method != "HEAD":
                self.assertEqual(got.json()["reason"], "MethodNotAllowed")
        got = asking.post(d, asking.EXCHANGE, b"", method="GET")
        self.assertEqual((got.status, got.json()["error"]), (405, "invalid_request"))

    def test_other_paths_get_404(self):
        d = asking.daemon_with_tokens(self)
        good = asking.PATH
        for path in ("/", "/livez", good + "/", good + "/x", "/" + good, good[:-1],
                     "/x" + good, good.replace("/shop/", "//"), good.replace("web", ""),
                     good.replace("/v1/", "/v2/"), good.replace("serviceaccounts", "pods"),
                     good.replace("/shop", "/shop/x"), "/token/", "/x/token",
                     good.replace("/shop", "%2fshop"), good + "%3f"):
            got = asking.post(d, path)
            self.assertEqual(got.status, 404, path)
            self.assertEqual(got.json()["reason"], "NotFound", path)

    def test_each_issuer_has_its_own_path(self):
        def change(c, d):
            first = c["issuers"][0]
            base = {"keys": first["keys"], "audiences": first["audiences"]}
            for number, url in enumerate(("https://a.example.com/x", "https://b.example.com/x",
                                          "https://a.example.com/y")):
                c["issuers"].append({"url": url, "role": "federation", **base})
            del c["issuers"][0]

        d = asking.daemon_with_tokens(self, change)
        for path, host, issuer in (("/x", "a.example.com", "https://a.example.com/x"),
                                   ("/x", "B.example.com", "https://b.example.com/x"),
                                   ("/y", "whoever", "https://a.example.com/y")):
            got = asking.post(d, path + asking.PATH, Host=host)
            self.assertEqual(got.status, 201)
            self.assertEqual(claims(got)["iss"], issuer)
        for path, host in (("/x", "c.example.com"), ("", "a.example.com"),
                           ("/z", "a.example.com"), ("/x/y", "a.example.com")):
            self.assertEqual(asking.post(d, path + asking.PATH, Host=host).status, 404)

    def test_an_issuer_that_only_publishes_has_no_tokens(self):
        def change(c, d):
            public = d.dir / "public"
            public.mkdir()
            subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-out",
                            d.dir / "sa.key"], check=True, capture_output=True)
            subprocess.run(["openssl", "pkey", "-in", d.dir / "sa.key", "-pubout", "-out",
                            public / "sa.pub"], check=True, capture_output=True)
            c["issuers"].append({"url": "https://p.example.com/p", "role": "publish",
                                 "keys": {"files": ["public"]}})

        d = asking.daemon_with_tokens(self, change)
        self.assertEqual(asking.post(d, "/p" + asking.PATH).status, 404)
        self.assertEqual(asking.post(d, "/p/token").status, 404)
        self.assertEqual(asking.post(d).status, 201)

    def test_queries_reach_the_service(self):
        d = asking.daemon_with_tokens(self)
        got = asking.post(d, asking.PATH + "?fieldManager=kubectl-create&pretty=true")
        self.assertEqual(got.status, 201)
        got = asking.post(d, asking.PATH + "?fieldManager=a&dryRun=All")
        self.assertEqual(got.status, 400)
        self.assertIn("dry", got.json()["message"])
        # The next request on that connection has none.
        with contextlib.closing(asking.connect(d)) as c:
            self.assertEqual(asking.ask(c, asking.PATH + "?dryRun=All").status, 400)
            self.assertEqual(asking.ask(c).status, 201)

    def test_the_discovery_listener_gives_none(self):
        d = asking.daemon_with_tokens(self)
        self.assertEqual(asking.post(d, port=d.port).status, 404)
        self.assertEqual(asking.post(d, port=d.admin_port).status, 404)

    def test_a_withdrawn_key_leaves_memory(self):
        # Of idle workers, too, and with connections of before still open.
        d = asking.daemon_with_tokens(self)
        if not os.access(f"/proc/{d.pid}/mem", os.R_OK):  # root only, and not everywhere
            return
        secret = memory.private_number(d.keys / "first.pem")
        with contextlib.closing(asking.connect(d)) as c:
            self.assertEqual(asking.ask(c).status, 201)
            self.assertTrue(memory.holds(d.pid, secret))
            d.add_key("second.pem")
            (d.keys / "first.pem").unlink()
            self.assertEqual(d.reload(), "ok")
            daemon.wait_until("the key is gone", lambda: not memory.holds(d.pid, secret))
            self.assertEqual(asking.ask(c).status, 201)

    def test_a_flood_of_discovery_leaves_room_for_tokens(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
        d = asking.daemon_with_tokens(self, serve_options={"preexec_fn": limit})
        flood = [raw.tcp(d.port) for _ in range(300)]
        for c in flood:
            self.addCleanup(c.socket.close)
        kept = [asking.unix(d) for _ in range(20)]
        for c in kept:
            self.addCleanup(c.socket.close)
            c.send(asking.raw_request())
        self.assertEqual([c.answer().status for c in kept], [201] * 20)
        self.assertGreater(d.metric("sa_issuerd_http_connections_refused_total",
                                    listener="discovery", reason="descriptors"), 0)


class Bodies(daemon.Case):
    def test_a_body_may_be_as_large_as_the_limit(self):
        def change(c, _):
            c["limits"] = {"maxBodyBytes": "4KiB"}
        d = asking.daemon_with_tokens(self, change)
        data = asking.body()
        for size in (4095, 4096):
            with asking.unix(d) as c:
                c.send(asking.raw_request(data=data + b" " * (size - len(data))))
                self.assertEqual(c.answer().status, 201)
        for path, reason in ((asking.PATH, "RequestEntityTooLarge"), ("/token", None)):
            with asking.unix(d) as c:
                c.send(asking.raw_request(path, b"").replace(b"Length: 0", b"Length: 4097"))
                answer = c.answer()
                self.assertEqual(answer.status, 413)
                got = json.loads(answer.body)
                if reason:
                    self.assertEqual(got["reason"], reason)
                else:
                    self.assertEqual(got["error"], "invalid_request")
                self.assertIsNotNone(c.ended())
        asking.wait_for_metric(d, 2, "http_requests_refused_total", reason="body-size")

    def test_a_body_may_come_in_pieces(self):
        d = asking.daemon_with_tokens(self)
        request = asking.raw_request()
        with asking.unix(d) as c:
            for i in range(len(request)):
                c.send(request[i:i + 1])
            self.assertEqual(c.answer().status, 201)
            head, _, data = request.partition(b"\r\n\r\n")
            c.send(head + b"\r\n\r\n")
            c.send(data)
            self.assertEqual(c.answer().status, 201)

    def test_a_large_body_comes_whole(self):
        # What is sent is what the service reads: a name at the far end decides.
        d = asking.daemon_with_tokens(self)
        filler = json.dumps({"metadata": {"annotations": {"a": "x" * 60000}}})[1:-1]
        for name, status in (("web", 201), ("other", 422)):
            data = (f'{{{filler[:-1]},"name":"{name}"}},'
                    f'"spec":{{"audiences":["sts.amazonaws.com"]}}}}').encode()
            with asking.unix(d) as c:
                c.send(asking.raw_request(data=data))
                self.assertEqual(c.answer().status, status, name)

    def test_a_slow_body_is_given_up(self):
        def change(c, _):
            c["limits"] = {"bodyTimeout": "1s"}
        d = asking.daemon_with_tokens(self, change)
        request = asking.raw_request()
        with asking.unix(d) as c:
            c.send(request[:-1])
            self.assertIsNotNone(c.ended(20))
        with asking.unix(d) as c:
            c.send(request[:-40])
            with self.assertRaises(OSError):
                for byte in request[-40:]:  # one now and then keeps nothing alive
                    c.send(bytes([byte]))
                    time.sleep(0.1)
        asking.wait_for_metric(d, 2, "http_connections_cut_total", phase="body")
        self.assertEqual(asking.post(d).status, 201)

    def test_expect_continue(self):
        d = asking.daemon_with_tokens(self)
        request = asking.raw_request(asking.PATH, None, "Expect: 100-continue")
        head, _, data = request.partition(b"\r\n\r\n")
        with asking.unix(d) as c:
            c.send(head + b"\r\n\r\n")
            self.assertEqual(c.answer().status, 100)
            c.send(data)
            self.assertEqual(c.answer().status, 201)
        # What will be refused is not sent at all.
        for path, method, status in (("/none", "POST", 404), (asking.PATH, "PUT", 405)):
            request = asking.raw_request(path, None, "Expect: 100-continue", method=method)
            with asking.unix(d) as c:
                c.send(request.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
                self.assertEqual(c.answer().status, status)
                self.assertIsNotNone(c.ended())

    def test_without_a_body(self):
        d = asking.daemon_with_tokens(self)
        with asking.unix(d) as c:
            c.send(asking.raw_request(data=b""))
            self.assertEqual(c.answer().status, 400)
            c.send(asking.raw_request(data=b"").replace(b"Content-Length: 0\r\n", b""))
            self.assertEqual(c.answer().status, 400)
            c.send(asking.raw_request())
            self.assertEqual(c.answer().status, 201)

    def test_a_refused_request_leaves_the_connection_in_step(self):
        d = asking.daemon_with_tokens(self)
        with asking.unix(d) as c:
            for path, method, status in (("/none", "POST", 404), (asking.PATH, "PUT", 405),
                                         (asking.PATH, "POST", 201)):
                c.send(asking.raw_request(path, method=method))
                self.assertEqual(c.answer().status, status)

    def test_pipelined_requests_are_answered_in_turn(self):
        d = asking.daemon_with_tokens(self)
        with asking.unix(d) as c:
            c.send((asking.raw_request() + asking.raw_request("/none")) * 5)
            self.assertEqual([c.answer().status for _ in range(10)], [201, 404] * 5)

    def test_ambiguous_framing_is_refused(self):
        d = asking.daemon_with_tokens(self)
        good = asking.raw_request()
        length = f"Content-Length: {len(asking.body())}".encode()
        cases = {
            "chunked": (length, b"Transfer-Encoding: chunked"),
            "chunked and length": (length, length + b"\r\nTransfer-Encoding: chunked"),
            "two lengths": (length, length + b"\r\n" + length),
            "signed length": (length, length.replace(b": ", b": +")),
            "list of lengths": (length, length + b", 1"),
            "length in hexadecimal": (length, b"Content-Length: 0x10"),
            "two types": (b"Content-Type", b"Content-Type: text/plain\r\nContent-Type"),
            "two authorizations": (b"Content-Type",
                                   b"Authorization: Bearer a\r\nAuthorization: Bearer a"
                                   b"\r\nContent-Type"),
            "bare LF": (b"\r\nContent-Type", b"\nContent-Type"),
        }
        for name, (old, new) in cases.items():
            with self.subTest(name), asking.unix(d) as c:
                self.assertIn(old, good)
                c.send(good.replace(old, new, 1) + asking.raw_request())
                answer = c.answer()
                if answer is not None:
                    self.assertEqual(answer.status, 400)
                    self.assertIsNone(c.answer())
