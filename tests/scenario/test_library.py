# SPDX-License-Identifier: Apache-2.0
"""libsaissuer as an outsider gets it: installed, found by pkg-config, linked by a program that
knows its public headers only. The documents that the program prints are compared with what
python3-cryptography makes of the same keys."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import daemon
import keys

CLIENTS = daemon.ROOT / "tests/clients"
BUILD = pathlib.Path(daemon.BINARY).resolve().parents[1]
ISSUER = "https://issuer.example.com/a"


def run(*command, **options):
    return subprocess.run([*map(str, command)], capture_output=True, text=True, check=True,
                          stdin=subprocess.DEVNULL, **options).stdout


def with_leading_zero(curve, member):
    """A private key of that curve whose x or y starts with a zero byte."""
    while True:
        key = ec.generate_private_key(curve)
        size = (curve.key_size + 7) // 8
        if getattr(key.public_key().public_numbers(), member).to_bytes(size, "big")[0] == 0:
            return key.private_bytes(serialization.Encoding.PEM,
                                     serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption())


class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temp = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temp.cleanup)
        cls.root = pathlib.Path(cls.temp.name)
        run("cmake", "--install", BUILD, env={**os.environ, "DESTDIR": str(cls.root)})
        package = next(cls.root.rglob("saissuer.pc"))
        cls.library = next(cls.root.rglob("libsaissuer.so"))
        cls.environment = {**os.environ, "PKG_CONFIG_PATH": str(package.parent),
                           "PKG_CONFIG_SYSROOT_DIR": str(cls.root),
                           "LD_LIBRARY_PATH": str(cls.library.parent),
                           "ASAN_OPTIONS": "verify_asan_link_order=0"}
        shutil.copytree(daemon.ROOT / "tests/example", cls.root / "example")
        sanitize = re.search(r"^SA_SANITIZE:STRING=(.+)$", (BUILD / "CMakeCache.txt").read_text(),
                             re.M)
        flags = f"-fsanitize={sanitize[1]}" if sanitize else ""
        compiler = re.search(r"^CMAKE_C_COMPILER:\w+=(.+)$",
                             (BUILD / "CMakeCache.txt").read_text(), re.M)[1]
        run("make", "-C", cls.root / "example", f"CC={compiler}", f"LDFLAGS={flags}",
            env=cls.environment)

    def documents(self, *paths, issuer=ISSUER):
        return subprocess.run([str(self.root / "example/documents"), issuer, *map(str, paths)],
                              capture_output=True, text=True, env=self.environment, check=False)

    def findings(self, discovery, jwks, *pems):
        (self.root / "discovery").write_text(discovery)
        (self.root / "jwks").write_text(jwks)
        found = subprocess.run(
            [sys.executable, CLIENTS / "lint.py", ISSUER, "--discovery", self.root / "discovery",
             "--jwks", self.root / "jwks", *pems], capture_output=True, text=True, check=False)
        return found.returncode, found.stdout + found.stderr

    def lint(self, *pems):
        done = self.documents(*pems)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        discovery, jwks = done.stdout.splitlines()
        code, text = self.findings(discovery, jwks, *pems)
        self.assertEqual(code, 0, text)
        return json.loads(jwks)["keys"]

    def key(self, name, pem):
        path = self.root / name
        path.unlink(missing_ok=True)
        return keys.write_private(path, pem)

    def test_only_its_own_names_are_exported(self):
        symbols = [line.split()[-1] for line in
                   run("nm", "-D", "--defined-only", self.library).splitlines()]
        strangers = [s for s in symbols if not s.startswith("sai_")]
        self.assertEqual(strangers, [])
        declared = set()
        for header in (self.root.rglob("sa_issuer/*.h")):
            declared |= set(re.findall(r"\b(sai_[a-z0-9_]+)\(", header.read_text()))
        self.assertLessEqual(set(symbols), declared, "exported, but in no header")

    def test_headers_serve_cxx(self):
        headers = "".join(f"#include <sa_issuer/{h.name}>\n"
                          for h in sorted(self.root.rglob("sa_issuer/*.h")))
        self.assertIn("keyset.h", headers)
        flags = run("pkg-config", "--cflags", "saissuer", env=self.environment).split()
        subprocess.run(["g++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                        *flags, "-x", "c++", "-"], input=headers, text=True, check=True)

    def test_documents_of_every_kind_of_key(self):
        rsa4096 = keys.openssl("genrsa", "4096")
        pems = [self.key(f"{kind}.pem", keys.pool(kind, 1)[0]) for kind in keys.KINDS]
        pems.append(self.key("rsa4096.pem", rsa4096))
        published = self.lint(*pems)
        self.assertEqual([k["kty"] for k in published],
                         ["RSA", "RSA", "EC", "EC", "EC", "OKP", "RSA"])

    def test_coordinates_with_leading_zeros(self):
        curves = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())
        pems = [self.key(f"{curve.name}-{member}.pem", with_leading_zero(curve, member))
                for curve in curves for member in "xy"]
        self.assertEqual(len(self.lint(*pems)), 6)

    def test_errors_are_reported(self):
        done = self.documents(self.root / "missing.pem")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^error: .*missing\.pem: cannot open: No such file")
        done = self.documents(self.root, issuer="https://example.com/")
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.startswith("error: issuer: "), done.stderr)

    def test_the_linter_finds_what_is_wrong(self):
        pem = self.key("lint.pem", keys.pool("p256", 1)[0])
        other = self.key("lint-other.pem", keys.pool("p256", 2)[1])
        discovery, jwks = self.documents(pem).stdout.splitlines()
        key = json.loads(jwks)["keys"][0]
        wrong = [
            ("discovery", ISSUER, "https://other.example.com", "issuer"),
            ("discovery", '"ES256"', '"ES256","RS256"', "algorithms"),
            ("discovery", '["id_token"]', '["code"]', "response types"),
            ("discovery", '"public"', '"pairwise"', "subject types"),
            ("discovery", '"sub"', '"azp"', "claims_supported"),
            ("discovery", '":', '": ', "compact"),
            ("discovery", "{", '{"issuer":"a",', "twice"),
            ("jwks", '"use":"sig",', "", "members"),
            ("jwks", '"sig"', '"enc"', "use"),
            ("jwks", '"use":"sig","kty":"EC"', '"kty":"EC","use":"sig"', "members"),
            ("jwks", '"y":', '"d":"AAAA","y":', "members"),
            ("jwks", '"ES256"', '"ES384"', "do not fit"),
            ("jwks", key["kid"], "key-1", "do not fit"),
            ("jwks", key["x"], key["x"] + "=", "base64url"),
            ("jwks", key["x"], key["y"], "no key"),
            ("jwks", '"EC"', '"oct"', "kty"),
            ("jwks", "]}", "," + json.dumps(key, separators=(",", ":")) + "]}", "kid twice"),
        ]
        for document, old, new, finding in wrong:
            with self.subTest(document=document, change=(old[:20], new[:30])):
                texts = {"discovery": discovery, "jwks": jwks}
                texts[document] = texts[document].replace(old, new)
                self.assertNotEqual(texts[document], {"discovery": discovery, "jwks": jwks}[document])
                code, text = self.findings(texts["discovery"], texts["jwks"])
                self.assertEqual(code, 1, text)
                self.assertIn(finding, text)
        code, text = self.findings(discovery, jwks, other)
        self.assertEqual(code, 1)
        self.assertIn("is not in it", text)
