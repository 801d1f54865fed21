/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Users who were found to be who they are a moment ago, by SHA-256 of token and audience, so
 * that no token is kept. Bounded; any thread. Used within kube/ only. */

#include "base/attr.h"
#include "jose/digest.h"
#include "kube/review.h"

#include <stdint.h>

struct review_cache;

/* ttl_ms 0: keeps nothing. NULL when out of memory. */
struct review_cache *review_cache_new(size_t entries, uint64_t ttl_ms) MUST_USE;
void review_cache_free(struct review_cache *c); /* takes NULL */

/* A reference of the caller's own; NULL: unknown. */
struct kube_user *review_cache_get(struct review_cache *c,
                                   const unsigned char key[SHA256_BYTES],
                                   uint64_t now_ms) MUST_USE;
/* asked_ms: when Kubernetes was asked; from then on it counts. */
void review_cache_put(struct review_cache *c,
                      const unsigned char key[SHA256_BYTES],
                      struct kube_user *user,
                      uint64_t asked_ms,
                      uint64_t now_ms);
