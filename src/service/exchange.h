/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The request of a token exchange, RFC 8693 section 2.1, as far as it is served: a token of a
 * pod, for one audience, without an actor and without scopes. RFC 8693 has no parameter for the
 * lifetime; ours has the name that it has in the answer. */

#include "base/attr.h"
#include "service/refusal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXCHANGE_MAX_BYTES = 65536 };

struct exchange {
    const char *subject_token; /* secret */
    const char *audience;
    const char *issued_token_type; /* constant */
    uint64_t duration_s;           /* 0: not asked for */
    char *texts; /* owned: what the pointers point into; cleansed when freed */
    size_t texts_size;
};

void exchange_done(struct exchange *x);
DEFINE_AUTO_DONE(exchange, exchange_done)

/* content_type as in tokenrequest_decode(). false: r says why, with the error of OAuth. */
bool exchange_decode(const char *content_type,
                     const char *body,
                     size_t len,
                     struct exchange *out,
                     struct refusal *r) MUST_USE;
