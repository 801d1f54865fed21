# SPDX-License-Identifier: Apache-2.0
"""kube-apiserver lets sa-issuerd sign: `--service-account-signing-endpoint`."""

import base64
import json
import subprocess
import time
import uuid

import jwt

import cluster
import daemon
import external
import issuing
import keys
import relying_party
from external import AUDIENCE

YEAR_S = 365 * 24 * 3600


class Case(cluster.Case):
    """One signer and one API server for the cases of a class."""

    signer_options = {}

    @classmethod
    def server_arguments(cls):
        cls.signer = external.Signer(cls.place / "signer", **cls.signer_options)
        cls.addClassCleanup(cls.stop_signer)
        return cls.signer.flags()

    @classmethod
    def start_server(cls):
        cls.signer.start()
        super().start_server()

    @classmethod
    def stop_signer(cls):
        code = cls.signer.stop()
        problems = daemon.log_problems(cls.signer.log_text(), True, keys.material(cls.place))
        if code != 0 or problems:
            raise AssertionError(f"exit code {code}, {problems}\n{cls.signer.log_text()[-4000:]}")

    def verify(self, token, audience=AUDIENCE):
        return relying_party.verify(self.signer.issuer, token, audience, self.signer.certificate)

    def bound_token(self, *arguments, account="web"):
        """As a projected volume asks for it."""
        self.server.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}},
                          cluster.pod(self.namespace, "p", account, node="n1"))
        return self.token("--bound-object-kind", "Pod", "--bound-object-name", "p", *arguments)


class Tokens(Case):
    def test_token_is_verified_by_our_discovery(self):
        token = self.token("--audience", AUDIENCE)
        claims = self.verify(token)
        self.assertEqual(claims["sub"], f"system:serviceaccount:{self.namespace}:web")
        self.assertEqual(relying_party.unverified(token)[0], {
            "alg": "RS256", "kid": keys.kid(self.signer.keys / "first.pem"), "typ": "JWT"})

    def test_bound_token_names_its_pod(self):
        claims = self.verify(self.bound_token("--audience", AUDIENCE))
        self.assertEqual(claims["kubernetes.io"]["pod"]["name"], "p")
        self.assertEqual(claims["kubernetes.io"]["node"]["name"], "n1")

    def test_api_server_takes_its_tokens(self):
        user = self.server.whoami(self.bound_token())
        self.assertEqual(user["username"], f"system:serviceaccount:{self.namespace}:web")
        self.assertEqual(user["extra"]["authentication.kubernetes.io/pod-name"], ["p"])

    def test_token_review(self):
        good = self.bound_token("--audience", AUDIENCE)
        self.assertTrue(self.server.review(good, [AUDIENCE])["authenticated"])
        header, payload, signature = good.split(".")
        claims = relying_party.unverified(good)[1]
        forged = jwt.encode(claims, keys.generate("rsa"), algorithm="RS256",
                            headers={"kid": keys.kid(self.signer.keys / "first.pem")})
        other = jwt.encode(claims, keys.generate("rsa"), algorithm="RS256",
                           headers={"kid": "unknown"})
        for name, token, audience in (
                ("another audience", good, "other"),
                ("for the API server", good, cluster.ISSUER),
                ("another signature", f"{header}.{payload}.{signature[:-4]}AAAA", AUDIENCE),
                ("our kid, another key", forged, AUDIENCE),
                ("another kid", other, AUDIENCE)):
            with self.subTest(name):
                self.assertNotIn("authenticated", self.server.review(token, [audience]))
        with self.subTest("its pod is gone"):
            self.kubectl("delete", "pod", "-n", self.namespace, "p", "--grace-period=0",
                         "--force")
            # The API server believes its own memory for ten seconds.
            daemon.wait_until("the token is refused", seconds=20, condition=lambda:
                              "authenticated" not in self.server.review(good, [AUDIENCE]))

    def test_both_publish_the_same(self):
        self.assertEqual(self.server.request("/openid/v1/jwks").body,
                         issuing.get(self.signer, "/openid/v1/jwks"))
        ours = json.loads(issuing.get(self.signer, "/.well-known/openid-configuration"))
        ours.pop("claims_supported")
        self.assertEqual(ours, self.server.request("/.well-known/openid-configuration").json())

    def test_each_signature_is_in_the_audit_trail(self):
        claims = self.verify(self.token("--audience", AUDIENCE))
        line = next(x for x in self.signer.audit() if x.get("jti") == claims["jti"])
        self.assertEqual((line["sub"], line["aud"]), (claims["sub"], claims["aud"]))

    def test_lifetimes_are_shortened_to_what_the_signer_says(self):
        claims = self.verify(self.token("--audience", AUDIENCE, "--duration", "48h"))
        self.assertEqual(claims["exp"] - claims["iat"], 24 * 3600)

    def test_pod_tokens_are_extended_to_what_the_signer_says(self):
        claims = relying_party.unverified(self.bound_token("--duration", "3607s"))[1]
        self.assertEqual(claims["exp"] - claims["iat"], 24 * 3600)
        self.assertEqual(claims["kubernetes.io"]["warnafter"] - claims["iat"], 3607)

    def test_elliptic_curve_keys_are_published_to_the_api_server_too(self):
        self.signer.add_key("second.pem", "p384")
        self.addCleanup((self.signer.keys / "second.pem").unlink)
        daemon.wait_until("the API server publishes it", lambda: len(
            self.server.request("/openid/v1/jwks").json()["keys"]) == 2)
        self.assertEqual(self.server.request("/openid/v1/jwks").body,
                         issuing.get(self.signer, "/openid/v1/jwks"))


class Extended(Case):
    """Over an abstract socket, besides."""

    signer_options = {"extendedLifetime": True}

    @classmethod
    def server_arguments(cls):
        cls.signer_options = {**cls.signer_options, "socket": f"@sa-issuerd.{uuid.uuid4()}"}
        return {**super().server_arguments(), "service-account-max-token-expiration": "24h"}

    def test_pod_tokens_live_a_year(self):
        claims = relying_party.unverified(self.bound_token("--duration", "3607s"))[1]
        self.assertEqual(claims["exp"] - claims["iat"], YEAR_S)

    def test_others_do_not(self):
        claims = relying_party.unverified(self.bound_token("--duration", "48h"))[1]
        self.assertEqual(claims["exp"] - claims["iat"], 24 * 3600)


class GoClient(cluster.Case):
    """The client that kube-apiserver has inside, k8s.io/externaljwt."""

    @classmethod
    def setUpClass(cls):
        super(cluster.Case, cls).setUpClass()

    def setUp(self):
        daemon.Case.setUp(self)
        self.signer = external.Signer(self.dir / "signer").start()
        self.addCleanup(self.signer.stop)

    def ask(self, version, *arguments):
        done = subprocess.run(
            [cluster.binaries() / "signer_client", self.signer.socket, version, *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=60 * daemon.PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def segment(self, **changes):
        now = int(time.time())
        claims = {
            "aud": [AUDIENCE], "exp": now + 3600, "iat": now, "iss": self.signer.issuer,
            "jti": str(uuid.uuid4()), "nbf": now, "sub": "system:serviceaccount:shop:web",
            "kubernetes.io": {"namespace": "shop", "serviceaccount": {
                "name": "web", "uid": str(uuid.uuid4())}}, **changes}
        return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()

    def test_all_calls_of_both_versions(self):
        self.signer.add_key("second.pem", "p256")
        daemon.wait_until("both keys are published", lambda: len(json.loads(
            issuing.get(self.signer, "/openid/v1/jwks"))["keys"]) == 2)
        for version in ("v1", "v1alpha1"):
            with self.subTest(version):
                self.assertEqual(self.ask(version, "metadata"),
                                 [{"maxTokenExpirationSeconds": 24 * 3600}])
                listed, = self.ask(version, "keys")
                self.assertEqual(listed["refreshHintSeconds"], external.REFRESH_S)
                self.assertEqual(
                    [(k["kid"], base64.b64decode(k["key"]), k["excluded"])
                     for k in listed["keys"]],
                    [(keys.kid(path), keys.openssl("pkey", "-in", path, "-pubout", "-outform",
                                                   "DER"), False)
                     for path in (self.signer.keys / "first.pem", self.signer.keys / "second.pem")])
                # The client checks the signatures.
                signed = self.ask(version, "sign", *(self.segment() for _ in range(10)))
                self.assertTrue(all(x["signature"] for x in signed))

    def test_what_policy_refuses(self):
        answers = self.ask("v1", "sign", self.segment(iss="https://other.example"),
                           self.segment(sub="system:serviceaccount:shop:admin"),
                           self.segment(exp=int(time.time()) + YEAR_S), "e30", "not base64url")
        for answer in answers:
            self.assertIn(answer["code"], ("InvalidArgument", "PermissionDenied"))
            self.assertNotIn("header", answer)


class Late(Case):
    @classmethod
    def start_server(cls):
        pass

    def setUp(self):
        daemon.Case.setUp(self)

    def test_api_server_waits_for_a_signer_that_comes_20_s_late(self):
        self.server.launch()
        time.sleep(20)  # what is tried is this delay
        self.assertTrue(self.server.process.running(), self.server.process.tail())
        self.assertFalse(self.server.is_ready())
        self.signer.start()
        self.server.wait_ready()
        self.server.apply(cluster.namespace("shop"), cluster.account("shop", "web"))
        self.verify(self.server.create_token("shop", "web", "--audience", AUDIENCE))


def known(server):
    """The kids that an API server publishes."""
    return {k["kid"] for k in server.request("/openid/v1/jwks").json()["keys"]}


class Rotation(Case):
    def test_new_key_comes_and_the_old_one_goes_without_a_failed_request(self):
        old = self.signer.keys / "first.pem"
        api_server = self.server.process.process.pid
        kept = self.bound_token()
        with external.Load(self.server, self.signer, self.namespace) as load:
            load.more()
            self.signer.use_key("first.pem")  # before there is another
            new = keys.kid(self.signer.add_key("second.pem"))
            daemon.wait_until("the API server knows the new key",
                              lambda: new in known(self.server))
            load.more()
            self.assertEqual(load.kids, {keys.kid(old)})
            self.signer.use_key("second.pem")
            daemon.wait_until("the new key signs", lambda: new in load.kids)
            load.more()
            self.assertEqual(self.server.whoami(kept)["username"],
                             f"system:serviceaccount:{self.namespace}:web")
            gone = keys.kid(old)
            old.unlink()
            daemon.wait_until("the API server forgets the old key",
                              lambda: gone not in known(self.server))
            load.kids.clear()
            load.more()
            self.assertEqual(load.kids, {new})
        self.assertEqual(load.failures, [])
        self.assertEqual(self.server.process.process.pid, api_server)
        self.assertTrue(self.server.process.running())
        with self.subTest("what the old key signed is no longer taken"):
            daemon.wait_until("the old token is refused", seconds=20, condition=lambda:
                              self.server.request("/api", token=kept).status == 401)


class TwoNodes(Case):
    """Two API servers of one cluster, each with a signer of its own beside it."""

    @classmethod
    def start_server(cls):
        super().start_server()
        cls.other_signer = external.Signer(cls.place / "other-signer", peer=cls.signer,
                                           key=cls.signer.keys / "first.pem")
        cls.other = cluster.ApiServer(cls.place / "other", {
            **cls.other_signer.flags(), "etcd-prefix": cls.server.arguments["etcd-prefix"]})
        cls.addClassCleanup(cls.other.stop)
        cls.addClassCleanup(cls.other_signer.stop)
        cls.other_signer.start()
        cls.other.start()

    def test_rotation_one_node_after_the_other(self):
        signers, servers = (self.signer, self.other_signer), (self.server, self.other)
        with external.Load(self.server, self.signer, self.namespace, 1, self.other) as here, \
                external.Load(self.other, self.signer, self.namespace, 1, self.server) as there:
            loads = (here, there)
            for signer in signers:
                signer.use_key("first.pem")
            second = self.signer.add_key("second.pem")
            new = keys.kid(second)
            daemon.wait_until("one knows the new key", lambda: new in known(self.server))
            keys.write_private(self.other_signer.keys / "second.pem", second.read_bytes())
            daemon.wait_until("both know the new key", lambda: new in known(self.other))
            for signer, load in zip(signers, loads):
                signer.use_key("second.pem")
                daemon.wait_until("the new key signs", lambda load=load: new in load.kids)
                for each in loads:
                    each.more(10)
            for signer in signers:
                (signer.keys / "first.pem").unlink()
            daemon.wait_until("the old key is gone", lambda: all(
                known(server) == {new} for server in servers))
            for load in loads:
                load.more(10)
        self.assertEqual((here.failures, there.failures), ([], []))


class Restarts(Case):
    def test_signer_that_stops_and_starts_fails_no_request(self):
        with external.Load(self.server, self.signer, self.namespace) as load:
            for _ in range(3):
                load.more()
                self.assertEqual(self.signer.stop(), 0)
                self.signer.start()
            load.more()
        self.assertEqual(load.failures, [])

    def test_signer_that_is_killed_fails_only_what_was_in_flight(self):
        threads = 4
        with external.Load(self.server, self.signer, self.namespace, threads) as load:
            load.more()
            self.signer.process.kill()
            self.signer.process.wait()
            self.signer.start()
            load.more(50)
        self.assertLessEqual(len(load.failures), threads)
        for failure in load.failures:
            # The caller learns that a token could not be made, and no more.
            self.assertIn("failed to generate token", failure)
        self.assertTrue(self.server.process.running())

    def test_signer_that_is_away_is_waited_for(self):
        known = self.token()
        self.signer.stop()
        with external.Load(self.server, self.signer, self.namespace, threads=1) as load:
            # Tokens are verified without it.
            self.assertTrue(self.server.review(known)["authenticated"])
            self.signer.start()
            load.more()
        self.assertEqual(load.failures, [])
