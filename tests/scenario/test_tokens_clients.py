# SPDX-License-Identifier: Apache-2.0
"""The token service as real clients use it: curl, requests, Authlib, openid-client, the Python
client of Kubernetes and kubectl; by Unix socket, client certificate and token of the cluster."""

import json
import os
import subprocess
import unittest

import kubernetes
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

import daemon
import fake_cluster
import kubectl
import minting
import pki

AUDIENCE = "sts.amazonaws.com"
PATH = "/api/v1/namespaces/shop/serviceaccounts/{}/token"
BODY = json.dumps({"spec": {"audiences": [AUDIENCE]}})
# As kubectl 1.20 and clients of its time wrote it.
OLD_BODY = json.dumps({
    "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1",
    "metadata": {"creationTimestamp": None},
    "spec": {"audiences": [AUDIENCE], "expirationSeconds": 3600, "boundObjectRef": None},
    "status": {"token": "", "expirationTimestamp": None}})


class Case(daemon.Case):
    """A cluster with the accounts shop/web and shop/cart and the pod web-1, and a daemon whose
    tokens listener takes everybody who may ask for tokens of shop/web."""

    def setUp(self):
        super().setUp()
        self.cluster = fake_cluster.FakeCluster(self)
        self.cluster.namespace("shop", labels={"example.com/cost-center": "4711"})
        self.cluster.namespace("ci")
        self.cluster.account("ci", "deployer")
        for name in ("web", "cart"):
            self.cluster.account("shop", name, annotations={"example.com/tenant": "acme"})
        self.cluster.node("n1")
        self.pod_uid = self.cluster.pod("shop", "web-1", "web", "n1")
        self.cluster.allow("ci/deployer", "shop", "web")
        self.deployer = self.cluster.token("ci", "deployer")
        self.pod_token = self.cluster.pod_token("shop", "web-1")
        self.certificate, self.key = self.cluster.ca.issue("me", client=True,
                                                           organizations=("deployers",))
        self.exchange = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                         "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                         "subject_token": self.pod_token, "audience": AUDIENCE}
        self.d = self.start()

    def start(self):
        port = daemon.free_port()
        crt, key = map(str, self.cluster.pair)

        def change(c, _):
            c["listeners"]["tokens"].update(
                address=f"127.0.0.1:{port}",
                tls={"certificate": crt, "key": key, "clientCA": str(self.cluster.ca.path)})
            c["callers"].update(
                unixPeers=[{"uids": [os.getuid()], "accounts": ["shop/web"]}],
                clientCertificates=[{"groups": ["deployers"], "accounts": ["shop/web"]}])
        d = fake_cluster.daemon_of(self, self.cluster, change, claims=[
            {"claim": "tenant", "annotation": "example.com/tenant", "required": True},
            {"claim": "cost_center", "namespaceLabel": "example.com/cost-center"}])
        d.url = f"https://127.0.0.1:{port}"
        return d

    def kubeconfig(self, **who):
        """For the daemon in place of an API server; without a user, by the deployer's token."""
        path = self.dir / "client.kubeconfig"
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {
                "server": self.d.url, "certificate-authority": str(self.cluster.ca.path)}}],
            "users": [{"name": "u", "user": who or {"token": self.deployer}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u",
                                                   "namespace": "shop"}}]}))
        return path

    def by_certificate(self):
        return {"client-certificate": str(self.certificate), "client-key": str(self.key)}

    def prepared(self, session):
        """A session of requests that trusts our authority, whatever the environment says."""
        self.addCleanup(session.close)
        session.verify = str(self.cluster.ca.path)
        session.trust_env = False
        return session

    def check(self, token, bound=False):
        """It verifies, and is the account's, with its claims."""
        claims = minting.verified(self.d, token, AUDIENCE)
        self.assertEqual((claims["sub"], claims["tenant"], claims["cost_center"]),
                         ("system:serviceaccount:shop:web", "acme", "4711"))
        self.assertEqual(claims["kubernetes.io"].get("pod"),
                         {"name": "web-1", "uid": self.pod_uid} if bound else None)
        return claims


class Curl(Case):
    def curl(self, *arguments):
        """Status and body; certificate of our authority."""
        done = subprocess.run(["curl", "-sS", "--cacert", self.cluster.ca.path, "-w",
                               "\n%{http_code}", *map(str, arguments)], check=False,
                              capture_output=True, text=True, timeout=30 * daemon.PATIENCE)
        self.assertEqual(done.returncode, 0, done.stderr)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body)

    def callers(self):
        """The arguments by which each kind of caller shows himself, and the server."""
        yield ["--unix-socket", self.d.dir / "tokens.sock"], "http://localhost"
        yield ["--cert", self.certificate, "--key", self.key], self.d.url
        yield ["-H", f"Authorization: Bearer {self.deployer}"], self.d.url
        yield ["--oauth2-bearer", self.deployer], self.d.url

    def test_every_caller(self):
        for caller, server in self.callers():
            with self.subTest(caller=caller):
                status, body = self.curl(*caller, "--json", BODY, server + PATH.format("web"))
                self.assertEqual(status, 201, body)
                self.check(body["status"]["token"])
                status, body = self.curl(*caller, "--json", BODY, server + PATH.format("cart"))
                self.assertEqual((status, body["reason"]), (403, "Forbidden"))

    def test_nobody(self):
        status, body = self.curl("--json", BODY, self.d.url + PATH.format("web"))
        self.assertEqual((status, body["reason"]), (401, "Unauthorized"))

    def test_ways_of_sending(self):
        body_file = self.dir / "body.json"
        body_file.write_text(OLD_BODY)
        json_file = ["--json", f"@{body_file}"]
        for way in (json_file, [*json_file, "--http1.0"], [*json_file, "--compressed"],
                    [*json_file, "-H", "Expect: 100-continue"],
                    [*json_file, "-H", "Content-Type: application/json; charset=utf-8"],
                    [*json_file, "-H", "Transfer-Encoding: chunked"],
                    ["-X", "POST", "-H", "Content-Type: application/json", "-T", body_file]):
            with self.subTest(way=way):
                status, body = self.curl("--oauth2-bearer", self.deployer, *way,
                                         self.d.url + PATH.format("web"))
                self.assertEqual(status, 201, body)
                self.check(body["status"]["token"])

    def test_exchange(self):
        form = [word for name, value in self.exchange.items()
                for word in ("--data-urlencode", f"{name}={value}")]
        status, body = self.curl(*form, self.d.url + "/token")
        self.assertEqual((status, body["token_type"]), (200, "Bearer"), body)
        self.check(body["access_token"], bound=True)
        status, body = self.curl(*form, "--data-urlencode", "audience=vault",
                                 self.d.url + "/token")
        self.assertEqual((status, body["error"]), (400, "invalid_target"))


class Requests(Case):
    def setUp(self):
        super().setUp()
        self.session = self.prepared(requests.Session())

    def test_a_session_with_a_certificate(self):
        self.session.cert = (str(self.certificate), str(self.key))
        for _ in range(5):
            got = self.session.post(self.d.url + PATH.format("web"), json=json.loads(BODY))
            self.assertEqual(got.status_code, 201, got.text)
            self.check(got.json()["status"]["token"])
        self.assertEqual(self.d.metric("sa_issuerd_http_connections_accepted_total",
                                       listener="tokens"), 1)
        got = self.session.post(self.d.url + PATH.format("gone"), json=json.loads(BODY))
        self.assertEqual(got.status_code, 403)
        self.assertIn("me", got.json()["message"])

    def test_a_certificate_of_another_authority(self):
        other = pki.Authority(self.dir, "other")
        crt, key = other.issue("stranger", client=True, organizations=("deployers",))
        self.session.cert = (str(crt), str(key))
        got = self.session.post(self.d.url + PATH.format("web"), json=json.loads(BODY))
        self.assertEqual((got.status_code, got.json()["reason"]), (401, "Unauthorized"))

    def test_bearers(self):
        url = self.d.url + PATH.format("web")
        for token, status in ((self.deployer, 201), ("unknown.to.cluster", 401),
                              (self.pod_token, 403)):
            got = self.session.post(url, json=json.loads(BODY),
                                    headers={"Authorization": f"Bearer {token}"})
            self.assertEqual(got.status_code, status, got.text)
            self.assertEqual(got.headers["Cache-Control"], "no-store")

    def test_a_body_of_unknown_length(self):
        got = self.session.post(self.d.url + PATH.format("web"),
                                data=iter([BODY[:10].encode(), BODY[10:].encode()]),
                                headers={"Authorization": f"Bearer {self.deployer}",
                                         "Content-Type": "application/json"})
        self.assertEqual(got.status_code, 201, got.text)
        self.check(got.json()["status"]["token"])

    def test_exchange(self):
        got = self.session.post(self.d.url + "/token", data=self.exchange)
        self.assertEqual(got.status_code, 200, got.text)
        self.check(got.json()["access_token"], bound=True)


class Authlib(Case):
    def session(self):
        return self.prepared(OAuth2Session(token_endpoint_auth_method="none"))

    def test_exchange(self):
        token = self.session().fetch_token(self.d.url + "/token", **self.exchange)
        self.assertEqual(token["issued_token_type"],
                         "urn:ietf:params:oauth:token-type:jwt")
        claims = self.check(token["access_token"], bound=True)
        self.assertAlmostEqual(token["expires_at"], claims["exp"], delta=5 * daemon.PATIENCE)

    def test_refusals_are_those_of_oauth(self):
        for change, error in (({"audience": "elsewhere"}, "invalid_target"),
                              ({"subject_token": "x.y.z"}, "invalid_request"),
                              ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
                              ({"scope": "all"}, "invalid_scope")):
            with self.assertRaises(OAuthError) as caught:
                self.session().fetch_token(self.d.url + "/token", **{**self.exchange, **change})
            self.assertEqual(caught.exception.error, error)
            self.assertTrue(caught.exception.description)


class OpenidClient(Case):
    """npm openid-client, which names itself although it is a public client."""

    def grant(self, **changes):
        return subprocess.run(
            ["node", daemon.ROOT / "tests/clients/exchange_openid_client.mjs", self.d.issuer,
             self.d.url + "/token", json.dumps({**self.exchange, **changes})], check=False,
            capture_output=True, text=True, timeout=60 * daemon.PATIENCE,
            env={**os.environ, "NODE_EXTRA_CA_CERTS": str(self.cluster.ca.path)})

    def test_exchange(self):
        done = self.grant()
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.check(done.stdout.strip(), bound=True)

    def test_refusals(self):
        for changes, error in (({"audience": "elsewhere"}, "invalid_target"),
                               ({"subject_token": "x.y.z"}, "invalid_request")):
            done = self.grant(**changes)
            self.assertEqual((done.returncode, done.stdout.strip()), (3, error), done.stderr)


class PythonClient(Case):
    """https://github.com/kubernetes-client/python, which is made of Kubernetes' OpenAPI."""

    def core(self, **who):
        client = kubernetes.config.new_client_from_config(str(self.kubeconfig(**who)))
        self.addCleanup(client.close)
        return kubernetes.client.CoreV1Api(client)

    @staticmethod
    def request(**spec):
        return kubernetes.client.AuthenticationV1TokenRequest(
            spec=kubernetes.client.V1TokenRequestSpec(audiences=[AUDIENCE], **spec))

    def test_by_token_and_by_certificate(self):
        for who in ({"token": self.deployer}, self.by_certificate()):
            core = self.core(**who)
            got = core.create_namespaced_service_account_token(
                "web", "shop", self.request(expiration_seconds=1200))
            claims = self.check(got.status.token)
            self.assertEqual(claims["exp"], int(got.status.expiration_timestamp.timestamp()))
            self.assertEqual((got.kind, got.api_version, got.metadata.name, got.spec.audiences,
                              got.spec.expiration_seconds),
                             ("TokenRequest", "authentication.k8s.io/v1", "web", [AUDIENCE], 1200))

    def test_bound_to_a_pod(self):
        pod = kubernetes.client.V1BoundObjectReference(api_version="v1", kind="Pod",
                                                       name="web-1", uid=self.pod_uid)
        got = self.core().create_namespaced_service_account_token(
            "web", "shop", self.request(bound_object_ref=pod))
        self.check(got.status.token, bound=True)
        self.assertEqual(got.spec.bound_object_ref, pod)

    def test_refusals_are_those_of_the_api(self):
        core = self.core()
        self.cluster.allow("ci/deployer", "shop", "gone")
        for name, request, status, reason in (
                ("cart", self.request(), 403, "Forbidden"),
                ("gone", self.request(), 404, "NotFound"),
                ("web", self.request(expiration_seconds=10), 422, "Invalid"),
                ("web", kubernetes.client.AuthenticationV1TokenRequest(
                    spec=kubernetes.client.V1TokenRequestSpec(audiences=["else"])),
                 422, "Invalid")):
            with self.assertRaises(kubernetes.client.ApiException) as caught:
                core.create_namespaced_service_account_token(name, "shop", request)
            said = json.loads(caught.exception.body)
            self.assertEqual((caught.exception.status, said["kind"], said["reason"]),
                             (status, "Status", reason))


class Kubectl(Case):
    def with_kubectl(self, *arguments, **who):
        return kubectl.run(*arguments, home=self.dir, kubeconfig=self.kubeconfig(**who))

    def create_token(self, account, *arguments, audience=AUDIENCE, **who):
        return self.with_kubectl("create", "token", account, "--audience", audience, *arguments,
                            **who)

    @kubectl.needs(24)
    def test_create_token(self):
        for who in ({"token": self.deployer}, self.by_certificate()):
            done = self.create_token("web", **who)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.check(done.stdout.strip())

    @kubectl.needs(32)
    def test_it_sends_protobuf(self):
        done = self.create_token("web", "-v", "8")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Content-Type: application/vnd.kubernetes.protobuf", done.stderr)
        self.check(done.stdout.strip())

    @kubectl.needs(24)
    def test_create_a_bound_token(self):
        done = self.create_token("web", "--bound-object-kind", "Pod", "--bound-object-name",
                                 "web-1", "--bound-object-uid", self.pod_uid)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.check(done.stdout.strip(), bound=True)

    @kubectl.needs(24)
    def test_it_prints_the_answer_and_the_warning(self):
        done = self.create_token("web", "--duration", "48h", "-o", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Warning: requested expiration of 172800 seconds shortened to 86400 seconds",
                      done.stderr)
        request = json.loads(done.stdout)
        self.check(request["status"]["token"])
        self.assertEqual((request["kind"], request["spec"]["expirationSeconds"]),
                         ("TokenRequest", 86400))
        self.assertEqual(request["metadata"]["namespace"], "shop")

    @kubectl.needs(24)
    def test_refusals_read_as_kubernetes_own(self):
        for account, audience, text in (
                ("cart", AUDIENCE, 'serviceaccounts "cart" is forbidden: '
                                   'User "system:serviceaccount:ci:deployer" cannot create'),
                ("web", "elsewhere", 'spec.audiences')):
            done = self.create_token(account, audience=audience)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(text, done.stderr)
        done = self.create_token("web", token="unknown.to.cluster")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Unauthorized", done.stderr)

    @kubectl.needs(20)
    def test_create_raw(self):
        """Its own way of sending JSON, in chunks, which every kubectl has."""
        body_file = self.dir / "body.json"
        for body in (BODY, OLD_BODY):
            body_file.write_text(body)
            done = self.with_kubectl("create", "--raw", PATH.format("web"), "-f", body_file)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.check(json.loads(done.stdout)["status"]["token"])


if __name__ == "__main__":
    unittest.main()
