/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Verifying tokens, strictly as RFC 8725 asks: the algorithm is that of the key, never the
 * token's choice; no "none", no HMAC, no keys from the token, no duplicate members. */

#include <sa_issuer/err.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The public keys of a JWK Set (RFC 7517 section 5). Immutable; for any number of threads. */
struct sai_jwks;

/* Keys of unknown type or use are passed over (section 5 asks for it) and counted; weak or
 * malformed keys, private members and two keys with one kid are errors. */
SAI_API bool
sai_jwks_parse(const char *json, size_t len, struct sai_jwks **out, struct sai_err *e);
SAI_API void sai_jwks_free(struct sai_jwks *jwks); /* takes NULL */
SAI_API size_t sai_jwks_count(const struct sai_jwks *jwks);
SAI_API size_t sai_jwks_skipped(const struct sai_jwks *jwks);

struct sai_verify_options {
    const char *issuer;   /* iss must be this, byte for byte; NULL: any */
    const char *audience; /* aud must hold this; NULL: any */
    int64_t now_unix_s;   /* 0: the clock's */
    uint64_t leeway_s;    /* on exp, nbf and iat; Kubernetes allows 60 */
};

struct sai_verified {
    char *claims; /* the payload, JSON, NUL after it; the caller frees it */
    size_t claims_len;
    char kid[64];
    const char *alg;
};

/* Errors: SAI_E_SYNTAX (not a JWT of this kind), SAI_E_DENIED (signature, key, issuer, audience
 * or time; the text says which), SAI_E_CRYPTO, SAI_E_NOMEM. */
SAI_API bool sai_verify(const struct sai_jwks *jwks,
                        const char *token,
                        size_t len,
                        const struct sai_verify_options *options,
                        struct sai_verified *out,
                        struct sai_err *e);

#ifdef __cplusplus
}
#endif
