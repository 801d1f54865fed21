# SPDX-License-Identifier: Apache-2.0
"""TokenRequest and token exchange, decided by a real API server."""

import json

import cluster
import daemon
import issuing
import minting
import relying_party
import token_service
from token_service import AUDIENCE, CALLERS


class Tokens(token_service.Case):
    def verified(self, token):
        return relying_party.verify(self.issuerd.issuer, token, AUDIENCE,
                                    self.issuerd.certificate)

    def test_kubectl_creates_a_token(self):
        self.kubectl("annotate", "sa", "-n", self.namespace, "web", "example.com/tenant=acme")
        self.kubectl("label", "namespace", self.namespace, "example.com/cost-center=4711")
        self.server.apply(cluster.account(self.namespace, "ci"))
        self.allow("ci", "ci", "web")
        caller = self.caller("ci")

        def has_claims():
            done = self.create_token(caller, "web", "--duration", "15m")
            self.assertEqual(done.returncode, 0, done.stderr)
            claims = self.verified(done.stdout.strip())
            return claims if {"tenant", "cost_center"} <= claims.keys() else None
        claims = daemon.wait_until("the changes are seen", has_claims)
        self.assertEqual(claims["sub"], f"system:serviceaccount:{self.namespace}:web")
        self.assertEqual((claims["tenant"], claims["cost_center"]), ("acme", "4711"))
        theirs = relying_party.unverified(self.token("--audience", AUDIENCE))[1]
        self.assertEqual(claims["kubernetes.io"], theirs["kubernetes.io"])
        line = minting.audit(self.issuerd)[-1]
        self.assertEqual(line["jti"], claims["jti"])
        self.assertIn(f"system:serviceaccount:{self.namespace}:ci", json.dumps(line["caller"]))

    def test_bound_tokens_name_what_the_api_server_names(self):
        self.allow("self", "web", "web")
        self.server.apply(cluster.pod(self.namespace, "p", "web", node="n1"))
        caller = self.caller()
        for kind, name in (("Pod", "p"), ("Node", "n1")):
            with self.subTest(kind):
                arguments = ("--bound-object-kind", kind, "--bound-object-name", name)
                done = self.create_token(caller, "web", *arguments)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(
                    self.verified(done.stdout.strip())["kubernetes.io"],
                    relying_party.unverified(self.token(*arguments))[1]["kubernetes.io"])

    def pod_token(self, name="p"):
        self.server.apply(cluster.pod(self.namespace, name, "web", node="n1"))
        return self.token("--audience", CALLERS, "--bound-object-kind", "Pod",
                          "--bound-object-name", name)

    def test_pod_exchanges_its_token(self):
        subject = self.pod_token()
        answer = self.exchange(subject)
        self.assertEqual(answer.status, 200, answer.body)
        claims = self.verified(answer.json()["access_token"])
        theirs = relying_party.unverified(subject)[1]
        for name in ("sub", "kubernetes.io"):
            self.assertEqual(claims[name], theirs[name])

    def test_exchange_is_refused(self):
        subject = self.pod_token()
        cases = {"bound to nothing": self.token("--audience", CALLERS),
                 "for another audience": self.token("--audience", "other"),
                 "for the API server": self.token(),
                 "forged": subject[:-8] + "AAAAAAAA"}
        for name, token in cases.items():
            with self.subTest(name):
                answer = self.exchange(token)
                self.assertEqual((answer.status, answer.json()["error"]),
                                 (400, "invalid_request"), answer.body)
        with self.subTest("for an audience that is not configured"):
            self.assertEqual(self.exchange(subject, "other").json()["error"], "invalid_target")
        with self.subTest("its pod is gone"):
            self.kubectl("delete", "pod", "-n", self.namespace, "p", "--grace-period=0",
                         "--force")
            self.assertEqual(self.exchange(subject).status, 400)

    def test_account_that_is_deleted_gets_no_token(self):
        self.server.apply(cluster.account(self.namespace, "ci"))
        self.allow("ci", "ci", "web")
        caller = self.caller("ci")
        self.assertEqual(self.request(caller).status, 201)
        self.kubectl("delete", "sa", "-n", self.namespace, "web")
        daemon.wait_until("the deletion is seen", lambda: self.request(caller).status == 404)
        self.kubectl("delete", "sa", "-n", self.namespace, "ci")
        # The API server itself trusts its memory of a review for ten seconds.
        daemon.wait_until("the caller's deletion is seen", seconds=20,
                          condition=lambda: self.request(caller).status == 401)

    def test_api_server_stopped_and_started(self):
        self.allow("self", "web", "web")
        caller, subject = self.caller(), self.pod_token()
        self.assertEqual(self.request(caller).status, 201)
        self.server.stop()
        answer = self.request(caller)
        self.assertEqual((answer.status, answer.json()["reason"]), (503, "ServiceUnavailable"))
        self.assertIn("Retry-After", answer.headers)
        self.assertEqual(self.exchange(subject).status, 503)
        self.assertTrue(issuing.get(self.issuerd, "/openid/v1/jwks"))
        self.assertEqual(self.issuerd.admin("/livez").status, 200)
        self.server.start()
        daemon.wait_until("tokens are given again", seconds=30,
                          condition=lambda: self.request(caller).status == 201)
        self.assertEqual(self.exchange(subject).status, 200)


class Certificates(token_service.Case):
    """Callers that the cluster knows by a certificate, as it knows its administrators."""

    def configure(self, c, d):
        super().configure(c, d)
        c["callers"]["kubernetes"]["certificates"] = True
        c["listeners"]["tokens"]["tls"]["clientCA"] = str(self.server.authority.path)

    def ask(self, name, organizations=()):
        config = self.server.kubeconfig(name, organizations=organizations)
        return self.server.kubectl(
            "create", "token", "-n", self.namespace, "web", "--audience", AUDIENCE,
            "--server", f"https://127.0.0.1:{self.issuerd.tokens_port}",
            "--certificate-authority", self.issuerd.tokens_certificate, config=config,
            check=False)

    def test_rbac_decides(self):
        self.server.apply(*cluster.grant(
            "deployers", {"kind": "Group", "name": "deployers"},
            {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]}))
        daemon.wait_until("the right is in force", lambda: self.ask(
            "ci", ["deployers"]).returncode == 0)
        self.assertIn("certificate:ci", json.dumps(minting.audit(self.issuerd)[-1]))
        refused = self.ask("stranger", ["others"])
        self.assertEqual(refused.returncode, 1)
        self.assertIn('User "stranger" cannot create resource "serviceaccounts/token"',
                      refused.stderr)
        with self.subTest("an administrator of the cluster is one here"):
            self.assertEqual(self.ask("root", ["system:masters"]).returncode, 0)


# What is asked, and what both must say to it.
QUESTIONS = {
    "unknown account": ("none", {}),
    "account of which the caller may create no token": ("other", {}),
    "too short": ("web", {"expirationSeconds": 599}),
    "far too short": ("web", {"expirationSeconds": -1}),
    "too long": ("web", {"expirationSeconds": 1 << 33}),
    "missing pod": ("web", {"boundObjectRef": {
        "kind": "Pod", "apiVersion": "v1", "name": "none"}}),
    "pod of another account": ("web", {"boundObjectRef": {
        "kind": "Pod", "apiVersion": "v1", "name": "of-other"}}),
    "pod with another uid": ("web", {"boundObjectRef": {
        "kind": "Pod", "apiVersion": "v1", "name": "of-web", "uid": "x"}}),
    "missing node": ("web", {"boundObjectRef": {
        "kind": "Node", "apiVersion": "v1", "name": "none"}}),
    "node with another uid": ("web", {"boundObjectRef": {
        "kind": "Node", "apiVersion": "v1", "name": "n1", "uid": "x"}}),
    "another kind": ("web", {"boundObjectRef": {
        "kind": "ConfigMap", "apiVersion": "v1", "name": "x"}}),
    "kind of another group": ("web", {"boundObjectRef": {
        "kind": "Pod", "apiVersion": "apps/v1", "name": "x"}}),
    "reference without a name": ("web", {"boundObjectRef": {"kind": "Pod", "apiVersion": "v1"}}),
}
BODIES = {
    "another name": {"metadata": {"name": "x"}},
    "another namespace": {"metadata": {"namespace": "x"}},
    "another uid": {"metadata": {"uid": "x"}},
}
# Here the API server tells what Go's decoders say.
UNREADABLE = {
    "empty": b"",
    "not JSON": b"{",
    "cut": b'{"spec":{"audiences":["a"',
    "another kind": {"apiVersion": "v1", "kind": "Pod"},
    "another version": {"apiVersion": "authentication.k8s.io/v2", "kind": "TokenRequest"},
    "number for text": {"spec": {"audiences": [1]}},
    "text for a number": {"spec": {"audiences": [AUDIENCE], "expirationSeconds": "600"}},
    "list for a map": {"spec": []},
}


class Answers(token_service.Case):
    """The same question to the API server and to sa-issuerd has the same answer."""

    def setUp(self):
        super().setUp()
        self.server.apply(cluster.account(self.namespace, "other"),
                          cluster.pod(self.namespace, "of-web", "web", node="n1"),
                          cluster.pod(self.namespace, "of-other", "other"))
        self.allow("web", "web", "none", "web")
        self.bearer = self.caller()

    def ask_both(self, account, body, content_type="application/json", token=None):
        token = self.bearer if token is None else token
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        ours = self.post(self.path(account), text, content_type, token)
        theirs = self.server.request(self.path(account), "POST", text, token, content_type)
        return ours, theirs

    def same(self, ours, theirs):
        self.assertEqual((ours.status, ours.json()), (theirs.status, theirs.json()))

    def test_refused_questions(self):
        for name, (account, spec) in QUESTIONS.items():
            with self.subTest(name):
                ours, theirs = self.ask_both(account, {"spec": {"audiences": [AUDIENCE], **spec}})
                self.assertGreaterEqual(theirs.status, 400)
                self.same(ours, theirs)

    def test_refused_bodies(self):
        for name, body in BODIES.items():
            with self.subTest(name):
                ours, theirs = self.ask_both("web", body)
                self.assertGreaterEqual(theirs.status, 400)
                self.same(ours, theirs)

    def same_but_for_the_message(self, ours, theirs):
        self.assertEqual({**ours.json(), "message": ""}, {**theirs.json(), "message": ""})

    def test_bodies_that_cannot_be_read(self):
        for name, body in UNREADABLE.items():
            with self.subTest(name):
                ours, theirs = self.ask_both("web", body)
                self.assertEqual(theirs.status, 400)
                self.same_but_for_the_message(ours, theirs)

    def test_refused_media_type(self):
        self.same_but_for_the_message(*self.ask_both("web", b"x", "text/plain"))

    def test_unknown_callers(self):
        for name, token in {"none": "none", "forged": self.bearer[:-8] + "AAAAAAAA"}.items():
            with self.subTest(name):
                self.same(*self.ask_both("web", {"spec": {"audiences": [AUDIENCE]}}, token=token))

    def test_given_tokens(self):
        """The answer but for the token, its time and what only a server's store knows."""
        def known(answer):
            self.assertEqual(answer.status, 201, answer.body)
            got = answer.json()
            for member in ("token", "expirationTimestamp"):
                self.assertTrue(got["status"].pop(member))
            for member in ("creationTimestamp", "managedFields"):
                got["metadata"].pop(member, None)
            return got
        uid = json.loads(self.kubectl("get", "pod", "-n", self.namespace, "of-web", "-o",
                                      "json"))["metadata"]["uid"]
        pod = {"kind": "Pod", "apiVersion": "v1", "name": "of-web"}
        for name, body in {
                "no lifetime": {}, "lifetime": {"spec": {"expirationSeconds": 700}},
                "pod": {"spec": {"boundObjectRef": pod}},
                "pod with uid": {"spec": {"boundObjectRef": {**pod, "uid": uid}}},
                "pod without version": {"spec": {"boundObjectRef": {
                    "kind": "Pod", "name": "of-web"}}},
                "pod of any version": {"spec": {"boundObjectRef": {**pod, "apiVersion": "v9"}}},
                "kind alone": {"kind": "TokenRequest"},
                "version alone": {"apiVersion": "authentication.k8s.io/v1"},
                "status of the caller's": {"status": {"token": "x"}}}.items():
            with self.subTest(name):
                spec = {"audiences": [AUDIENCE], **body.get("spec", {})}
                ours, theirs = self.ask_both("web", {**body, "spec": spec})
                self.assertEqual(known(ours), known(theirs))


class Rights(token_service.Case):
    """The ClusterRole of deploy/ is just enough."""

    def setUp(self):
        super().setUp()
        self.allow("self", "web", "web")
        role = json.loads(self.kubectl("get", "clusterrole", "sa-issuerd", "-o", "json"))
        self.role = {"apiVersion": role["apiVersion"], "kind": role["kind"],
                     "metadata": {"name": "sa-issuerd"}, "rules": role["rules"]}
        self.addCleanup(self.server.apply, self.role)

    def without(self, resource):
        rules = [{**rule, "resources": [r for r in rule["resources"] if r != resource]}
                 for rule in self.role["rules"]]
        self.server.apply({**self.role, "rules": [r for r in rules if r["resources"]]})
        verb = next(r["verbs"][0] for r in self.role["rules"] if resource in r["resources"])
        daemon.wait_until(f"{resource} is forbidden", lambda: self.server.kubectl(
            "auth", "can-i", verb, resource, "--as", token_service.OWN,
            check=False).stdout.strip() == "no")

    def test_each_right_is_needed(self):
        self.server.apply(cluster.pod(self.namespace, "p", "web", node="n1"))
        pod = {"boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": "p"}}
        node = {"boundObjectRef": {"kind": "Node", "apiVersion": "v1", "name": "n1"}}
        caller = self.caller()
        for spec in ({}, pod, node):
            self.assertEqual(self.request(caller, **spec).status, 201)
        for resource, spec in (("tokenreviews", {}), ("subjectaccessreviews", {}),
                               ("pods", pod), ("nodes", node)):
            with self.subTest(resource):
                self.without(resource)
                answer = self.request(caller, **spec)
                self.assertEqual(answer.status, 503, answer.body)
                self.assertNotIn(b"forbidden", answer.body)
        for resource in ("serviceaccounts", "namespaces"):
            with self.subTest(resource):
                self.without(resource)
                fresh = self.daemon(self.configure)  # one that knows no account yet
                self.issuerd, before = fresh, self.issuerd
                self.context = daemon.tls_context(fresh.tokens_certificate)
                self.assertEqual(self.request(caller).status, 503)
                fresh.stop()
                self.issuerd = before
