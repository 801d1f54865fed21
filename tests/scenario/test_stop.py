# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and SIGINT, and what systemd is told."""

import os
import signal
import socket
import time
import unittest

import daemon


def in_flight(d):
    """A connection whose request the daemon has begun to take: its body is not complete."""
    s = socket.create_connection(("127.0.0.1", d.port), timeout=10)
    s.sendall(b"GET /openid/v1/jwks HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
    time.sleep(0.2)
    return s


def read_all(s):
    data = b""
    while chunk := s.recv(65536):
        data += chunk
    return data


class Stop(daemon.Case):
    def test_both_signals_stop_an_idle_daemon_at_once(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                d = self.daemon()
                with socket.create_connection(("127.0.0.1", d.port)) as idle:
                    idle.sendall(b"GET /openid/v1/jwks HTTP/1.1\r\nHost: x\r\n\r\n")
                    self.assertTrue(idle.recv(65536).startswith(b"HTTP/1.1 200"))
                    begin = time.monotonic()
                    self.assertEqual(d.stop(number), 0)
                    self.assertLess(time.monotonic() - begin, 2 * daemon.PATIENCE)
                self.assertIn("stopped", d.log_text())

    def test_request_in_flight_is_answered_before_the_end(self):
        d = self.daemon()
        with in_flight(d) as s:
            d.send(signal.SIGTERM)
            time.sleep(0.5)
            self.assertTrue(d.running())
            s.sendall(b"cd")
            answer = read_all(s)
        self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer[:200])
        self.assertIn(b"connection: close", answer.lower())
        self.assertIn(b'"keys"', answer)
        begin = time.monotonic()
        self.assertEqual(d.wait_exit(), 0)
        self.assertLess(time.monotonic() - begin, 2 * daemon.PATIENCE)

    def test_new_connections_are_refused_while_it_drains(self):
        d = self.daemon()
        with in_flight(d):
            d.send(signal.SIGTERM)
            time.sleep(0.5)
            with self.assertRaises(OSError):
                with socket.create_connection(("127.0.0.1", d.port), timeout=2) as s:
                    s.sendall(b"GET /openid/v1/jwks HTTP/1.1\r\nHost: x\r\n\r\n")
                    if not s.recv(1):
                        raise ConnectionError("closed")

    def test_request_that_never_ends_does_not_hold_it_up(self):
        d = self.daemon(lambda c, d: c.update(shutdownTimeout="1s"))
        with in_flight(d):
            begin = time.monotonic()
            self.assertEqual(d.stop(), 0)
            self.assertLess(time.monotonic() - begin, 3 * daemon.PATIENCE)

    def test_default_drain_ends_within_5_seconds(self):
        d = self.daemon()
        with in_flight(d):
            begin = time.monotonic()
            self.assertEqual(d.stop(), 0)
            self.assertLess(time.monotonic() - begin, 5 + 1 * daemon.PATIENCE)


class Systemd(daemon.Case):
    """sd_notify(3) on a socket of our own."""

    def setUp(self):
        super().setUp()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.settimeout(10 * daemon.PATIENCE)

    def started(self, address, **environment):
        self.socket.bind(address)
        name = "@" + address[1:] if address.startswith("\0") else address
        d = self.daemon(start=False, environment={"NOTIFY_SOCKET": name, **environment})
        d.start(ready=False)
        return d

    def next(self):
        return dict(line.split("=", 1) for line in
                    self.socket.recv(4096).decode().strip().splitlines())

    def next_but_watchdog(self):
        while (message := self.next()).keys() == {"WATCHDOG"}:
            pass
        return message

    def test_ready_reloading_stopping(self):
        d = self.started(str(self.dir / "notify"))
        ready = self.next()
        self.assertEqual(ready["READY"], "1")
        self.assertEqual(d.admin("/readyz").status, 200)
        before_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        d.send(signal.SIGHUP)
        reloading = self.next()
        self.assertEqual(reloading["RELOADING"], "1")
        self.assertGreaterEqual(int(reloading["MONOTONIC_USEC"]), before_us)
        self.assertEqual(self.next()["READY"], "1")
        d.send(signal.SIGTERM)
        self.assertEqual(self.next()["STOPPING"], "1")

    def test_abstract_socket(self):
        self.started(f"\0sa-issuerd-test-{os.getpid()}-{time.monotonic_ns()}")
        self.assertEqual(self.next()["READY"], "1")

    def test_watchdog_is_fed_twice_an_interval_also_while_reloading(self):
        interval = 0.5 * daemon.PATIENCE
        d = self.started(str(self.dir / "notify"), WATCHDOG_USEC=str(int(interval * 1e6)))
        self.assertEqual(self.next_but_watchdog()["READY"], "1")
        # A busy machine may stop everybody for longer than that, but not time after time.
        longest = [self.longest_gap(d) for _ in range(5)]
        self.assertLess(sorted(longest)[2], 0.8 * interval, longest)

    def longest_gap(self, d):
        """Between two of four WATCHDOG messages, with a reload after the second."""
        times = []
        while len(times) < 4:
            if self.next().keys() == {"WATCHDOG"}:
                times.append(time.monotonic())
                if len(times) == 2:
                    d.send(signal.SIGHUP)
        return max(b - a for a, b in zip(times, times[1:]))

    def test_watchdog_of_another_process_is_not_ours(self):
        self.started(str(self.dir / "notify"), WATCHDOG_USEC="100000", WATCHDOG_PID="1")
        self.assertEqual(self.next()["READY"], "1")
        self.socket.settimeout(1)
        with self.assertRaises(TimeoutError):
            self.next()


if __name__ == "__main__":
    unittest.main()
