# SPDX-License-Identifier: Apache-2.0
"""What scenarios of minting share: manifests, a configuration with audiences, the commands."""

import json

import jwt  # PyJWT

import daemon

UID = "0d7b9a4c-5d3e-4a4a-8f88-0000000000ab"

MANIFESTS = f"""\
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  uid: 11111111-2222-4333-8444-555555555555
  labels: {{ example.com/cost-center: "4711" }}
  annotations: {{ example.com/team: blue }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
  namespace: shop
  uid: {UID}
  annotations:
    example.com/tenant: acme
    example.com/max: 30m
"""

AUDIENCES = [
    {"name": "sts.amazonaws.com", "profile": "aws"},
    {"name": "api://AzureADTokenExchange", "profile": "entra"},
    {"name": "vault", "profile": "vault", "algorithm": "ES256"},
]


def daemon_that_mints(case, audiences=AUDIENCES, claims=None, tokens=None, change=None,
                      manifests=MANIFESTS, **options):
    """Keys RSA and P-256, the account shop/web; started unless start=False."""
    def config(c, d):
        issuer = c["issuers"][0]
        issuer["audiences"] = audiences
        if claims:
            issuer["claims"] = claims
        if tokens:
            issuer["tokens"] = tokens
        c["accounts"] = {"manifests": ["accounts.yaml"]}
        c["audit"] = {"file": "audit.log"}
        if change:
            change(c, d)
    start = options.pop("start", True)
    d = case.daemon(config, start=False, **options)
    (d.dir / "accounts.yaml").write_text(manifests)
    d.add_key("ec.pem", "p256")
    if start:
        d.start()
    return d


def token(d, *arguments, audience="sts.amazonaws.com", account="web", namespace="shop"):
    """Runs `sa-issuerd token`; returns the completed process."""
    audiences = [audience] if isinstance(audience, str) else audience
    return daemon.run("token", "--config", str(d.config_file), "--namespace", namespace,
                      "--serviceaccount", account,
                      *(a for name in audiences for a in ("--audience", name)), *arguments)


def claims(d, *arguments, **options):
    """The claims of a token that is not signed."""
    done = token(d, "--claims-only", *arguments, **options)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


def audit(d):
    return [json.loads(line) for line in (d.dir / "audit.log").read_text().splitlines()]


def verified(d, token, audience):
    """The claims, as PyJWT verifies them with the keys that the daemon publishes."""
    client = jwt.PyJWKClient(d.discovery()["jwks_uri"])
    key = client.get_signing_key_from_jwt(token)
    return jwt.decode(token, key.key, algorithms=d.discovery()
                      ["id_token_signing_alg_values_supported"], audience=audience,
                      issuer=d.issuer, options={"require": ["exp", "iat", "nbf", "sub", "jti"]})
