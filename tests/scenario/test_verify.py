# SPDX-License-Identifier: Apache-2.0
"""sa-issuerd verify: where the keys come from, what an issuer may not do, how it ends."""

import contextlib
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
import time
import unittest

import daemon
import keys

sys.path.insert(0, str(daemon.ROOT / "tests/clients"))
import make_token  # noqa: E402 pylint: disable=wrong-import-position

AUDIENCE = make_token.AUDIENCE
DISCOVERY = "/.well-known/openid-configuration"


def verify(*arguments, token=None, environment=None):
    return subprocess.run([daemon.BINARY, "verify", *map(str, arguments)],
                          input=(token or "").encode(), capture_output=True,
                          timeout=30 * daemon.PATIENCE, check=False,
                          env={**os.environ, **daemon.SANITIZER_ENVIRONMENT,
                               **(environment or {})})


class Issuer(contextlib.AbstractContextManager):
    """An HTTP server that answers as it is told: {path: (status, headers, body)}."""

    def __init__(self, context=None):
        answers = self.answers = {}
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append((self.path, dict(self.headers)))
                status, headers, body = answers.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in {"Content-Length": len(body), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if context else ''}://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path, document, status=200, headers=None):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.answers[path] = (status, headers or {}, body)

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Verify(daemon.Case):
    def token(self, issuer, key, alg="RS256"):
        return subprocess.run([daemon.ROOT / "tests/clients/make_token.py", issuer, key, alg],
                              check=True, capture_output=True, text=True).stdout.strip()

    def good(self, done):
        self.assertEqual((done.returncode, done.stderr), (0, b""), done)
        return json.loads(done.stdout)

    def bad(self, done, text, code=1):
        self.assertEqual((done.returncode, done.stdout), (code, b""), done)
        self.assertIn(text, done.stderr.decode())
        self.assertEqual(done.stderr.count(b"\n"), 2 if code == 2 else 1, done)

    # sources of keys

    def test_fetches_from_the_issuer(self):
        d = self.daemon()
        token = self.token(d.issuer, d.keys / "first.pem")
        claims = self.good(verify("-", "--issuer", d.issuer, "--audience", AUDIENCE,
                                  token=token))
        self.assertEqual(claims["iss"], d.issuer)
        self.bad(verify("-", "-i", d.issuer, "-a", "other", token=token),
                 "refused: claims.aud: not for other")

    def test_reads_a_configuration(self):
        d = self.daemon(start=False)
        token = self.token(d.issuer, d.keys / "first.pem")
        self.good(verify(token, "--config", d.config_file))
        self.good(verify(token, "--config", d.config_file, "--issuer", d.issuer))
        other = self.token("https://other.example", d.keys / "first.pem")
        self.bad(verify(other, "-c", d.config_file), "no issuer there is https://other.example")
        self.bad(verify(other, "-c", d.config_file, "-i", d.issuer),
                 f"refused: claims.iss: https://other.example: want {d.issuer}")
        for claims, text in (("{}", "refused: claims.iss: missing, or not a string"),
                             ('{"iss":7}', "refused: claims.iss: missing, or not a string"),
                             ("hello", "refused: claims: not JSON")):
            unsigned = ".".join((token.split(".")[0], make_token.encode(claims.encode()), "AA"))
            self.bad(verify(unsigned, "-c", d.config_file), text)
        self.bad(verify("eyJh.e30.AA", "-c", d.config_file), "refused: header: not JSON")
        d.config_file.write_text("{}")
        done = verify(token, "--config", d.config_file)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"config.yaml: the configuration is refused", done.stderr)

    def test_reads_a_jwk_set(self):
        d = self.daemon()
        token = self.token(d.issuer, d.keys / "first.pem")
        jwks = self.dir / "jwks.json"
        jwks.write_bytes(d.get("/openid/v1/jwks").body)
        d.stop()
        self.good(verify(token, "--jwks", jwks))
        self.good(verify(token, "--jwks", jwks, "--issuer", d.issuer))
        self.bad(verify(token, "--jwks", jwks, "--issuer", "https://other.example"),
                 f"refused: claims.iss: {d.issuer}: want https://other.example")
        jwks.write_text('{"keys":[{}]}')
        self.bad(verify(token, "--jwks", jwks), "jwks.json: keys[0].kty: missing")
        self.bad(verify(token, "--jwks", self.dir / "none"), "No such file")

    # the token

    def test_takes_one_line_end(self):
        d = self.daemon(start=False)
        token = self.token(d.issuer, d.keys / "first.pem")
        for end in ("", "\n", "\r\n"):
            self.good(verify("-", "-c", d.config_file, token=token + end))
        file = self.dir / "token"
        file.write_text(token + "\n")
        self.good(verify(file, "-c", d.config_file))
        for bad in (token + "\n\n", token + " ", " " + token, "\n" + token):
            self.bad(verify("-", "-c", d.config_file, token=bad), "not base64url")
        self.bad(verify("-", "-c", d.config_file, token="A" * 70000),
                 "refused: a token of more than 65536 bytes")
        self.bad(verify("-", "-c", d.config_file, token="A" * 140000),
                 "sa-issuerd verify: standard input: longer than 131072 bytes")
        self.bad(verify("-", "-c", d.config_file, token=""), "refused: no token: the text is empty")

    def test_prints_no_orders_to_the_terminal(self):
        d = self.daemon(start=False)
        claims = {"iss": d.issuer, "sub": "a\u009b31m\x7f\u202e", "aud": "b", "exp": 2 ** 33,
                  "iat": 1, "n": [{}, [], 1.50, {"é": "😀"}]}
        with open(d.keys / "first.pem", "rb") as f:
            key = make_token.serialization.load_pem_private_key(f.read(), None)
        text = ".".join(make_token.encode(json.dumps(p, ensure_ascii=False).encode()) for p in (
            {"alg": "RS256", "kid": keys.kid(d.keys / "first.pem")}, claims))
        token = text + "." + make_token.encode(make_token.sign(key, "RS256", text.encode()))
        done = verify(token, "-c", d.config_file)
        self.assertEqual(self.good(done), claims)
        self.assertTrue(all(b" "[0] <= c <= b"~"[0] or c == b"\n"[0] for c in done.stdout))
        self.assertIn(b'  "n": [\n    {},\n    [],\n    1.5,\n    {\n      "\\u00e9": ',
                      done.stdout)

    def test_at_another_time(self):
        d = self.daemon(start=False)
        token = self.token(d.issuer, d.keys / "first.pem")
        now = int(time.time())
        for at in (now, now + 600, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))):
            self.good(verify(token, "-c", d.config_file, "--at", at))
        self.bad(verify(token, "-c", d.config_file, "--at", now + 3600), "claims.exp: expired")
        self.bad(verify(token, "-c", d.config_file, "--at", "2020-01-01T00:00:00Z"),
                 "claims.nbf: not valid before")

    # the command line

    def test_wrong_usage(self):
        for arguments, text in (
                ([], "TOKEN|FILE|- is missing"),
                (["-"], "say whom to trust"),
                (["-", "x", "--jwks", "a"], "unexpected operand 'x'"),
                (["-", "--jwks", "a", "--config", "b"], "exclude each other"),
                (["-", "--issuer", "http://example.com"], "http is for loopback hosts only"),
                (["-", "--issuer", "https://example.com/"], "trailing slash"),
                (["-", "--issuer", "ftp://example.com"], "must start with https://"),
                (["-", "--jwks", "a", "--at", "now"], "--at: not a date"),
                (["-", "--jwks", "a", "--at", "0"], "--at: out of range"),
                (["-", "--jwks", "a", "--at", "9" * 30], "--at: "),
                (["-", "--jwks", "a", "--at", ""], "--at: not a date")):
            with self.subTest(arguments=arguments):
                self.bad(verify(*arguments), text, 2)

    # issuers that misbehave

    def test_issuer_must_name_itself(self):
        with Issuer() as issuer:
            token = self.token(issuer.url, keys.put("rsa", self.dir / "a.pem"))
            for document, text in (
                    ({"issuer": issuer.url + "/", "jwks_uri": issuer.url + "/jwks"},
                     f"the document is one of issuer {issuer.url}/: want {issuer.url}"),
                    ({"jwks_uri": issuer.url + "/jwks"}, "the document is one of issuer (missing)"),
                    ({"issuer": issuer.url}, "jwks_uri is missing"),
                    ({"issuer": issuer.url, "jwks_uri": 7}, "jwks_uri is missing"),
                    ({"issuer": issuer.url, "jwks_uri": "file:///etc/passwd"}, "jwks_uri: must start"),
                    ({"issuer": issuer.url, "jwks_uri": "http://example.com/jwks"},
                     "jwks_uri: http is for loopback hosts only"),
                    (b'{"issuer":"a","issuer":"a"}', "a member stands there twice"),
                    (b"<html>", "not JSON"),
                    ([], "not a JSON object"),
                    (b"{" + b" " * (1 << 20), "more than 1048576 bytes")):
                with self.subTest(text=text):
                    issuer.answer(DISCOVERY, document)
                    done = verify(token, "--issuer", issuer.url)
                    self.bad(done, text)
                    self.assertIn(issuer.url + DISCOVERY + ": ", done.stderr.decode())

    def test_nobody_listens(self):
        url = f"http://127.0.0.1:{daemon.free_port()}"
        self.bad(verify("eyJ.e30.AA", "--issuer", url), f"{url}{DISCOVERY}: Failed to connect")

    def test_no_whole_answer(self):
        with Issuer() as issuer:
            issuer.answer(DISCOVERY, b"{", headers={"Content-Length": "100"})
            done = verify("eyJ.e30.AA", "--issuer", issuer.url)
            self.bad(done, issuer.url)
            self.assertRegex(done.stderr, b"transfer closed with|bytes missing")  # since 8.12

    def test_statuses(self):
        with Issuer() as issuer:
            token = self.token(issuer.url, keys.put("rsa", self.dir / "a.pem"))
            for status, text in ((404, "status 404: want 200"), (500, "status 500: want 200"),
                                 (204, "status 204: want 200"),
                                 (302, "status 302: want 200 (redirects are not followed)")):
                issuer.answer(DISCOVERY, b"", status, {"Location": issuer.url + "/elsewhere"})
                self.bad(verify(token, "--issuer", issuer.url), text)
            self.assertEqual({path for path, _ in issuer.asked}, {DISCOVERY})
            issuer.answer(DISCOVERY, {"issuer": issuer.url, "jwks_uri": issuer.url + "/jwks?a=b"})
            self.bad(verify(token, "--issuer", issuer.url), "/jwks?a=b: status 404: want 200")
            issuer.answer("/jwks?a=b", {"keys": [7]})
            self.bad(verify(token, "--issuer", issuer.url), "/jwks?a=b: keys[0]: must be an object")
            issuer.answer("/jwks?a=b", {"keys": []})
            self.bad(verify(token, "--issuer", issuer.url),
                     "refused: header.kid: no key of the issuer has the id")

    def test_environment_has_no_say(self):
        with Issuer() as issuer:
            token = self.token(issuer.url, keys.put("rsa", self.dir / "a.pem"))
            (self.dir / ".netrc").write_text("default login a password b\n")
            verify(token, "--issuer", issuer.url, environment={
                "http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1",
                "HOME": str(self.dir)})
            self.assertEqual(len(issuer.asked), 1)
            self.assertNotIn("Authorization", issuer.asked[0][1])
            self.assertEqual(issuer.asked[0][1]["Accept"], "application/json")

    def test_libcurl_missing_or_old(self):
        library = self.dir / "libcurl.so.4"
        library.write_bytes(b"")
        token = self.token("https://localhost:1", keys.put("rsa", self.dir / "a.pem"))

        def problem(*arguments):
            return verify(token, *arguments, environment={"LD_LIBRARY_PATH": str(self.dir)})
        self.bad(problem("--issuer", "https://localhost:1"), "cannot load libcurl.so.4: install "
                 "it (Debian's package is libcurl4)")
        subprocess.run(["cc", "-shared", "-o", library, "-x", "c", "/dev/null"], check=True)
        self.bad(problem("--issuer", "https://localhost:1"),
                 "libcurl.so.4 has no curl_global_init: want libcurl 7.87 or later")

    def test_tls(self):
        crt, key = keys.certificate(self.dir)
        other, _ = keys.certificate(self.dir, "other")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(crt, key)
        signer = keys.put("rsa", self.dir / "a.pem")
        with Issuer(context) as issuer:
            token = self.token(issuer.url, signer)
            issuer.answer(DISCOVERY, {"issuer": issuer.url, "jwks_uri": issuer.url + "/jwks"})
            issuer.answer("/jwks", {"keys": []})
            self.bad(verify(token, "-i", issuer.url, "--ca-file", crt), "header.kid: no key")
            self.bad(verify(token, "-i", issuer.url), "SSL certificate problem")
            self.bad(verify(token, "-i", issuer.url, "--ca-file", other),
                     "SSL certificate problem")
            wrong = issuer.url.replace("localhost", "a.localhost")
            self.bad(verify(token, "-i", wrong, "--ca-file", crt), "SSL: no alternative")
            issuer.answer(DISCOVERY, {"issuer": issuer.url, "jwks_uri": "http://localhost/jwks"})
            self.bad(verify(token, "-i", issuer.url, "--ca-file", crt),
                     "jwks_uri: must be https, as the issuer is")
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        old.load_cert_chain(crt, key)
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
        with Issuer(old) as issuer:
            done = verify(token, "-i", issuer.url, "--ca-file", crt)
            self.bad(done, "https://localhost")
            # The server's words, or none: OpenSSL 3.5 hangs up without an alert.
            self.assertRegex(done.stderr, b"alert protocol version|unexpected eof")


if __name__ == "__main__":
    unittest.main()
