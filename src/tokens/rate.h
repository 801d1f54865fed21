/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How often callers may come: token buckets that hold one second's worth, at least one. Any
 * thread. */

#include "base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rates;

/* NULL when out of memory. */
struct rates *rates_new(void) MUST_USE;
void rates_free(struct rates *r); /* takes NULL */
DEFINE_AUTO(rates, rates_free)

/* What callers share: tokens, for those who are known, and questions to Kubernetes who somebody
 * is. Garbage can use up the second, and then stands in the way of newcomers alone. */
enum rates_shared { RATES_TOKENS, RATES_REVIEWS, RATES_SHARED };

/* Each takes one from a bucket of all, or from that of the caller with that name; per_s 0: any
 * number. false: it is empty, and *wait_s, at least 1, is when to come again. now_ns is the
 * monotonic clock. Callers are told apart by a keyed hash, in a table of fixed size: where it
 * is full, the bucket that is nearest to full is forgotten, which the others do not notice. */
bool rates_take_shared(struct rates *r,
                       enum rates_shared which,
                       uint64_t per_s,
                       uint64_t now_ns,
                       unsigned *wait_s) MUST_USE;
bool rates_take(struct rates *r,
                const char *name,
                size_t len,
                uint64_t per_s,
                uint64_t now_ns,
                unsigned *wait_s) MUST_USE;
