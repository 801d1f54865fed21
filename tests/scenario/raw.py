# SPDX-License-Identifier: Apache-2.0
"""HTTP over bare sockets, for what http.client would not send or would hide."""

import contextlib
import re
import socket
import time

import daemon

JWKS = "/openid/v1/jwks"
DISCOVERY = "/.well-known/openid-configuration"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body


class Connection:
    """One connection; use as a context manager."""

    def __init__(self, address, family=socket.AF_INET, context=None, seconds=5.0):
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(seconds * daemon.PATIENCE)
        self.socket.connect(address)
        if context:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def get(self, path, *fields, method="GET", version="HTTP/1.1"):
        lines = [f"{method} {path} {version}", "Host: localhost", *fields, "", ""]
        self.send("\r\n".join(lines).encode())

    def _more(self):
        piece = self.socket.recv(65536)
        self.buffer += piece
        return bool(piece)

    def answer(self, body=True):
        """The next answer; None at the end of the connection. body=False: it answers HEAD."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                return None
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        pairs = [line.split(": ", 1) for line in lines[1:]]
        headers = {name.lower(): value for name, value in pairs}
        assert len(headers) == len(pairs), f"a field came twice: {head!r}"
        length = int(headers.get("content-length", 0))
        if not body or status in (204, 304) or status < 200:
            length = 0
        while len(self.buffer) < length:
            if not self._more():
                return None
        content, self.buffer = self.buffer[:length], self.buffer[length:]
        return Answer(status, headers, content)

    def ended(self, seconds=5.0):
        """How long until the other side ends the connection; None if it does not."""
        begin = time.monotonic()
        self.socket.settimeout(seconds * daemon.PATIENCE)
        try:
            while self.socket.recv(65536):
                pass
        except TimeoutError:
            return None
        except OSError:
            pass
        return time.monotonic() - begin


def tcp(port, host="127.0.0.1", **options):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return Connection((host, port), family, **options)


def unix(path, **options):
    return Connection(str(path), socket.AF_UNIX, **options)


def exchange(port, data, seconds=5.0):
    """Sends raw bytes: what came back, and whether the connection was ended."""
    received = b""
    with socket.create_connection(("127.0.0.1", port),
                                  timeout=seconds * daemon.PATIENCE) as s:
        with contextlib.suppress(OSError):
            s.sendall(data)
        end = time.monotonic() + seconds * daemon.PATIENCE
        while time.monotonic() < end:
            try:
                piece = s.recv(65536)
            except TimeoutError:
                return received, False
            except OSError:
                piece = b""
            if not piece:
                return received, True
            received += piece
    return received, False


def statuses(received):
    return [int(s) for s in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]
