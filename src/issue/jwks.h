/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A JWK Set from the inside; what it promises is in <sa_issuer/verify.h>. */

#include "base/attr.h"
#include "jose/jwk.h"

#include <sa_issuer/verify.h>
#include <stdbool.h>
#include <stddef.h>

struct sai_jwks {
    size_t count;
    size_t skipped;
    struct jwk keys[];
};

DEFINE_AUTO(sai_jwks, sai_jwks_free)

struct jwt;

/* Whether the key that the token names has signed it, with the algorithm that the key is for.
 * *by is that key, borrowed. The claims are not looked at. Errors as of sai_verify(). */
bool jwks_check(const struct sai_jwks *jwks,
                const struct jwt *t,
                const struct jwk **by,
                struct sai_err *e) MUST_USE;
