# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates for the scenarios, made by the openssl command, so independent of the
code under test. Keys are made once per run and kind where a test needs no key of its own."""

import base64
import functools
import hashlib
import itertools
import os
import pathlib
import subprocess

KINDS = {
    "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa3072": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
    "p256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "p384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "p521": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "ed25519": ["-algorithm", "Ed25519"],
}


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *map(str, arguments)], input=data, check=True,
                          capture_output=True).stdout


def generate(kind):
    """A fresh private key as PKCS#8 PEM."""
    return openssl("genpkey", *KINDS[kind])


def write_private(path, pem):
    """Puts a private key file in place by rename, mode 0600 from the start."""
    path = pathlib.Path(path)
    new = path.with_name(f".{path.name}.new")
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as f:
        f.write(pem)
    new.rename(path)
    return path


def put(kind, path):
    return write_private(path, generate(kind))


def public_pem(path):
    return openssl("pkey", "-in", path, "-pubout")


def kid(path):
    """Kubernetes' key id: SHA-256 of the DER SubjectPublicKeyInfo."""
    der = openssl("pkey", "-in", path, "-pubout", "-outform", "DER")
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def certificate(directory, name="tls", days=30, kind="p256"):
    """A self-signed certificate for localhost and its key: two paths."""
    directory = pathlib.Path(directory)
    key = put(kind, directory / f"{name}.key")
    crt = directory / f"{name}.crt"
    new = directory / f".{name}.crt.new"
    openssl("req", "-x509", "-new", "-key", key, "-days", days, "-subj", f"/CN={name}",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1", "-out", new)
    new.rename(crt)
    return crt, key


@functools.lru_cache(maxsize=None)
def _shared(kind, number):
    del number  # tells keys of one kind apart
    return generate(kind)


def pool(kind, count):
    """count different private keys (PEM) of that kind, the same ones during the whole run."""
    return [_shared(kind, n) for n in range(count)]


def material(directory):
    """Lines from inside the private key files below a directory: none may be in a log."""
    found = set()
    for path in itertools.islice(pathlib.Path(directory).rglob("*"), 5000):
        if not path.is_file() or path.stat().st_size > 65536:
            continue
        text = path.read_bytes()
        if b"PRIVATE KEY-----" in text:
            found.update(line.decode() for line in text.splitlines()
                         if len(line) >= 40 and b"-----" not in line)
    return found

