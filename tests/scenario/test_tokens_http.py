# SPDX-License-Identifier: Apache-2.0
"""The tokens listener: how requests for tokens come in, wait and are answered."""

import base64
import contextlib
import json
import os
import subprocess
import time

import asking
import daemon
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
        self.assertEqual(d.metric("sa_issuerd_http_requests_total", listener="tokens",
                                  route="token_request", code="201"), 1)

    def test_a_connection_is_kept(self):
        d = asking.daemon_with_tokens(self)
        with contextlib.closing(asking.connect(d)) as c:
            ids = {claims(asking.ask(c))["jti"] for _ in range(20)}
        self.assertEqual(len(ids), 20)
        self.assertEqual(d.metric("sa_issuerd_http_connections_accepted_total",
                                  listener="tokens"), 1)

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
