# SPDX-License-Identifier: Apache-2.0
"""Clients that are not ours read the documents and verify a signature made with a loaded key.
tests/clients/run.sh makes the token, independently of our code, and runs every client."""

import subprocess
import unittest

import daemon

CLIENTS = daemon.ROOT / "tests/clients/run.sh"
ALGORITHMS = {"RS256": "rsa", "ES256": "p256", "ES384": "p384", "ES512": "p521",
              "EdDSA": "ed25519"}


class Clients(daemon.Case):
    def verify(self, alg, issuer_path=""):
        kind = ALGORITHMS[alg]

        def config(c, d):
            c["issuers"][0]["url"] += issuer_path
            c["issuers"][0]["keys"]["allowEd25519"] = True
        d = self.daemon(config, key=kind)
        done = self.run_clients(d.issuer + issuer_path, d.keys / "first.pem", alg)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        # A client must be able to fail: a key that is not published.
        other = d.add_key("other.pem", kind, directory=self.dir)
        done = self.run_clients(d.issuer + issuer_path, other, alg)
        self.assertNotEqual(done.returncode, 0, done.stdout + done.stderr)

    @staticmethod
    def run_clients(issuer, key, alg):
        return subprocess.run([CLIENTS, issuer, key, alg], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120, check=False)

    def test_rs256(self):
        self.verify("RS256")

    def test_rs256_below_a_path(self):
        self.verify("RS256", "/clusters/prod")

    def test_es256(self):
        self.verify("ES256")

    def test_es384(self):
        self.verify("ES384")

    def test_es512(self):
        self.verify("ES512")

    def test_eddsa(self):
        self.verify("EdDSA")


if __name__ == "__main__":
    unittest.main()
