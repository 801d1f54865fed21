/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A minter from the inside, for the files of this room. */

#include "base/buf.h"
#include "issue/grant.h"
#include "issue/jti.h"
#include "issue/policy.h"
#include "jose/sign.h"

#include <sa_issuer/token.h>

struct sai_minter {
    const struct sai_policy *policy;
    struct signer *signers[POLICY_KEYS_MAX]; /* as the policy's keys */
    struct jti_source jtis;
    char jti[JTI_LEN + 1];
    unsigned char signature[SIGNATURE_MAX];
    struct json_span *values; /* by enum claim_value, those of the rules behind */
    struct rules_run *run;
    struct buf text; /* of the values */
    struct buf claims;
    struct buf token;
};

DEFINE_AUTO(sai_minter, sai_minter_free)

/* Writes the values that every token has. Their only failure is the buffer's. */
void claims_put_kubernetes(struct sai_minter *m,
                           const struct sai_token_request *request,
                           const struct grant *g);
