/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The audit line of a request to sign. */

#include "base/attr.h"
#include "base/err.h"
#include "signer/claims.h"
#include "signer/clerk.h"

struct sign_record {
    const char *issuer;
    const struct sign_peer *peer;
    const struct sign_claims *claims;
    const char *kid; /* NULL: refused */
    const char *alg;
    const struct sai_err *why; /* of the refusal */
};

/* {"time":..,"event":"signature","result":"signed","issuer":..,"sub":..,"aud":[..],"pod":..,
 *  "jti":..,"iat":..,"exp":..,"kid":..,"alg":..,"caller":..}: what the claims had of these; a
 * refusal has a reason and no kid and alg. */
void sign_audit_put(struct buf *b, const struct sign_record *r);

struct trail;
bool sign_audit_write(struct trail *t, const struct sign_record *r, struct sai_err *e) MUST_USE;
