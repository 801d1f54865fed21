# SPDX-License-Identifier: Apache-2.0
"""API servers that let sa-issuerd sign, and load on them that must never fail."""

import contextlib
import http.client
import json
import os
import threading
import time
import urllib.request

import cluster
import daemon
import issuing
import jwt
import keys

AUDIENCE = "https://relying.party.example"
REFRESH_S = 2  # of the keys, at the API server and at relying parties


class Signer(daemon.Daemon):
    """sa-issuerd with one cluster issuer, for API servers made with its flags().

    key     a private key file to begin with; absent: a new one
    peer    a signer of the same issuer, for another API server of the cluster
    socket  an abstract one; absent: a file
    """

    def __init__(self, directory, key=None, peer=None, socket=None, **signer):
        def config(c, d):
            issuing.over_tls(c, d)
            if peer:
                d.issuer = c["issuers"][0]["url"] = peer.issuer
            d.socket = socket or d.dir / "signer.sock"
            c["listeners"]["signer"] = {"unix": str(d.socket), "allowUIDs": [os.getuid()]}
            c["issuers"][0].update(
                role="cluster",
                discovery={"maxAge": "2s", "jwksMaxAge": f"{REFRESH_S}s"},
                signer={"refreshHint": f"{REFRESH_S}s", "stateFile": "listed.json", **signer})
            c["audit"] = {"file": "audit.log"}
        directory.mkdir()
        super().__init__(directory, config)
        self.keys.mkdir()
        if key:
            keys.write_private(self.keys / "first.pem", key.read_bytes())
        else:
            self.add_key("first.pem")

    def flags(self):
        return {"service-account-issuer": self.issuer,
                "service-account-jwks-uri": f"{self.issuer}/openid/v1/jwks",
                "service-account-signing-key-file": None, "service-account-key-file": None,
                "service-account-signing-endpoint": self.socket,
                "api-audiences": cluster.ISSUER}

    def use_key(self, name):
        """Names the key that is to sign; it does when it has been listed for long enough."""
        def change(c):
            c["issuers"][0]["keys"]["signing"] = [name]
        self.write_config(change)
        if self.reload() != "ok":
            raise AssertionError(self.log_text()[-2000:])

    def audit(self):
        return [json.loads(line) for line in (self.dir / "audit.log").read_text().splitlines()]


class RelyingParty:
    """Keeps a key set for as long as it may, then fetches it anew; unlike most it asks for no
    key that it does not know."""

    def __init__(self, issuer, certificate):
        self.issuer = issuer
        self.context = daemon.tls_context(certificate)
        self.keys, self.until = {}, 0

    def verify(self, token, audience=AUDIENCE):
        if time.monotonic() > self.until:
            with urllib.request.urlopen(f"{self.issuer}/openid/v1/jwks", timeout=10,
                                        context=self.context) as answer:
                age = int(answer.headers["Cache-Control"].rpartition("=")[2])
                found = jwt.PyJWKSet.from_dict(json.load(answer)).keys
            self.keys = {key.key_id: key.key for key in found}
            self.until = time.monotonic() + age
        key = self.keys[jwt.get_unverified_header(token)["kid"]]
        return jwt.decode(token, key, algorithms=["RS256", "ES256"], audience=audience,
                          issuer=self.issuer)


class Load:
    """Threads that get tokens of an account from an API server, use them there, or at another
    one of its cluster, and show them to a relying party with a cache. Failures are texts; made is
    how many tokens went through."""

    def __init__(self, server, signer, space, threads=2, used_at=None):
        self.server, self.signer, self.used_at = server, signer, used_at or server
        self.path = f"/api/v1/namespaces/{space}/serviceaccounts/web/token"
        self.made, self.kids, self.failures = 0, set(), []
        self._lock, self._end = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._end.set()
        for thread in self._threads:
            thread.join()

    def more(self, count=20):
        """Returns when that many more tokens have gone through."""
        goal = self.made + count
        daemon.wait_until("the load goes on", lambda: self.made >= goal or self.failures,
                          seconds=60)

    def _run(self):
        party = RelyingParty(self.signer.issuer, self.signer.certificate)
        # Two connections, as a client certificate wins over a token.
        with contextlib.closing(self.server.connect(as_admin=True)) as admin, \
                contextlib.closing(self.used_at.connect()) as plain:
            while not self._end.wait(0.02):
                try:
                    kid = self._one(admin, plain, party)
                except (OSError, http.client.HTTPException, KeyError, AssertionError,
                        jwt.InvalidTokenError) as error:
                    with self._lock:
                        self.failures.append(f"{type(error).__name__}: {error}")
                    continue
                with self._lock:
                    self.made += 1
                    self.kids.add(kid)

    def _one(self, admin, plain, party):
        token = post(admin, self.path, {"spec": {
            "audiences": [AUDIENCE, cluster.ISSUER], "expirationSeconds": 600}})["status"]["token"]
        post(plain, "/apis/authentication.k8s.io/v1/selfsubjectreviews",
             {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}, token)
        party.verify(token)
        return jwt.get_unverified_header(token)["kid"]


def post(connection, path, body, token=None):
    """The answer's object; anything but 201 is an AssertionError."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request("POST", path, json.dumps(body).encode(), headers)
        answer = connection.getresponse()
        text = answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()  # the next request opens it again
        raise
    if answer.status != 201:
        raise AssertionError(f"{path}: {answer.status} {text.decode(errors='replace')}")
    return json.loads(text)
