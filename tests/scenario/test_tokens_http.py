# SPDX-License-Identifier: Apache-2.0
"""The tokens listener: how requests for tokens come in, wait and are answered."""

import base64
import contextlib
import json
import os
import pathlib
import resource
import signal
import socket
import ssl
import subprocess
import time

from cryptography.hazmat.primitives import serialization

import asking
import daemon
import fake_cluster
import minting
import odd_certificate
import raw
from fake_cluster import pki


def claims(response):
    """Of the token in a TokenRequest's answer."""
    part = response.json()["status"]["token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def kid(response):
    part = response["status"]["token"].split(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["kid"]


def wait_for_metric(d, value, name, **labels):
    """Requests are counted when their answer is out, which may be later than it is here."""
    daemon.wait_until(f"{name} is {value}", lambda: d.metric(
        "sa_issuerd_" + name, listener="tokens", **labels) == value)


def private_number(path):
    """One of the secret numbers of an RSA key, as it lies in memory."""
    numbers = serialization.load_pem_private_key(path.read_bytes(), None).private_numbers()
    return numbers.p.to_bytes(128, "little")


def in_memory(pid, data):
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, mode = line.split()[:2]
            begin, end = (int(n, 16) for n in span.split("-"))
            if mode.startswith("rw") and end - begin < 1 << 28:
                with contextlib.suppress(OSError):
                    memory.seek(begin)
                    if data in memory.read(end - begin):
                        return True
    return False


class Answers(daemon.Case):
    def test_a_token_is_given(self):
        d = asking.daemon_with_tokens(self)
        got = asking.post(d)
        self.assertEqual(got.status, 201)
        self.assertEqual(got.headers["Content-Type"], "application/json")
        self.assertEqual(got.headers["Cache-Control"], "no-store")
        self.assertEqual(claims(got)["sub"], "system:serviceaccount:shop:web")
        self.assertEqual(claims(got)["aud"], ["sts.amazonaws.com"])
        wait_for_metric(d, 1, "http_requests_total", route="token_request", code="201")

    def test_a_connection_is_kept(self):
        d = asking.daemon_with_tokens(self)
        with contextlib.closing(asking.connect(d)) as c:
            ids = {claims(asking.ask(c))["jti"] for _ in range(20)}
        self.assertEqual(len(ids), 20)
        wait_for_metric(d, 1, "http_connections_accepted_total")

    def test_other_methods_get_405(self):
        d = asking.daemon_with_tokens(self)
        for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "post"):
            got = asking.post(d, method=method, data=b"")
            self.assertEqual((got.status, got.headers["Allow"]), (405, "POST"), method)
            if method != "HEAD":
                self.assertEqual(got.json()["reason"], "MethodNotAllowed")
        got = asking.post(d, asking.EXCHANGE, b"", method="GET")
        self.assertEqual((got.status, got.json()["error"]), (405, "invalid_request"))

    def test_other_paths_get_404(self):
        d = asking.daemon_with_tokens(self)
        good = asking.PATH
        for path in ("/", "/livez", good + "/", good + "/x", "/" + good, good[:-1],
                     "/x" + good, good.replace("/shop/", "//"), good.replace("web", ""),
                     good.replace("/v1/", "/v2/"), good.replace("serviceaccounts", "pods"),
                     good.replace("/shop", "/shop/x"), "/token/", "/x/token",
                     good.replace("/shop", "%2fshop"), good + "%3f"):
            got = asking.post(d, path)
            self.assertEqual(got.status, 404, path)
            self.assertEqual(got.json()["reason"], "NotFound", path)

    def test_each_issuer_has_its_own_path(self):
        def change(c, d):
            first = c["issuers"][0]
            base = {"keys": first["keys"], "audiences": first["audiences"]}
            for number, url in enumerate(("https://a.example.com/x", "https://b.example.com/x",
                                          "https://a.example.com/y")):
                c["issuers"].append({"url": url, "role": "federation", **base})
            del c["issuers"][0]

        d = asking.daemon_with_tokens(self, change)
        for path, host, issuer in (("/x", "a.example.com", "https://a.example.com/x"),
                                   ("/x", "B.example.com", "https://b.example.com/x"),
                                   ("/y", "whoever", "https://a.example.com/y")):
            got = asking.post(d, path + asking.PATH, Host=host)
            self.assertEqual(got.status, 201)
            self.assertEqual(claims(got)["iss"], issuer)
        for path, host in (("/x", "c.example.com"), ("", "a.example.com"),
                           ("/z", "a.example.com"), ("/x/y", "a.example.com")):
            self.assertEqual(asking.post(d, path + asking.PATH, Host=host).status, 404)

    def test_an_issuer_that_only_publishes_has_no_tokens(self):
        def change(c, d):
            public = d.dir / "public"
            public.mkdir()
            subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-out",
                            d.dir / "sa.key"], check=True, capture_output=True)
            subprocess.run(["openssl", "pkey", "-in", d.dir / "sa.key", "-pubout", "-out",
                            public / "sa.pub"], check=True, capture_output=True)
            c["issuers"].append({"url": "https://p.example.com/p", "role": "publish",
                                 "keys": {"files": ["public"]}})

        d = asking.daemon_with_tokens(self, change)
        self.assertEqual(asking.post(d, "/p" + asking.PATH).status, 404)
        self.assertEqual(asking.post(d, "/p/token").status, 404)
        self.assertEqual(asking.post(d).status, 201)

    def test_queries_reach_the_service(self):
        d = asking.daemon_with_tokens(self)
        got = asking.post(d, asking.PATH + "?fieldManager=kubectl-create&pretty=true")
        self.assertEqual(got.status, 201)
        got = asking.post(d, asking.PATH + "?fieldManager=a&dryRun=All")
        self.assertEqual(got.status, 400)
        self.assertIn("dry", got.json()["message"])
        # The next request on that connection has none.
        with contextlib.closing(asking.connect(d)) as c:
            self.assertEqual(asking.ask(c, asking.PATH + "?dryRun=All").status, 400)
            self.assertEqual(asking.ask(c).status, 201)

    def test_the_discovery_listener_gives_none(self):
        d = asking.daemon_with_tokens(self)
        self.assertEqual(asking.post(d, port=d.port).status, 404)
        self.assertEqual(asking.post(d, port=d.admin_port).status, 404)

    def test_a_withdrawn_key_leaves_memory(self):
        # Of idle workers, too, and with connections of before still open.
        d = asking.daemon_with_tokens(self)
        if not os.access(f"/proc/{d.pid}/mem", os.R_OK):  # root only, and not everywhere
            return
        secret = private_number(d.keys / "first.pem")
        with contextlib.closing(asking.connect(d)) as c:
            self.assertEqual(asking.ask(c).status, 201)
            self.assertTrue(in_memory(d.pid, secret))
            d.add_key("second.pem")
            (d.keys / "first.pem").unlink()
            self.assertEqual(d.reload(), "ok")
            daemon.wait_until("the key is gone", lambda: not in_memory(d.pid, secret))
            self.assertEqual(asking.ask(c).status, 201)

    def test_a_flood_of_discovery_leaves_room_for_tokens(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
        d = asking.daemon_with_tokens(self, serve_options={"preexec_fn": limit})
        flood = [raw.tcp(d.port) for _ in range(300)]
        for c in flood:
            self.addCleanup(c.socket.close)
        kept = [asking.unix(d) for _ in range(20)]
        for c in kept:
            self.addCleanup(c.socket.close)
            c.send(asking.raw_request())
        self.assertEqual([c.answer().status for c in kept], [201] * 20)
        self.assertGreater(d.metric("sa_issuerd_http_connections_refused_total",
                                    listener="discovery", reason="descriptors"), 0)



class Bodies(daemon.Case):
    def test_a_body_may_be_as_large_as_the_limit(self):
        def change(c, _):
            c["limits"] = {"maxBodyBytes": "4KiB"}
        d = asking.daemon_with_tokens(self, change)
        data = asking.body()
        for size in (4095, 4096):
            with asking.unix(d) as c:
                c.send(asking.raw_request(data=data + b" " * (size - len(data))))
                self.assertEqual(c.answer().status, 201)
        for path, reason in ((asking.PATH, "RequestEntityTooLarge"), ("/token", None)):
            with asking.unix(d) as c:
                c.send(asking.raw_request(path, b"").replace(b"Length: 0", b"Length: 4097"))
                answer = c.answer()
                self.assertEqual(answer.status, 413)
                got = json.loads(answer.body)
                if reason:
                    self.assertEqual(got["reason"], reason)
                else:
                    self.assertEqual(got["error"], "invalid_request")
                self.assertIsNotNone(c.ended())
        wait_for_metric(d, 2, "http_requests_refused_total", reason="body-size")

    def test_a_body_may_come_in_pieces(self):
        d = asking.daemon_with_tokens(self)
        request = asking.raw_request()
        with asking.unix(d) as c:
            for i in range(len(request)):
                c.send(request[i:i + 1])
            self.assertEqual(c.answer().status, 201)
            head, _, data = request.partition(b"\r\n\r\n")
            c.send(head + b"\r\n\r\n")
            c.send(data)
            self.assertEqual(c.answer().status, 201)

    def test_a_large_body_comes_whole(self):
        # What is sent is what the service reads: a name at the far end decides.
        d = asking.daemon_with_tokens(self)
        filler = json.dumps({"metadata": {"annotations": {"a": "x" * 60000}}})[1:-1]
        for name, status in (("web", 201), ("other", 422)):
            data = (f'{{{filler[:-1]},"name":"{name}"}},'
                    f'"spec":{{"audiences":["sts.amazonaws.com"]}}}}').encode()
            with asking.unix(d) as c:
                c.send(asking.raw_request(data=data))
                self.assertEqual(c.answer().status, status, name)

    def test_a_slow_body_is_given_up(self):
        def change(c, _):
            c["limits"] = {"bodyTimeout": "1s"}
        d = asking.daemon_with_tokens(self, change)
        request = asking.raw_request()
        with asking.unix(d) as c:
            c.send(request[:-1])
            self.assertIsNotNone(c.ended(20))
        with asking.unix(d) as c:
            c.send(request[:-40])
            with self.assertRaises(OSError):
                for byte in request[-40:]:  # one now and then keeps nothing alive
                    c.send(bytes([byte]))
                    time.sleep(0.1)
        wait_for_metric(d, 2, "http_connections_cut_total", phase="body")
        self.assertEqual(asking.post(d).status, 201)

    def test_expect_continue(self):
        d = asking.daemon_with_tokens(self)
        request = asking.raw_request(asking.PATH, None, "Expect: 100-continue")
        head, _, data = request.partition(b"\r\n\r\n")
        with asking.unix(d) as c:
            c.send(head + b"\r\n\r\n")
            self.assertEqual(c.answer().status, 100)
            c.send(data)
            self.assertEqual(c.answer().status, 201)
        # What will be refused is not sent at all.
        for path, method, status in (("/none", "POST", 404), (asking.PATH, "PUT", 405)):
            request = asking.raw_request(path, None, "Expect: 100-continue", method=method)
            with asking.unix(d) as c:
                c.send(request.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
                self.assertEqual(c.answer().status, status)
                self.assertIsNotNone(c.ended())

    def test_without_a_body(self):
        d = asking.daemon_with_tokens(self)
        with asking.unix(d) as c:
            c.send(asking.raw_request(data=b""))
            self.assertEqual(c.answer().status, 400)
            c.send(asking.raw_request(data=b"").replace(b"Content-Length: 0\r\n", b""))
            self.assertEqual(c.answer().status, 400)
            c.send(asking.raw_request())
            self.assertEqual(c.answer().status, 201)

    def test_a_refused_request_leaves_the_connection_in_step(self):
        d = asking.daemon_with_tokens(self)
        with asking.unix(d) as c:
            for path, method, status in (("/none", "POST", 404), (asking.PATH, "PUT", 405),
                                         (asking.PATH, "POST", 201)):
                c.send(asking.raw_request(path, method=method))
                self.assertEqual(c.answer().status, status)

    def test_pipelined_requests_are_answered_in_turn(self):
        d = asking.daemon_with_tokens(self)
        with asking.unix(d) as c:
            c.send((asking.raw_request() + asking.raw_request("/none")) * 5)
            self.assertEqual([c.answer().status for _ in range(10)], [201, 404] * 5)

    def test_ambiguous_framing_is_refused(self):
        d = asking.daemon_with_tokens(self)
        good = asking.raw_request()
        length = f"Content-Length: {len(asking.body())}".encode()
        cases = {
            "chunked": (length, b"Transfer-Encoding: chunked"),
            "chunked and length": (length, length + b"\r\nTransfer-Encoding: chunked"),
            "two lengths": (length, length + b"\r\n" + length),
            "signed length": (length, length.replace(b": ", b": +")),
            "list of lengths": (length, length + b", 1"),
            "length in hexadecimal": (length, b"Content-Length: 0x10"),
            "two types": (b"Content-Type", b"Content-Type: text/plain\r\nContent-Type"),
            "two authorizations": (b"Content-Type",
                                   b"Authorization: Bearer a\r\nAuthorization: Bearer a"
                                   b"\r\nContent-Type"),
            "bare LF": (b"\r\nContent-Type", b"\nContent-Type"),
        }
        for name, (old, new) in cases.items():
            with self.subTest(name), asking.unix(d) as c:
                self.assertIn(old, good)
                c.send(good.replace(old, new, 1) + asking.raw_request())
                answer = c.answer()
                if answer is not None:
                    self.assertEqual(answer.status, 400)
                    self.assertIsNone(c.answer())


class Callers(daemon.Case):
    """Who asks: a bearer token, a certificate, or the peer of the socket."""

    def test_a_malformed_authorization_is_refused(self):
        # Never passed over for the peer, who would be allowed.
        d = asking.daemon_with_tokens(self)
        for value in ("Basic YTpi", "Bearer", "Bearer ", "Bearer a b", "Bearer a,b", "abc",
                      "Bearer: abc", "Bearer a\tb", "Negotiate x", ""):
            got = asking.post(d, Authorization=value)
            self.assertEqual(got.status, 401, value)
            self.assertEqual(got.headers["WWW-Authenticate"], "Bearer")
            self.assertEqual(got.json()["reason"], "Unauthorized")
        got = asking.post(d, asking.EXCHANGE, b"", Authorization="Basic YTpi")
        self.assertEqual((got.status, got.json()["error"]), (401, "invalid_client"))
        self.assertNotIn("YTpi", d.log_text())
        wait_for_metric(d, 11, "http_requests_total", code="401")

    def test_a_bearer_token_is_looked_at_before_the_peer(self):
        # There is nobody to review it, so it is refused, although the peer alone is allowed.
        d = asking.daemon_with_tokens(self)
        with contextlib.closing(asking.connect(d)) as c:
            self.assertEqual(asking.ask(c).status, 201)
            self.assertEqual(asking.ask(c, Authorization="Bearer abc.def").status, 401)
            self.assertEqual(asking.ask(c).status, 201)

    def test_tcp_has_no_peer(self):
        def change(c, d):
            d.tokens_port = daemon.free_port()
            c["listeners"]["tokens"]["address"] = f"127.0.0.1:{d.tokens_port}"
        d = asking.daemon_with_tokens(self, change)
        self.assertEqual(asking.post(d, port=d.tokens_port).status, 401)
        self.assertEqual(asking.post(d).status, 201)

    def test_another_user_is_another_peer(self):
        if os.getuid() != 0:  # who cannot become another
            return
        d = asking.daemon_with_tokens(self)
        for parent in (d.dir, d.dir.parent):
            parent.chmod(0o755)
        for uid, expected in ((os.getuid(), "201"), (12345, "403")):
            done = subprocess.run(
                ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "curl", "-sS",
                 "--unix-socket", d.tokens_socket, "-H", "Content-Type: application/json",
                 "-d", asking.body().decode(), "-o", "/dev/null", "-w", "%{http_code}",
                 "http://localhost" + asking.PATH],
                capture_output=True, text=True, check=True, timeout=30)
            self.assertEqual(done.stdout, expected, done.stderr)
        lines = minting.audit(d)
        self.assertRegex(lines[0]["caller"], r"^unix:uid=0,gid=0,pid=\d+$")
        self.assertRegex(lines[1]["caller"], r"^unix:uid=12345,gid=12345,pid=\d+$")
        self.assertEqual([line["result"] for line in lines], ["issued", "refused"])

    def test_one_user_does_not_take_all_connections(self):
        def change(c, d):
            d.tokens_port = daemon.free_port()
            c["listeners"]["tokens"]["address"] = f"127.0.0.1:{d.tokens_port}"
            c["limits"] = {"maxConnections": 8, "maxConnectionsPerAddress": 6}
        d = asking.daemon_with_tokens(self, change)
        with contextlib.ExitStack() as stack:
            for _ in range(9):
                stack.enter_context(asking.unix(d))
            wait_for_metric(d, 3, "http_connections_refused_total", reason="address")
            wait_for_metric(d, 6, "http_connections_open")
            # Another caller: nobody, who is told so.
            self.assertEqual(asking.post(d, port=d.tokens_port).status, 401)
        wait_for_metric(d, 0, "http_connections_open")
        self.assertEqual(asking.post(d).status, 201)


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
        wait_for_metric(d, 8, "http_connections_open")
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
        wait_for_metric(d, 10, "http_connections_open")  # until their answers come
        self.gate.opened.set()
        wait_for_metric(d, 0, "http_connections_open")
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



class Certificates(daemon.Case):
    """Callers by client certificate: CN is the user, each O a group."""

    def setUp(self):
        super().setUp()
        self.pki = self.dir / "pki"
        self.pki.mkdir()
        self.ca = pki.Authority(self.pki, "ca")
        self.server = self.ca.issue("server", ("127.0.0.1",))

    def daemon_with_certificates(self, rows=({"users": ["builder"]},)):
        def change(c, d):
            d.tokens_port = daemon.free_port()
            c["listeners"]["tokens"] |= {
                "address": f"127.0.0.1:{d.tokens_port}",
                "tls": {"certificate": str(self.server[0]), "key": str(self.server[1]),
                        "clientCA": "client-ca.crt"}}
            c["callers"]["clientCertificates"] = list(rows)
            (d.dir / "client-ca.crt").write_bytes(self.ca.path.read_bytes())
        return asking.daemon_with_tokens(self, change)

    def context(self, pair=None, version=None):
        context = ssl.create_default_context(cafile=str(self.ca.path))
        if version:
            context.minimum_version = context.maximum_version = version
        if pair:
            context.load_cert_chain(*pair)
        return context

    def post(self, d, pair=None, version=None, **options):
        return asking.post(d, port=d.tokens_port, context=self.context(pair, version), **options)

    def test_a_known_user(self):
        d = self.daemon_with_certificates()
        pair = self.ca.issue("builder", client=True)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            self.assertEqual(self.post(d, pair, version).status, 201)
        self.assertEqual(self.post(d, self.ca.issue("other", client=True)).status, 403)
        self.assertEqual([line["caller"] for line in minting.audit(d)],
                         ["certificate:builder"] * 2 + ["certificate:other"])

    def test_groups(self):
        d = self.daemon_with_certificates(({"groups": ["ops", "sre"]},))
        for name, groups, status in (("a", ("ops",), 201), ("b", ("x", "sre"), 201),
                                     ("c", ("x", "sre", "y"), 201), ("d", (), 403),
                                     ("e", ("OPS",), 403), ("f", ("ops,sre",), 403),
                                     ("ops", (), 403), ("g", ("op", "s"), 403)):
            pair = self.ca.issue(name, client=True, organizations=groups)
            self.assertEqual(self.post(d, pair).status, status, (name, groups))

    def test_no_certificate_is_nobody(self):
        d = self.daemon_with_certificates()
        got = self.post(d)
        self.assertEqual((got.status, got.headers["WWW-Authenticate"]), (401, "Bearer"))
        self.assertEqual(asking.post(d).status, 201)  # the Unix socket asks for none

    def test_a_certificate_that_proves_nothing_is_refused(self):
        d = self.daemon_with_certificates()
        cases = {
            "expired": {"days": (-2, -1)},
            "not valid yet": {"days": (1, 2)},
            "self-signed": {"self_signed": True},
            "for servers": {"client": False},
            "of 1024 bits": {"weak": True},
        }
        cn, o = ("CN", "builder"), ("O", "ops")
        subjects = {
            "two users": [cn, ("CN", "other")],
            "the same user twice": [cn, cn],
            "two users in one part": [[cn, ("CN", "other")]],
            "no user": [o],
            "nobody": [],
            "an empty user": [("CN", "")],
            "a user with NUL": [("CN", "builder\0.evil")],
            "a user with a line end": [("CN", "builder\n")],
            "a user in UTF-16": [("CN", "builder", odd_certificate.BMP)],
            "a user in Teletex": [("CN", "builder", odd_certificate.TELETEX)],
            "a user of too many bytes": [("CN", "b" * 513)],
            "a group with a control byte": [cn, ("O", "a\x1bb")],
            "an empty group": [cn, ("O", "")],
            "too many groups": [cn, *(("O", f"g{i}") for i in range(33))],
        }
        stranger = pki.Authority(self.dir, "stranger")
        for name in [*cases, *subjects, "of another authority", "of another with that name"]:
            with self.subTest(name):
                if name in cases:
                    pair = self.ca.issue("builder", **{"client": True, **cases[name]})
                elif name in subjects:
                    pair = odd_certificate.issue(self.ca, *subjects[name])
                elif name.endswith("name"):
                    pair = pki.Authority(self.dir / "twin", "ca").issue("builder", client=True)
                else:
                    pair = stranger.issue("builder", client=True)
                # As at kube-apiserver it is the request that is refused, not the handshake.
                context = self.context()
                context.set_ciphers("DEFAULT:@SECLEVEL=0")
                context.load_cert_chain(*pair)
                got = asking.post(d, port=d.tokens_port, context=context)
                self.assertEqual(got.status, 401)
                self.assertEqual(got.json()["reason"], "Unauthorized")
        self.assertEqual(minting.audit(d) if (d.dir / "audit.log").exists() else [], [])

    def test_names_are_taken_as_they_are(self):
        user = "system:node:" + "a" * 253
        groups = ["system:masters", "a,b+c=\"d\"", "\u00fcber \u4e16", " x ", "#00", "p"]
        pair = odd_certificate.issue(
            self.ca, ("C", "DE", odd_certificate.PRINTABLE), [("CN", user), ("OU", "unit")],
            ("O", "p", odd_certificate.PRINTABLE), *(("O", g) for g in groups[:-1]),
            *(("O", f"g{i}") for i in range(26)))
        for group in groups:
            d = self.daemon_with_certificates(({"groups": [group]},))
            self.assertEqual(self.post(d, pair).status, 201, group)
        for group in ("a", "unit", "DE", "x", "ber", "system"):
            d = self.daemon_with_certificates(({"groups": [group]},))
            self.assertEqual(self.post(d, pair).status, 403, group)
        self.assertEqual(minting.audit(d)[0]["caller"], "certificate:" + user)

    def test_a_good_token_does_not_save_a_bad_certificate(self):
        d = self.daemon_with_certificates()
        pair = self.ca.issue("builder", client=True, days=(-2, -1))
        with contextlib.closing(asking.connect(d, port=d.tokens_port,
                                               context=self.context(pair))) as c:
            for _ in range(3):
                self.assertEqual(asking.ask(c, Authorization="Bearer a.b.c").status, 401)

    def test_an_authority_that_is_withdrawn(self):
        # On connections that are kept, too.
        d = self.daemon_with_certificates()
        pair = self.ca.issue("builder", client=True)
        other = pki.Authority(self.dir, "other")
        with contextlib.closing(asking.connect(d, port=d.tokens_port,
                                               context=self.context(pair))) as c:
            for authority, status in ((self.ca, 201), (other, 401), (self.ca, 201)):
                (d.dir / "client-ca.crt").write_bytes(authority.path.read_bytes())
                self.assertEqual(d.reload(), "ok")
                self.assertEqual(asking.ask(c).status, status)
        wait_for_metric(d, 1, "http_connections_accepted_total")

    def test_a_certificate_that_expires_on_a_connection(self):
        d = self.daemon_with_certificates()
        seconds = 4 * daemon.PATIENCE
        pair = self.ca.issue("builder", client=True, days=(-1, seconds / 86400))
        end = time.monotonic() + seconds
        with contextlib.closing(asking.connect(d, port=d.tokens_port,
                                               context=self.context(pair))) as c:
            self.assertEqual(asking.ask(c).status, 201)
            self.assertLess(time.monotonic(), end, "this machine is too slow for the test")
            daemon.wait_until("it has expired", lambda: asking.ask(c).status == 401, step=0.2)
            self.assertEqual(asking.ask(c).status, 401)

    def test_a_chain(self):
        d = self.daemon_with_certificates()
        middle = pki.Authority(self.dir, "middle", issuer=self.ca)
        pair = middle.issue("builder", client=True)
        self.assertEqual(self.post(d, pair).status, 401)  # nobody knows who signed it
        chain = self.dir / "chain.crt"
        chain.write_bytes(pair[0].read_bytes() + middle.path.read_bytes())
        self.assertEqual(self.post(d, (chain, pair[1])).status, 201)

    def test_connections_do_not_keep_withdrawn_keys(self):
        d = self.daemon_with_certificates()
        if not os.access(f"/proc/{d.pid}/mem", os.R_OK):
            return
        secret = private_number(d.keys / "first.pem")
        context = self.context(self.ca.issue("builder", client=True))
        with contextlib.closing(asking.connect(d, port=d.tokens_port, context=context)) as c:
            self.assertEqual(asking.ask(c).status, 201)
            d.add_key("second.pem")
            (d.keys / "first.pem").unlink()
            self.assertEqual(d.reload(), "ok")
            daemon.wait_until("the key is gone", lambda: not in_memory(d.pid, secret))
            self.assertEqual(asking.ask(c).status, 201)

    def test_without_an_authority_none_is_asked_for(self):
        def change(c, d):
            d.tokens_port = daemon.free_port()
            c["listeners"]["tokens"] |= {
                "address": f"127.0.0.1:{d.tokens_port}",
                "tls": {"certificate": str(self.server[0]), "key": str(self.server[1])}}
        d = asking.daemon_with_tokens(self, change)
        pair = self.ca.issue("builder", client=True, days=(-2, -1))
        self.assertEqual(self.post(d, pair).status, 401)  # as nobody: nothing was shown
        self.assertEqual(asking.post(d).status, 201)
