/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a request is granted: decided before anything is written. */

#include "base/attr.h"
#include "issue/policy.h"

#include <sa_issuer/token.h>
#include <stdbool.h>
#include <stdint.h>

enum { GRANT_AUDIENCES_MAX = 16 };

struct grant {
    const struct policy_audience *audiences[GRANT_AUDIENCES_MAX]; /* in the request's order */
    size_t audience_indices[GRANT_AUDIENCES_MAX];
    size_t audience_count;
    size_t key; /* of the policy's */
    int64_t iat;
    int64_t exp;
    uint64_t lifetime_s;
    bool clamped;
    size_t max_token_bytes;
};

/* What the rules see; borrows from both. */
static inline struct rules_input grant_rules_input(const struct grant *g,
                                                   const struct sai_token_request *request)
{
    return (struct rules_input){
        .account = request->account,
        .pod = request->pod.name,
        .node = request->node.name,
        .audiences = g->audience_indices,
        .audience_count = g->audience_count,
    };
}

/* Errors as sai_mint()'s. */
bool grant_decide(const struct sai_policy *p,
                  const struct sai_token_request *request,
                  struct grant *out,
                  struct sai_err *e) MUST_USE;
