# SPDX-License-Identifier: Apache-2.0
"""TLS: versions, protocols, certificates that change while connections live."""

import socket
import ssl
import time
import unittest
import warnings

import daemon
import keys
import raw
from raw import JWKS


def client(certificate=None, version=None, alpn=None):
    """A context that trusts that certificate (None: any), for one TLS version only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if certificate:
        context.load_verify_locations(certificate)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if version:
        # Level 0, so that it is not our side that refuses an old version.
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = version
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


class Tls(daemon.Case):
    def tls_daemon(self, kind="p256", limits=None, **options):
        def config(c, d):
            c["issuers"][0]["url"] = f"https://localhost:{d.port}"
            c["listeners"]["discovery"]["tls"] = {"certificate": "tls.crt", "key": "tls.key"}
            if limits:
                c["limits"] = limits
        d = self.daemon(config, start=False, **options)
        self.certificate, _ = keys.certificate(d.dir, kind=kind)
        return d.start()

    def test_versions(self):
        d = self.tls_daemon()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version), raw.tcp(
                    d.port, context=client(self.certificate, version)) as c:
                self.assertEqual(c.socket.version(), version.name.replace("_", "."))
                for _ in range(3):
                    c.get(JWKS)
                    self.assertEqual(c.answer().status, 200)
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with self.subTest(version), self.assertRaises((ssl.SSLError, OSError)):
                raw.tcp(d.port, context=client(self.certificate, version))

    def test_secrets_are_not_logged(self):
        """GnuTLS would do so for whoever sets this variable."""
        log = self.dir / "secrets"
        d = self.tls_daemon(environment={"SSLKEYLOGFILE": str(log)})
        with raw.tcp(d.port, context=client(self.certificate)) as c:
            c.get(JWKS)
            self.assertEqual(c.answer().status, 200)
        self.assertFalse(log.exists())

    def test_rsa_certificate(self):
        d = self.tls_daemon("rsa")
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with raw.tcp(d.port, context=client(self.certificate, version)) as c:
                c.get(JWKS)
                self.assertEqual(c.answer().status, 200)

    def test_application_protocol(self):
        d = self.tls_daemon()
        with raw.tcp(d.port, context=client(alpn=["h2", "http/1.1"])) as c:
            self.assertEqual(c.socket.selected_alpn_protocol(), "http/1.1")
            c.get(JWKS)
            self.assertEqual(c.answer().status, 200)

    def test_pipelined_requests(self):
        d = self.tls_daemon()
        with raw.tcp(d.port, context=client()) as c:
            c.send(f"GET {JWKS} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 200)
            for _ in range(200):
                self.assertEqual(c.answer().status, 200)

    def test_new_certificate_serves_new_connections_and_old_ones_live_on(self):
        d = self.tls_daemon()
        with raw.tcp(d.port, context=client(self.certificate)) as old:
            for n in range(20):
                certificate, _ = keys.certificate(d.dir, days=31 + n)
                self.assertEqual(d.reload(), "ok")
                with raw.tcp(d.port, context=client(certificate)) as new:
                    new.get(JWKS)
                    self.assertEqual(new.answer().status, 200)
                    self.assertNotEqual(new.socket.getpeercert(True),
                                        old.socket.getpeercert(True))
                old.get(JWKS)
                self.assertEqual(old.answer().status, 200)
        # the policy is not lost on the way (Dex lost it: CVE-2024-23656)
        with self.assertRaises((ssl.SSLError, OSError)):
            raw.tcp(d.port, context=client(version=ssl.TLSVersion.TLSv1_1))
        expiry = d.metric("sa_issuerd_certificate_expiry_timestamp_seconds",
                          listener="discovery")
        self.assertAlmostEqual(expiry, time.time() + 50 * 86400, delta=7200)

    def test_what_is_no_handshake(self):
        d = self.tls_daemon(limits={"headerTimeout": "1s"})
        for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x00\x05hello",
                     b"\0" * 100, b"\x15\x03\x03\x00\x02\x02\x28"):
            with self.subTest(data):
                _, ended = raw.exchange(d.port, data)
                self.assertTrue(ended)
        daemon.wait_until("they are counted", lambda: d.metric(
            "sa_issuerd_tls_connections_without_request_total", listener="discovery") == 4)
        with raw.tcp(d.port, context=client()) as c:
            c.get(JWKS)
            self.assertEqual(c.answer().status, 200)

    def test_handshake_has_the_header_deadline(self):
        d = self.tls_daemon(limits={"headerTimeout": "1s"})
        # the start of a ClientHello, then a byte now and then
        with raw.tcp(d.port) as c:
            begin = time.monotonic()
            c.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
            c.socket.settimeout(0.1)
            with self.assertRaises(OSError) as caught:
                while time.monotonic() - begin < 5 * daemon.PATIENCE:
                    c.send(b"\0")
                    try:
                        if not c.socket.recv(1):
                            raise ConnectionResetError
                    except TimeoutError:
                        pass
            self.assertNotIsInstance(caught.exception, TimeoutError)
            self.assertLess(time.monotonic() - begin, 2 * daemon.PATIENCE)
        self.assertEqual(d.metric("sa_issuerd_http_connections_cut_total",
                                  listener="discovery", phase="header"), 1)

    def test_hostile_heads_are_refused_here_too(self):
        d = self.tls_daemon()
        for fields in ("Host: a", "Transfer-Encoding: chunked", "X: a\n b", "X : y"):
            with self.subTest(fields), raw.tcp(d.port, context=client()) as c:
                c.get(JWKS, fields)
                self.assertEqual(c.answer().status, 400)

    def test_admin_listener_with_tls(self):
        def config(c, _):
            c["listeners"]["admin"]["tls"] = {"certificate": "tls.crt", "key": "tls.key"}
        d = self.daemon(config, start=False)
        certificate, _ = keys.certificate(d.dir)
        d.start(ready=False)

        def live():
            try:
                with raw.tcp(d.admin_port, context=client(certificate)) as c:
                    c.get("/livez")
                    return c.answer().status == 200
            except (ConnectionRefusedError, socket.timeout):
                return False
        daemon.wait_until("it answers", live)
        self.assertEqual(d.get(JWKS).status, 200)


if __name__ == "__main__":
    unittest.main()
