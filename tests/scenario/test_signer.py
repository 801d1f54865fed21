# SPDX-License-Identifier: Apache-2.0
"""ExternalJWTSigner as an API server uses it, through Python's grpcio."""

import json
import subprocess
import time

import grpc

import daemon
import keys
import signer


class SignerCase(daemon.Case):
    def client(self, d, *arguments, **options):
        c = signer.Client(d, *arguments, **options)
        self.addCleanup(c.close)
        return c


class Calls(SignerCase):
    def test_what_is_signed_is_verified_by_the_published_keys(self):
        for kind, alg in (("rsa", "RS256"), ("p256", "ES256"), ("p384", "ES384"),
                          ("p521", "ES512")):
            with self.subTest(kind):
                d = signer.daemon_that_signs(self, key=kind)
                c = self.client(d)
                wanted = signer.claims(d)
                signed = c.sign(wanted)
                self.assertEqual(signed.head(), {"alg": alg, "typ": "JWT",
                                                 "kid": keys.kid(d.keys / "first.pem")})
                token = f"{signed.header}.{signer.segment(wanted)}.{signed.signature}"
                self.assertEqual(signer.verify(token, d), wanted)
                line = signer.audit(d)[-1]
                self.assertEqual(line["result"], "signed")
                self.assertEqual(line["jti"], wanted["jti"])

    def test_both_services_have_the_same_methods(self):
        d = signer.daemon_that_signs(self)
        for service in (signer.SERVICE, signer.ALPHA):
            c = self.client(d, service)
            self.assertEqual(signer.verify(c.token(signer.claims(d)), d)["iss"], d.issuer)
            self.assertEqual(c.keys().kids, [keys.kid(d.keys / "first.pem")])
            self.assertEqual(c.max_lifetime(), 86400)

    def test_keys_are_listed_in_order_as_spki(self):
        d = signer.daemon_that_signs(self, start=False, signer={"refreshHint": "90s"})
        d.add_key("second.pem", "p256")
        d.start()
        before = int(time.time())
        found = self.client(d).keys()
        self.assertEqual([k.der for k in found.keys],
                         [signer.spki(d.keys / n) for n in ("first.pem", "second.pem")])
        self.assertEqual(found.kids, [keys.kid(d.keys / n) for n in ("first.pem", "second.pem")])
        self.assertEqual([k.excluded for k in found.keys], [False, False])
        self.assertEqual(found.refresh, 90)
        self.assertAlmostEqual(found.changed, before, delta=30 * daemon.PATIENCE)

    def test_refusals_are_generic_to_the_caller_and_exact_in_the_audit_trail(self):
        d = signer.daemon_that_signs(self)
        c = self.client(d)
        code, text = signer.refusal(c.sign, signer.claims(d, iss="https://other"))
        self.assertEqual((code, text), (grpc.StatusCode.PERMISSION_DENIED,
                                        "refused by the signer's policy"))
        line = signer.audit(d)[-1]
        self.assertEqual((line["result"], line["reason"]),
                         ("refused", "iss: is not the issuer's URL"))
        code, text = signer.refusal(c.sign, "e30")
        self.assertEqual((code, text), (grpc.StatusCode.INVALID_ARGUMENT,
                                        "the request was not understood"))
        self.assertEqual(signer.audit(d)[-1]["reason"], "aud: is missing")
        code, _ = signer.refusal(c.call, "Nothing")
        self.assertEqual(code, grpc.StatusCode.UNIMPLEMENTED)


class Clients(SignerCase):
    """tests/clients has the npm packages."""

    def test_grpc_js(self):
        d = signer.daemon_that_signs(self, signer={"refreshHint": "90s"})
        done = subprocess.run(
            ["node", str(daemon.ROOT / "tests/clients/sign_grpc.mjs"), str(d.socket), d.issuer,
             "400"], capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = json.loads(done.stdout)
        changed = found.pop("changed")
        self.assertEqual(found, {
            "keys": [[keys.kid(d.keys / "first.pem"), False]],
            "refresh": 90,
            "maxLifetime": 86400,
            "verified": 400,
            "refusals": {
                "Nothing {}": [12, "unknown service or method"],
                'Sign {"claims":"e30"}': [3, "the request was not understood"],
                "Sign {}": [3, "the request was not understood"],
            },
        })
        self.assertEqual(changed, self.client(d).keys().changed)
