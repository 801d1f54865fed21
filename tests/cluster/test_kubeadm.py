# SPDX-License-Identifier: Apache-2.0
"""What deploy/kubeadm holds, with a real kubeadm: the manifests that it writes are started."""

import os
import pathlib
import subprocess

import yaml

import cluster
import daemon
import external
import keys
import relying_party

DEPLOY = daemon.ROOT / "deploy/kubeadm"
ISSUER = "https://oidc.example.com/prod"


class Kubeadm(daemon.Case):
    def setUp(self):
        super().setUp()
        self.pki, self.patches = self.dir / "pki", self.dir / "patches"
        self.state, self.etc = self.dir / "lib", self.dir / "etc"
        self.state.mkdir()
        self.patches.mkdir()
        self.port = daemon.free_port()
        self.config = self.dir / "kubeadm.yaml"
        init, common = yaml.safe_load_all(self.text("kubeadm.yaml"))
        init.update(localAPIEndpoint={"advertiseAddress": "192.0.2.1", "bindPort": self.port},
                    nodeRegistration={"name": "cp1", "criSocket": "unix:///run/none.sock"})
        common.update(kubernetesVersion=os.path.basename(cluster.binaries()).split("-")[1],
                      certificatesDir=str(self.pki), encryptionAlgorithm="ECDSA-P256",
                      etcd={"external": {"endpoints": [cluster.etcd()]}})
        common["apiServer"]["certSANs"] = ["127.0.0.1"]
        common["apiServer"]["extraArgs"].append(
            {"name": "etcd-prefix", "value": f"/kubeadm-{self.port}"})
        self.documents = [init, common]
        self.write_config()

    def text(self, name):
        """A file of deploy/kubeadm, with this case's directories for the node's."""
        text = (DEPLOY / name).read_text()
        for place, ours in (("/etc/kubernetes/patches", self.patches),
                            ("/var/lib/sa-issuerd", self.state), ("/etc/sa-issuerd", self.etc)):
            text = text.replace(place, str(ours))
        return text

    def write_config(self):
        self.config.write_text(yaml.safe_dump_all(self.documents))

    def run_tool(self, *arguments, check=True, **environment):
        path = f"{cluster.binaries()}:{os.environ['PATH']}"
        done = subprocess.run([*map(str, arguments)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False,
                              timeout=120 * daemon.PATIENCE,
                              env={**os.environ, "PATH": path, **environment})
        if check:
            self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done

    def write_patch(self, **options):
        return self.run_tool(DEPLOY / "patch.sh", self.config, self.patches, **options)

    def manifests(self, **options):
        """kubeadm's run, and the containers' commands by their names."""
        out = pathlib.Path(self.dir / "manifests")
        out.mkdir(exist_ok=True)
        for old in out.iterdir():
            old.unlink()
        done = self.run_tool("kubeadm", "init", "phase", "control-plane", "all", "--config",
                             self.config, "--dry-run", KUBEADM_INIT_DRYRUN_DIR=str(out),
                             **options)
        return done, {path.stem: yaml.safe_load(path.read_text())["spec"]
                      for path in out.iterdir()}

    def flags(self, pod):
        return [f for f in pod["containers"][0]["command"] if f.startswith("--service-account")]

    def test_flags_that_kubeadm_writes(self):
        _, before = self.manifests()
        self.assertIn(f"--service-account-key-file={self.pki}/sa.pub",
                      self.flags(before["kube-apiserver"]))
        self.write_patch()
        _, after = self.manifests()
        self.assertEqual(self.flags(after["kube-apiserver"]), [
            f"--service-account-signing-endpoint={self.state}/signer.sock",
            f"--service-account-issuer={ISSUER}",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-jwks-uri={ISSUER}/openid/v1/jwks"])
        self.assertEqual(self.flags(after["kube-controller-manager"]),
                         ["--service-account-private-key-file="])
        mounts = after["kube-apiserver"]["containers"][0]["volumeMounts"]
        self.assertIn({"name": "sa-issuerd", "mountPath": str(self.state), "readOnly": True},
                      mounts)

        with self.subTest("the patch can be written anew"):
            before = (self.patches / "kube-apiserver+json.yaml").read_text()
            self.write_patch()
            self.assertEqual((self.patches / "kube-apiserver+json.yaml").read_text(), before)
        with self.subTest("flags that moved are an error, not other flags"):
            self.documents[1]["apiServer"]["extraArgs"].append(
                {"name": "authorization-mode", "value": "Node,RBAC"})
            self.write_config()
            done, _ = self.manifests(check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("test", done.stderr)
            self.write_patch()
            _, after = self.manifests()
            self.assertNotIn("key-file", " ".join(self.flags(after["kube-apiserver"])))
        with self.subTest("nothing to take away"):
            done = self.run_tool(DEPLOY / "patch.sh", self.config, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn("usage: patch.sh", done.stderr)

    def signer(self):
        """sa-issuerd with deploy/kubeadm/config.yaml, and the cluster's key as its first."""
        (self.etc / "keys").mkdir(parents=True)
        (self.etc / "tls").mkdir()
        keys.write_private(self.etc / "keys/sa.pem", (self.pki / "sa.key").read_bytes())
        keys.certificate(self.etc / "tls")

        def config(c, d):
            c.clear()
            c.update(yaml.safe_load(self.text("config.yaml")))
            c["listeners"]["discovery"]["address"] = f"127.0.0.1:{d.port}"
            c["listeners"]["signer"]["allowUIDs"] = [os.getuid()]
            c["listeners"]["admin"]["address"] = f"127.0.0.1:{d.admin_port}"
        return self.daemon(config, key=None)

    def test_what_kubeadm_writes_starts_and_signs(self):
        # kubeadm takes an authority that is there; with ours our administrator is known.
        server = cluster.ApiServer(self.dir / "c")
        self.pki.mkdir()
        server.authority.write_pair(self.pki)
        self.run_tool("kubeadm", "init", "phase", "certs", "all", "--config", self.config)
        self.write_patch()
        _, manifests = self.manifests()
        issuerd = self.signer()
        server.port, server.url = self.port, f"https://127.0.0.1:{self.port}"
        server.admin = server.kubeconfig("admin", organizations=["system:masters"])
        command = manifests["kube-apiserver"]["containers"][0]["command"]
        server.flags = lambda: command[1:]
        self.addCleanup(server.stop)
        server.start()
        server.apply(cluster.namespace("shop"), cluster.account("shop", "web"))
        token = server.create_token("shop", "web", "--audience", external.AUDIENCE)
        head, claims = relying_party.unverified(token)
        self.assertEqual((head["kid"], claims["iss"]),
                         (keys.kid(self.etc / "keys/sa.pem"), ISSUER))
        self.assertTrue(issuerd.running())
        self.assertTrue(server.review(token, [external.AUDIENCE])["authenticated"])
        with self.subTest("the static pod is one"):
            server.apply(cluster.account("kube-system", "default"))
            server.kubectl("apply", "--dry-run=server", "--validate=strict", "-f",
                           DEPLOY / "sa-issuerd.yaml")
