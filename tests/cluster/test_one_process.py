# SPDX-License-Identifier: Apache-2.0
"""One sa-issuerd signs for an API server and asks that same API server about callers: it has to
be there first, and to do without it."""

import contextlib
import http.client
import json
import os
import urllib.parse

import yaml

import cluster
import daemon
import issuing
import keys
import relying_party
import token_service
from external import AUDIENCE


class OneProcess(daemon.Case):
    def setUp(self):
        super().setUp()
        self.server = cluster.ApiServer(self.dir / "c")
        self.addCleanup(self.server.stop)
        kubeconfig = self.server.kubeconfig("sa-issuerd")  # with a certificate: nobody signs yet

        def config(c, d):
            issuing.over_tls(c, d)
            d.socket, d.tokens_port = d.dir / "signer.sock", daemon.free_port()
            c["listeners"]["signer"] = {"unix": str(d.socket), "allowUIDs": [os.getuid()]}
            c["listeners"]["tokens"] = {"address": f"127.0.0.1:{d.tokens_port}",
                                        "tls": c["listeners"]["discovery"]["tls"]}
            c["issuers"] = [
                {"url": f"{d.issuer}/cluster", "role": "cluster", "keys": {"files": ["cluster"]}},
                {"url": f"{d.issuer}/apps", "role": "federation", "keys": {"files": ["apps"]},
                 "audiences": [{"name": AUDIENCE}],
                 "claims": [{"claim": "tenant", "annotation": "example.com/tenant"}]}]
            c["accounts"] = {"kubernetes": {"kubeconfig": str(kubeconfig)}}
            c["callers"] = {"kubernetes": {"audience": token_service.CALLERS, "cache": "0s"}}
            c["audit"] = {"file": "audit.log"}
        self.issuerd = self.daemon(config, key=None, start=False)
        for name in ("cluster", "apps"):
            self.issuerd.add_key("first.pem", directory=self.issuerd.dir / name)
        self.server.arguments.update({
            "service-account-issuer": f"{self.issuerd.issuer}/cluster",
            "service-account-jwks-uri": f"{self.issuerd.issuer}/cluster/openid/v1/jwks",
            "service-account-signing-key-file": None, "service-account-key-file": None,
            "service-account-signing-endpoint": self.issuerd.socket,
            "api-audiences": cluster.ISSUER})

    def exchange(self, subject_token):
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.issuerd.tokens_port, timeout=10 * daemon.PATIENCE,
            context=daemon.tls_context(self.issuerd.certificate))
        with contextlib.closing(connection):
            connection.request("POST", "/apps/token", urllib.parse.urlencode({
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "subject_token": subject_token, "audience": AUDIENCE,
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt"}),
                {"Content-Type": "application/x-www-form-urlencoded"})
            answer = connection.getresponse()
            return daemon.Response(answer.status, answer.headers, answer.read())

    def pod_token(self):
        return self.server.create_token(
            "shop", "web", "--audience", token_service.CALLERS, "--bound-object-kind", "Pod",
            "--bound-object-name", "p")

    def test_signer_first_then_the_api_server_then_callers(self):
        self.issuerd.start()  # ready, though the API that it asks is not there
        self.server.start()
        rules = next(d["rules"] for d in yaml.safe_load_all(
            (token_service.DEPLOY / "rbac.yaml").read_text()) if d["kind"] == "ClusterRole")
        self.server.apply(
            *cluster.grant("sa-issuerd", {"kind": "User", "name": "sa-issuerd"}, *rules),
            cluster.namespace("shop"),
            cluster.account("shop", "web", annotations={"example.com/tenant": "acme"}),
            cluster.pod("shop", "p", "web"))
        subject = self.pod_token()
        self.assertEqual(relying_party.unverified(subject)[0]["kid"],
                         keys.kid(self.issuerd.dir / "cluster/first.pem"))
        answer = daemon.wait_until("the exchange is answered", seconds=60, step=0.1, condition=(
            lambda: (a := self.exchange(subject)).status == 200 and a))
        claims = relying_party.verify(f"{self.issuerd.issuer}/apps",
                                      answer.json()["access_token"], AUDIENCE,
                                      self.issuerd.certificate)
        self.assertEqual((claims["sub"], claims["tenant"]),
                         ("system:serviceaccount:shop:web", "acme"))
        events = [json.loads(line)["event"]
                  for line in (self.issuerd.dir / "audit.log").read_text().splitlines()]
        self.assertIn("signature", events)
        self.assertGreater(len(set(events)), 1)

        with self.subTest("an API server that comes back finds its signer, and callers find both"):
            self.server.stop()
            self.assertEqual(self.exchange(subject).status, 503)
            self.server.start()
            self.pod_token()
            daemon.wait_until("exchanges are answered again", seconds=60, step=0.1,
                              condition=lambda: self.exchange(subject).status == 200)
        with self.subTest("one issuer's token is not the other's"):
            federated = answer.json()["access_token"]
            self.assertNotIn("authenticated", self.server.review(federated, [AUDIENCE]))
            self.assertEqual(self.exchange(federated).status, 400)
