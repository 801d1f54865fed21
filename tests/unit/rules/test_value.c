/* SPDX-License-Identifier: Apache-2.0 */

/* The type json, byte for byte; the other types are tested through whole tokens. */

#include "rules/value.h"
#include "unit.h"

#include <jansson.h>
#include <string.h>

/* What is written means what was read, as another implementation sees it. */
static void assert_same_value(const char *text, const char *written)
{
    json_t *before = json_loads(text, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
    json_t *after = json_loads(written, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);

    assert_non_null(before);
    assert_true(json_equal(before, after));
    json_decref(before);
    json_decref(after);
}

static const struct {
    const char *text;
    const char *written;
} good[] = {
    { "\"x\"", "\"x\"" },
    { " null ", "null" },
    { "[]", "[]" },
    { "{}", "{}" },
    { "[ {} , [ ] , { } ]\n", "[{},[],{}]" },
    { "[1, true,[false,\t2],3]", "[1,true,[false,2],3]" },
    { "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]" },
    { "{\"b\":{\"d\":[{\"f\":1,\"e\":2}],\"c\":{}},\"a\":[3,[4,5]],\"\":null}",
      "{\"\":null,\"a\":[3,[4,5]],\"b\":{\"c\":{},\"d\":[{\"e\":2,\"f\":1}]}}" },
    /* names are one name only within one object */
    { "{\"b\":{\"a\":1},\"a\":[{\"a\":2}]}", "{\"a\":[{\"a\":2}],\"b\":{\"a\":1}}" },
    /* sorted by what names mean, bytewise: U+00E9 behind z, an escape where it belongs */
    { "{\"\xc3\xa9\":1,\"z\":2,\"\\u0061b\":3,\"a\":4,\"B\":5}",
      "{\"B\":5,\"a\":4,\"ab\":3,\"z\":2,\"\xc3\xa9\":1}" },
    { "\"\\u003c\\/\\ud83d\\ude00\\n&\"", "\"\\u003c/\xf0\x9f\x98\x80\\n\\u0026\"" },
    { "[\"<\",\"{[\\\"\"]", "[\"\\u003c\",\"{[\\\"\"]" },
    /* numbers keep their spelling */
    { "0", "0" },
    { "[0.1,1.0,-0,1E+2,0.30000000000000004,9007199254740991,-9007199254740991]",
      "[0.1,1.0,-0,1E+2,0.30000000000000004,9007199254740991,-9007199254740991]" },
    { "-1234567890123456789012345678901234567.9", "-1234567890123456789012345678901234567.9" },
};

static void writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        AUTO(buf) struct buf b;
        struct sai_err e = { 0 };

        buf_init(&b, 1000);
        assert_true(value_put(SAI_TYPE_JSON, good[i].text, strlen(good[i].text), &b, &e));
        assert_int_equal(e.code, SAI_OK);
        assert_string_equal(b.data, good[i].written);
        assert_same_value(good[i].text, b.data);
    }
}

#define LARGE_NUMBER                                                                           \
    "is JSON with a number out of bounds (40 characters, an exponent of 2 digits, without "    \
    "fraction and exponent -9007199254740991 to 9007199254740991)"
#define TWICE "is JSON with a member that stands there twice"
#define DEEP  "is JSON that nests deeper than 16 levels"
#define NUL   "is JSON with a NUL character"

static const struct {
    const char *text;
    const char *problem;
} bad[] = {
    { "", "is not JSON (line 1, column 1)" },
    { "{} x", "is not JSON (line 1, column 4)" },
    { "[1,\n  2,]", "is not JSON (line 2, column 5)" },
    { "{\"a\":1,}", "is not JSON (line 1, column 8)" },
    { "[01]", "is not JSON (line 1, column 2)" },
    { "\xef\xbb\xbf[]", "is not JSON (line 1, column 1)" },
    { "\"\\ud800\"", "is not JSON (line 1, column 2)" },
    { "[-12345678901234567890123456789012345678.9]", LARGE_NUMBER },
    { "{\"a\":1e100}", LARGE_NUMBER },
    { "1e999", LARGE_NUMBER },
    { "9007199254740992", LARGE_NUMBER },
    { "{\"a\":[-9007199254740992]}", LARGE_NUMBER },
    { "77777777777777777777777777777777777777", LARGE_NUMBER },
    { "\"\\u0000\"", NUL },
    { "{\"\\u0000\":1}", NUL },
    { "{\"a\":1,\"b\":2,\"\\u0061\":3}", TWICE },
    { "[{\"x\":{\"a\":1,\"a\":1}}]", TWICE },
    { "[[[[[[[[[[[[[[[[[", DEEP },
    { "{\"a\":[[[[[[[[[[[[[[[[", DEEP },
};

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        AUTO(buf) struct buf b;
        struct sai_err e = { 0 };

        buf_init(&b, 1000);
        assert_false(value_put(SAI_TYPE_JSON, bad[i].text, strlen(bad[i].text), &b, &e));
        assert_int_equal(e.code, SAI_E_INVALID);
        assert_string_equal(e.text, bad[i].problem);
        assert_int_equal(b.len, 0);
    }
}

/* The shortest text of each kind, filling what is set aside for members and strings. */
static void many_members(void **state)
{
    AUTO(buf) struct buf text;
    AUTO(buf) struct buf out;
    struct sai_err e = { 0 };

    (void)state;
    buf_init(&text, 1 << 20);
    buf_init(&out, 1 << 20);
    for (unsigned i = 0; i < 2000; i++)
        buf_printf(&text, "%c\"%x\":%u", i == 0 ? '{' : ',', 1999 - i, i % 10);
    buf_str(&text, ",\"\":{\"\":{\"\":{\"\":{\"\":0}}}}}");
    assert_true(value_put(SAI_TYPE_JSON, text.data, text.len, &out, &e));
    assert_same_value(text.data, out.data);
    assert_int_equal(
        strncmp(out.data, "{\"\":{\"\":{\"\":{\"\":{\"\":0}}}},\"0\":9,\"1\":8,\"10\":3,", 43),
        0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes),
        cmocka_unit_test(refuses),
        cmocka_unit_test(many_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
