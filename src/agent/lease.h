/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How long a token in a file is good, and when to renew it: kubelet's rules for projected
 * volumes (pkg/kubelet/token: at 80 % of its life, at the latest after 24 hours), and before
 * those who keep what they read have too little left. Pure; seconds since 1970 by this
 * machine's clock, which may be set meanwhile. */

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    /* What a file's token should have left at any time: Azure's SDKs go on using what they
     * read for 10 minutes, and clocks differ. */
    LEASE_KEEP_S = 15 * 60,
    /* A token with less is refused: it would have to be renewed all the time. */
    LEASE_LEAST_S = LEASE_KEEP_S + 60,
    LEASE_MOST_S = 24 * 60 * 60,
};

/* All zero: there is no token. */
struct lease {
    int64_t from_s;  /* when it was granted */
    int64_t renew_s; /* when to ask for another */
    int64_t until_s; /* when it expires */
};

/* A token with these times was granted now. Its life is counted from now, so that a clock that
 * is wrong does no harm as long as it is wrong by the same; random spreads the renewals of
 * many. SAI_E_INVALID: it has expired or has less than LEASE_LEAST_S. */
bool lease_begin(struct lease *l,
                 int64_t issued_s,
                 int64_t expires_s,
                 int64_t now_s,
                 uint32_t random,
                 struct sai_err *e) MUST_USE;

/* Whether to renew: it is time, there is none, or the clock has been set back. */
bool lease_is_due(const struct lease *l, int64_t now_s);
/* Whether there is a token that has not expired. */
bool lease_is_good(const struct lease *l, int64_t now_s);
