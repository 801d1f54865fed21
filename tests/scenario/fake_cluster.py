# SPDX-License-Identifier: Apache-2.0
"""A cluster to ask, as scenarios of the token service see it: objects, tokens of callers, rights.
Behind it is the API server of tests/kube, whose faults are in cluster.api.

What has the same methods can take its place: namespace, end_namespace, account, pod, node,
secret, remove, token, pod_token, allow, and kubeconfig, the path of a file.
"""

import base64
import json
import os
import pathlib
import sys
import threading

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "kube"))

import asking
import daemon
import fake_apiserver
import pki

AUDIENCE = "sa-issuerd"
PREFIX = "authentication.kubernetes.io/"


class Gate:
    """In place of an API server's answer: holds it back until the gate is opened."""

    def __init__(self):
        self.opened = threading.Event()
        self.arrived = threading.Semaphore(0)

    def __call__(self, handler):
        self.arrived.release()
        self.opened.wait(60)
        handler.send_json(*handler.server.api.answer(handler))

    def wait_for(self, number=1):
        """Returns when that many more have come to it."""
        for _ in range(number):
            if not self.arrived.acquire(timeout=20 * daemon.PATIENCE):
                raise AssertionError("nobody came to the gate")


class FakeCluster:
    def __init__(self, case, **options):
        self.dir = pathlib.Path(case.dir)
        self.ca = pki.Authority(self.dir, "ca")
        self.pair = self.ca.issue("server", ("127.0.0.1",))
        self.api = fake_apiserver.Api(*self.pair, **options)
        case.addCleanup(lambda: self.api.stop())
        self.serial = 0
        self.write_kubeconfig()

    def write_kubeconfig(self, port=None, user=None, **cluster):
        self.kubeconfig = self.dir / "kubeconfig"
        self.kubeconfig.write_text(json.dumps({  # JSON is YAML
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": {
                "server": f"https://127.0.0.1:{port or self.api.port}",
                "certificate-authority": str(self.ca.path), **cluster}}],
            "users": [{"name": "u", "user": user or {"token": "own"}}]}))
        self.kubeconfig.chmod(0o600)

    # objects: each returns its uid

    def namespace(self, name, **metadata):
        return self.api.put("namespaces", None, name, **metadata)["metadata"]["uid"]

    def end_namespace(self, name):
        """Deletes it; it stays while it is terminating."""
        self.namespace(name, deletionTimestamp="2026-01-01T00:00:00Z")

    def account(self, space, name, **metadata):
        return self.api.put("serviceaccounts", space, name, **metadata)["metadata"]["uid"]

    def pod(self, space, name, account, node=None, **metadata):
        spec = {"serviceAccountName": account, **({"nodeName": node} if node else {})}
        return self.api.put("pods", space, name, spec=spec, **metadata)["metadata"]["uid"]

    def node(self, name):
        return self.api.put("nodes", None, name)["metadata"]["uid"]

    def secret(self, space, name):
        return self.api.put("secrets", space, name)["metadata"]["uid"]

    def remove(self, resource, space, name):
        self.api.delete(resource, space, name)

    # callers

    def _user(self, user, audiences):
        self.serial += 1
        part = base64.urlsafe_b64encode(f"token {self.serial}".encode()).decode().rstrip("=")
        token = f"head.{part}.signature"
        self.api.users[token] = {"user": user, "audiences": audiences}
        return token

    def token(self, space, account, audience=AUDIENCE, **extra):
        """Of an account that exists, as TokenReview will tell of it."""
        uid = self.api.objects["serviceaccounts", space, account]["metadata"]["uid"]
        return self._user({
            "username": f"system:serviceaccount:{space}:{account}", "uid": uid,
            "groups": ["system:serviceaccounts", f"system:serviceaccounts:{space}",
                       "system:authenticated"],
            "extra": {PREFIX + key.replace("_", "-"): [value] for key, value in extra.items()}},
            [audience])

    def pod_token(self, space, pod, audience=AUDIENCE):
        """What is projected into a pod."""
        found = self.api.objects["pods", space, pod]
        extra = {"pod_name": pod, "pod_uid": found["metadata"]["uid"]}
        node = found["spec"].get("nodeName")
        if node:
            extra["node_name"] = node
            extra["node_uid"] = self.api.objects["nodes", None, node]["metadata"]["uid"]
        return self.token(space, found["spec"]["serviceAccountName"], audience, **extra)

    def person(self, username, audience=AUDIENCE):
        """Of somebody who is no account."""
        return self._user({"username": username, "groups": ["system:authenticated"]}, [audience])

    def allow(self, caller, space, account):
        """caller: "namespace/name" of an account, or a username without a slash."""
        user = ("system:serviceaccount:" + caller.replace("/", ":") if "/" in caller else caller)
        self.api.allowed.add((user, "create", "", "serviceaccounts", "token", space, account))


def shop(cluster):
    """What most scenarios need: shop/web and shop/cart with a pod each, and ops/admin, who may
    ask for tokens of both."""
    for name in ("shop", "ops"):
        cluster.namespace(name)
    cluster.account("ops", "admin")
    cluster.node("n1")
    cluster.secret("shop", "s")
    for name in ("web", "cart"):
        cluster.account("shop", name)
        cluster.pod("shop", f"{name}-1", name, "n1")
        cluster.allow("ops/admin", "shop", name)
    return cluster


def daemon_of(case, cluster, change=None, **options):
    """A daemon that asks that cluster; requests come over its Unix socket."""
    def config(c, d):
        c["accounts"] = {"kubernetes": {"kubeconfig": str(cluster.kubeconfig),
                                        "timeout": f"{3 * daemon.PATIENCE:g}s"}}
        c["callers"]["kubernetes"] = {"audience": AUDIENCE, "cache": "0s"}
        c["limits"] = {"tokensPerSecond": 0, "tokensPerSecondPerCaller": 0}
        if change:
            change(c, d)
    return asking.daemon_with_tokens(case, config, **options)


def path_of(space, account):
    return f"/api/v1/namespaces/{space}/serviceaccounts/{account}/token"


def bearer(token):
    return {"Authorization": f"Bearer {token}"} if token else {}


def bound(kind, name, uid=None):
    return {"kind": kind, "apiVersion": "v1", "name": name, **({"uid": uid} if uid else {})}


def exchange(token, audience="vault"):
    """The form of a token exchange."""
    urn = "urn:ietf:params:oauth:"
    fields = {"grant_type": urn + "grant-type:token-exchange",
              "subject_token": token, "subject_token_type": urn + "token-type:jwt",
              "audience": audience}
    return "&".join(f"{k}={v.replace(':', '%3A')}" for k, v in fields.items()).encode()


def post_exchange(d, token, audience="vault", **options):
    return asking.post(d, asking.EXCHANGE, exchange(token, audience),
                       content_type="application/x-www-form-urlencoded", **options)
