# SPDX-License-Identifier: Apache-2.0
"""What deploy/ and config/ offer is accepted by the daemon and as restricted as it says."""

import re
import subprocess
import unittest

import prometheus_client.parser
import yaml

import daemon
import fake_cluster
import keys
import kubectl

DEPLOY = daemon.ROOT / "deploy"
ACCOUNT = """{apiVersion: v1, kind: ServiceAccount,
metadata: {name: web, namespace: prod, uid: 7e0d7b0a-54c6-4b1e-8d56-2a6e8f6f6c11}}
"""


KUBECONFIG = """{contexts: [{name: c, context: {cluster: c, user: u}}], current-context: c,
clusters: [{name: c, cluster: {server: https://api.example, certificate-authority: ca.crt}}],
users: [{name: u, user: {tokenFile: token}}]}
"""


def merged(base, patch):
    """A strategic merge as Kustomize does it, as far as it is used here: maps member by member,
    lists of maps by name."""
    if isinstance(base, dict) and isinstance(patch, dict):
        return base | {k: merged(base[k], v) if k in base else v for k, v in patch.items()}
    if isinstance(base, list) and isinstance(patch, list) and "name" in patch[0]:
        names = [item["name"] for item in base]
        new = [item for item in patch if item["name"] not in names]
        known = {item["name"]: item for item in patch}
        return new + [merged(item, known.get(item["name"], {})) for item in base]
    return patch


def kustomized(directory):
    """The objects by kind and name."""
    plan = yaml.safe_load((directory / "kustomization.yaml").read_text())
    objects = {}
    for resource in plan["resources"]:
        path = directory / resource
        if path.is_dir():
            objects |= kustomized(path)
        else:
            for o in yaml.safe_load_all(path.read_text()):
                objects[o["kind"], o["metadata"]["name"]] = o
    for patch in plan.get("patches", []):
        o = yaml.safe_load((directory / patch["path"]).read_text())
        key = o["kind"], o["metadata"]["name"]
        objects[key] = merged(objects[key], o)
    return objects


class Kubernetes(daemon.Case):
    directory = DEPLOY / "kubernetes/discovery"

    @classmethod
    def setUpClass(cls):
        cls.objects = kustomized(cls.directory)
        cls.pod = cls.objects["Deployment", "sa-issuerd"]["spec"]["template"]["spec"]
        cls.container = cls.pod["containers"][0]

    @kubectl.needs(24)
    def test_kubectl_sees_the_same(self):
        text = subprocess.run(["kubectl", "kustomize", self.directory], check=True,
                              capture_output=True, text=True).stdout
        objects = {(o["kind"], o["metadata"]["name"]): o for o in yaml.safe_load_all(text)}
        self.assertEqual(objects, self.objects)

    def test_pod_meets_the_restricted_standard(self):
        """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted"""
        for field in ("hostNetwork", "hostPID", "hostIPC"):
            self.assertNotIn(field, self.pod)
        context = self.pod["securityContext"]
        self.assertIs(context["runAsNonRoot"], True)
        self.assertNotEqual(context["runAsUser"], 0)
        self.assertEqual(context["seccompProfile"]["type"], "RuntimeDefault")
        for container in self.pod["containers"]:
            own = container["securityContext"]
            self.assertIs(own["allowPrivilegeEscalation"], False)
            self.assertIs(own["readOnlyRootFilesystem"], True)
            self.assertEqual(own["capabilities"], {"drop": ["ALL"]})
            self.assertNotIn("privileged", own)
        for volume in self.pod["volumes"]:
            self.assertLessEqual(volume.keys() - {"name"}, {"configMap", "secret", "emptyDir"})
        self.assertEqual(self.objects["Namespace", "sa-issuerd"]["metadata"]["labels"][
            "pod-security.kubernetes.io/enforce"], "restricted")

    def test_selectors_and_ports_fit(self):
        labels = self.objects["Deployment", "sa-issuerd"]["spec"]["template"]["metadata"]["labels"]
        for selector in (self.objects["Service", "sa-issuerd"]["spec"]["selector"],
                         self.objects["Deployment", "sa-issuerd"]["spec"]["selector"]["matchLabels"],
                         self.objects["PodDisruptionBudget", "sa-issuerd"]["spec"]["selector"]["matchLabels"]):
            self.assertLessEqual(selector.items(), labels.items())
        ports = {p["name"]: p["containerPort"] for p in self.container["ports"]}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            self.assertIn(self.container[probe]["httpGet"]["port"], ports)
        self.assertIn(self.objects["Service", "sa-issuerd"]["spec"]["ports"][0]["targetPort"], ports)
        config = yaml.safe_load(self.objects["ConfigMap", "sa-issuerd"]["data"]["config.yaml"])
        listeners = config["listeners"]
        self.assertEqual(listeners["discovery"]["address"], f"0.0.0.0:{ports['https']}")
        self.assertEqual(listeners["admin"]["address"], f"0.0.0.0:{ports['admin']}")
        mounts = {m["name"]: m for m in self.container["volumeMounts"]}
        self.assertEqual(mounts.keys(), {v["name"] for v in self.pod["volumes"]})
        self.assertFalse(any("subPath" in m for m in mounts.values()))

    def test_configuration_in_the_config_map_is_good(self):
        text = self.objects["ConfigMap", "sa-issuerd"]["data"]["config.yaml"]
        place = self.dir / "etc"
        (place / "keys").mkdir(parents=True)
        keys.put("rsa", place / "keys/2026-11.pem")
        for directory in ("tls", "tokens-tls"):
            (place / directory).mkdir()
            keys.certificate(place / directory)
        (place / "config.yaml").write_text(text.replace("/etc/sa-issuerd", str(place)))
        done = daemon.run("check", place / "config.yaml")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_command_exists(self):
        self.assertEqual(self.container["args"][0], "serve")
        self.assertIn("--config", self.container["args"])


class KubernetesTokenService(Kubernetes):
    directory = DEPLOY / "kubernetes/token-service"

    def test_the_tokens_listener_is_reached_by_its_service(self):
        ports = {p["name"]: p["containerPort"] for p in self.container["ports"]}
        service = self.objects["Service", "sa-issuerd-tokens"]["spec"]
        text = self.objects["ConfigMap", "sa-issuerd"]["data"]["config.yaml"]
        listener = yaml.safe_load(text)["listeners"]["tokens"]
        self.assertEqual([p["targetPort"] for p in service["ports"]], ["tokens"])
        self.assertEqual(listener["address"], f"0.0.0.0:{ports['tokens']}")
        public = self.objects["Service", "sa-issuerd"]["spec"]["ports"]
        self.assertNotIn("tokens", [p["targetPort"] for p in public])

    def test_it_may_ask_and_change_nothing(self):
        role = self.objects["ClusterRole", "sa-issuerd"]
        rights = {(resource, verb) for rule in role["rules"]
                  for resource in rule["resources"] for verb in rule["verbs"]}
        reading = {"get", "list", "watch"}
        self.assertEqual({r for r in rights if r[1] not in reading},
                         {("tokenreviews", "create"), ("subjectaccessreviews", "create")})
        self.assertEqual({r for r, _ in rights}, {"serviceaccounts", "namespaces", "pods", "nodes",
                                                  "tokenreviews", "subjectaccessreviews"})
        binding = self.objects["ClusterRoleBinding", "sa-issuerd"]
        self.assertEqual(binding["roleRef"]["name"], role["metadata"]["name"])
        self.assertIn(("ServiceAccount", binding["subjects"][0]["name"]), self.objects)
        self.assertIs(self.pod["automountServiceAccountToken"], True)


class Configurations(daemon.Case):
    def test_each_example_is_good(self):
        examples = sorted((daemon.ROOT / "config").glob("*.yaml"))
        self.assertTrue(examples)
        for number, example in enumerate([*examples, DEPLOY / "kubeadm/config.yaml"]):
            with self.subTest(example.name):
                self.check(example.read_text(), self.dir / f"{example.stem}{number}")

    def test_configurations_in_the_documents_are_good(self):
        found = 0
        for document in [daemon.ROOT / "README.md", *sorted((daemon.ROOT / "docs").glob("*.md"))]:
            for number, text in enumerate(
                    re.findall(r"(?ms)^```yaml\n(.*?)^```", document.read_text())):
                if "kind: Configuration" not in text:
                    continue
                found += 1
                with self.subTest(document=document.name, number=number):
                    self.check(text, self.dir / f"{document.stem}{number}")
        self.assertGreater(found, 0)

    def check(self, text, place):
        """The configuration is good where the files that it names exist."""
        place.mkdir()
        text = text.replace("/etc/sa-issuerd", str(place))
        (place / "config.yaml").write_text(text)
        config = yaml.safe_load(text)
        for listener in config["listeners"].values():
            for member in {"certificate", "clientCA"} & listener.get("tls", {}).keys():
                path = place / listener["tls"][member]
                path.parent.mkdir(parents=True, exist_ok=True)
                keys.certificate(path.parent, path.stem)
        for issuer in config["issuers"]:
            for name in issuer["keys"]["files"]:
                path = place / name
                if not path.suffix:
                    path /= issuer["keys"].get("signing", ["2026-11.pem"])[0]
                self.make_key(place, path, issuer["role"] == "publish")
        for name in config.get("accounts", {}).get("manifests", []):
            (place / name).mkdir(parents=True)
            (place / name / "web.yaml").write_text(ACCOUNT)
        kubeconfig = config.get("accounts", {}).get("kubernetes", {}).get("kubeconfig")
        if kubeconfig:
            (place / kubeconfig).write_text(KUBECONFIG)
        done = daemon.run("check", place / "config.yaml")
        self.assertEqual((done.returncode, done.stderr), (0, ""), text)

    @staticmethod
    def make_key(place, path, public):
        path.parent.mkdir(parents=True, exist_ok=True)
        if public:
            path.write_bytes(keys.public_pem(keys.put("rsa", place / "sa.private")))
        else:
            keys.put("rsa", path)


class Metrics(daemon.Case):
    """The documents and /metrics agree; Prometheus' own parser reads them."""

    def test_documented_metrics_are_those_there_are(self):
        def config(c, d):
            crt, key = keys.certificate(d.dir)
            c["listeners"]["discovery"]["tls"] = {"certificate": str(crt), "key": str(key)}
            c["issuers"][0]["url"] = f"https://127.0.0.1:{d.port}"
            keys.put("rsa", d.dir / "cluster.pem")
            c["listeners"]["signer"] = {"unix": "signer.sock"}
            c["issuers"].append({"url": f"https://127.0.0.1:{d.port}/cluster",
                                 "role": "cluster", "keys": {"files": ["cluster.pem"]}})
        d = fake_cluster.daemon_of(self, fake_cluster.FakeCluster(self), config)
        daemon.wait_until("accounts are known", lambda: any(
            name.endswith("_accounts_age_seconds") for name in d.metrics()))
        text = d.admin("/metrics").body.decode()
        families = list(prometheus_client.parser.text_string_to_metric_families(text))
        there = {f.name + ("_total" if f.type == "counter" else "") for f in families}
        document = (daemon.ROOT / "docs/operations.md").read_text()
        told = set(re.findall(r"(?m)^\| `(sa_issuerd_\w+)`", document))
        self.assertEqual(told, {n for n in there if n.startswith("sa_issuerd_")})
        used = set(re.findall(r"\bsa_issuerd_\w+", document))
        self.assertLessEqual(used, there)
        for family in families:
            self.assertTrue(family.documentation, family.name)
            self.assertNotEqual(family.type, "unknown", family.name)


class Docker(unittest.TestCase):
    """No engine runs where the tests do; what can be said without one."""

    def setUp(self):
        self.text = (DEPLOY / "docker/Dockerfile").read_text()

    def test_copies_what_exists_and_is_not_ignored(self):
        allowed = set((daemon.ROOT / ".dockerignore").read_text().split()) - {"*"}
        for line in re.findall(r"(?m)^COPY (?!--from)(.*)$", self.text):
            for source in line.split()[:-1]:
                with self.subTest(source):
                    self.assertTrue((daemon.ROOT / source).exists())
                    self.assertIn("!" + source, allowed)

    def test_installs_the_packages_of_all_libraries(self):
        dynamic = subprocess.run(["readelf", "-d", daemon.BINARY], check=True,
                                 capture_output=True, text=True).stdout
        needed = set(re.findall(r"NEEDED.*\[(.*?)\]", dynamic))
        self.assertNotIn("libcurl.so.4", needed)  # loaded when it is needed
        self.assertRegex(self.text, r"\blibcurl4\b")
        packages = {"libgnutls.so.30": "libgnutls30", "libjansson.so.4": "libjansson4",
                    "libmicrohttpd.so.12": "libmicrohttpd12", "libcrypto.so.3": "libssl3",
                    "libnghttp2.so.14": "libnghttp2-14",
                    "libpcre2-8.so.0": "libpcre2-8-0", "libyaml-0.so.2": "libyaml-0-2"}
        sanitizers = ("libasan", "libubsan", "libtsan")
        unknown = {n for n in needed if n not in packages and not n.startswith(sanitizers)}
        self.assertLessEqual(unknown, {"libc.so.6", "libm.so.6", "libpthread.so.0",
                                       "ld-linux-x86-64.so.2", "libgcc_s.so.1"})
        for library in needed & packages.keys():
            self.assertRegex(self.text, rf"\b{packages[library]}\b")

    def test_runs_as_nobody_special(self):
        self.assertRegex(self.text, r"(?m)^USER 65532:65532$")
        self.assertRegex(self.text, r'(?m)^ENTRYPOINT \["/usr/bin/sa-issuerd"\]$')


if __name__ == "__main__":
    unittest.main()
