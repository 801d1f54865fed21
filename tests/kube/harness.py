# SPDX-License-Identifier: Apache-2.0
"""A fake API server and kube_tool, which has the client of src/kube, for each case."""

import base64
import json
import os
import pathlib
import queue
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import fake_apiserver
import pki

TOOL = os.environ.get("SA_KUBE_TOOL") or str(
    pathlib.Path(__file__).resolve().parents[2] / "build/tests/kube_tool")
PATIENCE = float(os.environ.get("SA_PATIENCE", "1"))  # how much slower this build is
AUDIENCE = "sa-issuerd"
TOKEN = "header.payload.signature"
USER = {"username": "system:serviceaccount:shop:cart", "uid": "uid-cart",
        "groups": ["system:serviceaccounts", "system:serviceaccounts:shop",
                   "system:authenticated"],
        "extra": {"authentication.kubernetes.io/pod-name": ["cart-1"],
                  "authentication.kubernetes.io/pod-uid": ["uid-pod"],
                  "authentication.kubernetes.io/node-name": ["n1"],
                  "authentication.kubernetes.io/credential-id": ["JTI=1"]}}


class Tool:
    def __init__(self, *arguments, env=None):
        self.process = subprocess.Popen(
            [TOOL, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, bufsize=1, env={**os.environ, **(env or {})})
        self.answers = {}
        self.lock = threading.Lock()
        self.next_id = 0
        self.errors = []
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_errors, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            ident, _, text = line.rstrip("\n").partition(" ")
            self._slot(int(ident)).put(text)

    def _read_errors(self):
        self.errors.extend(self.process.stderr)

    def _slot(self, ident):
        with self.lock:
            return self.answers.setdefault(ident, queue.Queue())

    def send(self, command, *fields, ident=None):
        """Returns the id of the answer."""
        if ident is None:
            self.next_id = self.next_id % 999 + 1
            ident = self.next_id
        self.process.stdin.write(" ".join([command, str(ident), *fields]) + "\n")
        return ident

    def answer(self, ident, seconds=10):
        return self._slot(ident).get(timeout=seconds * PATIENCE)

    def ask(self, command, *fields, seconds=10):
        return self.answer(self.send(command, *fields), seconds)

    def stop(self):
        """What it printed to standard error; it must have ended by itself and well."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            code = self.process.wait(15 * PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = "killed, as it did not stop"
        time.sleep(0.02)
        self.process.stdout.close()
        return code, "".join(self.errors)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="sa-issuerd-kube."))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.ca = pki.Authority(cls.directory, "ca")
        cls.server_pair = cls.ca.issue("server", ("127.0.0.1", "kubernetes.default.svc"))
        cls.client_pair = cls.ca.issue("client", client=True)

    def setUp(self):
        self.api = self.start_api()
        self.api.users[TOKEN] = {"user": USER, "audiences": [AUDIENCE]}
        self.tools = []

    def start_api(self, pair=None, **options):
        api = fake_apiserver.Api(*(pair or self.server_pair), **options)
        self.addCleanup(api.stop)
        return api

    def kubeconfig(self, port=None, server=None, user=None, cluster=None, name="kubeconfig"):
        """Writes one; JSON is YAML."""
        path = self.directory / name
        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": cluster or {
                "server": server or f"https://127.0.0.1:{port or self.api.port}",
                "certificate-authority": "ca.crt"}}],
            "users": [{"name": "u", "user": user or {"token": "own"}}]}))
        return path

    def tool(self, *arguments, env=None):
        tool = Tool(*(arguments or ("kubeconfig", self.kubeconfig())), env=env)
        self.addCleanup(self.stop_tool, tool)
        return tool

    def stop_tool(self, tool):
        code, errors = tool.stop()
        self.assertEqual((code, errors), (0, ""))

    def assertVerdict(self, answer, verdict, text=""):
        self.assertTrue(answer.startswith(verdict), answer)
        self.assertIn(text, answer)


def closed_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def data(path):
    return base64.b64encode(pathlib.Path(path).read_bytes()).decode()


def until(condition, seconds=10):
    """Waits for condition() to be true; returns whether it came to be."""
    end = time.monotonic() + seconds * PATIENCE
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False
