# SPDX-License-Identifier: Apache-2.0
"""A cluster that signs with its own key files, and sa-issuerd that publishes for it."""

import json

import cluster
import daemon
import issuing
import keys
import minting
import relying_party

AUDIENCE = "https://relying.party.example"


class Published(cluster.Case):
    """kube-apiserver and sa-issuerd read the same public keys of three kinds."""

    @classmethod
    def setUpClass(cls):
        # The issuer is in the API server's flags, so its port is known first.
        cls.port = daemon.free_port()
        cls.issuer = f"https://localhost:{cls.port}"
        super().setUpClass()

    @classmethod
    def server_arguments(cls):
        place = cls.place / "c"
        files = [place / "sa.pub"]
        for kind in ("p256", "p384", "rsa3072"):
            private = keys.put(kind, cls.place / f"{kind}.pem")
            files.append(cls.place / f"{kind}.pub")
            files[-1].write_bytes(keys.public_pem(private))
        cls.public_keys = files
        return {"service-account-issuer": cls.issuer, "service-account-key-file": files,
                "service-account-jwks-uri": f"{cls.issuer}/openid/v1/jwks"}

    def setUp(self):
        super().setUp()

        def config(c, d):
            issuing.over_tls(c, d, self.port)
            c["issuers"][0].update(role="publish",
                                   keys={"files": [str(f) for f in self.public_keys]})
        self.issuerd = self.daemon(config, key=None)

    def test_key_set_is_the_same_to_the_byte(self):
        theirs = self.server.request("/openid/v1/jwks")
        self.assertEqual(theirs.status, 200)
        self.assertEqual(len(theirs.json()["keys"]), 4)
        self.assertEqual(issuing.get(self.issuerd, "/openid/v1/jwks"), theirs.body)

    def test_discovery_is_the_same_to_the_byte_but_for_claims_supported(self):
        theirs = self.server.request("/.well-known/openid-configuration")
        self.assertEqual(theirs.status, 200)
        ours = json.loads(issuing.get(self.issuerd, "/.well-known/openid-configuration"))
        ours.pop("claims_supported")
        self.assertEqual(json.dumps(ours, separators=(",", ":")).encode(), theirs.body)

    def test_token_of_the_cluster_verifies(self):
        token = self.token("--audience", AUDIENCE)
        claims = relying_party.verify(self.issuer, token, AUDIENCE, self.issuerd.certificate)
        self.assertEqual(claims["sub"], f"system:serviceaccount:{self.namespace}:web")
        file = self.dir / "token"
        file.write_text(token)
        verified = daemon.run("verify", "--issuer", self.issuer, "--audience", AUDIENCE,
                              "--ca-file", self.issuerd.certificate, file)
        self.assertEqual(verified.returncode, 0, verified.stderr)

    def test_minted_token_has_what_the_cluster_writes_and_the_claims_of_the_rules(self):
        self.kubectl("annotate", "serviceaccount", "-n", self.namespace, self.account,
                     "example.com/tenant=acme")
        minted = minting.token(
            minting.daemon_that_mints(
                self, audiences=[{"name": AUDIENCE}],
                claims=[{"claim": "tenant", "annotation": "example.com/tenant"}],
                manifests=self.kubectl("get", "serviceaccounts,namespaces", "-A", "-o", "yaml")),
            audience=AUDIENCE, namespace=self.namespace, account=self.account)
        self.assertEqual(minted.returncode, 0, minted.stderr)
        ours = relying_party.unverified(minted.stdout.strip())
        theirs = relying_party.unverified(self.token("--audience", AUDIENCE))
        self.assertEqual(ours[1].pop("tenant"), "acme")
        self.assertEqual(ours[1].keys(), theirs[1].keys())
        for name in ("aud", "sub", "kubernetes.io"):
            self.assertEqual(ours[1][name], theirs[1][name])
        self.assertEqual(ours[0].keys(), theirs[0].keys() | {"typ"})
