# SPDX-License-Identifier: Apache-2.0
"""The runbook of docs/external-signer.md: two API servers of one cluster go over from their key
files to sa-issuerd, the old key goes out of use, and one goes back."""

import base64
import json

import jwt

import cluster
import daemon
import external
import issuing
import keys

OLD = cluster.ISSUER


class Migration(cluster.Case):
    @classmethod
    def setUpClass(cls):
        super(cluster.Case, cls).setUpClass()
        cls.make_place()
        a = cluster.ApiServer(cls.place / "a")
        cls.signer = external.Signer(cls.place / "signer", key=a.signing_key)
        # Step 1: the new issuer is accepted everywhere before anybody writes it.
        a.arguments.update({"service-account-issuer": [OLD, cls.signer.issuer],
                            "api-audiences": OLD})
        b = cluster.ApiServer(cls.place / "b", {
            "service-account-issuer": [OLD, cls.signer.issuer], "api-audiences": OLD}, peer=a)
        cls.server, cls.servers = a, (a, b)
        for process in (cls.signer, *cls.servers):
            cls.addClassCleanup(process.stop)
        for server in cls.servers:
            server.start()

    def setUp(self):
        super().setUp()
        self.tokens = {}  # name: token

    def legacy_token(self):
        """One without an end, as kube-controller-manager keeps it in a Secret."""
        uid = json.loads(self.kubectl("get", "sa", "-n", self.namespace, "web", "-o", "json"))[
            "metadata"]["uid"]
        flat = "kubernetes.io/serviceaccount/"
        token = jwt.encode(
            {"iss": "kubernetes/serviceaccount", f"{flat}namespace": self.namespace,
             f"{flat}secret.name": "web-token", f"{flat}service-account.name": "web",
             f"{flat}service-account.uid": uid,
             "sub": f"system:serviceaccount:{self.namespace}:web"},
            self.server.signing_key.read_text(), algorithm="RS256",
            headers={"kid": keys.kid(self.server.signing_key)})
        self.server.apply({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
            "metadata": {"namespace": self.namespace, "name": "web-token", "annotations": {
                "kubernetes.io/service-account.name": "web",
                "kubernetes.io/service-account.uid": uid}},
            "data": {"token": base64.b64encode(token.encode()).decode()}})
        return token

    def stage(self, name):
        """Each server makes a token; then each takes all that were ever made."""
        for server in self.servers:
            arguments = ("--bound-object-kind", "Pod", "--bound-object-name", "p")
            self.tokens[f"{name}, {server.dir.name}"] = server.create_token(
                self.namespace, "web", *arguments)
        for server in self.servers:
            for made, token in self.tokens.items():
                with self.subTest(stage=name, server=server.dir.name, made=made):
                    user = server.whoami(token)["username"]
                    self.assertEqual(user, f"system:serviceaccount:{self.namespace}:web")

    def made_with(self, name):
        """(issuer, kid) of a token."""
        token = self.tokens[name]
        return (jwt.decode(token, options={"verify_signature": False})["iss"],
                jwt.get_unverified_header(token)["kid"])

    def test_runbook(self):
        a, b = self.servers
        new, sa = self.signer.issuer, keys.kid(a.signing_key)
        self.server.apply(cluster.pod(self.namespace, "p", "web"))
        self.tokens["in a Secret"] = self.legacy_token()
        self.stage("key files")
        self.assertEqual(self.made_with("key files, a"), (OLD, sa))

        self.signer.start()
        external_flags = {**self.signer.flags(), "service-account-issuer": [new, OLD]}
        a.restart(external_flags)
        self.stage("one is over")
        self.assertEqual(self.made_with("one is over, a"), (new, sa))
        self.assertEqual(self.made_with("one is over, b"), (OLD, sa))
        b.restart(external_flags)
        self.stage("both are over")

        self.signer.use_key("first.pem")
        second = self.signer.add_key("second.pem")
        self.signer.use_key("second.pem")
        daemon.wait_until("the new key signs", lambda: keys.kid(second) == jwt.
                          get_unverified_header(self.token())["kid"])
        self.stage("another key")
        self.assertEqual(self.made_with("another key, b"), (new, keys.kid(second)))

        # What is left of the old key: the API servers verify with it, nobody else learns it.
        def retire(c):
            c["issuers"][0]["signer"]["legacyKeys"] = [str(a.public_key)]
        (self.signer.keys / "first.pem").unlink()
        self.signer.write_config(retire)
        self.assertEqual(self.signer.reload(), "ok", self.signer.log_text()[-2000:])
        published = json.loads(issuing.get(self.signer, "/openid/v1/jwks"))
        self.assertEqual([k["kid"] for k in published["keys"]], [keys.kid(second)])
        daemon.wait_until("the API servers know it as well", lambda: all(
            s.request("/openid/v1/jwks").json() == published for s in self.servers))
        self.stage("old key retired")

        public = self.place / "second.pub"
        public.write_bytes(keys.public_pem(second))
        a.restart({"service-account-signing-endpoint": None,
                   "service-account-signing-key-file": second,
                   "service-account-key-file": [public, a.public_key]})
        self.stage("one is back")
        self.assertEqual(self.made_with("one is back, a"), (new, keys.kid(second)))
