/* SPDX-License-Identifier: Apache-2.0 */
#include "http/authorization.h"
#include "unit.h"

#include <string.h>

struct row {
    const char *value;
    const char *token; /* NULL: refused */
};

static const struct row rows[] = {
    { "Bearer abc", "abc" },
    { "bearer abc", "abc" },
    { "BEARER   a.b-c_d~e+f/g0==", "a.b-c_d~e+f/g0==" },
    { "Bearer a", "a" },
    { "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
      "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln" },
    /* no token */
    { "", NULL },
    { "Bearer", NULL },
    { "Bearer ", NULL },
    { "Bearer    ", NULL },
    { "Bearer =", NULL },
    { "Bearer ==a", NULL },
    { "Bearer a=b", NULL },
    /* not only a token */
    { "Bearer a b", NULL },
    { "Bearer a,", NULL },
    { "Bearer a, Bearer b", NULL },
    { "Bearer a ", NULL },
    { "Bearer \"a\"", NULL },
    { "Bearer a;b", NULL },
    { "Bearer a:b", NULL },
    { "Bearer a%20b", NULL },
    { "Bearer a\xc3\xa9", NULL },
    { "Bearer\ta", NULL },
    { "Bearer a\t", NULL },
    /* other schemes */
    { "Basic YTpi", NULL },
    { "Bearer: abc", NULL },
    { "Bearerabc def", NULL },
    { "token abc", NULL },
    { "abc", NULL },
};

static void takes_one_bearer_token_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct http_text value = { rows[i].value, strlen(rows[i].value) };
        struct http_text token = { 0 };
        enum authorization got = authorization_read(value, &token);

        if (got != (rows[i].token == NULL ? AUTHORIZATION_BAD : AUTHORIZATION_BEARER))
            fail_msg("%s: %d", rows[i].value, (int)got);
        if (rows[i].token == NULL)
            assert_null(token.at);
        else if (token.len != strlen(rows[i].token) ||
                 memcmp(token.at, rows[i].token, token.len) != 0)
            fail_msg("%s: %.*s", rows[i].value, (int)token.len, token.at);
    }
}

static void every_byte_is_in_a_token_or_not(void **state)
{
    static const char inside[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "0123456789-._~+/=";

    (void)state;
    for (int c = 0; c < 256; c++) {
        char text[] = { 'B', 'e', 'a', 'r', 'e', 'r', ' ', 'a', (char)c };
        struct http_text token;

        assert_int_equal(authorization_read((struct http_text){ text, sizeof(text) }, &token) ==
                             AUTHORIZATION_BEARER,
                         c != 0 && strchr(inside, c) != NULL);
    }
}

static void absent_is_not_bad(void **state)
{
    struct http_text token = { 0 };

    (void)state;
    assert_int_equal(authorization_read((struct http_text){ 0 }, &token), AUTHORIZATION_NONE);
    assert_null(token.at);
}

/* The value ends where its length says, whatever stands behind. */
static void length_counts(void **state)
{
    struct http_text token = { 0 };

    (void)state;
    assert_int_equal(authorization_read((struct http_text){ "Bearer abc  ", 10 }, &token),
                     AUTHORIZATION_BEARER);
    assert_int_equal(token.len, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_one_bearer_token_only),
        cmocka_unit_test(every_byte_is_in_a_token_or_not),
        cmocka_unit_test(absent_is_not_bad),
        cmocka_unit_test(length_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
