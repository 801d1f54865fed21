/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The signature algorithms (RFC 7518 section 3.1, RFC 8037 section 3.1), a row each. */

#include <stdbool.h>
#include <stddef.h>

struct key_type; /* jose/key_type.h: what RSA, EC and OKP keys do differently */

struct alg {
    const char *name;            /* "ES256" */
    const struct key_type *type; /* of the keys that make it */
    const char *crv;             /* JWK curve; NULL for RSA */
    const char *group;           /* OpenSSL's name of the curve; NULL where none is needed */
    const char *digest;          /* OpenSSL's name; NULL: the algorithm hashes for itself */
    size_t coordinate_bytes;     /* of an ECDSA curve; 0 for the others */
    bool for_keys; /* the one algorithm of its keys: a JWK names one (RFC 7517 section 4.4) */
};

/* NULL if there is none of that name. */
const struct alg *alg_find(const char *name);
/* The one that keys of this type and curve (OpenSSL's name or NULL) are published for; NULL if
 * there is none. */
const struct alg *alg_of_key(const struct key_type *type, const char *group);
/* Row i, NULL behind the last. */
const struct alg *alg_get(size_t i);
