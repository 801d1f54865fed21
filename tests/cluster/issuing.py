# SPDX-License-Identifier: Apache-2.0
"""Configurations of sa-issuerd that the cases share."""

import daemon
import keys


def over_tls(c, d, port=None):
    """The discovery listener with a certificate of its own, d.certificate; kube-apiserver takes
    issuers over https alone. The issuer is d.issuer."""
    d.port = port or d.port
    d.issuer = f"https://localhost:{d.port}"
    d.certificate, key = keys.certificate(d.dir)
    c["listeners"]["discovery"] = {
        "address": f"127.0.0.1:{d.port}",
        "tls": {"certificate": str(d.certificate), "key": str(key)}}
    c["issuers"][0]["url"] = d.issuer


def get(d, path):
    """A document, over TLS."""
    answer = d.get(path, context=daemon.tls_context(d.certificate))
    if answer.status != 200:
        raise AssertionError(f"{path}: {answer.status}")
    return answer.body
