# SPDX-License-Identifier: Apache-2.0
"""What scenarios of the agent share: the agent as a process, a token endpoint to ask, and a
clock that the test moves."""

import contextlib
import functools
import http.server
import itertools
import json
import os
import pathlib
import re
import signal
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

import daemon

sys.path.insert(0, str(daemon.ROOT / "tests/clients"))
import make_token  # noqa: E402 pylint: disable=wrong-import-position

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt"
POD_TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJwb2QifQ.c2lnbmVk"

_numbers = itertools.count()


def jwt(audience, life=3600, issued=None, **claims):
    """A token of our issuers' form; the agent does not verify signatures."""
    issued = int(time.time()) if issued is None else issued
    body = {"aud": [audience], "exp": issued + life, "iat": issued, "iss": "https://i.example",
            "jti": str(next(_numbers)), "sub": "system:serviceaccount:shop:web", **claims}
    header = {"alg": "RS256", "kid": "k", "typ": "JWT"}
    return ".".join(make_token.encode(json.dumps(part).encode()) for part in (header, body)) \
        + ".c2lnbmF0dXJl"


def grant(token):
    return (200, {"Content-Type": "application/json", "Cache-Control": "no-store"},
            json.dumps({"access_token": token, "issued_token_type": JWT_TYPE,
                        "token_type": "Bearer", "expires_in": 3600}).encode())


def error(status, name, description=None, **headers):
    body = {"error": name}
    if description:
        body["error_description"] = description
    return (status, {"Content-Type": "application/json", **headers}, json.dumps(body).encode())


class Asked:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body
        self.form = dict(urllib.parse.parse_qsl(body, strict_parsing=True))


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class Endpoint(contextlib.AbstractContextManager):
    """A token endpoint. reply(Asked) gives (status, headers, body), or None to hang up; by
    default it grants an hour for any audience. asked has all requests."""

    def __init__(self, certificate=None, unix=None):
        self.asked = []
        self.reply = self.grant
        self.released = threading.Event()
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                asked = Asked(self.path, dict(self.headers), body.decode())
                endpoint.asked.append(asked)
                answer = endpoint.reply(asked)
                self.close_connection = True
                if answer is None:
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in {"Content-Length": len(body), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)

            def address_string(self):
                return "peer"

            def log_message(self, *_):
                pass

        if unix:
            self.server = _UnixServer(str(unix), Handler)
            self.url = "http://localhost/prod"
        else:
            self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            self.server.daemon_threads = True
            self.server.handle_error = lambda *_: None
            self.url = f"http://localhost:{self.server.server_port}/prod"
        self.context = None
        if certificate:
            self.use_certificate(*certificate)
            self.url = self.url.replace("http:", "https:")
            plain = self.server.get_request
            # The handshake is the handler's, so that one that fails stops nobody.
            self.server.get_request = lambda: self._wrapped(*plain())
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def use_certificate(self, crt, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(crt, key)

    def _wrapped(self, connection, peer):
        return self.context.wrap_socket(connection, server_side=True,
                                        do_handshake_on_connect=False), peer

    @staticmethod
    def grant(asked):
        return grant(jwt(asked.form["audience"]))

    def hang(self, _):
        self.released.wait()

    def __exit__(self, *_):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


@functools.lru_cache
def shim():
    """tests/scenario/shim.c, built once in a run."""
    place = pathlib.Path(tempfile.mkdtemp(prefix="sa-shim-")) / "shim.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", place,
                    daemon.ROOT / "tests/scenario/shim.c"], check=True)
    return place


class Agent:
    """A running agent, its log and, with clock, the time that it sees."""

    def __init__(self, directory, arguments, environment=None, clock=False):
        self.dir = pathlib.Path(directory)
        self.log_file = self.dir / "agent.log"
        self.exit_expected = 0
        environment = dict(environment or {})
        if clock:
            self.set_clock(0)
            self.elapse(0)
            environment["SHIM_CLOCK"] = str(self.dir / "clock")
            environment["SHIM_ELAPSED"] = str(self.dir / "elapsed")
        if any(name.startswith("SHIM_") for name in environment):
            environment["LD_PRELOAD"] = str(shim())
        sanitizer = dict(daemon.SANITIZER_ENVIRONMENT)
        sanitizer["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                [daemon.BINARY, "agent", *map(str, arguments)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, cwd=self.dir,
                env={**os.environ, **sanitizer, **environment})

    def set_clock(self, seconds):
        """The date is so many seconds ahead of the real one, as if the clock had been set."""
        self._shift("clock", seconds)

    def elapse(self, seconds):
        """So many seconds have passed for all that waits, beside those that have passed."""
        self._shift("elapsed", seconds)

    def _shift(self, name, seconds):
        new = self.dir / f"{name}.new"
        new.write_text(str(seconds))
        new.rename(self.dir / name)

    def waits(self):
        """How often its first thread has waited for something."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"(?m)^voluntary_ctxt_switches:\s+(\d+)", status).group(1))

    def lines(self, message=None):
        text = self.log_file.read_text(errors="replace")
        lines = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
        return [line for line in lines if message in (None, line["msg"])]

    def wait_lines(self, message, count=1):
        return daemon.wait_until(
            f"{count} times {message!r}",
            lambda: (lines := self.lines(message)) and len(lines) >= count and lines)

    def send(self, number):
        self.process.send_signal(number)

    def wait_exit(self, seconds=10):
        try:
            return self.process.wait(seconds * daemon.PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running after {seconds} s") from None

    def stop(self):
        if self.process.poll() is None:
            self.send(signal.SIGTERM)
        return self.wait_exit()


class Case(daemon.Case):
    """A directory with a pod's token, and agents that end well and tell no secret."""

    def setUp(self):
        super().setUp()
        self.token_file = self.dir / "pod-token"
        self.token_file.write_text(POD_TOKEN + "\n")
        self.out = self.dir / "out/token"
        self.out.parent.mkdir()
        self.ready = self.dir / "ready"
        self.secrets = [POD_TOKEN]

    def agent(self, server, *arguments, audience="sts", environment=None, clock=False, **more):
        """Started for one audience, into self.out. more: options, e.g. ca_file=PATH."""
        options = {"server": server, "token-file": self.token_file, "ready-file": self.ready,
                   **{name.replace("_", "-"): value for name, value in more.items()}}
        words = [f"--{name}={value}" for name, value in options.items() if value is not None]
        if audience:
            words += ["--audience", audience, "--out", self.out]
        agent = Agent(self.dir, [*words, *arguments], environment, clock)
        self.addCleanup(self._end, agent)
        return agent

    def _end(self, agent):
        code = agent.stop()
        text = agent.log_file.read_text(errors="replace")
        problems = daemon.log_problems(text, True, self.secrets)
        if re.search(r"eyJ[\w-]{8,}", text):
            problems.append("a part of a token in the log")
        left = [p.name for p in self.dir.rglob("*.tmp")]
        self.assertEqual((code, problems, left), (agent.exit_expected, [], []), text)

    def wait_ready(self):
        daemon.wait_until("the ready file is there", self.ready.exists)

    def written(self, agent, count):
        """Waits for as many tokens to be written; the last one."""
        agent.wait_lines("token written", count)
        return self.out.read_text()
