# SPDX-License-Identifier: Apache-2.0
"""Verifiers of others, and ours, with the keys of a running daemon: each accepts the tokens that
sa-issuerd mints and that an independent library makes, and refuses what was tampered with."""

import concurrent.futures
import json
import re
import subprocess
import sys
import unittest

import daemon
import keys

sys.path.insert(0, str(daemon.ROOT / "tests/clients"))
import make_token  # noqa: E402 pylint: disable=wrong-import-position
import tamper  # noqa: E402 pylint: disable=wrong-import-position

CLIENTS = daemon.ROOT / "tests/clients"
AUDIENCE = make_token.AUDIENCE
KINDS = {"RS256": "rsa", "ES256": "p256", "ES384": "p384", "ES512": "p521", "EdDSA": "ed25519"}
ECDSA_AND_RSA = ("RS256", "ES256", "ES384", "ES512")

EVERY = tuple(KINDS)
PROFILES = {"kubernetes": ECDSA_AND_RSA, "entra": ("RS256",), "aws": ECDSA_AND_RSA,
            "gcp": ("RS256", "ES256"), "vault": EVERY, "anthropic": ECDSA_AND_RSA,
            "generic": EVERY}
ACCOUNTS = """
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
  namespace: prod
  uid: 2f6a6d3e-6f39-4a3c-9a4c-0a1b2c3d4e5f
  annotations: { example.com/team: "blue é" }
---
apiVersion: v1
kind: Namespace
metadata: { name: prod, labels: { example.com/region: eu-1 } }
"""


class Judge:
    """A verifier of others: its command, the algorithms it knows, whether it looks at claims."""

    def __init__(self, name, command, algorithms=tuple(KINDS), claims=True):
        self.name, self.command, self.claims = name, command, claims
        self.algorithms = algorithms

    def __call__(self, issuer, tokens):
        """A verdict for each (token, audience)."""
        lines = "".join(json.dumps(token) + "\n" for token in tokens)
        done = subprocess.run([*self.command, issuer], input=lines, text=True,
                              capture_output=True, timeout=120 * daemon.PATIENCE, check=False)
        verdicts = done.stdout.splitlines()
        if done.returncode != 0 or len(verdicts) != len(tokens):
            raise AssertionError(f"{self.name}: {len(verdicts)} verdicts of {len(tokens)}\n"
                                 + done.stdout[-2000:] + done.stderr[-2000:])
        return verdicts


def node(name, **options):
    return Judge(f"npm {name}", ["node", CLIENTS / "judge.mjs", name], **options)


def python(name, label, **options):
    return Judge(label, [CLIENTS / "judge.py", name], **options)


JUDGES = [
    node("jose"),
    node("jsonwebtoken", algorithms=ECDSA_AND_RSA),
    node("fast-jwt"),
    node("aws-jwt-verify"),
    python("pyjwt", "PyJWT"),
    python("authlib", "Authlib"),
    python("jwcrypto", "jwcrypto"),
    python("jose", "jose command", algorithms=ECDSA_AND_RSA, claims=False),
    python("cjose", "cjose", algorithms=ECDSA_AND_RSA, claims=False),
    python("libjwt", "libjwt", algorithms=ECDSA_AND_RSA, claims=False),
    python("haproxy", "haproxy", algorithms=ECDSA_AND_RSA, claims=False),
    Judge("Crypt::JWT", [CLIENTS / "judge.pl"]),
]

# What others accept although nobody should: (judge, pattern of the variant's name, what it is).
# Whoever trusts them with our tokens should know; newer versions may have mended it.
DISAGREEMENTS = [
    ("npm jsonwebtoken|npm aws-jwt-verify|jose command|cjose|libjwt|haproxy|Crypt::JWT",
     "crit with an unknown extension", "crit is not looked at (RFC 7515 section 4.1.11)"),
    ("npm fast-jwt", "says EdDSA", "the type of the key is not compared with alg EdDSA"),
    ("PyJWT", "claims in UTF-16", "JSON is taken in any encoding (RFC 8259 section 8.1)"),
    ("jose command", "no alg", "alg is taken from the key (RFC 7515 section 4.1.1)"),
    ("jose command|libjwt", "four parts|five parts|a dot behind",
     "what follows three parts is ignored"),
    ("cjose", "signature and a byte", "an ECDSA signature of odd length is cut in two halves"),
    ("Crypt::JWT", r"s \+ order", "Ed25519 signatures can be altered (RFC 8032 section 8.4)"),
    ("Crypt::JWT", "exp is a list", "an exp that is no number never comes"),
    ("Crypt::JWT", "JSON serialisation", "a JWS that is no JWT (RFC 7519 section 3)"),
]


def disagreement(judge, variant):
    return next((why for judges, names, why in DISAGREEMENTS
                 if re.fullmatch(judges, judge.name) and re.fullmatch(names, variant.name)), None)


class Verifiers(daemon.Case):
    def issuer(self, alg):
        """A daemon with two keys for that algorithm and one for each other."""
        def config(c, _):
            c["issuers"][0]["keys"]["allowEd25519"] = True
        d = self.daemon(config, key=None, start=False)
        others = {}
        for other, kind in KINDS.items():
            path = d.add_key(f"{other}.pem", kind)
            if other != alg:
                others[other] = keys.kid(path)
        d.add_key("second.pem", KINDS[alg])
        d.start()
        maker = tamper.Maker(d.issuer, AUDIENCE, d.keys / f"{alg}.pem", alg, others)
        return d, maker

    def ours(self, jwks, issuer, tokens):
        def verify(token):
            return subprocess.run(
                [daemon.BINARY, "verify", "-", "--jwks", jwks, "--issuer", issuer,
                 "--audience", AUDIENCE], input=token.encode(), capture_output=True, check=False,
                timeout=30 * daemon.PATIENCE)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            return list(pool.map(verify, tokens))

    def check_ours(self, d, good, variants):
        jwks = self.dir / "jwks.json"
        jwks.write_bytes(d.get("/openid/v1/jwks").body)
        for done in self.ours(jwks, d.issuer, good):
            self.assertEqual((done.returncode, done.stderr), (0, b""))
        for v, done in zip(variants, self.ours(jwks, d.issuer, [v.token for v in variants])):
            with self.subTest(variant=v.name):
                self.assertEqual((done.returncode, done.stdout), (1, b""), done)
                said = done.stderr.decode()
                self.assertRegex(said, "^sa-issuerd verify: refused: .*" + v.reason)
                self.assertEqual(said.count("\n"), 1, said)

    def check_judge(self, judge, d, good, variants):
        """How many variants it refused."""
        # The good ones once more at the end: it must still be in its right mind.
        tokens = good + [v.token for v in variants] + good
        verdicts = judge(d.issuer, [(token, AUDIENCE) for token in tokens])
        for verdict in verdicts[:len(good)] + verdicts[-len(good):]:
            self.assertEqual(verdict, "accept", judge.name)
        refused = 0
        for v, verdict in zip(variants, verdicts[len(good):]):
            accepted = verdict == "accept"
            refused += not accepted
            if v.kind == tamper.STRICT or v.kind == tamper.CLAIMS and not judge.claims:
                continue
            why = disagreement(judge, v) if accepted else None
            if why:
                continue
            with self.subTest(judge=judge.name, variant=v.name):
                self.assertFalse(accepted)
        return refused

    def check(self, alg):
        d, maker = self.issuer(alg)
        good = [maker.token(), maker.token({"kid": maker.kid, "alg": alg}),
                maker.token(claims=maker.claims(aud=AUDIENCE, jti=...))]
        variants = list(tamper.variants(maker))
        self.assertGreaterEqual(len(variants), 150)
        self.assertEqual(len({v.name for v in variants}), len(variants))
        self.check_ours(d, good, variants)
        refused = {judge.name: self.check_judge(judge, d, good, variants)
                   for judge in JUDGES if alg in judge.algorithms}
        print(f"    {alg}, of {len(variants)} refused:",
              ", ".join(f"{name} {count}" for name, count in refused.items()))

    def test_rs256(self):
        self.check("RS256")

    def test_es256(self):
        self.check("ES256")

    def test_es384(self):
        self.check("ES384")

    def test_es512(self):
        self.check("ES512")

    def test_eddsa(self):
        self.check("EdDSA")

    def minted(self, d, audience):
        done = daemon.run("token", "--config", d.config_file, "--namespace", "prod",
                          "--serviceaccount", "web", "--audience", audience)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def test_what_we_mint(self):
        """Every profile with every algorithm that it allows."""
        audiences = {f"https://{profile}.example/{alg}": (profile, alg)
                     for profile, algs in PROFILES.items() for alg in algs}

        def config(c, d):
            c["issuers"][0]["keys"]["allowEd25519"] = True
            c["issuers"][0]["audiences"] = [
                {"name": name, "profile": profile, "algorithm": alg}
                for name, (profile, alg) in audiences.items()]
            c["issuers"][0]["claims"] = [
                {"claim": "team", "annotation": "example.com/team"},
                {"claim": ["place", "region"], "namespaceLabel": "example.com/region"}]
            c["accounts"] = {"manifests": ["accounts.yaml"]}
            (d.dir / "accounts.yaml").write_text(ACCOUNTS)
        d = self.daemon(config, key=None, start=False)
        for alg, kind in KINDS.items():
            d.add_key(f"{alg}.pem", kind)
        d.start()
        tokens = {name: self.minted(d, name) for name in audiences}
        for name, token in tokens.items():
            done = daemon.run("verify", token, "--issuer", d.issuer, "--audience", name)
            self.assertEqual((done.returncode, done.stderr), (0, ""), name)
            claims = json.loads(done.stdout)
            self.assertEqual((claims["team"], claims["place"]), ("blue é", {"region": "eu-1"}))
        for judge in JUDGES:
            known = [(tokens[name], name) for name, (_, alg) in audiences.items()
                     if alg in judge.algorithms]
            verdicts = judge(d.issuer, known)
            for (_, name), verdict in zip(known, verdicts):
                with self.subTest(judge=judge.name, audience=name):
                    self.assertEqual(verdict, "accept")


if __name__ == "__main__":
    unittest.main()
