# SPDX-License-Identifier: Apache-2.0
"""2,000 slow clients: each is cut at its deadline, and everybody else is served."""

import contextlib
import resource
import selectors
import socket
import ssl
import time
import unittest

import daemon
import keys
from hammer import Hammer
from test_http_tls import client

DEADLINE_S = 3
CLIENTS = 2000
REQUEST = b"GET /openid/v1/jwks HTTP/1.1\r\nHost: x\r\n"

# What a slow client sends at once, and what it goes on to send, a byte a turn.
KINDS = {
    "says nothing": (b"", b""),
    "stops in the request line": (b"GET /openid", b""),
    "dribbles the request line": (b"GE", b"T" * 1000),
    "dribbles headers": (REQUEST, b"X-Slow: " + b"a" * 1000),
    "owes its body": (REQUEST + b"Content-Length: 1000\r\n\r\n", b""),
    "dribbles its body": (REQUEST + b"Content-Length: 1000\r\n\r\n", b"b" * 1000),
    "stays after an answer": (REQUEST + b"\r\n", b""),
}


class Client:
    def __init__(self, port, number):
        self.kind = list(KINDS)[number % len(KINDS)]
        first, self.rest = KINDS[self.kind]
        # 20 source addresses, so that no cap for one address is met.
        self.socket = socket.create_connection(
            ("127.0.0.1", port), timeout=10, source_address=(f"127.0.1.{1 + number % 20}", 0))
        self.begin = time.monotonic()
        self.ended_after = None
        self.socket.sendall(first)
        self.socket.setblocking(False)

    def dribble(self):
        if self.rest and self.ended_after is None:
            try:
                self.socket.send(self.rest[:1])
                self.rest = self.rest[1:]
            except OSError:
                self.ended()

    def readable(self):
        """True at the end of the connection."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self.ended()
        return not data

    def ended(self):
        if self.ended_after is None:
            self.ended_after = time.monotonic() - self.begin


class Slow(daemon.Case):
    def setUp(self):
        super().setUp()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < 2 * CLIENTS:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 3 * CLIENTS), hard))

    @staticmethod
    def config(c, _):
        deadline = f"{DEADLINE_S}s"
        c["limits"] = {"headerTimeout": deadline, "bodyTimeout": deadline,
                       "idleTimeout": deadline, "writeTimeout": deadline}

    def test_slow_clients_are_cut_and_others_are_served(self):
        d = self.daemon(self.config)
        rss = d.rss_kib()
        with Hammer(d.port, "/openid/v1/jwks", threads=2) as h:
            clients = self.hold(d)
        self.assertEqual(h.problems, [])
        self.assertGreater(h.count, 100)
        for kind in KINDS:
            times = [c.ended_after for c in clients if c.kind == kind]
            with self.subTest(kind):
                self.assertNotIn(None, times)
                self.assertLess(max(times), DEADLINE_S + 1 * daemon.PATIENCE)
                self.assertGreater(min(times), DEADLINE_S - 0.5)
        daemon.wait_until("they are forgotten", lambda: d.metric(
            "sa_issuerd_http_connections_open", listener="discovery") <= 1)
        if not daemon.is_sanitized():
            self.assertLess(d.rss_kib() - rss, 100 * 1024)

    @staticmethod
    def hold(d):
        selector = selectors.DefaultSelector()
        clients = []
        for number in range(CLIENTS):
            client = Client(d.port, number)
            clients.append(client)
            selector.register(client.socket, selectors.EVENT_READ, client)
        left = len(clients)
        end = time.monotonic() + DEADLINE_S + 5 * daemon.PATIENCE
        next_dribble = 0
        while left and time.monotonic() < end:
            if time.monotonic() > next_dribble:
                next_dribble = time.monotonic() + 0.5
                for client in clients:
                    client.dribble()
            for key, _ in selector.select(0.1):
                if key.data.readable():
                    selector.unregister(key.fileobj)
                    left -= 1
        for client in clients:
            client.socket.close()
        return clients

    def test_client_that_does_not_read_is_cut(self):
        d = self.daemon(self.config)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.connect(("127.0.0.1", d.port))
            s.setblocking(False)
            begin = time.monotonic()
            pipeline = (REQUEST + b"\r\n") * 1000
            try:
                while time.monotonic() - begin < DEADLINE_S + 3 * daemon.PATIENCE:
                    try:
                        s.send(pipeline)
                    except BlockingIOError:
                        time.sleep(0.05)
                self.fail("never cut")
            except ConnectionError:
                pass
            self.assertGreater(time.monotonic() - begin, DEADLINE_S - 0.5)


class Stalled:
    """A connection whose client has stopped somewhere. Over TLS the bytes are this side's to
    send or to keep."""

    def __init__(self, port, tls=False):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5 * daemon.PATIENCE)
        self.tls = None
        if tls:
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = client().wrap_bio(self.incoming, self.outgoing)

    def hello(self):
        """What a TLS client says first."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.do_handshake()
        return self.outgoing.read()

    def shake_hands(self):
        if not self.tls:
            return
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.socket.sendall(self.outgoing.read())
                self.incoming.write(self.socket.recv(65536))
        self.socket.sendall(self.outgoing.read())

    def encoded(self, data):
        if not self.tls:
            return data
        self.tls.write(data)
        return self.outgoing.read()

    def send(self, data):
        self.socket.sendall(self.encoded(data))

    def say_good_bye(self):
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        self.socket.sendall(self.outgoing.read())

    def flood(self):
        """Asks without reading until nothing more is taken."""
        self.socket.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            while True:
                self.socket.sendall(self.encoded((REQUEST + b"\r\n") * 100))


def after_handshake(*pieces, then=None):
    def stall(c):
        c.shake_hands()
        for piece in pieces:
            c.send(piece)
        if then:
            then(c)
    return stall


def end_sending(c):
    c.socket.shutdown(socket.SHUT_WR)


STALLS = {
    "says nothing": lambda c: None,
    "stops in the request line": after_handshake(b"GET /openid"),
    "stops in the headers": after_handshake(REQUEST),
    "owes its body": after_handshake(REQUEST + b"Content-Length: 1000\r\n\r\n", b"b"),
    "owes a chunk": after_handshake(REQUEST + b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\na"),
    "waits for 100": after_handshake(
        REQUEST + b"Content-Length: 10\r\nExpect: 100-continue\r\n\r\n"),
    "stays after an answer": after_handshake(REQUEST + b"\r\n"),
    "stops in a second request": after_handshake(REQUEST + b"\r\n" + REQUEST),
    "ends sending within a request": after_handshake(REQUEST, then=end_sending),
    "ends sending after an answer": after_handshake(REQUEST + b"\r\n", then=end_sending),
    "does not read": after_handshake(then=Stalled.flood),
}
TLS_STALLS = {
    "stops in its hello": lambda c: c.socket.sendall(c.hello()[:20]),
    "stops after its hello": lambda c: c.socket.sendall(c.hello()),
    "stops after the handshake": after_handshake(),
    "stops in a record": lambda c: (
        c.shake_hands(), c.socket.sendall(c.encoded(REQUEST + b"\r\n")[:20])),
    "says good-bye and stays": after_handshake(then=lambda c: c.say_good_bye()),
}


class Idle(daemon.Case):
    """Waiting takes no processor time, whatever is waited for."""

    def check(self, d, stalls, tls):
        for what, stall in stalls.items():
            with self.subTest(what), contextlib.ExitStack() as stack:
                for _ in range(3):
                    c = Stalled(d.port, tls)
                    stack.callback(c.socket.close)
                    stall(c)
                time.sleep(0.2 * daemon.PATIENCE)
                before, begin = d.processor_s(), time.monotonic()
                time.sleep(0.5)
                share = (d.processor_s() - before) / (time.monotonic() - begin)
                self.assertLess(share, 0.3, "of a processor")

    def test_plain(self):
        self.check(self.daemon(), STALLS, tls=False)

    def test_tls(self):
        def config(c, d):
            c["issuers"][0]["url"] = f"https://localhost:{d.port}"
            c["listeners"]["discovery"]["tls"] = {"certificate": "tls.crt", "key": "tls.key"}
        d = self.daemon(config, start=False)
        keys.certificate(d.dir, kind="p256")
        self.check(d.start(), STALLS | TLS_STALLS, tls=True)


if __name__ == "__main__":
    unittest.main()
