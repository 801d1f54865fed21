# SPDX-License-Identifier: Apache-2.0
"""The tokens listener: what callers show of who they are."""

import contextlib
import os
import ssl
import subprocess
import time

import asking
import daemon
import memory
import minting
import odd_certificate
from fake_cluster import pki


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
        asking.wait_for_metric(d, 11, "http_requests_total", code="401")

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
            asking.wait_for_metric(d, 3, "http_connections_refused_total", reason="address")
            asking.wait_for_metric(d, 6, "http_connections_open")
            # Another caller: nobody, who is told so.
            self.assertEqual(asking.post(d, port=d.tokens_port).status, 401)
        asking.wait_for_metric(d, 0, "http_connections_open")
        self.assertEqual(asking.post(d).status, 201)


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
        asking.wait_for_metric(d, 1, "http_connections_accepted_total")

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
        secret = memory.private_number(d.keys / "first.pem")
        context = self.context(self.ca.issue("builder", client=True))
        with contextlib.closing(asking.connect(d, port=d.tokens_port, context=context)) as c:
            self.assertEqual(asking.ask(c).status, 201)
            d.add_key("second.pem")
            (d.keys / "first.pem").unlink()
            self.assertEqual(d.reload(), "ok")
            daemon.wait_until("the key is gone", lambda: not memory.holds(d.pid, secret))
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
