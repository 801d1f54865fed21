/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Public keys as others publish them: a JWK (RFC 7517 section 4, RFC 7518 section 6, RFC 8037
 * section 2) to a key that is checked as strictly as one from a file. */

#include "base/attr.h"
#include "jose/alg.h"

#include <sa_issuer/err.h>
#include <stdbool.h>

struct json_t;
struct pkey;

enum { JWK_KID_MAX = 1024 }; /* as kube-apiserver's limit for an external signer's */

struct jwk {
    struct pkey *pkey; /* NULL: passed over */
    /* The one algorithm it verifies: its "alg", or what keys of its type are published for. */
    const struct alg *alg;
    char *kid; /* NULL: it has none */
};

/* Passes over what is not for us, as RFC 7517 section 5 asks: unknown types, curves and
 * algorithms, and keys whose use or key_ops is not to verify signatures. Errors: SAI_E_INVALID
 * (malformed, weak, alg and key do not fit, a private member, of whatever type the key is),
 * with the member as e->path where it is one. */
bool jwk_read(const struct json_t *json, struct jwk *out, struct sai_err *e) MUST_USE;
void jwk_done(struct jwk *k);
DEFINE_AUTO_DONE(jwk, jwk_done)
