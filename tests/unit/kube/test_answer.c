/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/answer.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static void what_a_server_says_is_told_without_tokens(void **state)
{
    static const struct {
        const char *message;
        const char *expected;
    } rows[] = {
        { "etcd is gone", "TokenReview: HTTP 500: etcd is gone" },
        { "no eyJh.eyJp-_.c2ln here", "TokenReview: HTTP 500: no **************** here" },
        { "\\\"eyJh\\\",\\\"eyJp\\\"", "TokenReview: HTTP 500: \"****\",\"****\"" },
        { "eyJ", "TokenReview: HTTP 500: ***" },
        { "a\\nb", "TokenReview: HTTP 500: a?b" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sai_err e = { 0 };
        char body[512];

        (void)snprintf(body, sizeof(body),
                       "{\"apiVersion\":\"v1\",\"kind\":\"Status\",\"message\":\"%s\"}",
                       rows[i].message);
        kube_set_unexpected(&e, "TokenReview", 500, body, strlen(body));
        assert_string_equal(e.text, rows[i].expected);
    }
}

static void of_a_long_token_nothing_is_left(void **state)
{
    struct sai_err e = { 0 };
    char body[2048];
    char token[1024];

    (void)state;
    memset(token, 'x', sizeof(token) - 1);
    token[sizeof(token) - 1] = '\0';
    (void)snprintf(body, sizeof(body),
                   "{\"apiVersion\":\"v1\",\"kind\":\"Status\",\"message\":\"eyJ%s\"}", token);
    kube_set_unexpected(&e, "TokenReview", 500, body, strlen(body));
    assert_null(strchr(e.text, 'x'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_server_says_is_told_without_tokens),
        cmocka_unit_test(of_a_long_token_nothing_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
