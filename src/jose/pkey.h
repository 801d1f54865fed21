/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One key, public or private, from a PEM block; checked for strength and form.
 *
 * Immutable and shareable between threads. The kid is Kubernetes': base64url without padding
 * of the SHA-256 of the DER SubjectPublicKeyInfo (pkg/serviceaccount, keyIDFromPublicKey). */

#include "base/attr.h"
#include "base/buf.h"
#include "jose/alg.h"
#include "jose/pem.h"

#include <sa_issuer/err.h>
#include <stdbool.h>

struct pkey;
struct evp_pkey_st; /* EVP_PKEY */

/* What a block with this label holds. */
enum pkey_block {
    PKEY_BLOCK_UNKNOWN,
    PKEY_BLOCK_PRIVATE,
    PKEY_BLOCK_PUBLIC,
    PKEY_BLOCK_NOTHING, /* known, and without a key: EC PARAMETERS */
};
enum pkey_block pkey_block_kind(const char *label);
/* Whether the label says that the block is secret, known type or not. */
bool pkey_block_is_secret(const char *label);

/* Reads the key of a block. passphrase is for encrypted ones and may be NULL. Errors, with the
 * line of the block: SAI_E_SYNTAX (cannot be read), SAI_E_INVALID (weak, or of a type, curve
 * or form that is refused), SAI_E_DENIED (encrypted, and no or a wrong passphrase). */
bool pkey_from_pem(const struct pem_block *block,
                   const struct buf *passphrase,
                   struct pkey **out,
                   struct sai_err *e) MUST_USE;
/* A public key from elsewhere, taken over on failure too; the same checks. For this room. */
bool pkey_from_evp(struct evp_pkey_st *evp, struct pkey **out, struct sai_err *e) MUST_USE;
/* Makes an RSA key one for this of RSA's algorithms; keys of other types stay as they are.
 * Before the key is shared. */
void pkey_use_rsa_alg(struct pkey *k, const struct alg *alg);
void pkey_free(struct pkey *k); /* takes NULL */
DEFINE_AUTO(pkey, pkey_free)

const char *pkey_kid(const struct pkey *k); /* 43 characters */
const struct alg *pkey_alg(const struct pkey *k);
bool pkey_is_private(const struct pkey *k);
/* Came from the certificate of a certificate authority: likely a mistake. */
bool pkey_is_of_ca(const struct pkey *k);
/* Borrowed; for this room's other files. */
struct evp_pkey_st *pkey_evp(const struct pkey *k);

/* Appends the public key as a JWK (RFC 7517 section 4), members in Kubernetes' order:
 * use kty kid crv alg x y n e. Never a private member. */
bool pkey_put_jwk(struct buf *b, const struct pkey *k, struct sai_err *e) MUST_USE;

/* Appends the public key as DER SubjectPublicKeyInfo (RFC 5280 section 4.1), of which the kid
 * is the hash. */
bool pkey_put_spki(struct buf *b, const struct pkey *k, struct sai_err *e) MUST_USE;
