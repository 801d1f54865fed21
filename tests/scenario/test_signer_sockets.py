# SPDX-License-Identifier: Apache-2.0
"""The signer's sockets: who may connect, how many, how it stops, what it counts."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import unittest

import grpc

import activation
import daemon
import keys
import signer

# A client of another user, who may be unable to read this directory, as in a clone in root's home:
# so it becomes that user only when it has imported what it needs.
STRANGER = f"""
import os, sys
sys.path.insert(0, {str(daemon.ROOT / "tests/scenario")!r})
import grpc, signer
uid = int(sys.argv[3])
os.setgroups([])
os.setresgid(uid, uid, uid)
os.setresuid(uid, uid, uid)
class D: socket = sys.argv[1]
try:
    print(signer.Client(D).keys(timeout=float(sys.argv[2])).kids)
except grpc.RpcError as error:
    print(error.code().name)
"""


class Sockets(daemon.Case):
    def client(self, d, *arguments, **options):
        c = signer.Client(d, *arguments, **options)
        self.addCleanup(c.close)
        return c

    def kids_as(self, uid, d):
        done = subprocess.run(
            [sys.executable, "-c", STRANGER, str(d.socket), str(2 * daemon.PATIENCE), str(uid)],
            capture_output=True, text=True, check=True, timeout=30 * daemon.PATIENCE,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
        return done.stdout.strip()

    @unittest.skipIf(os.geteuid() != 0, "needs root, to be others")
    def test_only_listed_users_are_served(self):
        def change(c, d):
            c["listeners"]["signer"].update({"mode": "0666", "allowUIDs": [0, 1001]})
        d = signer.daemon_that_signs(self, change=change)
        self.dir.chmod(0o755)
        d.dir.chmod(0o755)
        kids = str([keys.kid(d.keys / "first.pem")])
        self.assertEqual(self.kids_as(0, d), kids)
        self.assertEqual(self.kids_as(1001, d), kids)
        for uid in (1, 1000, 65534):
            self.assertIn(self.kids_as(uid, d), ("UNAVAILABLE", "DEADLINE_EXCEEDED"))
        self.assertGreaterEqual(d.metric("sa_issuerd_signer_connections_refused_total",
                                         reason="uid"), 3)
        self.assertTrue([m for m in d.messages("warn") if '"uid": 65534' in m])
        # Whom the list names is a matter of a reload, for connections that are there as well.
        c = self.client(d)
        c.keys()
        self.assertEqual(d.metric("sa_issuerd_signer_connections_open"), 1)
        d.config["listeners"]["signer"]["allowUIDs"] = [1000]
        d.write_config()
        self.assertEqual(d.reload(), "ok")
        daemon.wait_until("root's is closed", lambda: d.metric(
            "sa_issuerd_signer_connections_open") == 0)
        self.assertEqual(self.kids_as(1000, d), kids)
        self.assertIn(self.kids_as(1001, d), ("UNAVAILABLE", "DEADLINE_EXCEEDED"))

    def test_the_socket_is_the_owners_alone(self):
        d = signer.daemon_that_signs(self)
        self.assertEqual(os.stat(d.socket).st_mode & 0o777, 0o600)
        d.stop()
        self.assertFalse(d.socket.exists())

    def test_an_abstract_socket(self):
        name = f"@sa-issuerd-{os.getpid()}"
        d = signer.daemon_that_signs(self, socket=name)
        c = self.client(d, target=f"unix-abstract:{name[1:]}")
        self.assertEqual(signer.verify(c.token(signer.claims(d)), d)["iss"], d.issuer)
        self.assertIn(f'"address":"unix:{name}"', d.log_text())

    def test_connections_have_a_limit_that_others_free(self):
        d = signer.daemon_that_signs(self)
        held = []
        for _ in range(256):
            s = socket.socket(socket.AF_UNIX)
            self.addCleanup(s.close)
            s.connect(str(d.socket))
            held.append(s)
        daemon.wait_until("all are let in", lambda: d.metric(
            "sa_issuerd_signer_connections_open") == 256)
        with socket.socket(socket.AF_UNIX) as one_more:
            one_more.settimeout(10 * daemon.PATIENCE)
            one_more.connect(str(d.socket))
            self.assertEqual(one_more.recv(1), b"")
        self.assertEqual(d.metric("sa_issuerd_signer_connections_refused_total",
                                  reason="connections"), 1)
        for s in held:
            s.close()
        self.assertEqual(len(self.client(d).keys().kids), 1)

    def test_silent_connections_are_cut(self):
        def change(c, d):
            c["limits"] = {"headerTimeout": "200ms"}
        d = signer.daemon_that_signs(self, change=change)
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10 * daemon.PATIENCE)
            s.connect(str(d.socket))
            data = b""
            while chunk := s.recv(4096):
                data += chunk
        self.assertEqual(data[3], 4)  # SETTINGS, and then the end
        self.assertEqual(d.metric("sa_issuerd_signer_connections_cut_total"), 1)

    def test_a_request_that_does_not_end_is_given_up(self):
        def change(c, d):
            c["limits"] = {"bodyTimeout": "200ms"}
        d = signer.daemon_that_signs(self, change=change)
        c = self.client(d)
        stopping = threading.Event()
        self.addCleanup(stopping.set)

        def endless():
            yield b""
            stopping.wait(60)
        call = c.channel.stream_unary(f"/{signer.SERVICE}/FetchKeys", lambda m: m, lambda m: m)
        self.assertEqual(signer.refusal(call, endless(), timeout=60 * daemon.PATIENCE)[0],
                         grpc.StatusCode.DEADLINE_EXCEEDED)
        stopping.set()
        self.assertEqual(len(c.keys().kids), 1)  # on the same connection

    def test_sizes_and_forms_that_are_refused(self):
        d = signer.daemon_that_signs(self)
        c = self.client(d)
        code, _ = signer.refusal(c.sign, "A" * 70000)
        self.assertEqual(code, grpc.StatusCode.RESOURCE_EXHAUSTED)
        code, _ = signer.refusal(c.call, "Sign", b"\x0a\x05ab")
        self.assertEqual(code, grpc.StatusCode.INVALID_ARGUMENT)
        zipped = self.client(d, options=[("grpc.default_compression_algorithm", 2)])
        code, _ = signer.refusal(zipped.sign, signer.claims(d))
        self.assertEqual(code, grpc.StatusCode.UNIMPLEMENTED)
        for path in ("/v1.ExternalJWTSigner/sign", "/v2.ExternalJWTSigner/Sign", "/"):
            call = c.channel.unary_unary(path, lambda m: m, lambda m: m)
            self.assertEqual(signer.refusal(call, b"", timeout=10 * daemon.PATIENCE)[0],
                             grpc.StatusCode.UNIMPLEMENTED)
        self.assertEqual(len(c.keys().kids), 1)

    def test_many_calls_on_many_connections(self):
        d = signer.daemon_that_signs(self, key="p256",
                                     change=lambda c, d: c.update(workers=3))
        text = signer.segment(signer.claims(d))
        message = signer.sign_request(text)
        (d.dir / "body").write_bytes(b"\0" + len(message).to_bytes(4, "big") + message)
        done = subprocess.run(
            ["h2load", "-n", "2000", "-c", "20", "-m", "50", "-B", f"unix:{d.socket}", "-H",
             "content-type: application/grpc", "-d", str(d.dir / "body"),
             "http://localhost/v1.ExternalJWTSigner/Sign"],
            capture_output=True, text=True, check=True, timeout=60 * daemon.PATIENCE)
        self.assertIn("2000 succeeded, 0 failed", done.stdout)
        self.assertEqual([line["result"] for line in signer.audit(d)], ["signed"] * 2000)
        self.assertEqual(d.metric("sa_issuerd_signer_calls_total", method="Sign", code="OK"),
                         2000)

    def test_metrics(self):
        d = signer.daemon_that_signs(self)
        c = self.client(d)
        c.keys()
        c.max_lifetime()
        c.sign(signer.claims(d))
        signer.refusal(c.sign, signer.claims(d, iss="x"))
        signer.refusal(c.call, "None")
        calls = {tuple(re.findall(r'"(\w+)"', name)): value for name, value in d.metrics().items()
                 if name.startswith("sa_issuerd_signer_calls_total")}
        self.assertEqual(calls, {("Sign", "OK"): 1, ("Sign", "PermissionDenied"): 1,
                                 ("FetchKeys", "OK"): 1, ("Metadata", "OK"): 1,
                                 ("other", "Unimplemented"): 1})
        self.assertEqual(d.metric("sa_issuerd_signer_call_duration_seconds_count",
                                  method="Sign"), 2)
        self.assertEqual(d.metric("sa_issuerd_signer_connections_open"), 1)
        listed = [n for n in d.metrics() if n.startswith("sa_issuerd_signer_key_listed")]
        self.assertEqual(len(listed), 1)
        self.assertIn(f'kid="{keys.kid(d.keys / "first.pem")}"', listed[0])
        self.assertIn('signs="true"', listed[0])

    def test_without_a_signer_there_is_nothing_of_it(self):
        d = self.daemon()
        self.assertFalse([n for n in d.metrics() if "signer" in n])


class Stopping(daemon.Case):
    def test_calls_that_are_there_are_answered_and_the_next_come_to_the_next_process(self):
        d = signer.daemon_that_signs(self)
        failures, done = [], []
        stopping = threading.Event()

        def run():
            c = signer.Client(d, options=[("grpc.initial_reconnect_backoff_ms", 50),
                                          ("grpc.min_reconnect_backoff_ms", 50),
                                          ("grpc.max_reconnect_backoff_ms", 100)])
            while not stopping.is_set():
                try:
                    c.sign(signer.claims(d), timeout=30 * daemon.PATIENCE)
                    done.append(1)
                except grpc.RpcError as error:
                    failures.append(repr(error))
            c.close()
        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(3):
                count = len(done)
                daemon.wait_until("calls go through", lambda n=count: len(done) > n + 50)
                d.send(signal.SIGTERM)
                self.assertEqual(d.wait_exit(), 0)
                d.start()
        finally:
            stopping.set()
            for thread in threads:
                thread.join()
        self.assertEqual(failures, [])

    def test_idle_connections_do_not_hold_the_end_up(self):
        d = signer.daemon_that_signs(self)
        c = signer.Client(d)
        self.addCleanup(c.close)
        c.keys()
        with socket.socket(socket.AF_UNIX) as s:
            s.connect(str(d.socket))
            d.send(signal.SIGTERM)
            self.assertEqual(d.wait_exit(4), 0)


class Activation(activation.Case):
    def signer_config(self, c, d):
        c["listeners"]["signer"] = {"systemd": "signer"}
        c["issuers"][0]["role"] = "cluster"

    def test_systemds_socket_stays_when_the_daemon_goes(self):
        path = self.dir / "signer.sock"
        unix = self.listening(socket.AF_UNIX, str(path))
        d = self.passed([unix], ["signer"], self.signer_config)
        c = signer.Client(d, target=f"unix:{path}")
        self.addCleanup(c.close)
        self.assertEqual(len(c.keys().kids), 1)
        self.assertEqual(d.stop(), 0)
        self.assertTrue(path.exists())

    def test_a_tcp_socket_is_refused(self):
        with self.assertRaises(AssertionError) as caught:
            self.passed([self.listening()], ["signer"], self.signer_config)
        self.daemons[-1].exit_expected = 1
        self.assertIn("is no Unix socket", str(caught.exception))

    def test_a_name_that_was_not_passed(self):
        with self.assertRaises(AssertionError) as caught:
            self.passed([], [], self.signer_config)
        self.daemons[-1].exit_expected = 1
        self.assertIn('systemd passed no socket named \\"signer\\"', str(caught.exception))


class Alone(daemon.Case):
    def test_it_signs_while_no_kubernetes_api_can_be_reached(self):
        dead = daemon.free_port()

        def change(c, d):
            c["issuers"].append({"url": f"{d.issuer}/federation", "role": "federation",
                                 "keys": {"files": ["own"]}, "audiences": [{"name": "vault"}]})
            d.add_key("own.pem", directory=d.dir / "own")
            c["listeners"]["tokens"] = {"unix": "tokens.sock"}
            c["accounts"] = {"kubernetes": {"kubeconfig": "kubeconfig"}}
            c["callers"] = {"unixPeers": [{"uids": [os.getuid()]}]}
            keys.certificate(d.dir, "ca")
            (d.dir / "kubeconfig").write_text(
                "apiVersion: v1\nkind: Config\ncurrent-context: x\n"
                "clusters: [{name: x, cluster: {server: 'https://127.0.0.1:%d',"
                "certificate-authority: ca.crt}}]\n"
                "users: [{name: x, user: {token: t}}]\n"
                "contexts: [{name: x, context: {cluster: x, user: x}}]\n" % dead)
        d = signer.daemon_that_signs(self, change=change)
        c = signer.Client(d)
        self.addCleanup(c.close)
        self.assertEqual(signer.verify(c.token(signer.claims(d)), d)["iss"], d.issuer)
