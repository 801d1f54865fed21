# SPDX-License-Identifier: Apache-2.0
"""sa-issuerd agent with the tokens that a real API server gives to pods."""

import signal

import agents
import cluster
import daemon
import relying_party
import token_service
from token_service import AUDIENCE, CALLERS


class Agent(token_service.Case, agents.Case):
    def start(self):
        return self.agent(f"https://localhost:{self.issuerd.tokens_port}", audience=AUDIENCE,
                          ca_file=self.issuerd.tokens_certificate)

    def put_pod_token(self, name):
        """What kubelet does for a projected volume."""
        self.server.apply(cluster.pod(self.namespace, name, "web", node="n1"))
        text = self.token("--audience", CALLERS, "--bound-object-kind", "Pod",
                          "--bound-object-name", name)
        self.secrets.append(text)
        new = self.token_file.with_suffix(".new")
        new.write_text(text)
        new.rename(self.token_file)

    def pod_in_file(self):
        claims = relying_party.verify(self.issuerd.issuer, self.out.read_text(), AUDIENCE,
                                      self.issuerd.certificate)
        self.assertEqual(claims["sub"], f"system:serviceaccount:{self.namespace}:web")
        return claims["kubernetes.io"]["pod"]["name"]

    def test_from_pod_to_file(self):
        self.put_pod_token("p")
        agent = self.start()
        self.written(agent, 1)
        self.wait_ready()
        self.assertEqual(self.pod_in_file(), "p")
        self.kubectl("delete", "pod", "-n", self.namespace, "p", "--grace-period=0", "--force")
        agent.send(signal.SIGHUP)
        failed = agent.wait_lines("no token")[0]
        self.assertRegex(failed["error"], "^status 400: invalid_request: ")
        self.assertEqual(self.pod_in_file(), "p")  # what was there stays
        self.put_pod_token("q")
        agent.send(signal.SIGHUP)
        self.written(agent, 2)
        self.assertEqual(self.pod_in_file(), "q")

    def test_pods_of_deploy_are_accepted(self):
        """In a namespace that enforces the restricted standard."""
        self.kubectl("label", "namespace", self.namespace,
                     "pod-security.kubernetes.io/enforce=restricted")
        files = sorted((daemon.ROOT / "deploy/kubernetes/agent").glob("*.yaml"))
        self.assertTrue(files)
        for path in files:
            with self.subTest(path.name):
                self.kubectl("apply", "-n", self.namespace, "-f", path)
        pods = self.kubectl("get", "pods", "-n", self.namespace, "-o", "name").split()
        self.assertEqual(len(pods), len(files))
