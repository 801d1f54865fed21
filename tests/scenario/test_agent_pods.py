# SPDX-License-Identifier: Apache-2.0
"""deploy/kubernetes/agent: the pods are restricted, their parts fit each other and the token
service, and the agent takes their arguments."""

import json
import subprocess
import unittest

import yaml

import agents
import daemon

DEPLOY = daemon.ROOT / "deploy/kubernetes"
TOKENS = "/var/run/secrets/tokens"
# What says in each pod where the program finds the token.
FILES = {
    "aws": lambda pod: pod.env["AWS_WEB_IDENTITY_TOKEN_FILE"],
    "azure": lambda pod: pod.env["AZURE_FEDERATED_TOKEN_FILE"],
    "google": lambda pod: pod.google()["credential_source"]["file"],
}


class Manifest:
    def __init__(self, name):
        text = (DEPLOY / f"agent/{name}.yaml").read_text()
        self.objects = {o["kind"]: o for o in yaml.safe_load_all(text)}
        self.spec = self.objects["Pod"]["spec"]
        (self.agent,), (self.program,) = self.spec["initContainers"], self.spec["containers"]
        self.env = {e["name"]: e["value"] for e in self.program["env"]}
        self.volumes = {v["name"]: v for v in self.spec["volumes"]}
        self.options = dict(a[2:].split("=", 1) for a in self.agent["args"][1:])

    def google(self):
        path = self.env["GOOGLE_APPLICATION_CREDENTIALS"]
        directory, _, name = path.rpartition("/")
        volume = self.volumes[self.mounts(self.program)[directory]["name"]]
        config_map = self.objects["ConfigMap"]
        assert volume["configMap"]["name"] == config_map["metadata"]["name"]
        return json.loads(config_map["data"][name])

    @staticmethod
    def mounts(container):
        return {m["mountPath"]: m for m in container["volumeMounts"]}


class Pods(agents.Case):
    def each(self):
        names = {p.stem for p in (DEPLOY / "agent").glob("*.yaml")}
        self.assertEqual(names, FILES.keys())
        return {name: Manifest(name) for name in sorted(names)}

    def test_meet_the_restricted_standard(self):
        """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted"""
        for name, pod in self.each().items():
            with self.subTest(name):
                for field in ("hostNetwork", "hostPID", "hostIPC"):
                    self.assertNotIn(field, pod.spec)
                self.assertIs(pod.spec["automountServiceAccountToken"], False)
                self.assertIs(pod.spec["securityContext"]["runAsNonRoot"], True)
                self.assertEqual(pod.spec["securityContext"]["seccompProfile"],
                                 {"type": "RuntimeDefault"})
                for container in (pod.agent, pod.program):
                    own = container["securityContext"]
                    self.assertIs(own["allowPrivilegeEscalation"], False)
                    self.assertIs(own["readOnlyRootFilesystem"], True)
                    self.assertEqual(own["capabilities"], {"drop": ["ALL"]})
                for volume in pod.volumes.values():
                    self.assertLessEqual(volume.keys() - {"name"},
                                         {"configMap", "emptyDir", "projected"})

    def test_parts_fit(self):
        for name, pod in self.each().items():
            with self.subTest(name):
                agent, program = pod.mounts(pod.agent), pod.mounts(pod.program)
                used = {m["name"] for m in [*agent.values(), *program.values()]}
                self.assertEqual(used, pod.volumes.keys())
                self.assertEqual(pod.objects["ServiceAccount"]["metadata"]["name"],
                                 pod.spec["serviceAccountName"])
                self.assertEqual(agent[TOKENS]["name"], program[TOKENS]["name"])
                self.assertIs(program[TOKENS]["readOnly"], True)
                self.assertNotIn("readOnly", agent[TOKENS])
                self.assertEqual(pod.volumes[agent[TOKENS]["name"]]["emptyDir"]["medium"], "Memory")
                self.assertEqual(pod.options["out"], FILES[name](pod))
                self.assertEqual(pod.options["out"].rpartition("/")[0], TOKENS)
                self.assertEqual(pod.agent["restartPolicy"], "Always")
                self.assertEqual(pod.agent["startupProbe"]["exec"]["command"],
                                 ["test", "-f", pod.options["ready-file"]])
                self.assertIn(pod.options["ca-file"].rpartition("/")[0], agent)
                self.assertFalse(any("subPath" in m for m in [*agent.values(), *program.values()]))

    def test_pod_token_is_where_the_agent_looks_and_nowhere_else(self):
        """In the default of --token-file, for the audience that the token service wants."""
        text = (DEPLOY / "token-service/configuration.yaml").read_text()
        config = yaml.safe_load(yaml.safe_load(text)["data"]["config.yaml"])
        wanted = config["callers"]["kubernetes"]["audience"]
        page = subprocess.run([daemon.BINARY, "help", "agent"], capture_output=True, text=True,
                              check=True).stdout
        for name, pod in self.each().items():
            with self.subTest(name):
                token = next(v for v in pod.volumes.values() if "projected" in v)
                source, = token["projected"]["sources"]
                mount, = (m for m in pod.agent["volumeMounts"] if m["name"] == token["name"])
                self.assertEqual(source["serviceAccountToken"]["audience"], wanted)
                self.assertNotIn("token-file", pod.options)
                self.assertIn(f"(default: {mount['mountPath']}/"
                              f"{source['serviceAccountToken']['path']})", page)
                self.assertNotIn(token["name"], [m["name"] for m in pod.program["volumeMounts"]])

    def test_server_is_the_token_service(self):
        text = (DEPLOY / "token-service/service.yaml").read_text()
        service = yaml.safe_load(text)
        host = "{name}.{namespace}.svc".format(**service["metadata"])
        self.assertEqual(service["spec"]["ports"][0]["port"], 443)
        config = yaml.safe_load((DEPLOY / "token-service/configuration.yaml").read_text())
        issuer = yaml.safe_load(config["data"]["config.yaml"])["issuers"][0]["url"]
        path = "/" + issuer.split("/", 3)[3]
        for name, pod in self.each().items():
            with self.subTest(name):
                self.assertEqual(pod.options["server"], f"https://{host}{path}")

    def test_agent_takes_their_arguments(self):
        """With the paths and the server of this machine in place of theirs."""
        for name, pod in self.each().items():
            with self.subTest(name):
                self.assertEqual(pod.agent["args"][0], "agent")
                out = self.dir / "out" / pod.options["out"].rpartition("/")[2]
                with agents.Endpoint() as endpoint:
                    pod.options.update({"server": endpoint.url, "out": out,
                                        "ready-file": self.ready})
                    del pod.options["ca-file"]
                    arguments = [f"--{k}={v}" for k, v in pod.options.items()]
                    done = daemon.run("agent", *arguments, "--once",
                                      "--token-file", self.token_file)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual(endpoint.asked[0].form["audience"], pod.options["audience"])
                self.assertTrue(out.exists())


if __name__ == "__main__":
    unittest.main()
