/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the token service counts. Any thread. */

#include "base/attr.h"
#include "base/buf.h"
#include "kube/review.h"
#include "service/refusal.h"

#include <stdatomic.h>
#include <stdint.h>

enum { REFUSED_KINDS = REFUSED_UNAVAILABLE + 1 };
enum review_id { REVIEW_TOKEN, REVIEW_ACCESS, REVIEW_IDS };
enum { KUBE_VERDICTS = KUBE_ALLOWED + 1 };

/* Of one issuer; lives as long as the counts. */
struct issuer_counts {
    struct issuer_counts *next;
    char *issuer;                            /* its URL */
    _Atomic uint64_t by_kind[REFUSED_KINDS]; /* REFUSED_NOT: issued */
};

struct counts {
    _Atomic uint64_t reviews[REVIEW_IDS][KUBE_VERDICTS];
    _Atomic uint64_t review_hits;
    _Atomic uint64_t limited_in_total;
    _Atomic uint64_t limited_callers;
    _Atomic uint64_t limited_reviews;
    _Atomic uint64_t audit_failures;
    _Atomic uint64_t waiting;                /* now */
    _Atomic(struct issuer_counts *) issuers; /* one that was configured once stays */
};

void counts_done(struct counts *c);
/* NULL when out of memory. */
struct issuer_counts *counts_of_issuer(struct counts *c, const char *url) MUST_USE;
void counts_put(const struct counts *c, struct buf *b);

static inline void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}
