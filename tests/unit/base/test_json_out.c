/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_out.h"
#include "unit.h"

#include <jansson.h>
#include <string.h>

struct row {
    const char *text;
    const char *json;
};

/* What json.Marshal of Go 1.22 gives for these strings (encoding/json, appendString). */
static const struct row rows[] = {
    { "", "\"\"" },
    { "plain ~", "\"plain ~\"" },
    { "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
    { "\n\r\t", "\"\\n\\r\\t\"" },
    { "\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"" },
    { "<a>&", "\"\\u003ca\\u003e\\u0026\"" },
    { "\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\"" },
    { "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"" },
    { "\xff", "\"\\ufffd\"" },
    { "a\xc3", "\"a\\ufffd\"" },
    { "\xc0\x80", "\"\\ufffd\\ufffd\"" },            /* overlong */
    { "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" }, /* surrogate */
    { "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" },
};

static void escapes_as_go_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO(buf) struct buf b;

        buf_init(&b, 1000);
        json_out_string(&b, rows[i].text);
        assert_string_equal(b.data, rows[i].json);
    }
}

/* Every byte value, read back by another implementation. */
static void reads_back_the_same(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 0x80; c++) {
        const char text[3] = { 'x', (char)c, 'y' };
        AUTO(buf) struct buf b;
        json_t *value;

        buf_init(&b, 100);
        json_out_string_n(&b, text, sizeof(text));
        value = json_loadb(b.data, b.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_non_null(value);
        assert_int_equal(json_string_length(value), 3);
        assert_memory_equal(json_string_value(value), text, 3);
        json_decref(value);
    }
}

static void lists(void **state)
{
    static const char *const items[] = { "a", "", "\"" };
    AUTO(buf) struct buf b;

    (void)state;
    buf_init(&b, 100);
    json_out_strings(&b, items, 0);
    json_out_strings(&b, items, 1);
    json_out_strings(&b, items, 3);
    assert_string_equal(b.data, "[][\"a\"][\"a\",\"\",\"\\\"\"]");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_as_go_does),
        cmocka_unit_test(reads_back_the_same),
        cmocka_unit_test(lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
