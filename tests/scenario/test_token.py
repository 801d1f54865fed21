# SPDX-License-Identifier: Apache-2.0
"""Tokens by command, and the daemon that publishes their keys."""

import base64
import json
import re
import stat
import subprocess
import time
import unittest

import jwt  # PyJWT

import daemon
import keys
import minting

RULES = [
    {"claim": "tenant", "annotation": "example.com/tenant", "pattern": "^[a-z0-9-]{1,32}$",
     "required": True},
    {"claim": "cost_center", "namespaceLabel": "example.com/cost-center", "type": "integer"},
    {"sessionTag": "team", "namespaceAnnotation": "example.com/team", "transitive": True,
     "audiences": ["sts.amazonaws.com"]},
    {"claim": ["origin", "cluster"], "value": "prod-eu-1"},
    {"claim": "workload", "template": "{namespace}/{serviceAccount}"},
]


class Token(daemon.Case):
    def test_others_verify_what_is_minted(self):
        d = minting.daemon_that_mints(self, claims=RULES)
        for audience, algorithm in (("sts.amazonaws.com", "RS256"), ("vault", "ES256")):
            done = minting.token(d, audience=audience)
            self.assertEqual(done.returncode, 0, done.stderr)
            text = done.stdout.strip()
            self.assertEqual(jwt.get_unverified_header(text)["alg"], algorithm)
            claims = minting.verified(d, text, audience)
            self.assertEqual(claims["sub"], "system:serviceaccount:shop:web")
            self.assertEqual(claims["tenant"], "acme")
            self.assertEqual(claims["cost_center"], 4711)
            self.assertEqual(claims["origin"], {"cluster": "prod-eu-1"})
            self.assertEqual(claims["workload"], "shop/web")

    def test_a_file_of_a_token_holds_nothing_else(self):
        d = minting.daemon_that_mints(self, start=False)
        self.assertRegex(minting.token(d).stdout, r"\A[\w-]+\.[\w-]+\.[\w-]+\Z")

    def test_decoded_is_the_header_and_the_claims(self):
        d = minting.daemon_that_mints(self, start=False)
        text = minting.token(d, "-o", "decoded").stdout
        header, end = json.JSONDecoder().raw_decode(text)
        self.assertEqual(header, {"alg": "RS256", "kid": keys.kid(d.keys / "first.pem"),
                                  "typ": "JWT"})
        self.assertEqual(json.loads(text[end:])["sub"], "system:serviceaccount:shop:web")

    def test_a_result_that_cannot_be_written_is_a_failure(self):
        d = minting.daemon_that_mints(self, start=False)
        text = minting.token(d).stdout
        account = ("-c", d.config_file, "-n", "shop", "-s", "web", "-a", "vault")
        for command in (("token", *account), ("token", "--claims-only", *account),
                        ("explain", *account), ("check", d.config_file), ("check", "--explain"),
                        ("verify", text, "-c", d.config_file), ("version",), ("help",),
                        ("token", "--help")):
            with open("/dev/full", "w", encoding="ascii") as full:
                done = subprocess.run([daemon.BINARY, *command], stdout=full, check=False,
                                      stderr=subprocess.PIPE, timeout=30 * daemon.PATIENCE)
            self.assertEqual(done.returncode, 1, command)
            self.assertIn(b"standard output could not be written", done.stderr, command)

    def test_claims_are_those_of_kubernetes(self):
        d = minting.daemon_that_mints(self, start=False)
        before = int(time.time())
        claims = minting.claims(d, "--bound-pod", "web-0:pod-uid")
        self.assertEqual(set(claims), {"aud", "exp", "iat", "iss", "jti", "kubernetes.io",
                                       "nbf", "sub"})
        self.assertEqual(claims["aud"], ["sts.amazonaws.com"])
        self.assertEqual(claims["iss"], d.issuer)
        self.assertEqual(claims["kubernetes.io"], {
            "namespace": "shop",
            "pod": {"name": "web-0", "uid": "pod-uid"},
            "serviceaccount": {"name": "web", "uid": minting.UID},
        })
        self.assertRegex(claims["jti"], r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}"
                                        r"-[0-9a-f]{12}$")
        self.assertEqual(claims["iat"], claims["nbf"])
        self.assertIn(claims["iat"] - before, (-30, -29, -28))  # back-dated by 30 s
        self.assertIn(claims["exp"] - before, (3600, 3601, 3602))

    def test_members_are_sorted_at_every_level(self):
        d = minting.daemon_that_mints(self, claims=RULES, start=False)
        payload = minting.token(d).stdout.strip().split(".")[1]
        text = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
        ordered = json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"),
                             ensure_ascii=False)
        self.assertEqual(text, ordered)

    def test_session_tags_have_the_nested_form_of_aws(self):
        d = minting.daemon_that_mints(self, claims=RULES, start=False)
        self.assertEqual(minting.claims(d)["https://aws.amazon.com/tags"], {
            "principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]})
        self.assertNotIn("https://aws.amazon.com/tags", minting.claims(d, audience="vault"))

    def test_lifetimes_are_clamped_and_it_is_told(self):
        d = minting.daemon_that_mints(self, start=False, tokens={
            "maxLifetime": "2h", "lifetimeAnnotation": "example.com/max"})
        done = minting.token(d, "--duration", "1h", "--output", "json")
        self.assertIn("the lifetime was shortened to 1800 s", done.stderr)
        self.assertEqual(json.loads(done.stdout)["spec"]["expirationSeconds"], 1800)
        self.assertIsNone(json.loads(done.stdout)["spec"]["boundObjectRef"])
        done = minting.token(d, "--bound-pod", "web-1:uid-1", "--output", "json")
        self.assertEqual(json.loads(done.stdout)["spec"]["boundObjectRef"], {
            "kind": "Pod", "apiVersion": "v1", "name": "web-1", "uid": "uid-1"})
        (d.dir / "accounts.yaml").write_text(minting.MANIFESTS.replace("30m", "soon"))
        done = minting.token(d)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("example.com/max", done.stderr)

    def test_a_broken_rule_refuses_the_token(self):
        d = minting.daemon_that_mints(self, claims=RULES, start=False)
        for text, reason in (("{ }", "tenant"), ("example.com/tenant: Not Allowed", "pattern")):
            manifests = re.sub(r"annotations:\n    example.com/tenant: acme\n.*\n",
                               f"annotations: {{ {text} }}\n" if text != "{ }" else "", minting
                               .MANIFESTS)
            (d.dir / "accounts.yaml").write_text(manifests)
            done = minting.token(d)
            self.assertEqual((done.returncode, done.stdout), (1, ""), text)
            self.assertIn("claims[0]", done.stderr)
            self.assertIn(reason, done.stderr)

    def test_every_token_leaves_an_audit_line_and_no_token_in_it(self):
        d = minting.daemon_that_mints(self, start=False)
        text = minting.token(d).stdout.strip()
        minting.token(d, audience="elsewhere")
        issued, refused = minting.audit(d)
        self.assertEqual(issued["result"], "issued")
        self.assertEqual(issued["sub"], "system:serviceaccount:shop:web")
        self.assertEqual(issued["jti"], jwt.decode(text, options={"verify_signature": False})
                         ["jti"])
        self.assertEqual(issued["kid"], keys.kid(d.keys / "first.pem"))
        self.assertEqual(refused["result"], "refused")
        self.assertEqual(refused["reason"], 'audience "elsewhere" is not configured')
        self.assertNotIn("eyJ", (d.dir / "audit.log").read_text())
        self.assertEqual(stat.S_IMODE((d.dir / "audit.log").stat().st_mode), 0o600)

    def test_without_an_audit_line_there_is_no_token(self):
        def config(c, d):
            c["audit"]["file"] = "missing/audit.log"
        d = minting.daemon_that_mints(self, change=config, start=False)
        done = minting.token(d)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("cannot write the audit line", done.stderr)

    def test_wrong_usage(self):
        d = minting.daemon_that_mints(self, start=False)
        base = ["token", "--config", d.config_file]
        for arguments, message in (
                (["-a", "x"], "--serviceaccount is missing"),
                (["-s", "web"], "--audience is missing"),
                (["-s", "web", "-a", "x", "-d", "1x"], "--duration: not a duration"),
                (["-s", "web", "-a", "x", "-d", "1500ms"], "--duration: not a number of whole"),
                (["-s", "web", "-a", "x", "--bound-pod", "p"], "not of the form NAME:UID"),
                (["-s", "web", "-a", "x", "-o", "yaml"], "--output is token, json or decoded")):
            done = daemon.run(*base, *arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(message, done.stderr)

    def test_unknown_names(self):
        d = minting.daemon_that_mints(self, start=False)
        for options, message in (
                ({"account": "api"}, "no service account api in namespace shop"),
                ({"namespace": "other"}, "no service account web in namespace other"),
                ({"audience": "x"}, 'audience "x" is not configured')):
            done = minting.token(d, **options)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn(message, done.stderr)
        done = minting.token(d, "--issuer", "https://other.example")
        self.assertIn("no issuer https://other.example is configured", done.stderr)


class Explain(daemon.Case):
    def explain(self, d, audience="sts.amazonaws.com"):
        return daemon.run("explain", "--config", d.config_file, "--namespace", "shop",
                          "--serviceaccount", "web", "--audience", audience)

    def test_every_rule_is_told(self):
        rules = RULES + [{"claim": "owner", "annotation": "example.com/owner"},
                         {"claim": "tier", "label": "tier", "default": "low"}]
        d = minting.daemon_that_mints(self, claims=rules, start=False)
        done = self.explain(d, "vault")
        self.assertEqual(done.returncode, 0, done.stderr)
        for text in ("claim tenant from annotation example.com/tenant\n    written: \"acme\"",
                     "claim cost_center from namespaceLabel example.com/cost-center\n"
                     "    written: 4711",
                     "session tag team (transitive) from namespaceAnnotation example.com/team\n"
                     "    not for this namespace or audience",
                     "claim origin > cluster from value prod-eu-1",
                     "claim owner from annotation example.com/owner\n    left out",
                     "claim tier from label tier\n    written from its default",
                     "algorithm ES256", keys.kid(d.keys / "ec.pem")):
            self.assertIn(text, done.stdout)

    def test_the_rule_that_refuses_is_told_among_the_others(self):
        rules = [dict(RULES[0], oneOf=["initech"])] + RULES[1:]
        d = minting.daemon_that_mints(self, claims=rules, start=False)
        done = self.explain(d)
        self.assertEqual(done.returncode, 1)
        self.assertIn("claims[0]: claim tenant from annotation example.com/tenant\n"
                      "    refuses the token: ", done.stdout)
        self.assertIn("written: 4711", done.stdout)
        self.assertIn("no token: claims[0]: ", done.stdout)

    def test_mistakes_of_rules_have_their_place_in_the_configuration(self):
        d = minting.daemon_that_mints(self, start=False, claims=[
            {"claim": "sub", "value": "system:admin"},
            {"claim": "tenant", "annotation": "example.com/tenant", "pattern": "("},
        ])
        done = daemon.run("check", d.config_file)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"config.yaml:\d+:\d+: issuers\[0\].claims\[0\].claim: ")
        self.assertRegex(done.stderr, r"config.yaml:\d+:\d+: issuers\[0\].claims\[1\].pattern: ")


class Reload(daemon.Case):
    def test_reload_takes_new_accounts_and_keeps_the_old_on_a_mistake(self):
        d = minting.daemon_that_mints(self)
        (d.dir / "accounts.yaml").write_text(minting.MANIFESTS + "---\nkind: Pod\n")
        daemon.wait_until("the mistake is noticed", lambda: d.metric(
            "sa_issuerd_reloads_total", result="failed") == 1)
        self.assertEqual(d.generation(), 1)
        self.assertTrue(any("accounts.yaml" in line
                            for line in d.messages("error")))
        (d.dir / "accounts.yaml").write_text(
            minting.MANIFESTS.replace("name: web", "name: api"))
        daemon.wait_until("the accounts are reloaded", lambda: d.generation() == 2)


if __name__ == "__main__":
    unittest.main()
