# SPDX-License-Identifier: Apache-2.0
"""Who gets a token for whom, bound to what, for which audience, over HTTP: every combination is
tried, and only the listed ones succeed."""

import contextlib
import itertools
import json
import os

import asking
import daemon
import fake_cluster
from fake_cluster import bound, path_of

TARGETS = ("shop/web", "shop/cart", "shop/ghost", "bank/web", "nowhere/web", "ending/web")
AUDIENCES = {"aws": ["sts.amazonaws.com"], "vault": ["vault"],
             "two": ["sts.amazonaws.com", "vault"], "unknown": ["elsewhere"],
             "of-the-api": ["https://kubernetes.default.svc"]}

# The statement: (caller, target, bound to). Whatever is not here is refused.
MAY = {
    ("admin", "shop/web", "nothing"), ("admin", "shop/web", "pod-of-web"),
    ("admin", "shop/web", "this-pod-of-web"), ("admin", "shop/web", "secret"),
    ("admin", "shop/cart", "nothing"), ("admin", "shop/cart", "pod-of-cart"),
    ("admin", "shop/cart", "secret"),
    ("deployer", "shop/web", "nothing"), ("deployer", "shop/web", "pod-of-web"),
    ("deployer", "shop/web", "this-pod-of-web"), ("deployer", "shop/web", "secret"),
    ("peer", "shop/web", "nothing"), ("peer", "shop/web", "pod-of-web"),
    ("peer", "shop/web", "this-pod-of-web"), ("peer", "shop/web", "secret"),
}
# Two audiences in one token would let one verifier use it with the other: the profile aws
# takes no others beside it.
MAY_AUDIENCES = {"admin": {"aws", "vault"}, "deployer": {"aws", "vault"}, "peer": {"vault"}}


class Matrix(daemon.Case):
    def make_cluster(self):
        return fake_cluster.FakeCluster(self)

    def populate(self, cluster):
        fake_cluster.shop(cluster)
        for name in ("bank", "elsewhere"):
            cluster.namespace(name)
        cluster.account("bank", "web")
        cluster.account("ops", "deployer")
        cluster.namespace("ending")
        cluster.account("ending", "web")
        cluster.pod("ending", "web-1", "web", "n1")
        cluster.allow("ops/deployer", "shop", "web")
        for target in ("shop/ghost", "nowhere/web", "ending/web"):
            cluster.allow("ops/admin", *target.split("/"))

    @staticmethod
    def callers(cluster):
        return {"admin": cluster.token("ops", "admin"),
                "deployer": cluster.token("ops", "deployer"),
                "pod": cluster.pod_token("shop", "web-1"),
                "for-another-audience": cluster.token("ops", "admin", "https://kubernetes"),
                "garbage": "not.a.token",
                "peer": None}

    @staticmethod
    def bounds(cluster):
        uid = cluster.pod("shop", "web-1", "web", "n1")  # changes nothing, tells the uid
        return {"nothing": None, "pod-of-web": bound("Pod", "web-1"),
                "this-pod-of-web": bound("Pod", "web-1", uid),
                "earlier-pod-of-web": bound("Pod", "web-1", "00000000-0000-4000-8000-000000000000"),
                "pod-of-cart": bound("Pod", "cart-1"), "no-pod": bound("Pod", "gone"),
                "secret": bound("Secret", "s"), "config-map": bound("ConfigMap", "web-1")}

    def test_only_the_listed_token_requests_succeed(self):
        cluster = self.make_cluster()
        self.populate(cluster)
        cluster.end_namespace("ending")

        def change(c, d):
            c["callers"]["unixPeers"] = [{"uids": [os.getuid()], "accounts": ["shop/web"],
                                          "audiences": ["vault"]}]
            c["callers"]["kubernetes"]["cache"] = "10s"

        d = fake_cluster.daemon_of(self, cluster, change)
        callers, bounds = self.callers(cluster), self.bounds(cluster)
        statuses, cells = set(), 0
        with contextlib.closing(asking.connect(d, timeout=30)) as connection:
            for caller, target, to, audience in itertools.product(callers, TARGETS, bounds,
                                                                  AUDIENCES):
                spec = {"audiences": AUDIENCES[audience], "boundObjectRef": bounds[to]}
                got = asking.ask(connection, path_of(*target.split("/")),
                                 json.dumps({"spec": spec}).encode(),
                                 **fake_cluster.bearer(callers[caller]))
                cells += 1
                statuses.add(got.status)
                may = (caller, target, to) in MAY and audience in MAY_AUDIENCES[caller]
                cell = f"{caller} for {target}, {to}, {audience}: {got.status} {got.body[:300]}"
                self.assertEqual(got.status == 201, may, cell)
                if not may:
                    self.assertNotIn(b"eyJ", got.body, cell)
                    self.assertLess(got.status, 500, cell)
        self.assertGreaterEqual(cells, 500)
        self.assertEqual(statuses, {201, 400, 401, 403, 404, 409, 422})
        issued = len(MAY_AUDIENCES["admin"]) * sum(c != "peer" for c, _, _ in MAY) + \
            sum(c == "peer" for c, _, _ in MAY)
        self.assertEqual(d.metric("sa_issuerd_tokens_issued_total"), issued)

    def subjects(self, cluster):
        """Tokens to be exchanged; only the one that is called "pod" may be."""
        found = {
            "pod": cluster.pod_token("shop", "web-1"),
            "account": cluster.token("shop", "web"),
            "for-another-audience": cluster.pod_token("shop", "web-1", "https://kubernetes"),
            "garbage": "not.a.token",
            "pod-of-an-ending-namespace": cluster.pod_token("ending", "web-1"),
        }
        for name in ("gone", "renewed"):
            cluster.account("shop", name)
            cluster.pod("shop", f"{name}-1", name, "n1")
            cluster.pod("shop", f"{name}-2", name, "n1")
            found[f"account-{name}"] = cluster.pod_token("shop", f"{name}-1")
        found["pod-gone"] = cluster.pod_token("shop", "gone-2")
        cluster.remove("pods", "shop", "gone-2")
        for name in ("gone", "renewed"):
            cluster.remove("serviceaccounts", "shop", name)
        cluster.account("shop", "renewed")
        return found

    def test_only_pods_exchange_and_for_themselves(self):
        cluster = self.make_cluster()
        self.populate(cluster)
        subjects = self.subjects(cluster)
        cluster.end_namespace("ending")
        d = fake_cluster.daemon_of(self, cluster)
        for subject, audience in itertools.product(subjects, AUDIENCES):
            got = fake_cluster.post_exchange(d, subjects[subject], AUDIENCES[audience][0])
            may = subject == "pod" and audience in ("aws", "vault", "two")
            cell = f"{subject} for {audience}: {got.status} {got.body[:300]}"
            self.assertEqual(got.status, 200 if may else 400, cell)
            if may:
                continue
            self.assertNotIn(b"eyJ", got.body, cell)
            self.assertIn(got.json()["error"], ("invalid_request", "invalid_target"), cell)


class Odd(Matrix):
    """What no API server should say of a token."""

    test_only_the_listed_token_requests_succeed = None

    def subjects(self, cluster):
        return {
            "pod": cluster.pod_token("shop", "web-1"),
            "half-a-pod": cluster.token("shop", "web", pod_name="web-1"),
            "pod-of-another": cluster.token("shop", "web", pod_name="cart-1", pod_uid="u"),
            "earlier-pod": cluster.token("shop", "web", pod_name="web-1", pod_uid="earlier"),
            "no-pod": cluster.token("shop", "web", pod_name="gone", pod_uid="u"),
            "pod-with-a-path": cluster.token("shop", "web", pod_name="../web", pod_uid="u"),
            "person": cluster.person("alice"),
            "account-in-name-only": cluster.person("system:serviceaccount:shop:web"),
            "account-with-a-path": cluster.person("system:serviceaccount:shop:../web"),
            "no-account": cluster.person("system:serviceaccount:shop"),
        }
