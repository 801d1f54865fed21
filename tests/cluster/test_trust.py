# SPDX-License-Identifier: Apache-2.0
"""A cluster that trusts the federation issuer of another one, by AuthenticationConfiguration."""

import json

import cluster
import daemon
import issuing
import keys
import minting
import relying_party

AUDIENCE = "https://cluster-b.example"


class OtherCluster(cluster.Case):
    """The tokens are minted; who their accounts are is known here by their claims alone."""

    @classmethod
    def setUpClass(cls):
        cls.port = daemon.free_port()
        cls.issuer = f"https://localhost:{cls.port}"
        super().setUpClass()

    @classmethod
    def server_arguments(cls):
        cls.certificate, cls.certificate_key = keys.certificate(cls.place)
        authentication = cls.place / "authentication.yaml"
        authentication.write_text(json.dumps({
            "apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthenticationConfiguration",
            "jwt": [{
                "issuer": {"url": cls.issuer, "audiences": [AUDIENCE],
                           "certificateAuthority": cls.certificate.read_text()},
                # Without a prefix a subject could be any user of this cluster.
                "claimMappings": {
                    "username": {"claim": "sub", "prefix": "a:"},
                    "groups": {"claim": "tenant", "prefix": "a:tenant:"},
                    "extra": [{"key": "a.example/cost-center",
                               "valueExpression": "string(claims.cost_center)"}]}}]}))
        return {"authentication-config": authentication}

    @classmethod
    def start_server(cls):
        pass  # sa-issuerd first: the API server fetches its documents while it starts

    def setUp(self):
        def change(c, d):
            issuing.over_tls(c, d, self.port)
            # The certificate that the API server trusts is the class's.
            c["listeners"]["discovery"]["tls"] = {"certificate": str(self.certificate),
                                                  "key": str(self.certificate_key)}
            # An API server asks for an unknown key only when 30 s or less of this are left.
            c["issuers"][0]["discovery"] = {"jwksMaxAge": "30s"}
        daemon.Case.setUp(self)
        self.issuerd = minting.daemon_that_mints(
            self, audiences=[{"name": AUDIENCE}, {"name": "elsewhere"}],
            claims=[{"claim": "tenant", "annotation": "example.com/tenant", "required": True},
                    {"claim": "cost_center", "namespaceLabel": "example.com/cost-center",
                     "type": "integer"}], change=change)
        self.server.start()
        self.addCleanup(self.server.stop)

    def mint(self, audience=AUDIENCE):
        done = minting.token(self.issuerd, audience=audience)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def accepted(self, token):
        return self.server.request("/api", token=token).status

    def test_minted_token_is_accepted_and_its_claim_is_a_group(self):
        token = self.mint()

        def known():
            # The authenticator fetches the documents in the background.
            return self.accepted(token) in (200, 403)
        daemon.wait_until("the issuer is known", known, seconds=60, step=0.2)
        user = self.server.whoami(token)
        self.assertEqual(user["username"], "a:system:serviceaccount:shop:web")
        self.assertEqual(sorted(user["groups"]), ["a:tenant:acme", "system:authenticated"])
        self.assertEqual(user["extra"]["a.example/cost-center"], ["4711"])

        with self.subTest("the group has rights, and no others"):
            self.server.apply(*cluster.grant(
                "acme", {"kind": "Group", "name": "a:tenant:acme"},
                {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}))
            allowed = self.server.kubectl("auth", "can-i", "list", "pods", token=token,
                                          check=False)
            self.assertEqual(allowed.stdout.strip(), "yes", allowed.stderr)
            refused = self.server.kubectl("auth", "can-i", "list", "secrets", token=token,
                                          check=False)
            self.assertEqual(refused.stdout.strip(), "no", refused.stderr)
        with self.subTest("a token for somebody else is not"):
            self.assertEqual(self.accepted(self.mint("elsewhere")), 401)
        with self.subTest("nor one with another signature"):
            header, payload, signature = token.split(".")
            other = self.mint().split(".")[2]
            self.assertEqual(self.accepted(f"{header}.{payload}.{other}"), 401)
            self.assertEqual(self.accepted(f"{header}.{payload}.{signature}"), 200)
        with self.subTest("a new key needs no restart of the API server"):
            self.issuerd.add_key("a-newer.pem")  # sorts first, so it signs
            daemon.wait_until("the key is active", lambda: relying_party.unverified(
                self.mint())[0]["kid"] == keys.kid(self.issuerd.keys / "a-newer.pem"))
            newer = self.mint()
            daemon.wait_until("the key is known", lambda: self.accepted(newer) == 200,
                              seconds=60, step=0.2)
