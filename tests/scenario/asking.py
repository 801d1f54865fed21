# SPDX-License-Identifier: Apache-2.0
"""What scenarios of the tokens listener share: a daemon that has one, and requests to it."""

import contextlib
import http.client
import json
import os
import socket

import daemon
import minting
import raw

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


def wait_for_metric(d, value, name, **labels):
    """Requests are counted when their answer is out, which may be later than it is here."""
    daemon.wait_until(f"{name} is {value}", lambda: d.metric(
        "sa_issuerd_" + name, listener="tokens", **labels) == value)
