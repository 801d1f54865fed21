# SPDX-License-Identifier: Apache-2.0
"""The requests of docs/token-service.md, carried out as they stand, on the page's configuration."""

import base64
import json
import os
import re
import shutil
import subprocess
import unittest

import yaml

import daemon
import fake_cluster
import keys
import kubectl
import pki

PAGE = (daemon.ROOT / "docs/token-service.md").read_text()
OWN_TOKEN = "/var/run/secrets/own/token"


def commands():
    return re.findall(r"(?ms)^```sh\n(.*?)^```", PAGE)


class Page(daemon.Case):
    def setUp(self):
        super().setUp()
        self.cluster = fake_cluster.FakeCluster(self)
        for space, account in (("ci", "builder"), ("prod", "web"), ("prod", "deployer")):
            self.cluster.namespace(space)
            self.cluster.account(space, account)
        self.cluster.pod("prod", "web-7d4b9", "web")
        self.cluster.allow("prod/deployer", "prod", "web")
        self.tokens_port = daemon.free_port()
        self.started = self.start()
        self.replacements = {
            "/run/sa-issuerd/tokens.sock": str(self.started.dir / "tokens.sock"),
            "10.0.0.5:8444": f"127.0.0.1:{self.tokens_port}",
            "sa-issuerd-tokens.sa-issuerd.svc": f"127.0.0.1:{self.tokens_port}",
            OWN_TOKEN: str(self.started.dir / "own.token"),
        }
        self.write("deployer.token", self.cluster.token("prod", "deployer"))
        self.write("own.token", self.cluster.pod_token("prod", "web-7d4b9"))

    def write(self, name, text):
        (self.started.dir / name).write_text(text)

    def start(self):
        d = self.daemon(start=False)
        config = yaml.safe_load(re.search(r"(?ms)^```yaml\n(apiVersion.*?)^```", PAGE).group(1))
        listeners = config["listeners"]
        listeners["admin"] = {"address": f"127.0.0.1:{d.admin_port}"}
        listeners["discovery"]["address"] = f"127.0.0.1:{d.port}"
        listeners["tokens"]["address"] = f"127.0.0.1:{self.tokens_port}"
        listeners["tokens"]["unix"] = "tokens.sock"
        config["accounts"]["kubernetes"]["kubeconfig"] = str(self.cluster.kubeconfig)
        config["callers"]["unixPeers"][0]["uids"] = [os.getuid()]
        authority = pki.Authority(d.dir, "clients")
        authority.issue("me", client=True, organizations=["deployers"])
        for name in ("tls", "tokens"):
            keys.certificate(d.dir, name)
        shutil.copy(d.dir / "tokens.crt", d.dir / "tokens-ca.crt")
        d.write_config_text(json.dumps(config))
        return d.start()

    def run_command(self, text):
        """The claims of the token that it prints, or has in the TokenRequest that it prints."""
        for old, new in self.replacements.items():
            text = text.replace(old, new)
        done = subprocess.run(["bash", "-c", text], cwd=self.started.dir, check=False, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""), text)
        token = done.stdout.strip()
        if token.startswith("{"):
            token = json.loads(token)["status"]["token"]
        part = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))

    def one_with(self, text):
        found = [c for c in commands() if text in c]
        self.assertEqual(len(found), 1, text)
        return found[0]

    def expect(self, claims, account, audience, pod=None):
        self.assertEqual(claims["sub"], "system:serviceaccount:" + account.replace("/", ":"))
        self.assertEqual(claims["aud"], [audience])
        self.assertEqual(claims["kubernetes.io"].get("pod", {}).get("name"), pod)

    def test_over_the_unix_socket(self):
        self.expect(self.run_command(self.one_with("--unix-socket")), "ci/builder", "vault")

    def test_with_a_token_of_the_cluster(self):
        self.expect(self.run_command(self.one_with("Bearer")), "prod/web", "sts.amazonaws.com")

    def test_with_a_client_certificate(self):
        self.expect(self.run_command(self.one_with("--cert me.crt")), "prod/web",
                    "sts.amazonaws.com")

    def test_exchange(self):
        self.expect(self.run_command(self.one_with("grant_type=")), "prod/web",
                    "sts.amazonaws.com", "web-7d4b9")

    @kubectl.needs(24)
    def test_kubectl(self):
        _, _, command = self.one_with("kubectl").partition(">deployer.token\n")
        self.write("kubeconfig", "{}")
        claims = self.run_command("export KUBECONFIG=kubeconfig; " + command)
        self.expect(claims, "prod/web", "sts.amazonaws.com")

    def test_no_command_is_left_out(self):
        self.assertEqual(len(commands()), 5)


if __name__ == "__main__":
    unittest.main()
