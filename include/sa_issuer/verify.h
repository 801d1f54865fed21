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

/* At most 1 MiB and 1000 keys. Each key is for one algorithm: its "alg", or without it the one
 * that keys of its type are published for. Keys of unknown type, curve, algorithm or use are
 * passed over (section 5 asks for it) and counted; weak or malformed keys, private members and
 * two keys with one kid are errors, whose path names the place ("keys[2].n"). */
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
    const char *kid; /* of the key; NULL: it has none; borrowed from the JWK Set */
    const char *alg;
};

/* The token is a compact JWS of at most 64 KiB, nothing before or behind it. Its header has
 * alg, kid and typ (JWT, or absent) and nothing else; without a kid the set must have exactly
 * one key for its algorithm. iss, sub, aud, exp and iat must be there, and times be integers.
 *
 * Errors: SAI_E_SYNTAX (not a JWT), SAI_E_LIMIT (too large or too deep), SAI_E_DENIED (a form
 * that is refused on purpose, key, signature, or a claim), SAI_E_CRYPTO, SAI_E_NOMEM. e->path
 * names the place: "header.alg", "signature", "claims.exp". Nothing of the claims is looked at
 * before the signature was found good. */
SAI_API bool sai_verify(const struct sai_jwks *jwks,
                        const char *token,
                        size_t len,
                        const struct sai_verify_options *options,
                        struct sai_verified *out,
                        struct sai_err *e);

#ifdef __cplusplus
}
#endif
