# SPDX-License-Identifier: Apache-2.0
"""A real kube-apiserver with its etcd, and kubectl, for one run; tests/cluster/build.sh makes them.

    class Documents(cluster.Case):              # one API server for the cases of a class
        def test_whoami(self):
            self.kubectl("auth", "whoami")      # as administrator

There are no nodes and no controllers: whatever a case needs it creates. An API server has an
authority, keys and a part of etcd of its own, and ends with the process that started it.
"""

import atexit
import contextlib
import functools
import http.client
import json
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import tempfile

import daemon
import keys
import pki

HERE = pathlib.Path(__file__).resolve().parent
ISSUER = "https://kubernetes.default.svc.cluster.local"
START_S = 90  # kube-apiserver takes some 6 s of processor time


@functools.lru_cache(maxsize=None)
def binaries():
    """The directory of kube-apiserver, kubectl and etcd."""
    done = subprocess.run([HERE / "build.sh"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, check=True)
    return pathlib.Path(done.stdout.strip())


class Process:
    """A process that is killed when the one that started it is gone, however that ended."""

    def __init__(self, log, name, *arguments):
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", binaries() / name, *map(str, arguments)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)

    def running(self):
        return self.process.poll() is None

    def stop(self, number=signal.SIGTERM, seconds=20):
        if self.running():
            self.process.send_signal(number)
            try:
                self.process.wait(seconds * daemon.PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()

    def tail(self, size=6000):
        return self.log.read_text(errors="replace")[-size:]


@functools.lru_cache(maxsize=None)
def etcd():
    """The one etcd of this process; its URL. API servers are told apart by a prefix."""
    directory = tempfile.mkdtemp(prefix="sa-cluster-etcd-")
    client, peer = (f"http://127.0.0.1:{daemon.free_port()}" for _ in range(2))
    process = Process(pathlib.Path(directory) / "log", "etcd", "--data-dir", directory,
                      "--listen-client-urls", client, "--advertise-client-urls", client,
                      "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                      "--initial-cluster", f"default={peer}", "--log-level", "warn",
                      "--unsafe-no-fsync")  # nothing of it is to last

    def stop():
        process.stop()
        shutil.rmtree(directory, ignore_errors=True)
    atexit.register(stop)

    def healthy():
        if not process.running():
            raise AssertionError(f"etcd ended:\n{process.tail()}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", int(client.rsplit(":", 1)[1]),
                                                    timeout=5)
            with contextlib.closing(connection):
                connection.request("GET", "/health")
                return connection.getresponse().status == 200
        return False
    daemon.wait_until("etcd is healthy", healthy, seconds=30, step=0.05)
    return client


class ApiServer:
    """One kube-apiserver, made but not started.

    directory  a new one, for certificates, keys, kubeconfigs and the log
    arguments  {flag without dashes: value}, replacing ours; None takes a flag away
    peer       an API server whose cluster this one serves as well, with the same keys
    """

    def __init__(self, directory, arguments=None, peer=None):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.port = daemon.free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.process = None
        self.authority = pki.Authority(self.dir, "ca")
        crt, key = self.authority.issue("apiserver", ("127.0.0.1", "localhost",
                                                      "kubernetes.default.svc"))
        if peer:
            self.signing_key, self.public_key = peer.signing_key, peer.public_key
        else:
            self.signing_key = keys.put("rsa", self.dir / "sa.key")
            self.public_key = self.dir / "sa.pub"
            self.public_key.write_bytes(keys.public_pem(self.signing_key))
        self.arguments = {
            "etcd-prefix": peer.arguments["etcd-prefix"] if peer else f"/cluster-{self.port}",
            "bind-address": "127.0.0.1",
            "advertise-address": "127.0.0.1",
            "endpoint-reconciler-type": "none",
            "secure-port": self.port,
            "tls-cert-file": crt,
            "tls-private-key-file": key,
            "client-ca-file": self.authority.path,
            "authorization-mode": "RBAC",
            "service-cluster-ip-range": "10.0.0.0/24",
            "service-account-issuer": ISSUER,
            "service-account-signing-key-file": self.signing_key,
            "service-account-key-file": self.public_key,
            "profiling": "false",
            # Without it a client that watches keeps the server from ending for a minute.
            "shutdown-watch-termination-grace-period": "1s",
            **(arguments or {}),
        }
        self.admin = self.kubeconfig("admin", organizations=["system:masters"])

    # process

    def launch(self):
        """Starts it without waiting until it serves."""
        self.process = Process(self.dir / "apiserver.log", "kube-apiserver", *self.flags())
        return self

    def flags(self):
        given = {**self.arguments, "etcd-servers": etcd()}
        return [f"--{flag}={value}" for flag, values in given.items() if values is not None
                for value in (values if isinstance(values, list) else [values])]

    def wait_ready(self, seconds=START_S):
        def ready():
            if not self.process.running():
                raise AssertionError(f"kube-apiserver ended:\n{self.process.tail()}")
            return self.is_ready()
        daemon.wait_until("kube-apiserver is ready", ready, seconds=seconds, step=0.1)
        return self

    def start(self):
        return self.launch().wait_ready()

    def stop(self, number=signal.SIGTERM):
        if self.process:
            self.process.stop(number)

    def restart(self, arguments):
        """With these flags changed, as arguments of the constructor."""
        self.stop()
        self.arguments.update(arguments)
        self.start()

    def is_ready(self):
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.request("/readyz").status == 200
        return False

    def version(self):
        return json.loads(self.request("/version").body)["gitVersion"]

    # who talks to it

    def _context(self, client=None):
        context = ssl.create_default_context(cafile=str(self.authority.path))
        if client:
            context.load_cert_chain(*map(str, client))
        return context

    @functools.cached_property
    def _admin_context(self):
        return self._context((self.dir / "admin.crt", self.dir / "admin.key"))

    @functools.cached_property
    def _plain_context(self):
        return self._context()

    def kubeconfig(self, name, token_file=None, organizations=()):
        """For a client certificate of that name and those groups, or for a token file."""
        if token_file:
            user = {"tokenFile": str(token_file)}
        else:
            crt, key = self.authority.issue(name, client=True, organizations=organizations)
            user = {"client-certificate": str(crt), "client-key": str(key)}
        path = self.dir / f"{name}.kubeconfig"
        path.write_text(json.dumps({  # JSON is YAML
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": {
                "server": self.url, "certificate-authority": str(self.authority.path)}}],
            "users": [{"name": "u", "user": user}]}, indent=2))
        return path

    def connect(self, as_admin=False, timeout=40):
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=timeout * daemon.PATIENCE,
            context=self._admin_context if as_admin else self._plain_context)

    def request(self, path, method="GET", body=None, token=None,
                content_type="application/json", timeout=40):
        """As the administrator, or with a token (an empty one: anonymous). A body that is no
        bytes becomes JSON."""
        headers = {"Content-Type": content_type}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        with contextlib.closing(self.connect(token is None, timeout)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return daemon.Response(answer.status, answer.headers, answer.read())

    def kubectl(self, *arguments, config=None, token=None, data=None, check=True, seconds=60):
        """The completed process; as the administrator, or with a kubeconfig or a token."""
        if token is not None:
            config = self._token_kubeconfig()
            arguments = ("--token", token, *arguments)
        done = subprocess.run(
            [binaries() / "kubectl", "--kubeconfig", str(config or self.admin),
             "--cache-dir", str(self.dir / "kubectl"), *map(str, arguments)],
            **({"stdin": subprocess.DEVNULL} if data is None else {"input": data}),
            capture_output=True, text=True, check=False, timeout=seconds * daemon.PATIENCE,
            env={**os.environ, "HOME": str(self.dir)})
        if check and done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(map(str, arguments))}: {done.stderr}")
        return done

    def _token_kubeconfig(self):
        """Without a certificate, which would win over a token."""
        nothing = self.dir / "no-token"
        nothing.touch()
        path = self.dir / "token.kubeconfig"
        return path if path.exists() else self.kubeconfig("token", token_file=nothing)

    # objects

    def apply(self, *objects):
        self.kubectl("apply", "-f", "-", data=json.dumps(
            {"apiVersion": "v1", "kind": "List", "items": list(objects)}))

    def create_token(self, namespace, account, *arguments, **options):
        done = self.kubectl("create", "token", "-n", namespace, account, *arguments, **options)
        return done.stdout.strip()

    def whoami(self, token):
        """userInfo as `kubectl auth whoami` tells it."""
        done = self.kubectl("auth", "whoami", "-o", "json", token=token)
        return json.loads(done.stdout)["status"]["userInfo"]

    def review(self, token, audiences=()):
        """The status of a TokenReview."""
        answer = self.request(
            "/apis/authentication.k8s.io/v1/tokenreviews", "POST",
            {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
             "spec": {"token": token, "audiences": list(audiences)}})
        if answer.status != 201:
            raise AssertionError(f"TokenReview: {answer.status} {answer.body}")
        return answer.json()["status"]


class Case(daemon.Case):
    """One API server for the cases of a class, and a namespace with an account for each."""

    account = "web"

    @classmethod
    def server_arguments(cls):
        return {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_place()
        cls.server = ApiServer(cls.place / "c", cls.server_arguments())
        cls.addClassCleanup(cls.server.stop)
        cls.start_server()

    @classmethod
    def make_place(cls):
        cls.place = pathlib.Path(tempfile.mkdtemp(prefix="sa-cluster-"))
        cls.addClassCleanup(shutil.rmtree, cls.place, ignore_errors=True)

    @classmethod
    def start_server(cls):
        cls.server.start()

    def setUp(self):
        super().setUp()
        self.namespace = self.id().rsplit(".", 1)[1].replace("_", "-")[:63].rstrip("-")
        self.server.apply(namespace(self.namespace),
                          account(self.namespace, self.account))

    def kubectl(self, *arguments, **options):
        return self.server.kubectl(*arguments, **options).stdout

    def token(self, *arguments, account=None):
        return self.server.create_token(self.namespace, account or self.account, *arguments)


def namespace(name, **metadata):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, **metadata}}


def account(space, name, **metadata):
    return {"apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"namespace": space, "name": name, **metadata}}


def pod(space, name, account_name, node=None):
    spec = {"serviceAccountName": account_name, "containers": [{"name": "c", "image": "none"}]}
    if node:
        spec["nodeName"] = node
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"namespace": space, "name": name}, "spec": spec}


def grant(name, subject, *rules):
    """A ClusterRole of those rules and its binding to a subject. The stock roles view and edit
    are empty here: a controller fills them."""
    group = "rbac.authorization.k8s.io"
    return [{"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": {"name": name},
             "rules": list(rules)},
            {"apiVersion": f"{group}/v1", "kind": "ClusterRoleBinding",
             "metadata": {"name": name}, "subjects": [subject],
             "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name}}]
