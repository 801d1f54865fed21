# SPDX-License-Identifier: Apache-2.0
"""What scenarios of a misbehaving API server share: a daemon that asks it, and what must hold of
every answer. A fault is a function of the handler, as in tests/kube/fake_apiserver.py."""

import asking
import daemon
import fake_cluster
from fake_cluster import path_of

WEB = path_of("shop", "web")
LISTS = r"GET /api/v1/(serviceaccounts|namespaces)\?"


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
