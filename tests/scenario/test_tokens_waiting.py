# SPDX-License-Identifier: Apache-2.0
"""The tokens listener: requests that wait for Kubernetes."""

import base64
import json
import signal
import socket
import ssl

import asking
import daemon
import fake_cluster
import raw


def kid(response):
    part = response["status"]["token"].split(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["kid"]


class Waiting(daemon.Case):
    """Requests that wait for Kubernetes: others do not wait with them, and none is lost."""

    def setUp(self):
        super().setUp()
        self.cluster = fake_cluster.shop(fake_cluster.FakeCluster(self))
        self.bearer = self.cluster.token("ops", "admin")
        self.gate = fake_cluster.Gate()
        self.addCleanup(self.gate.opened.set)

    def daemon_at_the_gate(self, change=None, reviews=".*/tokenreviews"):
        def patient(c, d):
            c["accounts"]["kubernetes"]["timeout"] = "30s"
            if change:
                change(c, d)
        d = fake_cluster.daemon_of(self, self.cluster, patient)
        self.cluster.api.fault(reviews, self.gate)
        return d

    def ask_and_wait(self, d, number=1, *fields):
        """Connections whose requests have come to the gate."""
        waiting = []
        for _ in range(number):
            c = asking.unix(d, seconds=20)
            self.addCleanup(c.socket.close)
            c.send(asking.raw_request(asking.PATH, None, *fields, bearer=self.bearer))
            waiting.append(c)
        self.gate.wait_for(number)
        return waiting

    def test_others_go_on(self):
        d = self.daemon_at_the_gate()
        waiting = self.ask_and_wait(d, 8)
        for _ in range(20):
            self.assertEqual(asking.post(d).status, 201)  # the same worker, another caller
        self.assertEqual(d.get("/openid/v1/jwks").status, 200)
        asking.wait_for_metric(d, 8, "http_connections_open")
        self.gate.opened.set()
        for c in waiting:
            self.assertEqual(c.answer().status, 201)

    def test_the_connection_goes_on(self):
        d = self.daemon_at_the_gate()
        [c] = self.ask_and_wait(d)
        c.send(asking.raw_request("/none") + asking.raw_request())  # sent while it waits
        self.gate.opened.set()
        self.assertEqual([c.answer().status for _ in range(3)], [201, 404, 201])
        for _ in range(5):
            c.send(asking.raw_request(bearer=self.bearer))
            self.assertEqual(c.answer().status, 201)

    def test_nothing_is_timed_meanwhile(self):
        def change(c, _):
            c["limits"] = {"headerTimeout": "200ms", "bodyTimeout": "200ms",
                           "writeTimeout": "200ms", "idleTimeout": "200ms"}
        d = self.daemon_at_the_gate(change)
        [c] = self.ask_and_wait(d)
        with asking.unix(d) as idle:  # twice as long as any of them
            self.assertIsNotNone(idle.ended())
        with asking.unix(d) as idle:
            self.assertIsNotNone(idle.ended())
        self.gate.opened.set()
        self.assertEqual(c.answer().status, 201)
        self.assertIsNotNone(c.ended())  # and from now on it is idle

    def test_a_client_that_has_said_all_is_answered(self):
        d = self.daemon_at_the_gate()
        [c] = self.ask_and_wait(d)
        c.socket.shutdown(socket.SHUT_WR)
        self.gate.opened.set()
        self.assertEqual(c.answer().status, 201)
        self.assertIsNone(c.answer())

    def test_clients_that_leave(self):
        d = self.daemon_at_the_gate()
        for c in self.ask_and_wait(d, 10):
            c.socket.close()
        asking.wait_for_metric(d, 10, "http_connections_open")  # until their answers come
        self.gate.opened.set()
        asking.wait_for_metric(d, 0, "http_connections_open")
        self.assertEqual(asking.post(d).status, 201)

    def test_clients_that_leave_are_not_waited_for_at_the_end(self):
        def change(c, _):
            c["shutdownTimeout"] = "1s"
        d = self.daemon_at_the_gate(change)
        for c in self.ask_and_wait(d, 5):
            c.socket.close()
        self.assertEqual(d.stop(), 0)

    def test_stopping_waits_for_them(self):
        def change(c, _):
            c["shutdownTimeout"] = "30s"
        d = self.daemon_at_the_gate(change)
        waiting = self.ask_and_wait(d, 5)
        d.send(signal.SIGTERM)
        daemon.wait_until("it drains", lambda: not d.tokens_socket.exists())
        self.gate.opened.set()
        for c in waiting:
            answer = c.answer()
            self.assertEqual((answer.status, answer.headers["connection"]), (201, "close"))
        self.assertEqual(d.wait_exit(), 0)

    def test_stopping_does_not_wait_for_ever(self):
        def change(c, _):
            c["shutdownTimeout"] = "500ms"
        d = self.daemon_at_the_gate(change)
        waiting = self.ask_and_wait(d, 5)
        d.send(signal.SIGTERM)
        for c in waiting:
            answer = c.answer()
            self.assertEqual(answer.status, 503)
            self.assertIn("retry-after", answer.headers)
        self.assertEqual(d.wait_exit(), 0)

    def test_stopping_at_once(self):
        def change(c, _):
            c["shutdownTimeout"] = "0s"
        for times in range(3):
            d = self.daemon_at_the_gate(change)
            self.ask_and_wait(d, 5)
            d.send(signal.SIGTERM)
            self.assertEqual(d.wait_exit(), 0)

    def test_a_reload_meanwhile(self):
        # Each token is of the snapshot that its request began with.
        d = self.daemon_at_the_gate()
        before = d.kids()
        waiting = self.ask_and_wait(d, 5)
        d.add_key("second.pem")
        (d.keys / "first.pem").unlink()
        self.assertEqual(d.reload(), "ok")
        after = d.kids()
        self.assertEqual(len(before - after), 1)
        self.gate.opened.set()
        for c in waiting:
            answer = c.answer()
            self.assertEqual(answer.status, 201)
            self.assertIn(kid(json.loads(answer.body)), before - after)
        self.assertIn(kid(asking.post(d).json()), after - before)

    def test_an_api_server_that_dies(self):
        def change(c, _):
            c["accounts"]["kubernetes"]["timeout"] = "1s"
        d = self.daemon_at_the_gate(change)
        for c in self.ask_and_wait(d, 5):
            answer = c.answer()
            self.assertEqual(answer.status, 503)
        self.cluster.api.cut()
        self.gate.opened.set()
        self.cluster.api.mend()
        daemon.wait_until("it recovers", lambda: asking.post(
            d, Authorization="Bearer " + self.bearer).status == 201)

    def test_over_tls(self):
        certificate, key = self.cluster.pair

        def change(c, d):
            d.tokens_port = daemon.free_port()
            c["listeners"]["tokens"] |= {
                "address": f"127.0.0.1:{d.tokens_port}",
                "tls": {"certificate": str(certificate), "key": str(key)}}
        d = self.daemon_at_the_gate(change)
        context = ssl.create_default_context(cafile=str(self.cluster.ca.path))
        context.check_hostname = False
        waiting = [raw.tcp(d.tokens_port, context=context, seconds=20) for _ in range(5)]
        for c in waiting:
            self.addCleanup(c.socket.close)
            c.send(asking.raw_request(bearer=self.bearer))
        self.gate.wait_for(5)
        self.assertEqual(asking.post(d, port=d.tokens_port, context=context).status, 401)
        waiting.pop().socket.close()
        self.gate.opened.set()
        for c in waiting:
            for _ in range(3):
                self.assertEqual(c.answer().status, 201)
                c.send(asking.raw_request(bearer=self.bearer))
