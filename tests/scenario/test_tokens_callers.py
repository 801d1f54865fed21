# SPDX-License-Identifier: Apache-2.0
"""Callers of the token service: their audit lines, their limits, and what is counted of them."""

import base64
import contextlib
import json
import os
import re

import asking
import daemon
import fake_cluster
import minting
import pki
from fake_cluster import bound, path_of

WEB = path_of("shop", "web")
ISSUED = ["time", "event", "result", "issuer", "sub", "aud", "jti", "kid", "alg", "iat", "exp",
          "caller"]
REFUSED = ["time", "event", "result", "issuer", "sub", "aud", "caller", "reason"]


class Case(daemon.Case):
    def begin(self, change=None):
        self.cluster = fake_cluster.shop(fake_cluster.FakeCluster(self))
        self.api = self.cluster.api
        self.d = fake_cluster.daemon_of(self, self.cluster, change)

    def ask(self, token, path=WEB, **spec):
        return asking.post(self.d, path, asking.body("vault", **spec),
                           **fake_cluster.bearer(token))

    def last_line(self):
        return minting.audit(self.d)[-1]


def claims_of(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class AuditTrail(Case):
    def test_of_a_token(self):
        self.begin()
        admin = self.cluster.token("ops", "admin")
        got = self.ask(admin).json()
        line = self.last_line()
        self.assertEqual(list(line), ISSUED)
        uid = self.api.users[admin]["user"]["uid"]
        self.assertEqual(line["caller"],
                         f"kubernetes:system:serviceaccount:ops:admin (uid {uid})")
        claims = claims_of(got["status"]["token"])
        for name in ("sub", "aud", "jti", "iat", "exp"):
            self.assertEqual(line[name], claims[name])
        self.assertEqual((line["event"], line["result"], line["issuer"]),
                         ("token", "issued", self.d.issuer))
        self.assertIn(line["kid"], self.d.kids())
        self.assertEqual(line["alg"], "ES256")
        self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        mode = (self.d.dir / "audit.log").stat().st_mode & 0o777
        self.assertEqual(mode, 0o600)

    def test_what_it_is_bound_to(self):
        self.begin()
        admin = self.cluster.token("ops", "admin")
        for kind, name, members in (("Pod", "web-1", {"pod": "web-1", "node": "n1"}),
                                    ("Secret", "s", {"secret": "s"}),
                                    ("Node", "n1", {"node": "n1"})):
            self.assertEqual(self.ask(admin, boundObjectRef=bound(kind, name)).status, 201)
            line = self.last_line()
            self.assertEqual({k: line[k] for k in ("pod", "secret", "node") if k in line}, members)

    def test_of_an_exchange(self):
        self.begin()
        got = fake_cluster.post_exchange(self.d, self.cluster.pod_token("shop", "web-1"))
        self.assertEqual(got.status, 200)
        line = self.last_line()
        self.assertEqual((line["caller"], line["sub"], line["pod"]),
                         ("pod:shop/web-1", "system:serviceaccount:shop:web", "web-1"))
        got = fake_cluster.post_exchange(self.d, self.cluster.token("shop", "web"))
        self.assertEqual(got.status, 400)
        line = self.last_line()
        self.assertRegex(line["caller"],
                         r"^kubernetes:system:serviceaccount:shop:web \(uid [\w-]+\)$")
        self.assertEqual((line["result"], line["reason"]),
                         ("refused", "subject_token: not bound to a pod"))

    def test_of_refusals(self):
        self.begin()
        self.cluster.allow("ops/admin", "shop", "ghost")
        admin, nobody = self.cluster.token("ops", "admin"), self.cluster.token("shop", "cart")
        for token, path, spec, status, reason in (
                (nobody, WEB, {}, 403, "cannot create resource"),
                (admin, path_of("shop", "ghost"), {}, 404, 'serviceaccounts "ghost" not found'),
                (admin, WEB, {"expirationSeconds": 60}, 422, "less than 10 minutes"),
                (admin, WEB, {"boundObjectRef": bound("Pod", "cart-1")}, 400, "cannot bind token"),
                (admin, WEB + "?dryRun=All", {}, 400, "dryRun")):
            self.assertEqual(self.ask(token, path, **spec).status, status)
            line = self.last_line()
            self.assertEqual([k for k in line if k not in ("pod", "node")], REFUSED)
            self.assertIn(reason, line["reason"])
            self.assertEqual(line["sub"].rsplit(":", 1)[1], path.split("/")[6])
        self.assertEqual(len(minting.audit(self.d)), 5)

    def test_strangers_have_none(self):
        self.begin(lambda c, d: c["callers"].pop("unixPeers", None))
        self.assertEqual(self.ask("not.a.token").status, 401)
        self.api.fault("tokenreviews$", fake_cluster.fake_apiserver.fail(500))
        self.assertEqual(self.ask(self.cluster.token("ops", "admin")).status, 503)
        got = fake_cluster.post_exchange(self.d, "not.a.token")
        self.assertEqual(got.status, 503)
        self.assertEqual((self.d.dir / "audit.log").read_text(), "")

    def test_names_cannot_forge_a_line(self):
        self.begin()
        name = 'x"}\n{"result":"issued","caller":"kubernetes:root'
        mallory = self.cluster.person(name)
        self.assertEqual(self.ask(mallory).status, 403)
        lines = minting.audit(self.d)
        self.assertEqual(len(lines), 1)
        self.assertEqual(lines[0]["caller"], "kubernetes:" + name)

    def test_without_a_line_there_is_no_token(self):
        self.begin()
        admin = self.cluster.token("ops", "admin")
        log = self.d.dir / "audit.log"
        self.assertEqual(self.ask(admin).status, 201)
        log.unlink()
        log.mkdir()

        def refused():
            got = self.ask(admin)
            return got.status == 503 and b"eyJ" not in got.body and got.headers["Retry-After"]
        daemon.wait_until("the file is missed", refused, step=0.1)
        failures = self.d.metric("sa_issuerd_audit_failures_total")
        self.assertGreaterEqual(failures, 1)
        for _ in range(5):
            self.assertTrue(refused())
        said = [m for m in self.d.messages("error") if "audit trail" in m]
        self.assertEqual(len(said), 1)
        log.rmdir()
        self.assertEqual(self.ask(admin).status, 201)
        self.assertEqual(len(minting.audit(self.d)), 1)

    def test_the_file_is_rotated(self):
        self.begin()
        admin = self.cluster.token("ops", "admin")
        log = self.d.dir / "audit.log"
        self.assertEqual(self.ask(admin).status, 201)
        log.rename(self.d.dir / "audit.log.1")

        def new_file():
            self.assertEqual(self.ask(admin).status, 201)
            return log.exists()
        daemon.wait_until("a new file", new_file, step=0.1)
        issued = self.d.metric("sa_issuerd_tokens_issued_total")
        lines = (self.d.dir / "audit.log.1").read_text() + log.read_text()
        self.assertEqual(len(lines.splitlines()), issued)


class Limits(Case):
    def begin(self, **limits):
        super().begin(lambda c, d: c["limits"].update(limits))

    def until_limited(self, ask):
        """How many came through before the first that did not."""
        for n in range(1000):
            got = ask()
            if got.status == 429:
                return n, got
        raise AssertionError("there is no limit")

    def test_each_caller_has_one(self):
        self.begin(tokensPerSecondPerCaller=1)
        admin = self.cluster.token("ops", "admin")
        n, got = self.until_limited(lambda: self.ask(admin))
        self.assertGreaterEqual(n, 1)
        self.assertEqual(got.headers["Retry-After"], "1")
        self.assertEqual((got.json()["reason"], got.json()["details"]["retryAfterSeconds"]),
                         ("TooManyRequests", 1))
        # Another token of the same caller is the same caller; another caller is not.
        self.until_limited(lambda: self.ask(self.cluster.token("ops", "admin")))
        self.assertEqual(self.ask(self.cluster.token("shop", "cart")).status, 403)
        self.assertEqual(asking.post(self.d, WEB, asking.body("vault")).status, 201)
        self.assertGreaterEqual(self.d.metric("sa_issuerd_token_requests_limited_total",
                                              limit="caller"), 2)
        self.assertNotIn("too many", (self.d.dir / "audit.log").read_text())

    def test_exchanges_in_their_form(self):
        self.begin(tokensPerSecondPerCaller=1)
        subject = self.cluster.pod_token("shop", "web-1")
        _, got = self.until_limited(lambda: fake_cluster.post_exchange(self.d, subject))
        self.assertEqual(got.json()["error"], "temporarily_unavailable")
        self.assertEqual(got.headers["Retry-After"], "1")
        other = self.cluster.pod_token("shop", "cart-1")
        self.assertEqual(fake_cluster.post_exchange(self.d, other).status, 200)

    def limited(self, limit):
        return self.d.metric("sa_issuerd_token_requests_limited_total", limit=limit)

    def test_all_together(self):
        self.begin(tokensPerSecond=1)
        _, got = self.until_limited(lambda: asking.post(self.d, WEB, asking.body("vault")))
        self.assertEqual(got.headers["Retry-After"], "1")
        self.assertEqual((self.limited("all"), self.limited("caller")), (1, 0))

    def test_one_over_his_limit_takes_nothing_from_the_others(self):
        self.begin(tokensPerSecond=20, tokensPerSecondPerCaller=1)
        with contextlib.closing(asking.connect(self.d)) as c:
            for _ in range(400):
                asking.ask(c, WEB, asking.body("vault"))
        self.assertGreaterEqual(self.limited("caller"), 20)
        admin = self.cluster.token("ops", "admin")
        self.assertEqual(self.ask(admin).status, 201)
        self.assertEqual(self.limited("all"), 0)

    def test_garbage_is_limited_before_anything_is_asked(self):
        self.begin(tokensPerSecond=1)
        n, got = self.until_limited(lambda: self.ask("not.a.token"))
        self.assertEqual(got.headers["Retry-After"], "1")
        self.assertEqual(self.api.count("tokenreviews$"), n)
        _, got = self.until_limited(lambda: fake_cluster.post_exchange(self.d, "not.a.token"))
        self.assertEqual(got.json()["error"], "temporarily_unavailable")
        self.assertGreaterEqual(self.limited("review"), 2)

    def test_garbage_takes_nothing_from_those_who_are_known(self):
        Case.begin(self, lambda c, d: (c["limits"].update(tokensPerSecond=1),
                                       c["callers"]["kubernetes"].update(cache="10s")))
        admin = self.cluster.token("ops", "admin")
        self.assertEqual(self.ask(admin).status, 201)
        for ask in (lambda: self.ask(admin),
                    lambda: asking.post(self.d, WEB, asking.body("vault"))):
            # The bucket of all has one again, and garbage has none.
            def known(ask=ask):
                self.until_limited(lambda: self.ask("not.a.token"))
                return ask().status == 201
            daemon.wait_until("a token while garbage comes", known)

    def test_a_reload_changes_them(self):
        self.begin(tokensPerSecondPerCaller=1)
        admin = self.cluster.token("ops", "admin")
        self.until_limited(lambda: self.ask(admin))
        self.d.write_config(lambda c: c["limits"].update(tokensPerSecondPerCaller=0))
        self.assertEqual(self.d.reload(), "ok")
        for _ in range(20):
            self.assertEqual(self.ask(admin).status, 201)


class Rows(Case):
    def test_a_reload_changes_the_allow_list(self):
        self.begin()
        self.assertEqual(asking.post(self.d, WEB, asking.body("vault")).status, 201)
        for row, status in (({"accounts": ["shop/cart"]}, 403), ({"namespaces": ["shop"]}, 201),
                            ({"audiences": ["sts.amazonaws.com"]}, 403)):
            self.d.write_config(lambda c, row=row: c["callers"].update(
                unixPeers=[{"uids": [os.getuid()], **row}]))
            self.assertEqual(self.d.reload(), "ok")
            self.assertEqual(asking.post(self.d, WEB, asking.body("vault")).status, status)

    def test_a_bad_token_is_not_made_good_by_the_socket(self):
        self.begin()
        self.assertEqual(self.ask("not.a.token").status, 401)
        self.assertEqual(self.ask(None).status, 201)

    def test_what_was_allowed_is_asked_each_time(self):
        self.begin(lambda c, d: c["callers"]["kubernetes"].update(cache="10s"))
        admin = self.cluster.token("ops", "admin")
        for _ in range(3):
            self.assertEqual(self.ask(admin).status, 201)
        self.assertEqual(self.api.count("tokenreviews$"), 1)
        self.assertEqual(self.api.count("subjectaccessreviews$"), 3)
        self.assertEqual(self.d.metric("sa_issuerd_kubernetes_review_cache_hits_total"), 2)
        self.api.allowed.clear()
        self.assertEqual(self.ask(admin).status, 403)

    def test_exchange_can_be_switched_off(self):
        self.begin(lambda c, d: c["callers"].update(exchange=False))
        got = fake_cluster.post_exchange(self.d, self.cluster.pod_token("shop", "web-1"))
        self.assertEqual((got.status, got.json()["error"]), (400, "unsupported_grant_type"))
        self.assertEqual(self.api.count("tokenreviews$"), 0)


class Certificates(Case):
    """Clients with a certificate: by the allow list, or as Kubernetes says."""

    def begin(self, ask_kubernetes):
        self.port = daemon.free_port()
        self.clients = pki.Authority(self.dir, "clients")
        server = self.clients.issue("tokens")
        server[1].chmod(0o600)

        def change(c, d):
            c["listeners"]["tokens"] = {
                "address": f"127.0.0.1:{self.port}",
                "tls": {"certificate": str(server[0]), "key": str(server[1]),
                        "clientCA": str(self.clients.path)}}
            del c["callers"]["unixPeers"]
            c["callers"]["kubernetes"]["certificates"] = ask_kubernetes
            c["callers"]["clientCertificates"] = [
                {"users": ["alice"], "accounts": ["shop/web"], "audiences": ["vault"]},
                {"groups": ["deployers"], "namespaces": ["shop"]}]

        super().begin(change)

    def ask_as(self, name, groups=(), account="web", audience="vault"):
        context = daemon.tls_context(self.clients.path)
        context.load_cert_chain(*map(str, self.clients.issue(name, client=True,
                                                             organizations=groups)))
        return asking.post(self.d, path_of("shop", account), asking.body(audience),
                           port=self.port, context=context)

    def test_by_the_allow_list(self):
        self.begin(False)
        for who, status in ((("alice",), 201), (("alice", (), "cart"), 403),
                            (("alice", (), "web", "sts.amazonaws.com"), 403), (("bob",), 403),
                            (("bob", ("ops", "deployers"), "cart", "sts.amazonaws.com"), 201),
                            (("deployers",), 403), (("bob", ("alice",)), 403)):
            self.assertEqual(self.ask_as(*who).status, status, who)
        self.assertEqual(self.api.count("POST"), 0)
        self.assertIn('User "bob" cannot create', self.ask_as("bob").json()["message"])
        self.assertEqual(self.last_line()["caller"], "certificate:bob")

    def test_as_kubernetes_says(self):
        self.begin(True)
        self.assertEqual(self.ask_as("alice").status, 201)
        self.assertEqual(self.api.count("POST"), 0)
        self.cluster.allow("bob", "shop", "web")
        self.assertEqual(self.ask_as("bob", ("dev", "ops")).status, 201)
        self.assertEqual(self.ask_as("bob", (), "cart").status, 403)
        self.assertEqual(self.ask_as("carol").status, 403)
        reviews = [json.loads(body)["spec"] for method, path, _, body in self.api.requests
                   if path.endswith("subjectaccessreviews")]
        self.assertEqual(reviews[0], {
            "user": "bob", "uid": "", "extra": {},
            "groups": ["dev", "ops", "system:authenticated"],
            "resourceAttributes": {"version": "v1", "verb": "create", "group": "",
                                   "resource": "serviceaccounts", "subresource": "token",
                                   "namespace": "shop", "name": "web"}})
        self.assertEqual(len(reviews), 3)
        self.assertEqual(self.api.count("tokenreviews$"), 0)


    def test_nodes_have_no_more_than_kube_apiserver_gives_them(self):
        """Its admission holds them to their own pods; a review of access does not."""
        self.begin(True)
        for name, groups in (("system:node:n1", ("system:nodes",)), ("system:node:n1", ()),
                             ("n1", ("system:nodes",))):
            self.cluster.allow(name, "shop", "web")
            got = self.ask_as(name, groups)
            self.assertEqual(got.status, 403)
            self.assertIn("nodes ask kube-apiserver", got.json()["message"])
        self.assertEqual(self.api.count("subjectaccessreviews$"), 0)
        # Neither with a token; but whoever is on the list is.
        context = daemon.tls_context(self.clients.path)
        got = asking.post(self.d, WEB, asking.body("vault"), port=self.port, context=context,
                          **fake_cluster.bearer(self.cluster.person("system:node:n1")))
        self.assertEqual(got.status, 403)
        self.assertEqual(self.ask_as("system:node:n2", ("deployers",)).status, 201)


class Metrics(Case):
    def test_what_happened_is_counted(self):
        self.begin()
        daemon.wait_until("the list is there",
                          lambda: self.d.metric("sa_issuerd_kubernetes_accounts") == 3)
        admin = self.cluster.token("ops", "admin")
        for token in (admin, admin, "not.a.token", self.cluster.token("shop", "cart")):
            self.ask(token)
        self.api.fault("subjectaccessreviews$", fake_cluster.fake_apiserver.fail(500))
        self.ask(admin)
        metrics = {re.sub(r'issuer="[^"]*",?', "", k).replace("{}", ""): v
                   for k, v in self.d.metrics().items()}
        prefix = "sa_issuerd_"
        for name, value in {
                "tokens_issued_total": 2,
                'tokens_refused_total{reason="unauthorized"}': 1,
                'tokens_refused_total{reason="forbidden"}': 1,
                'tokens_refused_total{reason="unavailable"}': 1,
                'kubernetes_reviews_total{review="token",verdict="allowed"}': 4,
                'kubernetes_reviews_total{review="token",verdict="refused"}': 1,
                'kubernetes_reviews_total{review="token",verdict="unclear"}': 0,
                'kubernetes_reviews_total{review="access",verdict="allowed"}': 2,
                'kubernetes_reviews_total{review="access",verdict="refused"}': 1,
                'kubernetes_reviews_total{review="access",verdict="unclear"}': 1,
                "kubernetes_review_cache_hits_total": 0,
                "kubernetes_namespaces": 2,
                "kubernetes_request_failures_total": 1,
                "token_requests_waiting": 0,
                "audit_failures_total": 0}.items():
            self.assertEqual(metrics[prefix + name], value, name)
        self.assertLess(metrics[prefix + "kubernetes_accounts_age_seconds"], 60)
        self.assertGreaterEqual(metrics[prefix + "kubernetes_requests_total"], 13)
