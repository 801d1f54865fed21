/* SPDX-License-Identifier: Apache-2.0 */
#include "http/etag.h"
#include "unit.h"

#include <string.h>

static const struct {
    const char *field; /* NULL: absent */
    bool matches;      /* "abc" */
} rows[] = {
    { NULL, false },
    { "", false },
    { "*", true },
    { "\"abc\"", true },
    { "W/\"abc\"", true }, /* weak comparison: RFC 9110 13.1.2 */
    { "\"abd\"", false },
    { "\"ab\"", false },
    { "\"abcd\"", false },
    { "abc", false },
    { "\"abc", false },
    { "abc\"", false },
    { "w/\"abc\"", false }, /* the W is upper case only */
    { "W/ \"abc\"", false },
    { "\"x\", \"abc\"", true },
    { "\"x\",\"abc\"", true },
    { "\"x\"\t,\t\"abc\"", true },
    { "\"x\" ,W/\"abc\", \"y\"", true },
    { ",, ,\"abc\"", true },
    { "\"abc\",", true },
    { "\"x\"\"abc\"", false }, /* no comma: a mistake ends the list */
    { "x, \"abc\"", false },
    { "\"x, \"abc\"", false },    /* the tag is "x, " and what follows is a mistake */
    { "\"a,b\", \"abc\"", true }, /* a comma may stand in a tag */
    { "*, \"abc\"", false },
    { "\"*\"", false },
    { "W/", false },
    { "W/\"", false },
    { "\"\"", false },
};

static void matches_as_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct http_text field = { 0 };

        if (rows[i].field != NULL)
            field = (struct http_text){ rows[i].field, strlen(rows[i].field) };
        if (etag_matches(field, "\"abc\"") != rows[i].matches)
            fail_msg("row %zu: %s", i, rows[i].field);
    }
}

static void reads_no_further_than_the_length(void **state)
{
    (void)state;
    assert_false(etag_matches((struct http_text){ "\"abc\"", 4 }, "\"abc\""));
    assert_true(etag_matches((struct http_text){ "\"abc\"x", 5 }, "\"abc\""));
    assert_true(etag_matches((struct http_text){ "*x", 1 }, "\"abc\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_as_the_table_says),
        cmocka_unit_test(reads_no_further_than_the_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
