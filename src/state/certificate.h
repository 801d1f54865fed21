/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A TLS serving certificate with its key, loaded and checked (pair matches, not yet expired
 * is a warning), as GnuTLS credentials for libmicrohttpd's sessions. Immutable, and
 * reference-counted: a connection outlives the snapshot it was accepted under, whose keys it
 * must not keep. */

#include "base/attr.h"
#include "base/buf.h"

#include <sa_issuer/err.h>
#include <stdint.h>

struct certificate;

/* certificate_pem: leaf first, then intermediates; key_pem: its unencrypted private key.
 * The error names no file: the caller knows which. */
bool certificate_new(const struct buf *certificate_pem,
                     const struct buf *key_pem,
                     struct certificate **out,
                     struct sai_err *e) MUST_USE;
/* Before it is used: client certificates of these authorities are believed. */
bool certificate_trust(struct certificate *c, const struct buf *ca_pem, struct sai_err *e)
    MUST_USE;
bool certificate_has_client_ca(const struct certificate *c);
/* Any thread. */
struct certificate *certificate_ref(struct certificate *c);
void certificate_unref(struct certificate *c); /* takes NULL */
DEFINE_AUTO(certificate, certificate_unref)

/* notAfter of the leaf, seconds since 1970. */
int64_t certificate_expiry_unix_s(const struct certificate *c);
int64_t certificate_begin_unix_s(const struct certificate *c);
/* gnutls_certificate_credentials_t; borrowed. */
void *certificate_credentials(const struct certificate *c);
