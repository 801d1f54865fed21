/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_pretty.h"
#include "unit.h"

#include <string.h>

struct row {
    const char *in;
    const char *out;
};

static const struct row rows[] = {
    { "{}", "{}\n" },
    { " [ ] ", "[]\n" },
    { "{\"a\":1}", "{\n  \"a\": 1\n}\n" },
    { "{ \"a\" : [ 1.50 , -0e7 , { } , [ [ ] ] ] }",
      "{\n  \"a\": [\n    1.50,\n    -0e7,\n    {},\n    [\n      []\n    ]\n  ]\n}\n" },
    { "{\"a\":{\"b\":null},\"c\":true}",
      "{\n  \"a\": {\n    \"b\": null\n  },\n  \"c\": true\n}\n" },
    /* what looks like structure in strings, and escapes */
    { "{\"a\":\"{,:[ \\\" \\\\\"}", "{\n  \"a\": \"{,:[ \\\" \\\\\"\n}\n" },
    { "[\"\\u00e9\\n\"]", "[\n  \"\\u00e9\\n\"\n]\n" },
    /* not for a terminal */
    { "[\"\x7f\xc2\x9b\xe2\x80\xae\xc3\xa9\"]", "[\n  \"\\u007f\\u009b\\u202e\\u00e9\"\n]\n" },
    { "[\"\xf0\x9f\x98\x80\"]", "[\n  \"\\ud83d\\ude00\"\n]\n" },
};

static void indents(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO(buf) struct buf b;

        buf_init(&b, 1000);
        json_pretty(&b, rows[i].in, strlen(rows[i].in));
        assert_string_equal(b.data, rows[i].out);
    }
}

/* Whatever the bytes, it stays within them: the promise is for valid JSON only. */
static void survives_what_is_not_json(void **state)
{
    static const char *const texts[] = { "\"", "\"\\", "{", "}}}]", "[\"\xff", "{\"a\":" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        AUTO(buf) struct buf b;

        buf_init(&b, 1000);
        json_pretty(&b, texts[i], strlen(texts[i]));
        assert_false(b.failed);
    }
}

static void respects_the_bound(void **state)
{
    struct sai_err e = { 0 };
    AUTO(buf) struct buf b;

    (void)state;
    buf_init(&b, 8);
    json_pretty(&b, "[1,2,3]", 7);
    assert_false(buf_ok(&b, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(indents),
        cmocka_unit_test(survives_what_is_not_json),
        cmocka_unit_test(respects_the_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
