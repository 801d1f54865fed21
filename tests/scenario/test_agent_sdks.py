# SPDX-License-Identifier: Apache-2.0
"""From a pod to a cloud: the agent trades the pod's token at the daemon, which asks a Kubernetes
API; the clouds' own SDKs read the agent's files and are let in by a stand-in for their cloud that
verifies by discovery. And Kubernetes' own clients ask the daemon for tokens."""

import json
import os
import signal
import subprocess
import sys
import unittest

import yaml

import agents
import clouds
import daemon
import kubectl
import minting

sys.path.insert(0, str(daemon.ROOT / "tests/kube"))
import fake_apiserver  # noqa: E402 pylint: disable=wrong-import-position
import pki  # noqa: E402 pylint: disable=wrong-import-position

CLIENTS = daemon.ROOT / "tests/clients"
SUBJECT = "system:serviceaccount:shop:web"
PROVIDER = ("//iam.googleapis.com/projects/123456789012/locations/global"
            "/workloadIdentityPools/clusters/providers/prod")
AWS, AZURE, GOOGLE = "sts.amazonaws.com", "api://AzureADTokenExchange", "https:" + PROVIDER
CI = "a.token.of-ci"
CLAIMS = [
    {"claim": "tenant", "annotation": "example.com/tenant", "required": True},
    {"sessionTag": "team", "namespaceAnnotation": "example.com/team", "audiences": [AWS]},
]


def user(name, uid, **extra):
    return {"user": {"username": name, "uid": uid, "groups": ["system:authenticated"],
                     "extra": {f"authentication.kubernetes.io/{key.replace('_', '-')}": [value]
                               for key, value in extra.items()}},
            "audiences": ["sa-issuerd"]}


class Case(agents.Case):
    """A cluster with the account shop/web and its pod, and a daemon that serves it over TLS."""

    def setUp(self):
        super().setUp()
        self.ca = pki.Authority(self.dir, "ca")
        self.pair = self.ca.issue("server", ("127.0.0.1", "localhost"))
        os.chmod(self.pair[1], 0o600)
        self.api = fake_apiserver.Api(*self.pair)
        self.addCleanup(self.api.stop)
        self.api.put("namespaces", None, "shop", annotations={"example.com/team": "blue"})
        account = self.api.put("serviceaccounts", "shop", "web",
                               annotations={"example.com/tenant": "acme"})
        node = self.api.put("nodes", None, "n1")
        pod = self.api.put("pods", "shop", "web-1",
                           spec={"serviceAccountName": "web", "nodeName": "n1"})
        self.api.users[agents.POD_TOKEN] = user(
            SUBJECT, account["metadata"]["uid"], pod_name="web-1",
            pod_uid=pod["metadata"]["uid"], node_name="n1", node_uid=node["metadata"]["uid"])
        self.api.users[CI] = user("ci", "uid-ci")
        self.api.allowed.add(("ci", "create", "", "serviceaccounts", "token", "shop", "web"))
        self.issuerd = self.start_daemon()
        self.server = f"https://localhost:{self.tokens_port}/prod"
        self.issuer = self.issuerd.config["issuers"][0]["url"]

    def start_daemon(self):
        self.tokens_port = daemon.free_port()
        (self.dir / "kubeconfig").write_text(json.dumps({
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": {
                "server": f"https://127.0.0.1:{self.api.port}",
                "certificate-authority": str(self.ca.path)}}],
            "users": [{"name": "u", "user": {"token": "own"}}]}))

        def change(c, d):
            tls = {"certificate": str(self.pair[0]), "key": str(self.pair[1])}
            c["listeners"]["discovery"]["tls"] = tls
            c["listeners"]["tokens"] = {"address": f"127.0.0.1:{self.tokens_port}", "tls": tls}
            c["issuers"][0]["url"] = f"https://localhost:{d.port}/prod"
            c["accounts"] = {"kubernetes": {"kubeconfig": str(self.dir / "kubeconfig")}}
            c["callers"] = {"kubernetes": {"audience": "sa-issuerd"}}
        audiences = [{"name": AWS, "profile": "aws"}, {"name": AZURE, "profile": "entra"},
                     {"name": GOOGLE, "profile": "gcp"}]
        return minting.daemon_that_mints(self, audiences, CLAIMS, change=change)

    def client(self, name, *arguments, **environment):
        """A program of tests/clients, which trusts our authority: (exit code, output)."""
        done = subprocess.run(
            ["node", CLIENTS / name, *map(str, arguments)], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60 * daemon.PATIENCE, check=False,
            cwd=self.dir, env={"PATH": os.environ["PATH"], "HOME": str(self.dir),
                               "NODE_EXTRA_CA_CERTS": str(self.ca.path), **environment})
        self.assertIn(done.returncode, (0, 3), done.stdout + done.stderr)
        return done.returncode, done.stdout


class Sdks(Case):
    def setUp(self):
        super().setUp()
        self.cloud = self.enterContext(clouds.Cloud(*self.pair, self.issuer, self.ca.path))
        self.files = {name: self.dir / "out" / name for name in (AWS, "azure", "google")}
        credentials = self.dir / "credentials.json"
        credentials.write_text(json.dumps({
            "type": "external_account", "audience": PROVIDER, "subject_token_type": clouds.JWT_TYPE,
            "token_url": f"{self.cloud.url}/v1/token",
            "credential_source": {"file": str(self.files["google"])}}))
        self.environment = {
            "sdk_aws.mjs": {
                "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/web", "AWS_REGION": "eu-north-1",
                "AWS_WEB_IDENTITY_TOKEN_FILE": str(self.files[AWS]),
                "AWS_ROLE_SESSION_NAME": "web", "AWS_ENDPOINT_URL_STS": self.cloud.url},
            "sdk_azure.mjs": {
                "AZURE_TENANT_ID": "00000000-0000-0000-0000-000000000002",
                "AZURE_CLIENT_ID": "00000000-0000-0000-0000-000000000001",
                "AZURE_FEDERATED_TOKEN_FILE": str(self.files["azure"]),
                "AZURE_AUTHORITY_HOST": self.cloud.url},
            "sdk_google.mjs": {"GOOGLE_APPLICATION_CREDENTIALS": str(credentials),
                               "GOOGLE_CLOUD_PROJECT": "example"},
        }

    def fill(self, *audiences):
        """The agent writes the three files, once."""
        pairs = [f"--{option}={value}" for audience, path in zip(audiences, self.files.values())
                 for option, value in (("audience", audience), ("out", path))]
        agent = self.agent(self.server, "--once", *pairs, audience=None, ca_file=self.ca.path)
        self.assertEqual(agent.wait_exit(), 0, agent.log_file.read_text())

    def sdk(self, name):
        return self.client(name, **self.environment[name])

    def let_in(self, name):
        code, out = self.sdk(name)
        self.assertEqual(code, 0, out)
        return json.loads(out), self.cloud.seen[-1]

    def test_all_three(self):
        self.fill(AWS, AZURE, GOOGLE)
        with self.subTest("AWS"):
            credentials, claims = self.let_in("sdk_aws.mjs")
            self.assertEqual(credentials["sessionToken"], f"for {SUBJECT}")
            self.assertEqual(claims["tenant"], "acme")
            self.assertEqual(claims[clouds.AWS_TAGS]["principal_tags"], {"team": ["blue"]})
        with self.subTest("Azure"):
            token, claims = self.let_in("sdk_azure.mjs")
            self.assertEqual(token["token"], f"for {SUBJECT}")
            self.assertEqual((claims["tenant"], claims["aud"]), ("acme", [AZURE]))
            self.assertNotIn(clouds.AWS_TAGS, claims)
        with self.subTest("Google"):
            token, claims = self.let_in("sdk_google.mjs")
            self.assertEqual(token, {"type": "IdentityPoolClient", "token": f"for {SUBJECT}"})
            self.assertEqual(claims["kubernetes.io"]["pod"]["name"], "web-1")
        lines = minting.audit(self.issuerd)
        self.assertEqual({c["jti"] for c in self.cloud.seen}, {line["jti"] for line in lines})

    def test_tokens_of_each_other_are_refused(self):
        """So the stand-in verifies, and audiences keep the clouds apart."""
        self.fill(GOOGLE, AWS, AZURE)
        for name, text in (("sdk_aws.mjs", "InvalidIdentityToken"),
                           ("sdk_azure.mjs", "AADSTS700211"),
                           ("sdk_google.mjs", "invalid_grant")):
            with self.subTest(name):
                code, out = self.sdk(name)
                self.assertEqual(code, 3, out)
                self.assertIn(text, out)
        self.assertEqual(self.cloud.seen, [])

    def test_forged_token_is_refused(self):
        self.fill(AWS, AZURE, GOOGLE)
        for path in self.files.values():
            head, claims, signature = path.read_text().split(".")
            changed = signature[:-8] + signature[-8:].swapcase()
            path.write_text(f"{head}.{claims}.{changed}")
        for name in self.environment:
            with self.subTest(name):
                code, out = self.sdk(name)
                self.assertEqual(code, 3, out)
                self.assertIn("ignature verification failed", out)
        self.assertEqual(self.cloud.seen, [])


class Exchange(Case):
    """The agent and the daemon, without clouds."""

    def once(self, text=None, **options):
        agent = self.agent(self.server, "--once", audience=AWS, ca_file=self.ca.path, **options)
        agent.exit_expected = 1 if text else 0
        self.assertEqual(agent.wait_exit(), agent.exit_expected, agent.log_file.read_text())
        if text:
            self.assertIn(text, agent.lines("no token")[-1]["error"])

    def claims(self):
        return clouds.jwt.decode(self.out.read_text(), options={"verify_signature": False})

    def test_lifetimes(self):
        self.once()
        claims = self.claims()
        self.assertEqual(claims["exp"] - claims["iat"], 3600 + 30)  # dated back by 30 s
        self.once(duration="20m")
        claims = self.claims()
        self.assertEqual(claims["exp"] - claims["iat"], 1200 + 30)

    def test_what_the_daemon_refuses(self):
        self.token_file.write_text("no.such.token")
        self.once("status 400: invalid_request: subject_token: not a valid token")
        self.token_file.write_text(CI)
        self.once("subject_token: not of a service account")
        self.token_file.write_text(agents.POD_TOKEN)
        self.api.put("serviceaccounts", "shop", "web", annotations={})
        self.once("status 400: invalid_target: serviceaccounts 'web' is forbidden")
        self.api.delete("pods", "shop", "web-1")
        self.once("pods 'web-1' not found")
        self.assertFalse(self.out.exists())

    def test_api_that_is_away(self):
        """The daemon says 503; the agent goes on until the API is back."""
        self.api.fault("tokenreviews", fake_apiserver.fail(500))
        agent = self.agent(self.server, audience=AWS, ca_file=self.ca.path)
        self.assertIn("status 503", agent.wait_lines("no token")[0]["error"])
        self.assertFalse(self.ready.exists())
        self.api.mend()
        agent.send(signal.SIGHUP)
        self.written(agent, 1)
        self.wait_ready()


class KubernetesClients(Case):
    def kubeconfig(self, token):
        path = self.dir / "caller"
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": {
                "server": self.server, "certificate-authority": str(self.ca.path)}}],
            "users": [{"name": "u", "user": {"token": token}}]}))
        return path

    def check(self, token, lifetime):
        with clouds.Cloud(*self.pair, self.issuer, self.ca.path) as cloud:
            claims = cloud.verify(token, AWS, ["RS256"])
        self.assertEqual((claims["sub"], claims["tenant"]), (SUBJECT, "acme"))
        self.assertEqual(claims["exp"] - claims["iat"], lifetime + 30)

    def test_client_node(self):
        code, out = self.client("create_token.mjs", self.kubeconfig(CI), "shop", "web", AWS, 1200)
        self.assertEqual(code, 0, out)
        answer = json.loads(out)
        self.assertEqual(answer["spec"]["expirationSeconds"], 1200)
        self.assertRegex(answer["status"]["expirationTimestamp"], r"\A2\d{3}-.*Z\Z")
        self.check(answer["status"]["token"], 1200)

    def test_client_node_is_refused(self):
        for token, account, code in ((CI, "other", 403), ("x.y.z", "web", 401)):
            exit_code, out = self.client("create_token.mjs", self.kubeconfig(token), "shop",
                                         account, AWS)
            self.assertEqual((exit_code, json.loads(out)["code"]), (3, code), out)

    def with_kubectl(self, token, *arguments):
        return kubectl.run("-n", "shop", *arguments, home=self.dir,
                           kubeconfig=self.kubeconfig(token))

    @kubectl.needs(24)
    def test_kubectl(self):
        done = self.with_kubectl(CI, "create", "token", "web", "--audience", AWS, "--duration",
                            "20m")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.check(done.stdout.strip(), 1200)
        done = self.with_kubectl(CI, "create", "token", "web", "--audience", AWS, "-o", "yaml")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(yaml.safe_load(done.stdout)["spec"]["audiences"], [AWS])

    @kubectl.needs(24)
    def test_kubectl_is_refused(self):
        done = self.with_kubectl(CI, "create", "token", "other", "--audience", AWS)
        self.assertEqual(done.returncode, 1)
        self.assertIn('serviceaccounts "other" is forbidden: User "ci" cannot create resource '
                      '"serviceaccounts/token"', done.stderr)
        done = self.with_kubectl(CI, "create", "token", "web", "--audience", "vault")
        self.assertEqual(done.returncode, 1)
        self.assertIn("audience", done.stderr)


if __name__ == "__main__":
    unittest.main()
