# SPDX-License-Identifier: Apache-2.0
"""The matrix of tests/scenario/test_tokens_matrix.py, where a real API server says who is who, who
may, and what there is."""

import json

import cluster
import daemon
import test_tokens_matrix
import token_service
from fake_cluster import AUDIENCE


class RealCluster:
    """With the methods of fake_cluster.FakeCluster."""

    def __init__(self, server):
        self.server = server
        self.kubeconfig = token_service.install(server)
        # Secrets are the one thing that rbac.yaml leaves to the administrator.
        server.apply(*cluster.grant(
            "sa-issuerd-secrets",
            {"kind": "ServiceAccount", "namespace": "sa-issuerd", "name": "sa-issuerd"},
            {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}))

    def _put(self, *objects):
        self.server.apply(*objects)
        last = objects[-1]
        where = ["-n", last["metadata"]["namespace"]] if "namespace" in last["metadata"] else []
        return self.server.kubectl("get", last["kind"], last["metadata"]["name"], *where,
                                   "-o", "jsonpath={.metadata.uid}").stdout

    def namespace(self, name):
        return self._put(cluster.namespace(name))

    def end_namespace(self, name):
        self.server.kubectl("delete", "namespace", name, "--wait=false")  # nothing finalizes it

    def account(self, space, name):
        return self._put(cluster.account(space, name))

    def pod(self, space, name, account, node):
        return self._put(cluster.pod(space, name, account, node))

    def node(self, name):
        return self._put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})

    def secret(self, space, name):
        return self._put({"apiVersion": "v1", "kind": "Secret",
                          "metadata": {"namespace": space, "name": name}})

    def remove(self, resource, space, name):
        self.server.kubectl("delete", resource, "-n", space, name, "--grace-period=0", "--force")

    def token(self, space, account, audience=AUDIENCE):
        return self.server.create_token(space, account, "--audience", audience)

    def pod_token(self, space, pod, audience=AUDIENCE):
        found = self.server.kubectl("get", "pod", "-n", space, pod, "-o", "json").stdout
        return self.server.create_token(
            space, json.loads(found)["spec"]["serviceAccountName"], "--audience", audience,
            "--bound-object-kind", "Pod", "--bound-object-name", pod)

    def allow(self, caller, space, account):
        """By a Role, so that it is for that namespace alone: in one that is not there, nobody can
        be allowed anything."""
        if not self.server.kubectl("get", "namespace", space, "--ignore-not-found").stdout:
            return
        group = "rbac.authorization.k8s.io"
        name = f"{caller.replace('/', '-')}-{account}"
        owner, _, who = caller.partition("/")
        self.server.apply(
            {"apiVersion": f"{group}/v1", "kind": "Role",
             "metadata": {"namespace": space, "name": name},
             "rules": [{"apiGroups": [""], "resources": ["serviceaccounts/token"],
                        "resourceNames": [account], "verbs": ["create"]}]},
            {"apiVersion": f"{group}/v1", "kind": "RoleBinding",
             "metadata": {"namespace": space, "name": name},
             "subjects": [{"kind": "ServiceAccount", "namespace": owner, "name": who}],
             "roleRef": {"apiGroup": group, "kind": "Role", "name": name}})
        daemon.wait_until("the right is in force", lambda: self.server.kubectl(
            "auth", "can-i", "create", f"serviceaccounts/{account}", "--subresource=token",
            "-n", space, "--as", f"system:serviceaccount:{owner}:{who}",
            check=False).stdout.strip() == "yes")


class Real:
    def setUp(self):
        daemon.Case.setUp(self)  # what cluster.Case creates is not needed here

    def make_cluster(self):
        return RealCluster(self.server)


class EveryCaller(Real, test_tokens_matrix.Matrix, cluster.Case):
    test_only_pods_exchange_and_for_themselves = None


class EveryPod(Real, test_tokens_matrix.Matrix, cluster.Case):
    test_only_the_listed_token_requests_succeed = None
