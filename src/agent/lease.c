/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/lease.h"

enum { RENEW_PERCENT = 80, SPREAD_PERCENT = 10 };

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

bool lease_begin(struct lease *l,
                 int64_t issued_s,
                 int64_t expires_s,
                 int64_t now_s,
                 uint32_t random,
                 struct sai_err *e)
{
    /* A clock that is behind would see a longer life than the token was given. */
    int64_t life_s = smaller(expires_s - now_s, expires_s - issued_s);
    int64_t after_s;

    if (expires_s <= now_s)
        return err_set(e, SAI_E_INVALID,
                       "the token expired %lld seconds ago by this machine's clock",
                       (long long)(now_s - expires_s));
    if (life_s < LEASE_LEAST_S)
        return err_set(e, SAI_E_INVALID,
                       "the token lives for %lld seconds: want at least %d, as programs go on "
                       "using what they read for some minutes",
                       (long long)life_s, (int)LEASE_LEAST_S);
    after_s =
        smaller(smaller(life_s / 100 * RENEW_PERCENT, LEASE_MOST_S), life_s - LEASE_KEEP_S);
    after_s -= random % (after_s * SPREAD_PERCENT / 100 + 1);
    *l = (struct lease){ now_s, now_s + after_s, now_s + life_s };
    return true;
}

bool lease_is_due(const struct lease *l, int64_t now_s)
{
    return now_s >= l->renew_s || now_s < l->from_s;
}

bool lease_is_good(const struct lease *l, int64_t now_s)
{
    return now_s < l->until_s;
}
