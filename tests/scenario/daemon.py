# SPDX-License-Identifier: Apache-2.0
"""Runs the real binary for the scenarios.

    class Rotation(daemon.Case):
        def test_new_key_appears(self):
            d = self.daemon()                  # started and ready
            key = d.add_key("second.pem")
            d.reload()                         # SIGHUP, waits until it is served
            self.assertIn(keys.kid(key), d.kids())

Case stops what a test started, by its own process id, and fails the test when the daemon did
not exit with 0, when a sanitizer wrote anything, when a log line is no JSON object, or when
key material or a token shows in the log. The binary is $SA_ISSUERD, else build/src/sa-issuerd.
"""

import contextlib
import functools
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

import keys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SA_ISSUERD") or str(ROOT / "build/src/sa-issuerd")
# Sanitized binaries are slower; every time limit of the scenarios is multiplied by this.
PATIENCE = float(os.environ.get("SA_PATIENCE", "1"))

SANITIZER = re.compile(
    r"(ERROR|WARNING|SUMMARY): (Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer"
    r"|runtime error:")
SECRET = re.compile(r"-----BEGIN [A-Z ]+-----|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}")
SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=0:second_deadlock_stack=1",
}


_given = set()


def free_port(host="127.0.0.1"):
    """A TCP port that nobody listens on, another one each time."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((host, 0))
            port = s.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


def wait_until(what, condition, seconds=10.0, step=0.01):
    """Calls condition until it returns something true, which is returned."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds * PATIENCE:g} s in vain: {what}")
        time.sleep(step)


def run(*arguments, timeout=30, **options):
    """The binary as a command: a CompletedProcess with text output."""
    return subprocess.run([BINARY, *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=timeout * PATIENCE,
                          env={**os.environ, **SANITIZER_ENVIRONMENT}, check=False, **options)


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Daemon:
    """One running daemon with its directory: config.yaml, keys/, log."""

    def __init__(self, directory, config=None, environment=None, serve_options=None):
        self.dir = pathlib.Path(directory)
        self.keys = self.dir / "keys"
        self.log_file = self.dir / "log"
        self.port, self.admin_port = free_port(), free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.config_file = self.dir / "config.yaml"
        self.config = self._default_config()
        self.environment = environment or {}
        self.serve_options = serve_options or {}
        self.binary = BINARY
        self.process = None
        self.started_ns = 0
        self.exit_expected = 0
        if config:
            config(self.config, self)
        self.write_config()

    def _default_config(self):
        return {
            "apiVersion": "sa-issuerd/v1",
            "kind": "Configuration",
            "listeners": {
                "discovery": {"address": f"127.0.0.1:{self.port}"},
                "admin": {"address": f"127.0.0.1:{self.admin_port}"},
            },
            "issuers": [{
                "url": self.issuer,
                "role": "federation",
                "keys": {"files": ["keys"]},
            }],
            "workers": 1,
            "log": {"format": "json", "level": "info"},
        }

    def write_config(self, change=None):
        """Writes self.config (JSON is YAML), after change(self.config) if given, atomically."""
        if change:
            change(self.config)
        self.write_config_text(json.dumps(self.config, indent=2))

    def write_config_text(self, text):
        new = self.config_file.with_suffix(".new")
        new.write_text(text)
        new.rename(self.config_file)

    def add_key(self, name, kind="rsa", directory=None):
        """A new private key in the key directory, put in place by rename; its path."""
        place = pathlib.Path(directory or self.keys)
        place.mkdir(exist_ok=True)
        return keys.put(kind, place / name)

    # process

    def start(self, ready=True):
        with open(self.log_file, "ab") as log:
            self.started_ns = time.monotonic_ns()
            self.process = subprocess.Popen(
                [self.binary, "serve", "--config", str(self.config_file)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.dir,
                env={**os.environ, **SANITIZER_ENVIRONMENT, **self.environment},
                **self.serve_options)
        if ready:
            self.wait_ready()
        return self

    @property
    def pid(self):
        return self.process.pid

    def send(self, number):
        self.process.send_signal(number)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def wait_ready(self):
        def ready():
            if not self.running():
                raise AssertionError(f"the daemon ended at start:\n{self.log_text()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.admin("/readyz").status == 200
            return False
        wait_until("the daemon is ready", ready, step=0.005)

    def wait_exit(self, seconds=10):
        try:
            return self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds} s:\n{self.log_text()}") from None

    def stop(self, number=signal.SIGTERM):
        """Stops it and returns its exit code; takes one that has ended already."""
        if self.process is None:
            return self.exit_expected
        if self.running():
            self.send(number)
        try:
            return self.wait_exit()
        finally:
            if self.running():
                self.process.kill()
                self.process.wait()

    def reload(self):
        """SIGHUP; returns when the reload has been carried out: "ok" or "failed"."""
        before = self.reloads()
        self.send(signal.SIGHUP)

        def result():
            after = self.reloads()
            return next((r for r in ("ok", "failed") if after[r] > before[r]), None)
        return wait_until("the reload is counted", result)

    # what it says

    def log_text(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def log_lines(self):
        return [json.loads(line) for line in self.log_text().splitlines()]

    def messages(self, level=None):
        """The log lines of a level as one text each: message and all fields."""
        return [json.dumps(line, ensure_ascii=False) for line in self.log_lines()
                if level is None or line["level"] == level]

    def metrics(self):
        """{'name{labels}': value} from /metrics."""
        found = {}
        for line in self.admin("/metrics").body.decode().splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                found[name] = float(value)
        return found

    def metric(self, name, **labels):
        """The sum of the samples of that name with at least those labels."""
        wanted = [f'{k}="{v}"' for k, v in labels.items()]
        return sum(v for k, v in self.metrics().items()
                   if k.split("{")[0] == name and all(w in k for w in wanted))

    def reloads(self):
        return {re.search(r'result="(\w+)"', k).group(1): v for k, v in self.metrics().items()
                if k.startswith("sa_issuerd_reloads_total{")}

    def generation(self):
        return int(self.metric("sa_issuerd_snapshot_generation"))

    def rss_kib(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))

    def processor_s(self):
        """Processor time so far, in seconds."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def fd_count(self):
        # Not from /proc: the process is not dumpable, so its fd directory is root's.
        return int(self.metric("process_open_fds"))

    # requests

    def request(self, path, method="GET", headers=None, port=None, host="127.0.0.1",
                timeout=5, context=None):
        timeout *= PATIENCE
        port = port or self.port
        connection = (http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
                      if context else http.client.HTTPConnection(host, port, timeout=timeout))
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return Response(answer.status, answer.headers, answer.read())

    def get(self, path, **options):
        return self.request(path, **options)

    def admin(self, path, **options):
        return self.request(path, port=self.admin_port, **options)

    def discovery(self, prefix=""):
        return self.get(prefix + "/.well-known/openid-configuration").json()

    def jwks(self, prefix=""):
        return self.get(prefix + "/openid/v1/jwks").json()

    def kids(self, prefix=""):
        return {key["kid"] for key in self.jwks(prefix)["keys"]}


class Case(unittest.TestCase):
    """A test case with a temporary directory and the daemons that it started."""

    longMessage = True
    maxDiff = None
    log_is_json = True

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="sa-scenario-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.daemons = []
        # Registered last, so carried out before the directory goes.
        self.addCleanup(self._stop_all)

    def daemon(self, config=None, key="rsa", start=True, **options):
        """A daemon with one key of that kind (None: without), its config changed by
        config(dict, daemon), started and ready unless start=False."""
        place = self.dir / f"d{len(self.daemons)}"
        place.mkdir()
        d = Daemon(place, config, **options)
        d.keys.mkdir()
        if key:
            d.add_key("first.pem", key)
        self.daemons.append(d)
        return d.start() if start else d

    def _stop_all(self):
        problems = []
        for d in self.daemons:
            try:
                code = d.stop()
                if d.process is not None and code != d.exit_expected:
                    problems.append(f"exit code {code}, expected {d.exit_expected}")
                problems += log_problems(d.log_text(), self.log_is_json,
                                         keys.material(self.dir))
            except AssertionError as error:
                problems.append(str(error))
            if problems:
                problems.append(f"its log:\n{d.log_text()[-8000:]}")
        if problems:
            raise AssertionError("\n".join(problems))


def log_problems(text, is_json, secrets=()):
    """What must not be in a log: sanitizer reports, secrets, lines that are no JSON object."""
    problems = []
    if SANITIZER.search(text):
        problems.append("a sanitizer report in the log")
    if SECRET.search(text) or any(s in text for s in secrets):
        problems.append("key material or a token in the log")
    if is_json and not problems:
        for line in text.splitlines():
            try:
                well_formed = isinstance(json.loads(line), dict)
            except ValueError:
                well_formed = False
            if not well_formed:
                problems.append(f"not a JSON object: {line!r}")
    return problems


def tls_context(certificate, **options):
    """A client context that trusts that certificate only."""
    context = ssl.create_default_context(cafile=str(certificate))
    for name, value in options.items():
        setattr(context, name, value)
    return context


@functools.lru_cache
def is_sanitized():
    """Memory and thread figures of a sanitized binary say nothing."""
    data = pathlib.Path(BINARY).read_bytes()
    return b"__asan_init" in data or b"__tsan_init" in data
