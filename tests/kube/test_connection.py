# SPDX-License-Identifier: Apache-2.0
"""Whom the client talks to, and how it proves itself."""

import json
import os
import socket
import ssl
import subprocess
import threading
import time

import fake_apiserver as fake
import harness
import pki
from harness import AUDIENCE, TOKEN

ASK = ("token", AUDIENCE, TOKEN)


class Case(harness.Case):
    def unclear_with(self, pair=None, kubeconfig=None, **options):
        """A server like that is not asked anything; a good one on its port is, afterwards."""
        api = self.start_api(pair, **options)
        api.users.update(self.api.users)
        tool = self.tool("kubeconfig", kubeconfig or self.kubeconfig(api.port))
        answer = tool.ask(*ASK)
        self.assertVerdict(answer, "unclear")
        self.assertEqual(api.requests, [], "was told a token")
        api.stop()
        good = self.start_api(port=api.port)
        good.users.update(self.api.users)
        self.assertVerdict(tool.ask(*ASK), "allowed")
        return answer


class Tls(Case):
    def test_expired(self):
        self.unclear_with(self.ca.issue("expired", days=(-2, -1)))

    def test_not_yet_valid(self):
        self.unclear_with(self.ca.issue("future", days=(1, 2)))

    def test_another_name(self):
        self.unclear_with(self.ca.issue("other-name", ("kubernetes.example.com",)))

    def test_another_address(self):
        self.unclear_with(self.ca.issue("other-address", ("127.0.0.2",)))

    def test_self_signed(self):
        self.unclear_with(self.ca.issue("self-signed", self_signed=True))

    def test_another_authority(self):
        other = pki.Authority(self.directory, "other-ca")
        self.unclear_with(other.issue("by-other"))

    def test_an_authority_of_the_same_name(self):
        (self.directory / "twin").mkdir(exist_ok=True)
        self.unclear_with(pki.Authority(self.directory / "twin", "ca").issue("by-twin"))

    def test_authority_that_only_the_system_trusts(self):
        """OpenSSL's variables are the same to it as the system's own store."""
        other = pki.Authority(self.directory, "system-ca")
        api = self.start_api(other.issue("by-system"))
        api.users.update(self.api.users)
        tool = self.tool("kubeconfig", self.kubeconfig(api.port),
                         env={"SSL_CERT_FILE": str(other.path), "CURL_CA_BUNDLE": str(other.path)})
        self.assertVerdict(tool.ask(*ASK), "unclear")
        self.assertEqual(api.requests, [])

    def test_certificate_of_a_client(self):
        self.unclear_with(self.ca.issue("client-like", client=True))

    def test_weak_key(self):
        def allow(context):
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        allow(context)
        pair = self.ca.issue("weak", weak=True)
        try:
            context.load_cert_chain(*pair)
        except ssl.SSLError:
            self.fail("this OpenSSL cannot serve such a key")
        self.unclear_with_context(context)

    def unclear_with_context(self, context):
        api = self.start_api()
        api.users.update(self.api.users)
        api.tls = context
        tool = self.tool("kubeconfig", self.kubeconfig(api.port))
        self.assertVerdict(tool.ask(*ASK), "unclear")
        self.assertEqual(api.requests, [])

    def test_old_protocol(self):
        def old(context):
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
        self.unclear_with(tls_edit=old)

    def test_tls_1_2_will_do(self):
        def only(context):
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        api = self.start_api(tls_edit=only)
        api.users.update(self.api.users)
        tool = self.tool("kubeconfig", self.kubeconfig(api.port))
        self.assertVerdict(tool.ask(*ASK), "allowed")

    def test_server_name(self):
        """tls-server-name is what the certificate must have, whatever the address."""
        pair = self.ca.issue("named", ("kubernetes.default.svc",))
        api = self.start_api(pair)
        api.users.update(self.api.users)
        cluster = {"server": f"https://127.0.0.1:{api.port}/prefix/",
                   "certificate-authority-data": harness.data(self.ca.path),
                   "tls-server-name": "kubernetes.default.svc"}
        tool = self.tool("kubeconfig", self.kubeconfig(cluster=cluster))
        self.assertVerdict(tool.ask(*ASK), "allowed")
        method, path, headers, _ = api.requests[0]
        self.assertEqual(path, "/prefix/apis/authentication.k8s.io/v1/tokenreviews")
        self.assertEqual(headers["Host"], f"127.0.0.1:{api.port}")
        cluster["tls-server-name"] = "kubernetes.default.svc.evil"
        tool = self.tool("kubeconfig", self.kubeconfig(cluster=cluster, name="evil"))
        self.assertVerdict(tool.ask(*ASK), "unclear")

    def test_client_certificate(self):
        def demand(context):
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(str(self.ca.path))
        api = self.start_api(tls_edit=demand)
        api.users.update(self.api.users)
        tool = self.tool("kubeconfig", self.kubeconfig(api.port))
        self.assertVerdict(tool.ask(*ASK), "unclear")
        for user in ({"client-certificate": "client.crt", "client-key": "client.key"},
                     {"client-certificate-data": harness.data(self.client_pair[0]),
                      "client-key-data": harness.data(self.client_pair[1])}):
            tool = self.tool("kubeconfig", self.kubeconfig(api.port, user=user))
            self.assertVerdict(tool.ask(*ASK), "allowed")
            self.assertNotIn("Authorization", api.requests[-1][2])

    def test_authority_is_renewed_in_place(self):
        """The file of the authority is read again when it changes."""
        bundle = self.directory / "bundle.crt"
        bundle.write_bytes(self.ca.path.read_bytes())
        second = pki.Authority(self.directory, "second-ca")
        cluster = {"server": f"https://127.0.0.1:{self.api.port}",
                   "certificate-authority": "bundle.crt"}
        tool = self.tool("kubeconfig", self.kubeconfig(cluster=cluster))
        self.assertVerdict(tool.ask(*ASK), "allowed")
        port = self.api.port
        self.api.stop()
        api = self.start_api(second.issue("by-second"), port=port)
        api.users.update({"t2": self.api.users[TOKEN]})
        self.assertVerdict(tool.ask("token", AUDIENCE, "t2"), "unclear")
        bundle.write_bytes(self.ca.path.read_bytes() + second.path.read_bytes())
        self.assertVerdict(tool.ask("token", AUDIENCE, "t2"), "allowed")
        bundle.write_text("")  # keeps what it had
        api.users["t3"] = api.users["t2"]
        self.assertVerdict(tool.ask("token", AUDIENCE, "t3"), "allowed")


class Network(Case):
    def test_refused_then_there(self):
        port = harness.closed_port()
        tool = self.tool("kubeconfig", self.kubeconfig(port))
        self.assertVerdict(tool.ask(*ASK), "unclear")
        api = self.start_api(port=port)
        api.users.update(self.api.users)
        self.assertVerdict(tool.ask(*ASK), "allowed")

    def test_accepts_and_says_nothing(self):
        """A black hole: the kernel accepts, nobody answers the handshake."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            tool = self.tool("kubeconfig", self.kubeconfig(listener.getsockname()[1]))
            begin = time.monotonic()
            self.assertVerdict(tool.ask(*ASK), "unclear")
            self.assertLess(time.monotonic() - begin, 6 * harness.PATIENCE)

    def test_resets(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def reset():
                while True:
                    try:
                        conn, _ = listener.accept()
                    except OSError:
                        return
                    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    conn.close()
            threading.Thread(target=reset, daemon=True).start()
            tool = self.tool("kubeconfig", self.kubeconfig(listener.getsockname()[1]))
            self.assertVerdict(tool.ask(*ASK), "unclear")
            listener.shutdown(socket.SHUT_RDWR)

    def test_speaks_no_tls(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def answer():
                conn, _ = listener.accept()
                conn.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                conn.close()
            threading.Thread(target=answer, daemon=True).start()
            tool = self.tool("kubeconfig", self.kubeconfig(listener.getsockname()[1]))
            self.assertVerdict(tool.ask(*ASK), "unclear")

    def test_no_such_host(self):
        tool = self.tool("kubeconfig", self.kubeconfig(server="https://nowhere.invalid:6443"))
        self.assertVerdict(tool.ask(*ASK), "unclear")

    def test_environment_does_not_matter(self):
        """Proxies, .netrc and the like of the environment are not asked."""
        with socket.create_server(("127.0.0.1", 0)) as proxy:
            url = f"http://127.0.0.1:{proxy.getsockname()[1]}"
            (self.directory / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
            tool = self.tool("kubeconfig", self.kubeconfig(), env={
                "https_proxy": url, "HTTPS_PROXY": url, "all_proxy": url, "ALL_PROXY": url,
                "HOME": str(self.directory), "CURL_HOME": str(self.directory)})
            self.assertVerdict(tool.ask(*ASK), "allowed")
            self.assertEqual(self.api.requests[0][2]["Authorization"], "Bearer own")
            proxy.setblocking(False)
            self.assertRaises(BlockingIOError, proxy.accept)

    def test_libcurl_missing(self):
        (self.directory / "libcurl.so.4").write_bytes(b"")
        result = subprocess.run(
            [harness.TOOL, "kubeconfig", self.kubeconfig()], stdin=subprocess.DEVNULL, text=True,
            capture_output=True, env={**os.environ, "LD_LIBRARY_PATH": str(self.directory)},
            timeout=30 * harness.PATIENCE, check=False)
        self.assertEqual((result.returncode, result.stderr), (
            1, "cannot load libcurl.so.4: install it (Debian's package is libcurl4)\n"))

    def test_redirects_are_not_followed(self):
        other = self.start_api()
        other.users.update(self.api.users)
        for code in (301, 302, 303, 307, 308):
            self.api.fault("", fake.reply(code, b"", {
                "Location": f"https://127.0.0.1:{other.port}"
                            "/apis/authentication.k8s.io/v1/tokenreviews"}), times=1)
            tool = self.tool()
            self.assertVerdict(tool.ask(*ASK), "unclear")
        self.assertEqual(other.connections, 0)

    def test_server_that_closes_kept_connections(self):
        """A connection that was closed while idle is no failure."""
        tool = self.tool()
        self.assertVerdict(tool.ask(*ASK), "allowed")
        port = self.api.port
        users = self.api.users
        self.api.stop()
        api = self.start_api(port=port)
        api.users.update({f"t{i}": users[TOKEN] for i in range(5)})
        for i in range(5):
            self.assertVerdict(tool.ask("token", AUDIENCE, f"t{i}"), "allowed")


class OwnToken(harness.Case):
    def setUp(self):
        super().setUp()
        self.file = self.directory / "own-token"
        self.file.write_text("first\n")
        self.api.own_tokens = {"first"}
        for i in range(20):
            self.api.users[f"t{i}"] = self.api.users[TOKEN]

    def by_file(self):
        return self.tool("kubeconfig", self.kubeconfig(user={"tokenFile": "own-token"}))

    def test_file_is_trimmed_and_wins(self):
        tool = self.tool("kubeconfig", self.kubeconfig(
            user={"tokenFile": "own-token", "token": "never"}))
        self.assertVerdict(tool.ask(*ASK), "allowed")

    def test_rotates_and_the_old_one_expires(self):
        tool = self.by_file()
        self.assertVerdict(tool.ask("token", AUDIENCE, "t0"), "allowed")
        for i in range(1, 10):
            self.file.write_text(f"token-{i}")
            self.api.own_tokens = {f"token-{i}"}
            self.assertVerdict(tool.ask("token", AUDIENCE, f"t{i}"), "allowed")

    def test_rotates_as_the_kubelet_does(self):
        volume = self.directory / "volume"
        volume.mkdir()
        def switch(name, token):
            (volume / name).mkdir()
            (volume / name / "token").write_text(token)
            (volume / name / "ca.crt").write_bytes(self.ca.path.read_bytes())
            os.symlink(name, volume / "..data_tmp")
            os.rename(volume / "..data_tmp", volume / "..data")
        switch("..1", "first")
        os.symlink("..data/token", volume / "token")
        os.symlink("..data/ca.crt", volume / "ca.crt")
        tool = self.tool("pod", "127.0.0.1", self.api.port, volume)
        self.assertVerdict(tool.ask("token", AUDIENCE, "t0"), "allowed")
        switch("..2", "later")
        self.api.own_tokens = {"later"}
        self.assertVerdict(tool.ask("token", AUDIENCE, "t1"), "allowed")

    def test_refused_and_not_renewed(self):
        """Our own 401 is ours: the caller is told 503, not that his token is bad."""
        tool = self.by_file()
        self.api.own_tokens = {"other"}
        self.assertVerdict(tool.ask(*ASK), "unclear", "HTTP 401")
        self.file.write_text("other")
        self.assertVerdict(tool.ask(*ASK), "allowed")

    def test_refused_once(self):
        """A 401 while the file changes: the request is repeated with what is there now."""
        self.api.fault("tokenreviews", fake.fail(401, "Unauthorized"), times=1)
        tool = self.by_file()
        self.assertVerdict(tool.ask(*ASK), "allowed")

    def test_vanishes_after_start(self):
        tool = self.by_file()
        self.assertVerdict(tool.ask("token", AUDIENCE, "t0"), "allowed")
        self.file.unlink()
        self.assertVerdict(tool.ask("token", AUDIENCE, "t1"), "allowed")

    def test_not_there_at_the_start(self):
        self.file.unlink()
        tool = self.by_file()
        self.assertVerdict(tool.ask(*ASK), "unclear", "own-token")
        self.assertEqual(self.api.requests, [])
        self.file.write_text("first")
        self.assertVerdict(tool.ask(*ASK), "allowed")

    def test_what_is_no_token_is_not_sent(self):
        tool = self.by_file()
        for text in ("", "  \n", "a\r\nX-Evil: 1", "a b", "\u00fc"):
            self.file.write_text(text)
            self.assertVerdict(tool.ask(*ASK), "unclear", "token")
        self.assertEqual(self.api.requests, [])
        self.file.write_text(" \tfirst\r\n")
        self.assertVerdict(tool.ask(*ASK), "allowed")


class Objects(harness.Case):
    def setUp(self):
        super().setUp()
        self.account = self.api.put("serviceaccounts", "shop", "cart.v2", annotations={"a": "b"})
        self.pod = self.api.put("pods", "shop", "cart-1",
                                spec={"serviceAccountName": "cart.v2", "nodeName": "n1"})
        self.node = self.api.put("nodes", None, "n1")
        self.uids = {o["metadata"]["name"]: o["metadata"]["uid"]
                     for o in (self.account, self.pod, self.node)}

    def test_found(self):
        self.api.put("secrets", "shop", "s")
        self.api.put("pods", "shop", "waiting", spec={"serviceAccountName": "default"})
        tool = self.tool()
        self.assertEqual(tool.ask("get", "serviceaccount", "shop", "cart.v2"),
                         f"found {self.uids['cart.v2']} - - 0")
        self.assertEqual(tool.ask("get", "pod", "shop", "cart-1"),
                         f"found {self.uids['cart-1']} cart.v2 n1 0")
        self.assertEqual(tool.ask("get", "node", "-", "n1"), f"found {self.uids['n1']} - - 0")
        self.assertVerdict(tool.ask("get", "pod", "shop", "waiting"), "found", " default  0")
        self.assertVerdict(tool.ask("get", "secret", "shop", "s"), "found")
        method, path, headers, _ = self.api.requests[-1]
        self.assertEqual((method, path), ("GET", "/api/v1/namespaces/shop/secrets/s"))
        self.assertNotIn(", ", headers["Accept"], "a Secret is never asked for whole")

    def test_absent(self):
        tool = self.tool()
        self.assertVerdict(tool.ask("get", "pod", "shop", "cart-2"), "absent")
        self.assertVerdict(tool.ask("get", "pod", "bank", "cart-1"), "absent")

    def test_deleting(self):
        self.api.put("pods", "shop", "cart-1", deletionTimestamp="2026-01-01T00:00:00Z")
        self.api.put("nodes", None, "n1", deletionTimestamp=None)
        self.api.put("serviceaccounts", "shop", "cart.v2", deletionTimestamp=5)
        tool = self.tool()
        self.assertVerdict(tool.ask("get", "pod", "shop", "cart-1"), "found", " 1")
        self.assertVerdict(tool.ask("get", "node", "-", "n1"), "found", " 0")
        self.assertVerdict(tool.ask("get", "serviceaccount", "shop", "cart.v2"), "found", " 1")

    def test_names_that_are_none_are_not_asked_for(self):
        tool = self.tool()
        for namespace, name in (("shop", "../../secrets"), ("shop", "a%2fb"), ("a.b", "cart"),
                                ("shop", "Cart"), ("shop", "x" * 254), ("x" * 64, "cart"),
                                ("shop", "a?b"), ("shop", "a/b"), ("", "a")):
            self.assertVerdict(tool.ask("get", "pod", namespace, name), "absent")
        self.assertEqual(self.api.requests, [])

    def test_unclear_answers(self):
        def other(**metadata):
            return fake.change_json(lambda o: o["metadata"].update(metadata))
        def root(**members):
            return fake.change_json(lambda o: o.update(members))
        html = {"Content-Type": "text/html"}
        faults = [
            other(name="cart-2"), other(namespace="bank"), other(uid=""), other(uid=None),
            other(uid="a b"), other(namespace=None), other(resourceVersion=5),
            other(annotations=["a"]), other(labels={"a": 1}), other(annotations={"a": "b\0c"}),
            root(kind="Node"), root(apiVersion="v2"), root(spec=None), root(metadata=None),
            root(spec={"serviceAccountName": 1}), root(spec={"nodeName": {}}),
            fake.reply(404, b"<html>not here</html>", html), fake.reply(404),
            fake.fail(404, "Forbidden"), fake.fail(403, "Forbidden"), fake.fail(500),
            fake.reply(200, b"<html>", html), fake.reply(200, b"x" * (5 << 20)), fake.hang,
            fake.change(lambda b: b[:-1] + b',"kind":"Pod"}'),
        ]
        tool = self.tool()
        for fault in faults:
            self.api.fault("/pods/", fault)
            self.assertVerdict(tool.ask("get", "pod", "shop", "cart-1"), "unknown")
            self.api.mend()
            self.assertVerdict(tool.ask("get", "pod", "shop", "cart-1"), "found")

    def test_get_is_repeated_when_told_to(self):
        self.api.fault("/pods/", fake.fail(503, headers={"Retry-After": "1"}), times=1)
        tool = self.tool()
        self.assertVerdict(tool.ask("get", "pod", "shop", "cart-1"), "found")
        # Whoever asked is answered before the request is forgotten.
        self.assertTrue(harness.until(lambda: tool.ask("counts") == "counts 2 0 1 0"))


class Misconfigured(harness.Case):
    """kube_tool exits at once, with the place of the mistake."""

    def complaint(self, *arguments):
        tool = harness.Tool(*arguments)
        code, errors = tool.stop()
        self.assertEqual(code, 2)
        return errors

    def test_exec(self):
        path = self.kubeconfig(user={"exec": {"command": "aws"}})
        self.assertIn("users[0].user.exec: credentials from programs are not supported",
                      self.complaint("kubeconfig", path))

    def test_not_in_a_pod(self):
        self.assertIn("not in a pod", self.complaint("pod", "", "443", "/nowhere"))

    def test_missing_file(self):
        self.assertIn("/nowhere/kubeconfig: cannot open",
                      self.complaint("kubeconfig", "/nowhere/kubeconfig"))

    def test_other_context(self):
        self.assertIn('there is no "d" in contexts',
                      self.complaint("kubeconfig", self.kubeconfig(), "d"))
        text = json.loads(self.kubeconfig().read_text())
        text["current-context"] = "d"
        (self.directory / "kubeconfig").write_text(json.dumps(text))
        self.complaint("kubeconfig", self.directory / "kubeconfig")
        tool = self.tool("kubeconfig", self.directory / "kubeconfig", "c")
        self.assertVerdict(tool.ask(*ASK), "allowed")
