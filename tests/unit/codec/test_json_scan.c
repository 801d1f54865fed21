/* SPDX-License-Identifier: Apache-2.0 */

/* What is no JSON is the matter of test_json_tree.c, which reads all of it through this. */

#include "codec/json_scan.h"
#include "unit.h"

#include <string.h>

static void expect(struct json_scan *s, enum json_token_kind kind, const char *text)
{
    struct json_token t;
    struct sai_err e = { 0 };

    assert_true(json_scan_next(s, &t, &e));
    assert_int_equal(t.kind, kind);
    assert_int_equal(t.len, strlen(text));
    assert_memory_equal(t.at == NULL ? "" : t.at, text, t.len);
}

static void tokens_come_in_their_order(void **state)
{
    static const char text[] = "{\"a\":[1,-2.5,1e3,true,false,null,\"\"],\"b\":{}}";
    struct json_scan s;

    (void)state;
    json_scan_init(&s, text, strlen(text), 2);
    expect(&s, SCAN_OBJECT, "");
    expect(&s, SCAN_NAME, "a");
    expect(&s, SCAN_LIST, "");
    expect(&s, SCAN_INTEGER, "1");
    expect(&s, SCAN_REAL, "-2.5");
    expect(&s, SCAN_REAL, "1e3");
    expect(&s, SCAN_TRUE, "true");
    expect(&s, SCAN_FALSE, "false");
    expect(&s, SCAN_NULL, "null");
    expect(&s, SCAN_STRING, "");
    expect(&s, SCAN_END, "");
    expect(&s, SCAN_NAME, "b");
    expect(&s, SCAN_OBJECT, "");
    expect(&s, SCAN_END, "");
    expect(&s, SCAN_END, "");
    expect(&s, SCAN_NOTHING, "");
}

static void nothing_has_no_address(void **state)
{
    struct json_scan s;
    struct json_token t;
    struct sai_err e = { 0 };

    (void)state;
    json_scan_init(&s, NULL, 0, 1);
    assert_false(json_scan_next(&s, &t, &e));
    assert_string_equal(e.text, "not JSON: the text ends here, wanted a value");
    assert_int_equal(json_scan_column(&s), 1);
}

/* So many brackets of each kind in turn, and as many ends; the text must be freed. */
static char *nested(size_t depth, size_t *len)
{
    char *text = malloc(6 * depth + 1);
    size_t n = 0;

    assert_non_null(text);
    for (size_t i = 0; i < depth; i++) {
        const char *start = i % 3 == 0 ? "{\"\":" : "[";

        memcpy(text + n, start, strlen(start));
        n += strlen(start);
    }
    text[n++] = '0';
    for (size_t i = depth; i-- > 0;)
        text[n++] = i % 3 == 0 ? '}' : ']';
    *len = n;
    return text;
}

static enum sai_err_code read_nested(size_t depth, size_t max_depth)
{
    size_t len;
    AUTO_FREE char *text = nested(depth, &len);
    struct json_scan s;
    struct json_token t = { 0 };
    struct sai_err e = { 0 };

    json_scan_init(&s, text, len, max_depth);
    while (json_scan_next(&s, &t, &e) && t.kind != SCAN_NOTHING)
        assert_true(s.depth <= depth);
    assert_true(e.code != SAI_OK || s.depth == 0);
    return e.code;
}

static void every_level_ends_as_it_began(void **state)
{
    (void)state;
    for (size_t depth = 1; depth <= JSON_SCAN_MAX_DEPTH; depth++) {
        assert_int_equal(read_nested(depth, JSON_SCAN_MAX_DEPTH), SAI_OK);
        assert_int_equal(read_nested(depth, depth - 1), SAI_E_LIMIT);
    }
    assert_int_equal(read_nested(JSON_SCAN_MAX_DEPTH + 1, 10000), SAI_E_LIMIT);
}

/* A list's end in an object beyond the first 64 levels, and the other way round. */
static void a_wrong_end_is_seen_at_any_depth(void **state)
{
    (void)state;
    for (size_t depth = 1; depth <= JSON_SCAN_MAX_DEPTH; depth++) {
        size_t len;
        AUTO_FREE char *text = nested(depth, &len);
        char *end = strchr(text, '0') + 1;
        struct json_scan s;
        struct json_token t;
        struct sai_err e = { 0 };

        *end = *end == '}' ? ']' : '}';
        json_scan_init(&s, text, len, JSON_SCAN_MAX_DEPTH);
        while (json_scan_next(&s, &t, &e))
            assert_int_not_equal(t.kind, SCAN_NOTHING);
        assert_int_equal(e.code, SAI_E_SYNTAX);
        assert_ptr_equal(s.p, end);
    }
}

struct text_row {
    const char *json;
    bool escaped;
    bool nul;
    const char *text;
    size_t len;
};

static const struct text_row texts[] = {
    { "\"\"", false, false, "", 0 },
    { "\"a\xc3\xa9\"", false, false, "a\xc3\xa9", 3 },
    { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", true, false, "\"\\/\b\f\n\r\t", 8 },
    { "\"a\\u00e9\\u20acb\"", true, false,
      "a\xc3\xa9\xe2\x82\xac"
      "b",
      7 },
    { "\"\\ud83d\\ude00\"", true, false, "\xf0\x9f\x98\x80", 4 },
    { "\"a\\u0000b\"", true, true, "a\0b", 3 },
};

static void texts_are_as_they_are_meant(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const struct text_row *row = &texts[i];
        char *text = malloc(strlen(row->json) - 1);
        struct json_scan s;
        struct json_token t;
        struct sai_err e = { 0 };

        assert_non_null(text);
        json_scan_init(&s, row->json, strlen(row->json), 1);
        assert_true(json_scan_next(&s, &t, &e));
        assert_int_equal(t.kind, SCAN_STRING);
        assert_int_equal(t.escaped, row->escaped);
        assert_int_equal(t.nul, row->nul);
        assert_int_equal(json_token_text(&t, text), row->len);
        assert_memory_equal(text, row->text, row->len + 1);
        free(text);
    }
}

static void positions_count_characters(void **state)
{
    static const char text[] = "[\n \"\xc3\xa9\xf0\x9f\x98\x80\", 7,\r\n\t8]";
    static const struct {
        unsigned line;
        unsigned column;
    } at[] = { { 1, 1 }, { 2, 2 }, { 2, 8 }, { 3, 2 }, { 3, 3 }, { 3, 4 } };
    struct json_scan s;
    struct json_token t;
    struct sai_err e = { 0 };

    (void)state;
    json_scan_init(&s, text, strlen(text), 1);
    for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
        assert_true(json_scan_next(&s, &t, &e));
        assert_int_equal(t.line, at[i].line);
        assert_int_equal(t.column, at[i].column);
    }
    assert_int_equal(t.kind, SCAN_NOTHING);
}

static void tells_what_is_empty(void **state)
{
    static const char text[] = "[ [ \n] , {\"a\":1}]";
    static const bool is_empty[] = { false, true, false };
    size_t starts = 0;
    struct json_scan s;
    struct json_token t;
    struct sai_err e = { 0 };

    (void)state;
    json_scan_init(&s, text, strlen(text), 2);
    while (json_scan_next(&s, &t, &e) && t.kind != SCAN_NOTHING) {
        if (t.kind == SCAN_OBJECT || t.kind == SCAN_LIST)
            assert_int_equal(json_scan_is_empty(&s), is_empty[starts++]);
    }
    assert_int_equal(e.code, SAI_OK);
    assert_int_equal(starts, ARRAY_SIZE(is_empty));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_come_in_their_order),
        cmocka_unit_test(nothing_has_no_address),
        cmocka_unit_test(every_level_ends_as_it_began),
        cmocka_unit_test(a_wrong_end_is_seen_at_any_depth),
        cmocka_unit_test(texts_are_as_they_are_meant),
        cmocka_unit_test(positions_count_characters),
        cmocka_unit_test(tells_what_is_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
