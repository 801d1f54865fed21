/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What each kind of verifier accepts, a row each. */

#include <stddef.h>
#include <stdint.h>

enum { PROFILE_ALGORITHMS_MAX = 10 };

struct profile {
    const char *name;
    const char *algorithms[PROFILE_ALGORITHMS_MAX]; /* best first; NULL behind the last */
    uint64_t max_lifetime_s;                        /* exp - iat; 0: no figure is known */
    size_t max_subject_bytes;
    size_t max_audience_bytes;
    size_t max_audiences; /* in one token */
    size_t max_token_bytes;
    const char *refused_claim; /* which no rule may write for it; NULL: none */
    const char *refused_why;
};

/* NULL if there is none of that name. */
const struct profile *profile_find(const char *name);
/* Row i, NULL behind the last. */
const struct profile *profile_get(size_t i);
/* How well the profile likes the algorithm: 0 is best; -1: refuses it. */
int profile_rank(const struct profile *p, const char *alg);
