/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What RSA, EC and Ed25519 keys do differently: one row and one file each. Of this room only.
 */

#include "base/buf.h"
#include "jose/alg.h"

#include <sa_issuer/err.h>

struct evp_pkey_st; /* EVP_PKEY */

/* Refuses a key that is weak, malformed or of a form that cannot be published; may normalise
 * its encoding. Tells the algorithm that the key is for. */
typedef bool key_check_fn(struct evp_pkey_st *key, const struct alg **alg, struct sai_err *e);
/* Appends the JWK members of the public key, each with a comma before it. */
typedef bool key_put_members_fn(struct buf *b,
                                const struct evp_pkey_st *key,
                                const struct alg *alg,
                                struct sai_err *e);

struct key_type {
    const char *kty;      /* RFC 7518 section 6.1 */
    const char *evp_name; /* OpenSSL's */
    key_check_fn *check;
    key_put_members_fn *put_members;
};

extern const struct key_type key_type_rsa;
extern const struct key_type key_type_ec;
extern const struct key_type key_type_ed25519;

/* The type of an OpenSSL key; NULL (SAI_E_INVALID, naming what it is) for others. */
const struct key_type *key_type_of(const struct evp_pkey_st *key, struct sai_err *e);

/* ,"name":"base64url of the bytes" */
void key_put_member(struct buf *b, const char *name, const void *bytes, size_t len);
