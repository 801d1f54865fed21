# SPDX-License-Identifier: Apache-2.0
"""What is in memory follows the cluster, whatever becomes of the watch; and whom the daemon believes
to be the cluster."""

import base64
import json
import re

import daemon
import fake_cluster
from misbehaving import LISTS, Case

# fake_cluster has put tests/kube on the path.
import fake_apiserver as fake
import pki

REVIEW = "tokenreviews$"


class Watching(Case):
    """What is in memory follows the cluster, whatever becomes of the watch."""

    def uid(self, got):
        part = got.json()["status"]["token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return claims["kubernetes.io"]["serviceaccount"]["uid"]

    def begin(self, *arguments, **options):
        super().begin(*arguments, **options)
        self.in_memory = lambda: self.d.metric("sa_issuerd_kubernetes_accounts")
        daemon.wait_until("the list is there", lambda: self.in_memory() == 3)

    def expect(self, status, text=""):
        daemon.wait_until(f"{status} {text}", lambda: (
            (got := self.ask()).status == status and text in got.body.decode()))

    def test_looked_up_in_memory(self):
        self.begin()
        self.assertGiven(self.ask())
        self.assertEqual(self.api.count("GET .*/serviceaccounts/web$"), 0)

    def test_recreated(self):
        self.begin()
        first = self.uid(self.ask())
        self.cluster.remove("serviceaccounts", "shop", "web")
        self.expect(404, 'serviceaccounts \\"web\\" not found')
        second = self.cluster.account("shop", "web")
        self.assertNotEqual(first, second)
        self.assertEqual(self.uid(self.ask()), second)

    def test_an_ending_namespace(self):
        self.begin()
        self.cluster.namespace("shop", deletionTimestamp="2026-01-01T00:00:00Z")
        self.expect(403, "NamespaceTerminating")

    def test_a_namespace_that_is_gone(self):
        self.begin()
        self.cluster.remove("serviceaccounts", "shop", "web")
        self.cluster.remove("namespaces", None, "shop")
        self.expect(404, 'namespaces \\"shop\\" not found')

    def test_an_account_being_deleted(self):
        self.begin()
        self.cluster.account("shop", "web", deletionTimestamp="2099-01-01T00:00:00Z")
        self.expect(404, "serviceaccounts")

    def follows(self, disturb):
        """After that disturbance of the watch, what changes is seen again."""
        before = self.d.metric("sa_issuerd_kubernetes_watches_total")
        disturb()
        self.cluster.account("shop", "later")
        self.assertDiscoveryAnswers()
        daemon.wait_until("the watch is begun again", lambda: self.d.metric(
            "sa_issuerd_kubernetes_watches_total") > before, seconds=30)
        self.api.mend()
        daemon.wait_until("the account is seen", lambda: self.in_memory() == 4, seconds=60)
        self.assertGiven(self.ask())

    def test_410_when_it_begins_again(self):
        self.begin()

        def disturb():
            self.api.compact()
            self.api.cut()
        self.follows(disturb)
        self.assertGreater(self.d.metric("sa_issuerd_kubernetes_lists_total"), 2)

    def test_it_is_cut(self):
        self.begin()
        self.follows(self.api.cut)

    def test_it_ends_with_nonsense(self):
        for lines in ((b"<html>\n",), (b'{"type":"ADDED"}\n',), ({"type": "ERROR", "object": {}},),
                      (b"x" * 5000000 + b"\n",), (b'{"type":"ADDED","object":{"kind":"Pod"}}\n',)):
            with self.subTest(str(lines)[:40]):
                self.begin()

                def disturb(lines=lines):
                    self.api.fault("watch=1", fake.stream(*lines), times=2)
                    self.api.cut()
                self.follows(disturb)
                self.d.stop()
                self.api.stop()

    def test_the_api_server_goes_and_comes_back(self):
        self.begin()
        port = self.api.port
        self.api.stop()
        self.assertRefused(self.ask(), 503)
        self.assertDiscoveryAnswers()
        old = self.api
        self.api = self.cluster.api = fake.Api(*self.cluster.pair, port=port)
        self.api.objects, self.api.users, self.api.allowed = old.objects, old.users, old.allowed
        self.api.version = old.version
        self.expect(201)


    def test_the_log_tells_whether_it_follows(self):
        self.begin()

        def said(text):
            return [line["kind"] for line in self.d.log_lines() if text in line["msg"]]
        daemon.wait_until("it follows", lambda: sorted(said("following")) ==
                          ["Namespace", "ServiceAccount"])
        self.assertEqual(said("cannot follow"), [])
        self.api.fault("GET /api/v1/serviceaccounts", fake.fail(403, "Forbidden", "not yours"))
        self.api.cut()
        daemon.wait_until("it is told", lambda: "ServiceAccount" in said("cannot follow"))
        errors = [line["error"] for line in self.d.log_lines() if line["level"] == "warn"]
        self.api.mend()
        self.assertTrue(errors)
        daemon.wait_until("it follows again", lambda:
                          said("following").count("ServiceAccount") == 2, seconds=30)
        self.assertEqual(said("cannot follow").count("ServiceAccount"), 1)

    def test_the_log_tells_what_is_not_permitted(self):
        self.cluster = fake_cluster.FakeCluster(self)
        self.cluster.api.fault(LISTS, fake.fail(403, "Forbidden", "not yours"))
        self.d = fake_cluster.daemon_of(self, self.cluster)

        def errors():
            return [line["error"] for line in self.d.log_lines()
                    if "cannot follow" in line["msg"]]
        daemon.wait_until("it is told", lambda: len(errors()) == 2)
        self.assertEqual(errors(), ["list: HTTP 403: not yours"] * 2)


class Connection(Case):
    """Whom the daemon believes to be the API server, and how it proves itself to it."""

    def unclear(self, pair=None, **options):
        self.cluster = fake_cluster.shop(fake_cluster.FakeCluster(self))
        good = self.cluster.api
        self.api = fake.Api(*(pair(self.cluster.ca) if pair else self.cluster.pair), **options)
        self.addCleanup(self.api.stop)
        self.api.users, self.api.allowed, self.api.objects = good.users, good.allowed, good.objects
        self.cluster.write_kubeconfig(self.api.port)
        self.d = fake_cluster.daemon_of(self, self.cluster)
        token = self.cluster.token("ops", "admin")
        self.assertRefused(self.ask(token=token), 503)
        self.assertRefused(self.exchange(), 503)
        self.assertDiscoveryAnswers()
        self.assertEqual(self.api.requests, [], "was told a token")

    def test_expired(self):
        self.unclear(lambda ca: ca.issue("expired", days=(-2, -1)))

    def test_not_yet_valid(self):
        self.unclear(lambda ca: ca.issue("future", days=(1, 2)))

    def test_another_name(self):
        self.unclear(lambda ca: ca.issue("other", ("kubernetes.example.com",)))

    def test_self_signed(self):
        self.unclear(lambda ca: ca.issue("self", self_signed=True))

    def test_another_authority(self):
        self.unclear(lambda ca: pki.Authority(self.dir, "other-ca").issue("by-other"))

    def test_old_protocol(self):
        def old(context):
            context.maximum_version = context.minimum_version = 769  # TLS 1.0
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        self.unclear(tls_edit=old)

    def test_our_token_expires_and_is_renewed(self):
        own = self.dir / "own"
        own.write_text("first\n")
        self.cluster = fake_cluster.shop(fake_cluster.FakeCluster(self))
        self.api = self.cluster.api
        self.cluster.write_kubeconfig(user={"tokenFile": str(own)})
        self.api.own_tokens = {"first"}
        self.d = fake_cluster.daemon_of(self, self.cluster)
        self.assertGiven(self.ask())
        self.api.own_tokens = {"second"}
        self.assertRefused(self.ask(), 503)  # ours, and never "Unauthorized" to the caller
        own.write_text("second\n")
        self.assertGiven(self.ask())

    def test_a_token_of_ours_that_is_gone(self):
        own = self.dir / "own"
        own.write_text("")
        self.cluster = fake_cluster.shop(fake_cluster.FakeCluster(self))
        self.api = self.cluster.api
        self.cluster.write_kubeconfig(user={"tokenFile": str(own)})
        self.d = fake_cluster.daemon_of(self, self.cluster)
        self.assertRefused(self.ask(), 503)
        self.assertEqual(self.api.requests, [])
        own.write_text("own")
        self.assertGiven(self.ask())

    def test_nobody_there_at_the_start(self):
        self.cluster = fake_cluster.shop(fake_cluster.FakeCluster(self))
        port = daemon.free_port()
        self.cluster.write_kubeconfig(port)
        self.api = self.cluster.api
        self.d = fake_cluster.daemon_of(self, self.cluster)
        self.assertRefused(self.ask(), 503)
        self.assertDiscoveryAnswers()
        late = fake.Api(*self.cluster.pair, port=port)
        self.addCleanup(late.stop)
        late.objects, late.users, late.allowed = (self.api.objects, self.api.users,
                                                  self.api.allowed)
        self.assertGiven(self.ask())

    def test_the_log_tells_why_and_no_more_than_once_a_second(self):
        self.begin()
        self.api.fault(REVIEW, fake.fail(403, "Forbidden", "not for you"))
        for _ in range(20):
            self.assertRefused(self.ask(), 503)
        said = [line for line in self.d.log_lines()
                if "no clear answer of Kubernetes" in line["msg"]]
        self.assertEqual(said[0]["question"], "TokenReview")
        self.assertIn("not for you", said[0]["error"])
        self.assertLess(len(said), 20)
        self.assertIsNone(re.search(r"head\.[\w-]+\.signature", self.d.log_text()))
