# SPDX-License-Identifier: Apache-2.0
"""Authorities and certificates for one run of the tests; nothing of it outlives the run."""

import datetime
import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def _name(text, organizations=()):
    return x509.Name([*(x509.NameAttribute(NameOID.ORGANIZATION_NAME, o) for o in organizations),
                      x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(cert):
    return cert.public_bytes(serialization.Encoding.PEM)


def _key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


class Authority:
    def __init__(self, directory, name, issuer=None):
        """issuer: another authority, whose intermediate this is."""
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.name = name
        self.key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.utcnow()
        self.cert = (x509.CertificateBuilder()
                     .subject_name(_name(name))
                     .issuer_name(issuer.cert.subject if issuer else _name(name))
                     .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
                     .not_valid_before(now - DAY).not_valid_after(now + DAY)
                     .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
                     .add_extension(x509.KeyUsage(False, False, False, False, False, True, True,
                                                  False, False), True)
                     .add_extension(x509.SubjectKeyIdentifier.from_public_key(
                         self.key.public_key()), False)
                     .sign(issuer.key if issuer else self.key, hashes.SHA256()))
        self.path = self.directory / f"{name}.crt"
        self.path.write_bytes(_pem(self.cert))

    def write_pair(self, directory):
        """ca.crt and ca.key, for a tool that issues with them."""
        directory = pathlib.Path(directory)
        (directory / "ca.crt").write_bytes(_pem(self.cert))
        (directory / "ca.key").write_bytes(_key_pem(self.key))

    def issue(self, name, names=("127.0.0.1",), days=(-1, 1), client=False, weak=False,
              self_signed=False, organizations=()):
        """Writes NAME.crt and NAME.key and returns their paths. days: validity from today.
        organizations: a client's groups, as Kubernetes reads them."""
        key = (rsa.generate_private_key(65537, 1024) if weak
               else ec.generate_private_key(ec.SECP256R1()))
        now = datetime.datetime.utcnow()
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
        builder = (x509.CertificateBuilder()
                   .subject_name(_name(name, organizations))
                   .issuer_name(_name(name, organizations) if self_signed else self.cert.subject)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now + days[0] * DAY).not_valid_after(now + days[1] * DAY)
                   .add_extension(x509.ExtendedKeyUsage([usage]), False)
                   .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                       (key if self_signed else self.key).public_key()), False)
                   .add_extension(x509.SubjectAlternativeName([_alternative(n) for n in names]),
                                  False))
        cert = builder.sign(key if self_signed else self.key, hashes.SHA256())
        paths = self.directory / f"{name}.crt", self.directory / f"{name}.key"
        paths[0].write_bytes(_pem(cert))
        paths[1].touch(mode=0o600)
        paths[1].write_bytes(_key_pem(key))
        return paths


def _alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
