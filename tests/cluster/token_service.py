# SPDX-License-Identifier: Apache-2.0
"""sa-issuerd's token service beside a real API server, with the rights that deploy/ gives it."""

import contextlib
import http.client
import json
import urllib.parse

import cluster
import daemon
import issuing
import keys

AUDIENCE = "https://relying.party.example"
CALLERS = "sa-issuerd"  # the audience that callers' tokens are for
OWN = "system:serviceaccount:sa-issuerd:sa-issuerd"
DEPLOY = daemon.ROOT / "deploy/kubernetes/token-service"


def install(server):
    """Applies the manifests as they are; the kubeconfig of the account that they make."""
    server.kubectl("apply", "-k", DEPLOY)
    own = server.dir / "own-token"
    own.write_text(server.create_token("sa-issuerd", "sa-issuerd"))
    return server.kubeconfig("sa-issuerd", token_file=own)


class Case(cluster.Case):
    """The daemon runs here, with the account's token."""

    @classmethod
    def start_server(cls):
        super().start_server()
        cls.server.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}})
        cls.config = install(cls.server)

    def setUp(self):
        super().setUp()
        self.issuerd = self.daemon(self.configure)
        self.context = daemon.tls_context(self.issuerd.tokens_certificate)

    def configure(self, c, d):
        issuing.over_tls(c, d)
        d.tokens_port = daemon.free_port()
        d.tokens_certificate, key = keys.certificate(d.dir, "tokens")
        c["listeners"]["tokens"] = {
            "address": f"127.0.0.1:{d.tokens_port}",
            "tls": {"certificate": str(d.tokens_certificate), "key": str(key)}}
        c["issuers"][0]["audiences"] = [{"name": AUDIENCE}]
        c["issuers"][0]["claims"] = [
            {"claim": "tenant", "annotation": "example.com/tenant"},
            {"claim": "cost_center", "namespaceLabel": "example.com/cost-center"}]
        c["accounts"] = {"kubernetes": {"kubeconfig": str(self.config)}}
        c["callers"] = {"kubernetes": {"audience": CALLERS, "cache": "0s"}}
        c["audit"] = {"file": "audit.log"}

    # who asks

    def allow(self, name, account, *targets):
        """RBAC: the account may create tokens of those accounts of its namespace."""
        self.server.apply(*cluster.grant(
            f"{self.namespace}-{name}",
            {"kind": "ServiceAccount", "namespace": self.namespace, "name": account},
            {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"],
             "resourceNames": list(targets)}))

        def in_force():
            return self.server.kubectl(
                "auth", "can-i", "create", f"serviceaccounts/{targets[-1]}",
                "--subresource=token", "-n", self.namespace, "--as",
                f"system:serviceaccount:{self.namespace}:{account}",
                check=False).stdout.strip() == "yes"
        daemon.wait_until("the right is in force", in_force)

    def caller(self, account=None):
        """A token that sa-issuerd and the API server both take."""
        return self.token("--audience", CALLERS, "--audience", cluster.ISSUER, account=account)

    # what is asked

    def create_token(self, token, account, *arguments):
        """kubectl create token at the token service: the completed process."""
        return self.server.kubectl(
            "create", "token", "-n", self.namespace, account, "--audience", AUDIENCE,
            "--server", f"https://127.0.0.1:{self.issuerd.tokens_port}",
            "--certificate-authority", self.issuerd.tokens_certificate, *arguments,
            token=token, check=False)

    def post(self, path, body, content_type, token=None):
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.issuerd.tokens_port, timeout=10 * daemon.PATIENCE,
            context=self.context)
        with contextlib.closing(connection):
            headers = {"Content-Type": content_type}
            if token:
                headers["Authorization"] = f"Bearer {token}"
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return daemon.Response(answer.status, answer.headers, answer.read())

    def path(self, account=None, space=None):
        return (f"/api/v1/namespaces/{space or self.namespace}/serviceaccounts/"
                f"{account or self.account}/token")

    def request(self, token, account=None, space=None, **spec):
        return self.post(self.path(account, space), json.dumps(
            {"spec": {"audiences": [AUDIENCE], **spec}}), "application/json", token)

    def exchange(self, subject_token, audience=AUDIENCE):
        return self.post("/token", urllib.parse.urlencode({
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": subject_token,
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "audience": audience}), "application/x-www-form-urlencoded")
