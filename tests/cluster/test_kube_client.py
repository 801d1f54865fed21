# SPDX-License-Identifier: Apache-2.0
"""The Kubernetes client of src/kube against a real API server, with the rights it needs."""

import cluster
import daemon
import harness
import jwt

AUDIENCE = "sa-issuerd"
WHO = {"kind": "ServiceAccount", "namespace": "sa-issuerd", "name": "sa-issuerd"}

RIGHTS = {
    "tokens": {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"],
               "verbs": ["create"]},
    "access": {"apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"],
               "verbs": ["create"]},
    "accounts": {"apiGroups": [""], "resources": ["serviceaccounts", "namespaces"],
                 "verbs": ["get", "list", "watch"]},
    "bound": {"apiGroups": [""], "resources": ["pods", "nodes", "secrets"], "verbs": ["get"]},
}


class Client(cluster.Case):
    @classmethod
    def start_server(cls):
        super().start_server()
        cls.server.apply(cluster.namespace("sa-issuerd"),
                         cluster.account("sa-issuerd", "sa-issuerd"),
                         {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}})
        own = cls.server.dir / "own-token"
        own.write_text(cls.server.create_token("sa-issuerd", "sa-issuerd"))
        cls.config = cls.server.kubeconfig("sa-issuerd", token_file=own)

    def setUp(self):
        super().setUp()
        self.grant()
        self.tool = harness.Tool("kubeconfig", self.config)
        self.addCleanup(self._stop_tool)

    def _stop_tool(self):
        self.assertEqual(self.tool.stop(), (0, ""))

    def grant(self, without=None):
        """All rights but one; RBAC is told of it by a watch of its own, so waits for it."""
        self.server.apply(*cluster.grant(
            "sa-issuerd", WHO, *(r for name, r in RIGHTS.items() if name != without)))
        user = "system:serviceaccount:sa-issuerd:sa-issuerd"

        def told():
            return all(self.server.kubectl(
                "auth", "can-i", "--as", user, r["verbs"][0], f"{r['resources'][0]}."
                f"{r['apiGroups'][0]}".rstrip("."), check=False).stdout.strip() ==
                ("no" if name == without else "yes") for name, r in RIGHTS.items())
        daemon.wait_until(f"the rights but {without} are in force", told)

    def answer(self, *fields):
        return self.tool.ask(*fields).split()

    def review(self, token):
        return self.answer("token", AUDIENCE, token)

    def test_token_of_a_pod_on_a_node(self):
        self.server.apply(cluster.pod(self.namespace, "p", self.account, node="n1"))
        token = self.token("--audience", AUDIENCE, "--bound-object-kind", "Pod",
                           "--bound-object-name", "p")
        claims = jwt.decode(token, options={"verify_signature": False})["kubernetes.io"]
        user = f"system:serviceaccount:{self.namespace}:{self.account}"
        self.assertEqual(self.review(token), [
            "allowed", user, claims["serviceaccount"]["uid"], "groups=3", "pod=p", "node=n1",
            f"account={self.namespace}/{self.account}"])
        self.assertEqual(self.answer("get", "pod", self.namespace, "p"),
                         ["found", claims["pod"]["uid"], self.account, "n1", "0"])
        self.assertEqual(self.answer("get", "node", "-", "n1"),
                         ["found", claims["node"]["uid"], "-", "-", "0"])

    def test_tokens_that_are_refused(self):
        self.assertEqual(self.review(self.token())[0], "refused")  # for the API server
        self.assertEqual(self.review(self.token("--audience", "other"))[0], "refused")
        good = self.token("--audience", AUDIENCE)
        self.assertEqual(self.review(good)[0], "allowed")
        self.assertEqual(self.review(good[:-8] + "AAAAAAAA")[0], "refused")
        self.assertEqual(self.review("none")[0], "refused")
        self.server.apply(cluster.account(self.namespace, "gone"))
        gone = self.token("--audience", AUDIENCE, account="gone")
        self.kubectl("delete", "serviceaccount", "-n", self.namespace, "gone")
        self.assertEqual(self.review(gone)[0], "refused")

    def test_access_is_what_rbac_says(self):
        user = f"system:serviceaccount:{self.namespace}:{self.account}"

        def access(name):
            return self.answer("access", user, self.namespace, name)[0]
        self.assertEqual(access("web"), "refused")
        self.server.apply(*cluster.grant(
            self.namespace, {"kind": "ServiceAccount", "namespace": self.namespace,
                             "name": self.account},
            {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"],
             "resourceNames": ["web"]}))
        daemon.wait_until("the right is in force", lambda: access("web") == "allowed")
        self.assertEqual(access("other"), "refused")

    def test_objects_that_are_not_there(self):
        for kind in ("pod", "secret", "serviceaccount"):
            self.assertEqual(self.answer("get", kind, self.namespace, "none")[0], "absent")
        self.assertEqual(self.answer("get", "node", "-", "none")[0], "absent")

    def find(self, name):
        return self.answer("find", self.namespace, name, "3600000")

    def watch(self):
        self.tool.send("watch")
        daemon.wait_until("accounts are known", lambda: self.find(self.account)[0] == "found")

    def test_accounts_are_watched(self):
        self.watch()
        self.kubectl("annotate", "sa", "-n", self.namespace, self.account, "example.com/team=x")
        daemon.wait_until("an annotation is seen", lambda: "annotation:example.com/team=x" in
                          self.find(self.account))
        self.kubectl("label", "namespace", self.namespace, "example.com/cost=7")
        daemon.wait_until("a label of the namespace is seen", lambda:
                          "nslabel:example.com/cost=7" in self.find(self.account))
        before = self.find(self.account)[1]
        self.kubectl("delete", "serviceaccount", "-n", self.namespace, self.account)
        daemon.wait_until("the deletion is seen", lambda: self.find(self.account) == ["no"])
        self.assertEqual(self.answer("ask", self.namespace, self.account)[0], "absent")
        self.server.apply(cluster.account(self.namespace, self.account))
        daemon.wait_until("the new one is seen", lambda: self.find(self.account)[0] == "found")
        self.assertNotEqual(self.find(self.account)[1], before)

    def test_api_server_stopped_and_started(self):
        self.watch()
        good = self.token("--audience", AUDIENCE)
        self.server.stop()
        self.assertEqual(self.review(good)[0], "unclear")
        self.assertEqual(self.find(self.account)[0], "found")
        self.assertEqual(self.answer("ask", self.namespace, self.account)[0], "unknown")
        self.server.start()
        daemon.wait_until("reviews are answered", lambda: self.review(good)[0] == "allowed")
        self.server.apply(cluster.account(self.namespace, "later"))
        daemon.wait_until("the watch goes on", lambda: self.find("later")[0] == "found")

    def test_each_right_is_needed(self):
        good = self.token("--audience", AUDIENCE)
        asked = {"tokens": lambda: self.review(good),
                 "access": lambda: self.answer("access", "someone", self.namespace, "web"),
                 "accounts": lambda: self.answer("get", "serviceaccount", self.namespace, "web"),
                 "bound": lambda: self.answer("get", "pod", self.namespace, "none")}
        for without in RIGHTS:
            self.grant(without)
            for name, ask in asked.items():
                with self.subTest(without=without, asked=name):
                    answer = ask()
                    if name == without:
                        self.assertIn(answer[0], ("unclear", "unknown"))
                        self.assertIn("403:", answer)
                    else:
                        self.assertNotIn(answer[0], ("unclear", "unknown"))
