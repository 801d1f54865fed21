# SPDX-License-Identifier: Apache-2.0
"""Listening sockets of every kind, the caps on connections, and the deadlines."""

import contextlib
import os
import resource
import socket
import stat
import unittest

import activation
import daemon
import minting
import raw
from raw import JWKS


class Kinds(daemon.Case):
    def test_ipv6(self):
        def config(c, d):
            c["listeners"]["discovery"]["address"] = f"[::1]:{d.port}"
        d = self.daemon(config)
        with raw.tcp(d.port, "::1") as c:
            c.get(JWKS)
            self.assertEqual(c.answer().status, 200)
        with self.assertRaises(ConnectionRefusedError):
            raw.tcp(d.port)

    def test_several_addresses(self):
        def config(c, d):
            c["listeners"]["discovery"]["address"] = [
                f"127.0.0.1:{d.port}", f"127.0.0.2:{d.port}", f"[::1]:{d.port}"]
        d = self.daemon(config)
        for host in ("127.0.0.1", "127.0.0.2", "::1"):
            with self.subTest(host), raw.tcp(d.port, host) as c:
                c.get(JWKS)
                self.assertEqual(c.answer().status, 200)

    def test_unix_socket(self):
        def config(c, d):
            c["listeners"]["discovery"]["unix"] = str(d.dir / "discovery.sock")
            c["listeners"]["discovery"]["mode"] = "0660"
            c["listeners"]["admin"]["unix"] = str(d.dir / "admin.sock")
        d = self.daemon(config)
        discovery, admin = d.dir / "discovery.sock", d.dir / "admin.sock"
        self.assertEqual(stat.S_IMODE(discovery.stat().st_mode), 0o660)
        want = d.get(JWKS).body
        with raw.unix(discovery) as c:
            for _ in range(100):
                c.get(JWKS)
                self.assertEqual(c.answer().body, want)
        with raw.unix(admin) as c:
            c.get("/readyz")
            self.assertEqual(c.answer().status, 200)
        with raw.unix(discovery) as c:
            c.get("/livez")
            self.assertEqual(c.answer().status, 404)
        self.assertEqual(d.stop(), 0)
        self.assertFalse(discovery.exists() or admin.exists(), "the files stay behind")

    def test_unix_socket_left_by_a_crash_is_replaced(self):
        def config(c, d):
            c["listeners"]["discovery"]["unix"] = str(d.dir / "s")
        d = self.daemon(config)
        d.exit_expected = -9
        d.send(9)
        d.wait_exit()
        self.assertTrue((d.dir / "s").is_socket())
        d.exit_expected = 0
        d.start()
        with raw.unix(d.dir / "s") as c:
            c.get(JWKS)
            self.assertEqual(c.answer().status, 200)

    def test_unix_socket_of_another_process_is_left_alone(self):
        def config(c, d):
            c["listeners"]["discovery"]["unix"] = str(d.dir / "s")
        first = self.daemon(config)
        second = self.daemon(config, start=False)
        second.config["listeners"]["discovery"]["unix"] = str(first.dir / "s")
        second.write_config()
        second.exit_expected = 1
        second.start(ready=False)
        self.assertEqual(second.wait_exit(), 1)
        self.assertIn("is in use by another process", second.log_text())
        self.assertIn("listeners.discovery", second.log_text())
        with raw.unix(first.dir / "s") as c:
            c.get(JWKS)
            self.assertEqual(c.answer().status, 200)


class Activation(activation.Case):
    @staticmethod
    def config(c, d):
        c["listeners"]["discovery"] = {"systemd": "discovery"}

    def test_tokens_do_not_cross_the_network_in_the_clear(self):
        def config(c, d):
            c["listeners"]["tokens"] = {"systemd": "tokens"}
            c["issuers"][0]["audiences"] = [{"name": "vault"}]
            c["accounts"] = {"manifests": ["accounts.yaml"]}
            c["callers"] = {"unixPeers": [{"uids": [0]}]}
            (d.dir / "accounts.yaml").write_text(minting.MANIFESTS)

        self.passed([self.listening()], ["tokens"], config)
        sock = self.listening(address=("0.0.0.0", 0))
        with self.assertRaises(AssertionError) as caught:
            self.passed([sock], ["tokens"], config)
        self.daemons[-1].exit_expected = 1
        self.assertIn("listeners.tokens: tokens would cross the network in the clear at "
                      f"0.0.0.0:{sock.getsockname()[1]}, which systemd passed",
                      str(caught.exception))

    def test_tcp_and_unix_sockets_of_one_name(self):
        tcp = self.listening()
        path = self.dir / "activated.sock"
        unix = self.listening(socket.AF_UNIX, str(path))
        d = self.passed([tcp, unix], ["discovery", "discovery"], self.config)
        for connection in (raw.tcp(tcp.getsockname()[1]), raw.unix(path)):
            with connection as c:
                c.get(JWKS)
                self.assertEqual(c.answer().status, 200)
        self.assertEqual(d.stop(), 0)
        self.assertTrue(path.exists(), "systemd's socket file is not ours to remove")

    def test_connections_queue_for_the_next_process(self):
        tcp = self.listening()
        d = self.passed([tcp], ["discovery"], self.config)
        self.assertEqual(d.stop(), 0)
        with raw.tcp(tcp.getsockname()[1]) as c:  # nobody runs, systemd's socket listens
            c.get(JWKS)
            self.passed([tcp], ["discovery"], self.config)
            self.assertEqual(c.answer().status, 200)

    def test_a_name_that_was_not_passed(self):
        d = self.daemon(self.config, start=False)
        d.exit_expected = 1
        d.start(ready=False)
        self.assertEqual(d.wait_exit(), 1)
        self.assertIn('no socket named \\"discovery\\"', d.log_text())


class Caps(daemon.Case):
    def open_until_refused(self, d, count, **options):
        """That many connections, each proven by a request: those let in and how many not."""
        kept, refused = [], 0
        for _ in range(count):
            c = raw.tcp(d.port, **options)
            self.addCleanup(c.socket.close)
            answer = None
            with contextlib.suppress(OSError):
                c.get(JWKS)
                answer = c.answer()
            if answer:
                kept.append(c)
            else:
                refused += 1
        return kept, refused

    def test_cap_for_each_address(self):
        def config(c, _):
            c["limits"] = {"maxConnectionsPerAddress": 5}
        d = self.daemon(config)
        kept, refused = self.open_until_refused(d, 8)
        self.assertEqual((len(kept), refused), (5, 3))
        with socket.create_connection(("127.0.0.1", d.port), 5,
                                      source_address=("127.0.0.9", 0)) as other:
            other.sendall(f"GET {JWKS} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            self.assertTrue(other.recv(100).startswith(b"HTTP/1.1 200"))
        self.assertEqual(d.metric("sa_issuerd_http_connections_refused_total",
                                  listener="discovery", reason="address"), 3)
        kept.pop().socket.close()
        daemon.wait_until("a place is free again",
                          lambda: self.open_until_refused(d, 1)[1] == 0)

    def test_cap_of_a_listener(self):
        def config(c, _):
            c["limits"] = {"maxConnections": 10, "maxConnectionsPerAddress": 10}
        d = self.daemon(config)
        kept, refused = self.open_until_refused(d, 13)
        self.assertEqual((len(kept), refused), (10, 3))
        self.assertEqual(d.metric("sa_issuerd_http_connections_open", listener="discovery"), 10)
        # the admin listener has places of its own
        self.assertEqual(d.admin("/livez").status, 200)
        for c in kept:
            c.socket.close()
        daemon.wait_until("all are counted out", lambda: d.metric(
            "sa_issuerd_http_connections_open", listener="discovery") == 0)
        self.assertEqual(self.open_until_refused(d, 10)[1], 0)

    def test_cap_of_a_unix_socket(self):
        def config(c, d):
            c["limits"] = {"maxConnections": 3, "maxConnectionsPerAddress": 1}
            c["listeners"]["discovery"]["unix"] = str(d.dir / "s")
        d = self.daemon(config)
        with contextlib.ExitStack() as stack:
            answers = []
            for _ in range(5):
                c = stack.enter_context(raw.unix(d.dir / "s"))
                try:
                    c.get(JWKS)
                    answers.append(c.answer() is not None)
                except OSError:
                    answers.append(False)
            self.assertEqual(answers, [True, True, True, False, False])

    def test_caps_follow_a_reload(self):
        def config(c, _):
            c["limits"] = {"maxConnectionsPerAddress": 2}
        d = self.daemon(config)
        self.assertEqual(self.open_until_refused(d, 4)[1], 2)
        d.write_config(lambda c: c["limits"].update(maxConnectionsPerAddress=4))
        self.assertEqual(d.reload(), "ok")
        self.assertEqual(self.open_until_refused(d, 3)[1], 1)

    def test_out_of_descriptors_others_are_served_and_it_recovers(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (96, 96))
        d = self.daemon(serve_options={"preexec_fn": limit})
        kept, refused = self.open_until_refused(d, 150)
        self.assertGreater(refused, 0)
        self.assertGreater(len(kept), 10)
        for c in kept:
            c.get(JWKS)
            self.assertEqual(c.answer().status, 200)
        d.add_key("second.pem", "p256")  # descriptors are kept back for reloads
        self.assertEqual(d.reload(), "ok")
        for c in kept:
            c.socket.close()
        daemon.wait_until("it takes connections again",
                          lambda: self.open_until_refused(d, 1)[1] == 0)


class Deadlines(daemon.Case):
    # phase: (limit, what the client sends)
    PHASES = {
        "header": ("headerTimeout", f"GET {JWKS} HTTP/1.1\r\nHost: x\r\nX: "),
        "body": ("bodyTimeout", f"GET {JWKS} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"),
        "idle": ("idleTimeout", f"GET {JWKS} HTTP/1.1\r\nHost: x\r\n\r\n"),
    }

    def test_each_phase_has_its_own(self):
        for phase, (limit, data) in self.PHASES.items():
            with self.subTest(phase):
                def config(c, d, limit=limit):
                    c["limits"] = {limit: "1s"}
                    c["listeners"]["discovery"]["unix"] = str(d.dir / "s")
                d = self.daemon(config)
                for connect in (lambda: raw.tcp(d.port), lambda: raw.unix(d.dir / "s")):
                    with connect() as c:
                        c.send(data.encode())
                        took = c.ended()
                        self.assertIsNotNone(took, "not cut")
                        self.assertGreater(took, 0.9)
                        self.assertLess(took, 1.6 * daemon.PATIENCE)
                self.assertEqual(d.metric("sa_issuerd_http_connections_cut_total",
                                          listener="discovery", phase=phase), 2)

    def test_a_busy_connection_is_never_idle(self):
        def config(c, _):
            c["limits"] = {"idleTimeout": "500ms", "headerTimeout": "500ms"}
        d = self.daemon(config)
        with raw.tcp(d.port) as c:
            for _ in range(12):
                c.get(JWKS)
                self.assertEqual(c.answer().status, 200)
                self.assertFalse(c.buffer)
                c.socket.settimeout(0.2)
                with self.assertRaises(TimeoutError):
                    c.socket.recv(1)
                c.socket.settimeout(5)

    def test_deadlines_follow_a_reload(self):
        d = self.daemon()
        with raw.tcp(d.port) as c:
            d.write_config(lambda c: c.update(limits={"idleTimeout": "300ms"}))
            self.assertEqual(d.reload(), "ok")
            c.get(JWKS)
            self.assertLess(c.ended(), 2 * daemon.PATIENCE)


if __name__ == "__main__":
    unittest.main()
