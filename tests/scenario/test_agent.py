# SPDX-License-Identifier: Apache-2.0
"""sa-issuerd agent: what it asks, what it writes, how it keeps that fresh, and what it does when
the issuer, the network, the clock or the disk do not play along."""

import contextlib
import os
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest

import agents
import daemon
import keys

HOUR = 3600


class Files(agents.Case):
    def test_two_audiences(self):
        second = self.dir / "out/azure"
        with agents.Endpoint() as endpoint:
            agent = self.agent(endpoint.url, "--audience", "api://Azure Token&x=1",
                               "--out", second, mode="0644", duration="90m")
            self.wait_ready()
            forms = {a.form["audience"]: a for a in endpoint.asked}
            self.assertEqual(forms.keys(), {"sts", "api://Azure Token&x=1"})
            for asked in endpoint.asked:
                self.assertEqual(asked.path, "/prod/token")
                self.assertEqual(asked.form, {
                    "grant_type": agents.GRANT_TYPE, "subject_token": agents.POD_TOKEN,
                    "subject_token_type": agents.JWT_TYPE,
                    "requested_token_type": agents.JWT_TYPE, "expires_in": "5400",
                    "audience": asked.form["audience"]})
                self.assertEqual(asked.headers["Content-Type"],
                                 "application/x-www-form-urlencoded")
                self.assertEqual(asked.headers["Accept"], "application/json")
                self.assertNotIn("Expect", asked.headers)
                self.assertNotIn("Authorization", asked.headers)
            for path in (self.out, second):
                self.assertRegex(path.read_bytes(), rb"\AeyJ[\w.-]+\Z")
                self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o644)
            self.assertNotEqual(self.out.read_bytes(), second.read_bytes())
            before = self.out.read_bytes()
            self.assertEqual(agent.stop(), 0)
            self.assertEqual(self.out.read_bytes(), before)  # others may still use it
            self.assertFalse(self.ready.exists())

    def test_default_mode_whatever_the_umask(self):
        with agents.Endpoint() as endpoint:
            self.agent(endpoint.url)
            self.wait_ready()
            self.assertEqual(stat.S_IMODE(self.out.stat().st_mode), 0o640)

    def test_replaced_never_rewritten(self):
        """A reader sees the old token or the new one, whole; a link is replaced as well."""
        elsewhere = self.dir / "elsewhere"
        elsewhere.write_text("not to be touched")
        self.out.symlink_to(elsewhere)
        with agents.Endpoint() as endpoint:
            agent = self.agent(endpoint.url)
            first = self.written(agent, 1)
            with open(self.out, encoding="ascii") as old:
                agent.send(signal.SIGHUP)
                second = self.written(agent, 2)
                self.assertEqual(old.read(), first)
            self.assertNotEqual(first, second)
            self.assertEqual(elsewhere.read_text(), "not to be touched")

    def test_left_behind_by_a_killed_one(self):
        """In a container every process has the same id, and so the same temporary name."""
        self.ready.write_text("")
        with agents.Endpoint() as endpoint:
            endpoint.reply = endpoint.hang
            agent = self.agent(endpoint.url)
            daemon.wait_until("it asks", lambda: endpoint.asked)
            self.assertFalse(self.ready.exists())
            left = self.out.with_name(f"token.{agent.process.pid}.tmp")
            left.write_text("half of a tok")
            endpoint.reply = endpoint.grant
            endpoint.released.set()
            agent.send(signal.SIGHUP)
            self.written(agent, 1)
            self.assertFalse(left.exists())

    def test_pod_token_is_read_each_time(self):
        with agents.Endpoint() as endpoint:
            agent = self.agent(endpoint.url)
            self.written(agent, 1)
            self.secrets.append("next.pod.token-of-kubelet")
            self.token_file.write_text("next.pod.token-of-kubelet")
            agent.send(signal.SIGHUP)
            self.written(agent, 2)
            self.assertEqual([a.form["subject_token"] for a in endpoint.asked],
                             [agents.POD_TOKEN, "next.pod.token-of-kubelet"])
            self.assertNotIn("expires_in", endpoint.asked[0].form)

    def test_disk_that_refuses(self):
        """The directory goes away: the failure is told, and mended when it is back."""
        away = self.dir / "away"
        with agents.Endpoint() as endpoint:
            agent = self.agent(endpoint.url)
            self.written(agent, 1)
            self.out.parent.rename(away)
            agent.send(signal.SIGHUP)
            failed = agent.wait_lines("no token")[0]
            self.assertIn(f"{self.out}: cannot create: No such file", failed["error"])
            self.assertGreater(failed["life_left_s"], HOUR - 60)
            away.rename(self.out.parent)
            agent.send(signal.SIGHUP)
            self.written(agent, 2)


class Once(agents.Case):
    def once(self, endpoint, code=0, **options):
        agent = self.agent(endpoint if isinstance(endpoint, str) else endpoint.url, "--once",
                           **options)
        agent.exit_expected = code
        self.assertEqual(agent.wait_exit(), code, agent.log_file.read_text())
        return agent

    def test_writes_and_ends(self):
        with agents.Endpoint() as endpoint:
            self.once(endpoint)
        self.assertTrue(self.out.exists())
        self.assertTrue(self.ready.exists())

    def test_one_of_two(self):
        other = self.dir / "out/other"
        with agents.Endpoint() as endpoint:
            endpoint.reply = lambda a: (endpoint.grant(a) if a.form["audience"] == "sts"
                                        else agents.error(400, "invalid_target"))
            agent = self.agent(endpoint.url, "--once", "--audience", "b", "--out", other)
            agent.exit_expected = 1
            self.assertEqual(agent.wait_exit(), 1)
            self.assertEqual(agent.lines("agent failed")[0]["error"],
                             "not all tokens were written")
        self.assertTrue(self.out.exists())
        self.assertFalse(other.exists())
        self.assertFalse(self.ready.exists())

    def refused(self, endpoint, text, **options):
        """Fails for that reason (one of those, with | between), asks once, and leaves the old
        file alone."""
        self.out.write_text("old")
        agent = self.once(endpoint, 1, **options)
        error = agent.lines("no token")[-1]["error"]
        self.assertTrue(any(t in error for t in text.split("|")), (error, text))
        self.assertEqual(self.out.read_text(), "old")
        self.assertFalse(self.ready.exists())

    def test_answers_that_are_refused(self):
        token = agents.jwt("sts")
        now = int(time.time())
        late = agents.jwt("sts", issued=now - 2 * HOUR)
        rows = [
            (agents.error(401, "invalid_client"), "status 401: invalid_client"),
            (agents.error(400, "invalid_target", '"sts" is not an audience'),
             'status 400: invalid_target: "sts" is not an audience'),
            (agents.error(400, "invalid_request", f"you sent {agents.POD_TOKEN}!"),
             "status 400: invalid_request: you sent ..."),
            (agents.error(503, "temporarily_unavailable"), "status 503: temporarily_unavail"),
            ((502, {"Content-Type": "text/html"}, b"<h1>Bad gateway</h1>"), "status 502"),
            ((200, {"Content-Type": "text/html"}, b"<h1>Log in</h1>"),
             "the answer: not JSON: invalid syntax"),
            ((200, {}, b""), "the answer: not JSON"),
            ((200, {}, b'{"access_token":"' + token.encode()), "the answer: not JSON"),
            ((200, {"Content-Length": 5000}, b'{"access_token":"'), "bytes missing|transfer closed"),
            ((200, {}, b'{"access_token":"' + b"x" * 80000 + b'"}'),
             "the answer is longer than 69632 bytes"),
            ((200, {"Content-Length": 9 << 30}, b"x" * 80000),
             "the answer is longer than 69632 bytes"),
            ((204, {}, b""), "status 204"),
            (agents.grant("opaque"), "access_token: not a signed JWT"),
            (agents.grant(agents.jwt("vault")), "claims: aud: it is for another audience"),
            (agents.grant(agents.jwt("sts", exp=None)), "claims: iat and exp must"),
            (agents.grant(agents.jwt("sts", exp=1.5)), "claims: iat and exp must"),
            (agents.grant(late), "seconds ago by this machine's clock"),
            (agents.grant(agents.jwt("sts", 900)), "want at least 960"),
            (None, "mpty reply from server"),
        ]
        with agents.Endpoint() as endpoint:
            for answer, text in rows:
                with self.subTest(text):
                    endpoint.reply = lambda _, answer=answer: answer
                    endpoint.asked.clear()
                    self.refused(endpoint, text)
                    self.assertEqual(len(endpoint.asked), 1)

    def test_redirects_are_not_followed(self):
        with agents.Endpoint() as endpoint, agents.Endpoint() as other:
            for status in (301, 302, 303, 307, 308):
                endpoint.reply = lambda _, s=status: (
                    s, {"Location": other.url + "/token"}, b"")
                self.refused(endpoint, f"status {status} (redirects are not followed)")
            self.assertEqual(other.asked, [])

    def test_nobody_listens(self):
        self.refused(f"http://127.0.0.1:{daemon.free_port()}", "Failed to connect")

    def test_pod_token_that_is_none(self):
        with agents.Endpoint() as endpoint:
            for text, problem in ((b"", "the file holds no token"), (b"\n", "holds no token"),
                                  (b"two words", "not a token: byte 4"),
                                  (b"a&audience=b", "not a token: byte 2"),
                                  (b"x" * 70000, "larger than the limit of 65536")):
                self.token_file.write_bytes(text)
                self.refused(endpoint, problem)
            self.token_file.unlink()
            self.refused(endpoint, f"{self.token_file}: cannot open: No such file")
            self.assertEqual(endpoint.asked, [])

    def test_stopped_before_it_is_done(self):
        with agents.Endpoint() as endpoint:
            endpoint.reply = endpoint.hang
            agent = self.agent(endpoint.url, "--once")
            agent.exit_expected = 1
            daemon.wait_until("it asks", lambda: endpoint.asked)
            agent.send(signal.SIGTERM)
            self.assertEqual(agent.wait_exit(), 1)


class Routes(agents.Case):
    def works(self, endpoint, **options):
        agent = self.agent(endpoint.url, "--once", **options)
        self.assertEqual(agent.wait_exit(), 0, agent.log_file.read_text())

    def fails(self, url, text, **options):
        agent = self.agent(url, "--once", **options)
        agent.exit_expected = 1
        self.assertEqual(agent.wait_exit(), 1)
        self.assertIn(text, agent.lines("no token")[-1]["error"])

    def test_tls(self):
        good, other = keys.certificate(self.dir), keys.certificate(self.dir, "other")
        empty = self.dir / "empty"
        empty.write_bytes(b"")
        garbage = self.dir / "garbage"
        garbage.write_bytes(b"no PEM")
        with agents.Endpoint(good) as endpoint:
            self.works(endpoint, ca_file=good[0])
            count = len(endpoint.asked)
            problem = "SSL certificate problem"
            self.fails(endpoint.url, problem)
            self.fails(endpoint.url, problem, ca_file=other[0])
            self.fails(endpoint.url, problem, ca_file=other[0], environment={
                "SSL_CERT_FILE": str(good[0]), "CURL_CA_BUNDLE": str(good[0])})
            self.fails(endpoint.url.replace("localhost", "a.localhost"),
                       "SSL: no alternative", ca_file=good[0])
            self.fails(endpoint.url, "cannot open", ca_file=self.dir / "none")
            self.fails(endpoint.url, "no certificates", ca_file=empty)
            self.fails(endpoint.url, "certificate", ca_file=garbage)
            self.assertEqual(len(endpoint.asked), count)

    def test_new_authority_is_noticed(self):
        first, second = keys.certificate(self.dir, "first"), keys.certificate(self.dir, "second")
        ca = self.dir / "ca"
        ca.write_bytes(first[0].read_bytes())
        with agents.Endpoint(first) as endpoint:
            agent = self.agent(endpoint.url, ca_file=ca)
            self.written(agent, 1)
            endpoint.use_certificate(*second)
            agent.send(signal.SIGHUP)
            self.assertIn("SSL certificate problem", agent.wait_lines("no token")[0]["error"])
            ca.write_bytes(second[0].read_bytes())
            agent.send(signal.SIGHUP)
            self.written(agent, 2)

    def test_unix_socket(self):
        path = self.dir / "socket"
        with agents.Endpoint(unix=path) as endpoint:
            self.works(endpoint, unix_socket=path)
            self.assertEqual(endpoint.asked[0].path, "/prod/token")
            self.assertEqual(endpoint.asked[0].headers["Host"], "localhost")
        self.fails("http://localhost/prod", "connect", unix_socket=self.dir / "none")

    def test_environment_has_no_say(self):
        (self.dir / ".netrc").write_text("default login a password b\n")
        with agents.Endpoint() as endpoint:
            self.works(endpoint, environment={
                "http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1",
                "HOME": str(self.dir), "CURL_HOME": str(self.dir),
                "SSLKEYLOGFILE": str(self.dir / "secrets")})
            self.assertNotIn("Authorization", endpoint.asked[0].headers)
        self.assertFalse((self.dir / "secrets").exists())

    def test_proxy(self):
        """An https issuer behind a proxy: a tunnel, and TLS with the issuer itself."""
        asked = []

        def serve(listener):
            inner, _ = listener.accept()
            with inner:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += inner.recv(1)
                asked.append(head.split(b"\r\n")[0])
                port = int(head.split()[1].rpartition(b":")[2])
                with socket.create_connection(("127.0.0.1", port)) as outer:
                    inner.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    back = threading.Thread(target=copy, args=(outer, inner))
                    back.start()
                    copy(inner, outer)
                    back.join()

        def copy(source, sink):
            with contextlib.suppress(OSError):  # whoever closes first
                while data := source.recv(65536):
                    sink.sendall(data)
                sink.shutdown(socket.SHUT_WR)

        pair = keys.certificate(self.dir)
        with agents.Endpoint(pair) as endpoint, \
                socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=serve, args=(listener,), daemon=True)
            thread.start()
            self.works(endpoint, ca_file=pair[0],
                       proxy=f"http://127.0.0.1:{listener.getsockname()[1]}")
            thread.join(10 * daemon.PATIENCE)
            port = endpoint.server.server_port
            self.assertEqual(asked, [f"CONNECT localhost:{port} HTTP/1.1".encode()])


class Time(agents.Case):
    def test_renews_in_time(self):
        """By a clock that the test moves: not before 0.9 of 45 minutes, surely after 45."""
        with agents.Endpoint() as endpoint:
            agent = self.agent(endpoint.url, clock=True)
            self.written(agent, 1)
            agent.set_clock(2400)
            waits = agent.waits()
            daemon.wait_until("it has looked at the clock", lambda: agent.waits() > waits + 5)
            self.assertEqual(len(endpoint.asked), 1)
            endpoint.reply = lambda a: agents.grant(
                agents.jwt("sts", issued=int(time.time()) + 2701))
            agent.set_clock(2701)
            self.written(agent, 2)

    def test_clock_set_back(self):
        with agents.Endpoint() as endpoint:
            agent = self.agent(endpoint.url, clock=True)
            self.written(agent, 1)
            agent.set_clock(-10)
            self.written(agent, 2)
            self.assertEqual(len(endpoint.asked), 2)

    def test_no_renewal_before_it_expires(self):
        """The file stays, the ready file goes; both are mended with the issuer."""
        with agents.Endpoint() as endpoint:
            agent = self.agent(endpoint.url, clock=True)
            first = self.written(agent, 1)
            self.wait_ready()
            endpoint.reply = lambda _: agents.error(503, "temporarily_unavailable")
            agent.set_clock(2800)
            failed = agent.wait_lines("no token")[0]
            self.assertEqual(failed["level"], "warn")
            self.assertTrue(700 <= failed["life_left_s"] <= 801, failed)
            self.assertTrue(self.ready.exists())
            agent.set_clock(3601)
            expired = agent.wait_lines("token expired, and could not be renewed")
            daemon.wait_until("not ready", lambda: not self.ready.exists())
            self.assertEqual(expired[0]["file"], str(self.out))
            self.assertEqual(self.out.read_text(), first)
            endpoint.reply = lambda a: agents.grant(
                agents.jwt("sts", issued=int(time.time()) + 3600))
            agent.send(signal.SIGHUP)
            self.written(agent, 2)
            self.wait_ready()
            self.assertNotEqual(self.out.read_text(), first)
            self.assertEqual(len(agent.lines("token expired, and could not be renewed")), 1)

    def test_tries_again(self):
        """By itself: after a second or two, and not before the server said."""
        answers = [agents.error(503, "a"), agents.error(429, "b", **{"Retry-After": "30"})]
        with agents.Endpoint() as endpoint:
            endpoint.reply = lambda a: answers.pop(0) if answers else endpoint.grant(a)
            agent = self.agent(endpoint.url, clock=True)
            first = agent.wait_lines("no token")[0]
            self.assertEqual((first["error"], first["life_left_s"]), ("status 503: a", 0))
            self.assertTrue(1000 <= first["retry_in_ms"] <= 2000, first)
            agent.elapse(3)
            second = agent.wait_lines("no token", 2)[1]
            self.assertEqual(second["error"], "status 429: b")
            self.assertTrue(30_000 <= second["retry_in_ms"] <= 33_000, second)
            agent.elapse(3 + 34)
            self.written(agent, 1)

    def test_backs_off(self):
        """Twice as long each time, up to a minute, and as much again at random."""
        with agents.Endpoint() as endpoint:
            endpoint.reply = lambda _: agents.error(503, "a")
            agent = self.agent(endpoint.url, clock=True)
            elapsed = 0
            for number, least in enumerate((1, 2, 4, 8, 16, 32, 60, 60), 1):
                line = agent.wait_lines("no token", number)[number - 1]
                self.assertTrue(least <= line["retry_in_ms"] / 1000 <= 2 * least, line)
                elapsed += 2 * least + 1
                agent.elapse(elapsed)

    def test_server_that_hangs_is_given_up(self):
        with agents.Endpoint() as endpoint:
            endpoint.reply = endpoint.hang
            agent = self.agent(endpoint.url, clock=True)
            daemon.wait_until("it asks", lambda: endpoint.asked)
            agent.elapse(10)
            waits = agent.waits()
            daemon.wait_until("it has looked at the clock", lambda: agent.waits() > waits + 5)
            self.assertEqual(agent.lines("no token"), [])
            agent.elapse(21)
            self.assertIn("timed out", agent.wait_lines("no token")[0]["error"])

    def test_retry_after_is_bounded(self):
        with agents.Endpoint() as endpoint:
            endpoint.reply = lambda _: agents.error(503, "a", **{"Retry-After": "99999999"})
            agent = self.agent(endpoint.url)
            failed = agent.wait_lines("no token")[0]
            self.assertTrue(300_000 <= failed["retry_in_ms"] <= 330_000, failed)
            endpoint.reply = endpoint.grant
            agent.send(signal.SIGHUP)  # does not wait for it
            self.written(agent, 1)


class Stop(agents.Case):
    def test_at_once_while_waiting_for_an_answer(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with agents.Endpoint() as endpoint:
                endpoint.reply = endpoint.hang
                agent = self.agent(endpoint.url)
                daemon.wait_until("it asks", lambda: endpoint.asked)
                agent.send(number)
                self.assertEqual(agent.wait_exit(5), 0)

    def test_at_once_while_a_name_is_resolved(self):
        agent = self.agent("https://issuer.example", environment={"SHIM_RESOLVER": "hangs"})
        agent.wait_lines("agent started")
        daemon.wait_until("a thread resolves", lambda: len(os.listdir(
            f"/proc/{agent.process.pid}/task")) > 1)
        agent.send(signal.SIGTERM)
        self.assertEqual(agent.wait_exit(5), 0)

    def test_one_that_hangs_holds_up_no_other(self):
        other = self.dir / "out/other"
        with agents.Endpoint() as endpoint:
            endpoint.reply = lambda a: (endpoint.hang(a) if a.form["audience"] == "sts"
                                        else endpoint.grant(a))
            agent = self.agent(endpoint.url, "--audience", "b", "--out", other)
            agent.wait_lines("token written")
            self.assertTrue(other.exists())
            self.assertFalse(self.out.exists())
            self.assertFalse(self.ready.exists())


class Start(agents.Case):
    def test_usage(self):
        good = ["--server", "https://i.example", "--audience", "a", "--out", "f"]
        rows = [
            ([], "--audience is missing"),
            (good[:4], "each --audience wants its own --out"),
            (good + ["--audience", "b"], "each --audience wants its own --out"),
            (good + ["--audience", "b", "--out", "f"], "--out: twice the same file: f"),
            (good + ["--audience", "", "--out", "g"], "--audience and --out want a name"),
            (good[2:], "--server is missing"),
            (["-s", "http://i.example", *good[2:]], "--server: http is for loopback hosts only"),
            (["-s", "https://i.example/", *good[2:]], "--server: a trailing slash"),
            (["-s", "https://a:b@i.example", *good[2:]], "--server: a user name"),
            (good + ["--proxy", "ftp://x"], "--proxy: must start with http:// or https://"),
            (good + ["--proxy", "http://x", "--unix-socket", "s"],
             "--proxy and --unix-socket exclude each other"),
            (good + ["--duration", "soon"], "--duration: "),
            (good + ["--duration", "15m"], "--duration: must be whole seconds, and 16m"),
            (good + ["--duration", "999999ms"], "--duration: must be whole seconds"),
            (good + ["--mode", "999"], "--mode: "),
            (good + ["--mode", "0666"], "--mode: only the owner may write"),
            (good + ["--mode", "0755"], "--mode: only the owner may write"),
            (good + ["--mode", "0244"], "--mode: only the owner may write"),
            (good + ["--log-format", "xml"], "--log-format: must be json or text"),
            (good + ["operand"], "unexpected operand"),
            (["--audience=a", "--out=f"] * 17, "may be given 16 times at most"),
        ]
        for arguments, text in rows:
            with self.subTest(text):
                done = daemon.run("agent", *arguments)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(f"sa-issuerd agent: {text}", done.stderr.replace(
                    "--audience may be", "may be"))
                self.assertIn("try: sa-issuerd help agent\n", done.stderr)

    def fails(self, text, environment=None, **options):
        with agents.Endpoint() as endpoint:
            agent = self.agent(endpoint.url, environment=environment, **options)
            agent.exit_expected = 1
            self.assertEqual(agent.wait_exit(), 1)
            self.assertIn(text, agent.lines("agent failed")[-1]["error"])
            self.assertEqual(endpoint.asked, [])

    def test_where_nothing_can_be_written(self):
        self.out.parent.rmdir()
        self.fails(f"{self.out}: cannot write in its directory: No such file")
        self.out.parent.mkdir()

    def test_libcurl_is_missing(self):
        (self.dir / "libcurl.so.4").write_bytes(b"")
        self.fails("cannot load libcurl.so.4: install it",
                   environment={"LD_LIBRARY_PATH": str(self.dir)})

    def test_ready_file(self):
        self.fails("cannot write in its directory: No such file", ready_file=self.dir / "no/r")
        (self.dir / "directory").mkdir()
        self.fails("cannot remove: Is a directory", ready_file=self.dir / "directory")

    def test_text_log(self):
        with agents.Endpoint() as endpoint:
            done = daemon.run("agent", "-s", endpoint.url, "-a", "sts", "-o", self.out, "--once",
                              "--token-file", self.token_file, "--log-format", "text")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"info +token written audience=sts")

    def test_help(self):
        done = subprocess.run([daemon.BINARY, "help", "agent"], capture_output=True, text=True,
                              check=True)
        self.assertIn("--ready-file FILE", done.stdout)


if __name__ == "__main__":
    unittest.main()
