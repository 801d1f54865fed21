# SPDX-License-Identifier: Apache-2.0
"""What scenarios of the tokens listener share: a daemon that has one, and requests to it."""

import contextlib
import http.client
import json
import os
import pathlib
import socket
import sys
import threading

import daemon
import minting
import raw

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "kube"))
import fake_apiserver  # noqa: E402
import pki  # noqa: E402

PATH = "/api/v1/namespaces/shop/serviceaccounts/web/token"
EXCHANGE = "/token"
JSON = "application/json"


def daemon_with_tokens(case, change=None, **options):
    """Listens on tokens.sock, for processes of this user; d.tokens_socket is the path. The
    account is shop/web."""
    def config(c, d):
        d.tokens_socket = d.dir / "tokens.sock"
        c["listeners"]["tokens"] = {"unix": "tokens.sock", "mode": "0666"}
        c["callers"] = {"unixPeers": [{"uids": [os.getuid()]}]}
        if change:
            change(c, d)
    return minting.daemon_that_mints(case, change=config, **options)


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


BEARER = "who.is.this"
USER = "ci-bot"


def cluster(case):
    """A fake API server: it knows shop/web, and who bears BEARER, USER, may ask for its tokens.
    Its .directory has kubeconfig."""
    directory = case.dir / "cluster"
    directory.mkdir()
    authority = pki.Authority(directory, "ca")
    api = fake_apiserver.Api(*authority.issue("server"))
    case.addCleanup(api.stop)
    api.directory = directory
    api.put("namespaces", None, "shop", uid="11111111-2222-4333-8444-555555555555")
    api.put("serviceaccounts", "shop", "web", uid=minting.UID)
    api.users[BEARER] = {"audiences": ["sa-issuerd"],
                         "user": {"username": USER, "uid": "u-1", "groups": ["bots"]}}
    api.allowed.add((USER, "create", "", "serviceaccounts", "token", "shop", "web"))
    (directory / "kubeconfig").write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {"server": f"https://127.0.0.1:{api.port}",
                                               "certificate-authority": "ca.crt"}}],
        "users": [{"name": "u", "user": {"token": "own"}}]}))
    return api


def daemon_in_cluster(case, api, change=None, **options):
    """daemon_with_tokens() with the accounts of that API server, which says who callers are.
    Ready when it knows the account."""
    def config(c, d):
        c["accounts"] = {"kubernetes": {"kubeconfig": str(api.directory / "kubeconfig")}}
        c["callers"]["kubernetes"] = {"audience": "sa-issuerd", "cache": "0s"}
        if change:
            change(c, d)
    d = daemon_with_tokens(case, config, **options)
    daemon.wait_until("the account is known", lambda: post(d).status == 201)
    return d


def body(audience="sts.amazonaws.com", **spec):
    """A TokenRequest in JSON."""
    return json.dumps({"spec": {"audiences": [audience], **spec}}).encode()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def connect(d, timeout=5, port=None, context=None):
    """To the Unix socket, or the TCP port if there is one."""
    timeout *= daemon.PATIENCE
    if port is None:
        return UnixConnection(d.tokens_socket, timeout)
    if context:
        return http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout, context=context)
    return http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)


def ask(connection, path=PATH, data=None, method="POST", content_type=JSON, **fields):
    """One request on that connection, which stays open; fields with _ for -."""
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    if content_type:
        headers["Content-Type"] = content_type
    connection.request(method, path, body() if data is None else data, headers)
    answer = connection.getresponse()
    return daemon.Response(answer.status, answer.headers, answer.read())


def post(d, path=PATH, data=None, port=None, context=None, timeout=5, **options):
    """One request on a connection of its own."""
    with contextlib.closing(connect(d, timeout, port, context)) as c:
        return ask(c, path, data, **options)


def raw_request(path=PATH, data=None, *fields, method="POST", bearer=None):
    """The bytes of one request; fields are lines."""
    if bearer:
        fields = (*fields, f"Authorization: Bearer {bearer}")
    data = body() if data is None else data
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Type: {JSON}",
             f"Content-Length: {len(data)}", *fields, "", ""]
    return "\r\n".join(lines).encode() + data


def unix(d, **options):
    return raw.unix(d.tokens_socket, **options)
