/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Making and checking JWS signatures (RFC 7515 section 5, RFC 7518 section 3).
 *
 * A signer or verifier holds the prepared contexts of one key, so that nothing is fetched or
 * looked up per signature. It belongs to one thread; make one per thread and key. */

#include "base/attr.h"
#include "jose/pkey.h"

#include <sa_issuer/err.h>
#include <stdbool.h>
#include <stddef.h>

enum { SIGNATURE_MAX = 1024 }; /* RSA of 8192 bits */

struct verifier;
/* alg: one of the key's type; a key is only ever used for the one it is published for unless
 * the caller has a reason. */
bool verifier_new(const struct pkey *k,
                  const struct alg *alg,
                  struct verifier **out,
                  struct sai_err *e) MUST_USE;
void verifier_free(struct verifier *v); /* takes NULL */
DEFINE_AUTO(verifier, verifier_free)

/* SAI_E_INVALID: not the signature of this message. */
bool verifier_check(struct verifier *v,
                    const void *message,
                    size_t len,
                    const unsigned char *signature,
                    size_t signature_len,
                    struct sai_err *e) MUST_USE;

struct signer;
/* SAI_E_INVALID: a public key. verify: check each signature with the public key before it
 * leaves. It costs 3 % of an RSA signature and twice that of an ECDSA one, and is a matter of
 * choice since
 * - OpenSSL itself verifies what its RSA-CRT computation gave, the one case in which a faulty
 *   signature alone gives the private key away;
 * - a faulty ECDSA or Ed25519 signature does so only beside a good one with the same nonce, and
 *   no two tokens have one: ECDSA draws its nonce, Ed25519 derives it from a message that holds
 *   a fresh jti. */
bool signer_new(const struct pkey *k, bool verify, struct signer **out, struct sai_err *e)
    MUST_USE;
void signer_free(struct signer *s); /* takes NULL */
DEFINE_AUTO(signer, signer_free)
/* How long its signatures are, all of them. */
size_t signer_signature_bytes(const struct signer *s);

/* Signs with the algorithm of the key. On failure out holds zeros. A signature never leaves
 * without its length and form checked: OpenSSL 3.0 may report success with a length of 2^32 - 1
 * when memory runs out. */
bool signer_sign(struct signer *s,
                 const void *message,
                 size_t len,
                 unsigned char out[SIGNATURE_MAX],
                 size_t *out_len,
                 struct sai_err *e) MUST_USE;

/* Signs a fixed message: proves that the private key is whole and fits its public key. */
bool signer_prove(const struct pkey *k, struct sai_err *e) MUST_USE;
