/* SPDX-License-Identifier: Apache-2.0 */

/* A trade while the n-th allocation fails, for every n: no crash, no leak (AddressSanitizer's
 * lane sees those), never another token, and an error that says what it was. Where Jansson's
 * allocation failed it may say anything: its lexer does not tell. */

#include "agent/trade.h"
#include "fail_alloc.h"
#include "unit.h"

#include <jansson.h>

enum { SWEEP_MAX = 1000, LEAST = 20 };

/* As in test_trade.c: {"aud":["sts"],"iat":1000,"exp":2000} */
#define TOKEN                                                                                  \
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsiLCJ0eXAiOiJKV1QifQ."                                      \
    "eyJhdWQiOlsic3RzIl0sImlhdCI6MTAwMCwiZXhwIjoyMDAwfQ.c2lnbmF0dXJl"

static void *for_jansson(size_t size)
{
    return alloc_fails(false) ? NULL : __real_malloc(size);
}

static bool trade(const struct buf *own, const struct buf *answer, struct sai_err *e)
{
    AUTO(buf) struct buf form = { 0 };
    AUTO(traded) struct traded t = { 0 };

    buf_init_secret(&form, TRADE_FORM_MAX_BYTES);
    trade_put_form(&form, own, "sts", 3600);
    if (!buf_ok(&form, e) || !trade_read(200, answer, "sts", &t, e))
        return false;
    assert_string_equal(t.token.data, TOKEN);
    return true;
}

static void runs_out_of_memory(void **state)
{
    AUTO(buf) struct buf own;
    AUTO(buf) struct buf answer;
    size_t n = 1;

    (void)state;
    buf_init(&own, 16);
    buf_str(&own, "a.b.c");
    buf_init(&answer, TRADE_ANSWER_MAX_BYTES);
    buf_str(&answer, "{\"access_token\":\"" TOKEN "\",\"token_type\":\"Bearer\"}");
    for (; n < SWEEP_MAX; n++) {
        struct sai_err e = { 0 };
        bool ok;

        alloc_arm(n);
        ok = trade(&own, &answer, &e);
        if (!alloc_disarm()) {
            assert_true(ok);
            break;
        }
        assert_int_equal(ok, e.code == SAI_OK);
        if (!ok && alloc_plan.failed_ours)
            assert_int_equal(e.code, SAI_E_NOMEM);
    }
    assert_in_range(n, LEAST, SWEEP_MAX - 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_out_of_memory),
    };

    json_set_alloc_funcs(for_jansson, free);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
