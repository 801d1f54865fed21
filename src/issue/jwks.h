/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A JWK Set from the inside; what it promises is in <sa_issuer/verify.h>. */

#include "base/attr.h"
#include "jose/jwk.h"

#include <sa_issuer/verify.h>
#include <stddef.h>

struct sai_jwks {
    size_t count;
    size_t skipped;
    struct jwk keys[];
};

DEFINE_AUTO(sai_jwks, sai_jwks_free)
