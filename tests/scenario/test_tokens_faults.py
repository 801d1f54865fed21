# SPDX-License-Identifier: Apache-2.0
"""An API server that misbehaves in every way: no token on an unclear answer, 401 for the caller's
fault and 503 for ours, discovery answered throughout, and recovery without a restart."""

import base64
import functools
import json
import re
import time

import asking
import daemon
import fake_cluster
from fake_cluster import bound, path_of

# fake_cluster has put tests/kube on the path.
import fake_apiserver as fake
import pki
import test_reviews

WEB = path_of("shop", "web")
REVIEW = "tokenreviews$"
ACCESS = "subjectaccessreviews$"
ACCOUNT = "GET /api/v1/namespaces/shop/serviceaccounts/web$"
NAMESPACE = "GET /api/v1/namespaces/shop$"
LISTS = r"GET /api/v1/(serviceaccounts|namespaces)\?"

# Of an object that is asked for, beyond what test_reviews has for any answer.
OBJECT = {
    "another_name": lambda o: o["metadata"].update(name="other"),
    "another_namespace": lambda o: o["metadata"].update(namespace="other"),
    "no_uid": lambda o: o["metadata"].pop("uid"),
    "empty_uid": lambda o: o["metadata"].update(uid=""),
    "uid_number": lambda o: o["metadata"].update(uid=7),
    "uid_with_newline": lambda o: o["metadata"].update(uid="a\nb"),
    "metadata_list": lambda o: o.update(metadata=[]),
    "a_list_of_them": lambda o: o.update(kind=o["kind"] + "List"),
    "another_kind": lambda o: o.update(kind="ConfigMap"),
    "wrong_version": lambda o: o.update(apiVersion="v2"),
    "annotations_list": lambda o: o["metadata"].update(annotations=["a"]),
    "annotation_number": lambda o: o["metadata"].update(annotations={"a": 1}),
    "label_with_nul": lambda o: o["metadata"].update(labels={"a": "x\0y"}),
}
POD = {
    "spec_missing": lambda o: o.pop("spec"),
    "spec_text": lambda o: o.update(spec="web"),
    "account_number": lambda o: o["spec"].update(serviceAccountName=1),
    "node_list": lambda o: o["spec"].update(nodeName=["n1"]),
    "account_endless": lambda o: o["spec"].update(serviceAccountName="w" * 300),
    "node_endless": lambda o: o["spec"].update(nodeName="n" * 300),
}
# A 404 that is no Status of Kubernetes is a proxy's, and says nothing.
NOT_FOUND = {
    "404_html": fake.reply(404, b"<html>no such page</html>", {"Content-Type": "text/html"}),
    "404_empty": fake.reply(404),
    "404_for_another_reason": fake.fail(404, "Gone"),
}


def edits(table):
    return {name: fake.change_json(edit) for name, edit in table.items()}


def for_an_object(more=()):
    """test_reviews' faults for a GET: some answers to a review are right ones here."""
    faults = {name: act for name, act in test_reviews.TRANSPORT.items()
              if not name.startswith("status_") and name not in ("http_404", "number_too_big")}
    return {**faults, **edits(OBJECT), **edits(dict(more)), **NOT_FOUND}


def cluster_wide(faults):
    """The same for an object that is in no Namespace."""
    changed = dict(faults)
    del changed["another_namespace"]
    changed["in_a_namespace"] = fake.change_json(lambda o: o["metadata"].update(namespace="shop"))
    return changed


class Case(daemon.Case):
    def begin(self, change=None, **options):
        self.cluster = fake_cluster.shop(fake_cluster.FakeCluster(self, **options))
        self.api = self.cluster.api
        self.d = fake_cluster.daemon_of(self, self.cluster, change)

    def ask(self, to=None, token=None):
        """A request of the administrator, with a token that was not shown before."""
        spec = {"boundObjectRef": to} if to else {}
        return asking.post(self.d, WEB, asking.body("vault", **spec), timeout=15,
                           **fake_cluster.bearer(token or self.cluster.token("ops", "admin")))

    def exchange(self):
        return fake_cluster.post_exchange(
            self.d, self.cluster.pod_token("shop", "web-1"), timeout=15)

    def assertRefused(self, got, status, message=None):
        self.assertEqual(got.status, status, got.body)
        self.assertNotIn(b"eyJ", got.body)
        if status == 503:
            self.assertIn(int(got.headers["Retry-After"]), range(1, 61))
        if message:
            self.assertIn(message, got.body.decode())

    def assertGiven(self, got):
        self.assertIn(got.status, (200, 201), (got.body, self.d.messages("warn")[-3:]))
        self.assertIn(b"eyJ", got.body)

    def assertDiscoveryAnswers(self):
        self.assertEqual(self.d.discovery()["issuer"], self.d.issuer)
        self.assertEqual(len(self.d.kids()), 2)

    def break_and_mend(self, pattern, faults, ask, status):
        """Each fault in turn; returns how many."""
        self.assertGiven(ask())
        for name, act in faults.items():
            with self.subTest(name):
                fault = self.api.fault(pattern, act)
                try:
                    self.assertRefused(ask(), status)
                    self.assertGreaterEqual(fault.met, 1, "the fault was not met")
                    self.assertDiscoveryAnswers()
                finally:
                    self.api.faults.remove(fault)
                self.assertGiven(ask())
        return len(faults)


class Reviews(Case):
    def test_of_the_token_unclear(self):
        self.begin()
        faults = {**test_reviews.TRANSPORT, **test_reviews.TOKEN_UNCLEAR}
        self.assertGreater(self.break_and_mend(REVIEW, faults, self.ask, 503), 60)

    def test_of_the_token_refused(self):
        self.begin()
        self.break_and_mend(REVIEW, test_reviews.TOKEN_REFUSED, self.ask, 401)

    def test_of_the_access_unclear(self):
        self.begin()
        faults = {**test_reviews.TRANSPORT, **test_reviews.ACCESS_UNCLEAR}
        self.assertGreater(self.break_and_mend(ACCESS, faults, self.ask, 503), 50)

    def test_of_the_access_refused(self):
        self.begin()
        self.break_and_mend(ACCESS, test_reviews.ACCESS_REFUSED, self.ask, 403)

    def test_of_the_subject_unclear(self):
        self.begin()
        faults = {**test_reviews.TRANSPORT, **test_reviews.TOKEN_UNCLEAR}
        self.break_and_mend(REVIEW, faults, self.exchange, 503)

    def test_of_the_subject_refused(self):
        self.begin()
        self.break_and_mend(REVIEW, test_reviews.TOKEN_REFUSED, self.exchange, 400)


class Objects(Case):
    def test_accounts_that_are_not_in_memory(self):
        self.begin(lambda c, d: self.api.fault(LISTS, fake.fail(500)))
        self.break_and_mend(ACCOUNT, for_an_object(), self.ask, 503)

    def test_namespaces_that_are_not_in_memory(self):
        self.begin(lambda c, d: self.api.fault(LISTS, fake.fail(500)))
        self.break_and_mend(NAMESPACE, cluster_wide(for_an_object()), self.ask, 503)

    def test_pods(self):
        self.begin()
        self.break_and_mend("GET .*/pods/web-1$", for_an_object(POD),
                            lambda: self.ask(bound("Pod", "web-1")), 503)

    def test_pods_of_an_exchange(self):
        self.begin()
        self.break_and_mend("GET .*/pods/web-1$", for_an_object(POD), self.exchange, 503)

    def test_nodes_of_pods(self):
        self.begin()
        self.break_and_mend("GET .*/nodes/n1$", cluster_wide(for_an_object()),
                            lambda: self.ask(bound("Pod", "web-1")), 503)

    def test_secrets(self):
        self.begin()
        self.break_and_mend("GET .*/secrets/s$", for_an_object(),
                            lambda: self.ask(bound("Secret", "s")), 503)

    def test_what_is_being_deleted(self):
        """A pod has until its deletion timestamp, which holds its grace period."""
        self.begin()
        for at, status in ((-1, 404), (3600, 201)):
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + at))
            self.cluster.pod("shop", "web-1", "web", "n1", deletionTimestamp=stamp)
            self.assertEqual(self.ask(bound("Pod", "web-1")).status, status)
        for odd in ("soon", 7, ["2099-01-01T00:00:00Z"], True):
            self.cluster.pod("shop", "web-1", "web", "n1", deletionTimestamp=odd)
            self.assertRefused(self.ask(bound("Pod", "web-1")), 404)
        for nothing in (None, ""):
            self.cluster.pod("shop", "web-1", "web", "n1", deletionTimestamp=nothing)
            self.assertGiven(self.ask(bound("Pod", "web-1")))


class Watching(Case):
    """What is in memory follows the cluster, whatever becomes of the watch."""

    def uid(self, got):
        part = got.json()["status"]["token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return claims["kubernetes.io"]["serviceaccount"]["uid"]

    def begin(self, *arguments, **options):
        super().begin(*arguments, **options)
        self.in_memory = functools.partial(self.d.metric, "sa_issuerd_kubernetes_accounts")
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
        said = [m for m in self.d.messages("warn") if "no clear answer of Kubernetes" in m]
        self.assertIn("not for you", said[0])
        self.assertLess(len(said), 20)
        self.assertIsNone(re.search(r"head\.[\w-]+\.signature", self.d.log_text()))
