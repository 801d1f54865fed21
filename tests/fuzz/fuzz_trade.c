/* SPDX-License-Identifier: Apache-2.0 */

/* Answers of a token endpoint, behind a letter that stands for the status: there is a token,
 * which is a part of the answer and can be put into a lease or not, or one printable reason
 * without a token. */

#include "agent/lease.h"
#include "agent/trade.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1700000000 };

static void check(bool ok)
{
    if (!ok)
        abort();
}

static unsigned status_of(uint8_t letter)
{
    static const unsigned statuses[] = { 200, 302, 400, 401, 429, 503 };

    return statuses[letter % ARRAY_SIZE(statuses)];
}

/* What a name in a header or a claim is called may begin like a token: that is no secret. */
static void check_reason(const struct sai_err *e)
{
    char line[sizeof(struct sai_err)];

    check(e->code != SAI_OK && e->text[0] != '\0');
    for (const char *c = sai_err_format(e, line, sizeof(line)); *c != '\0'; c++)
        check(*c >= ' ' && *c <= '~');
}

static void check_token(const struct traded *t, const struct buf *answer)
{
    struct lease l = { 0 };
    struct sai_err e = { 0 };

    check(t->token.len > 0 && t->token.len < answer->len && t->token.secret);
    check(strspn(t->token.data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                "-_.") == t->token.len);
    if (!lease_begin(&l, t->issued_s, t->expires_s, NOW, (uint32_t)answer->len, &e)) {
        check_reason(&e);
        return;
    }
    check(l.from_s == NOW && l.renew_s > NOW && l.renew_s <= l.until_s - LEASE_KEEP_S);
    check(l.until_s <= t->expires_s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(traded) struct traded t = { 0 };
    AUTO(buf) struct buf answer = { 0 };
    struct sai_err e = { 0 };
    bool ok;

    if (size == 0)
        return 0;
    buf_init_secret(&answer, TRADE_ANSWER_MAX_BYTES);
    buf_add(&answer, data + 1, size - 1);
    if (answer.failed)
        return 0;
    ok = trade_read(status_of(data[0]), &answer, "sts", &t, &e);
    check(ok == (e.code == SAI_OK));
    if (ok)
        check_token(&t, &answer);
    else
        check_reason(&e);
    return 0;
}
