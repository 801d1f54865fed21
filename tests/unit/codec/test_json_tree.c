/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_tree.h"
#include "stream_text.h"

#include <jansson.h>

static void check(const char *text, const char *expected)
{
    check_stream(json_stream, text, false, expected);
}

static void values(void **state)
{
    (void)state;
    check("{}", "document {}\n");
    check(" [ ] ", "document []\n");
    check("\"x\"", "document \"x\"\n");
    check("-1.5e+3", "document -1.5e+3\n");
    check("[0, -0, 10, 0.5, 1E9, 1e-1, true, false, null, \"null\"]",
          "document [0, -0, 10, 0.5, 1E9, 1e-1, true, false, null, \"null\"]\n");
    check("{\"a\":{\"b\":[{\"c\":1}]},\"\":2}",
          "document {\"a\": {\"b\": [{\"c\": 1}]}, \"\": 2}\n");
    check("\r\n\t{\r\n}\n", "document {}\n");
    check("\xef\xbb\xbf{}", "document {}\n");
}

static void strings(void **state)
{
    (void)state;
    check("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "document \"\"\\/\b\f\n\r\t\"\n");
    check("\"\\u0041\\u00e9\\u20AC\\u20ac\\ud83d\\ude00\\uD800\\uDC00\\udbff\\udfff\"",
          "document \"Aé€€\xf0\x9f\x98\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"\n");
    check("\"é😀\x7f\"", "document \"é😀\x7f\"\n");
}

static void positions(void **state)
{
    (void)state;
    check_stream(json_stream, "{\"é\\u0041\": \"x\",\n  \"items\": [\n    1, {\"k\": []}]}",
                 true,
                 "items[0] 3:5 1\n"
                 "items[1] 3:8 {3:9 \"k\": 3:14 []}\n"
                 "document 1:1 {1:2 \"éA\": 1:13 \"x\", 2:3 \"items\": 2:12 []}\n");
}

static void items_come_one_by_one(void **state)
{
    (void)state;
    check("{\"items\": [1, {\"items\": [2]}], \"kind\": \"List\"}",
          "items[0] 1\n"
          "items[1] {\"items\": [2]}\n"
          "document {\"items\": [], \"kind\": \"List\"}\n");
    check("[{\"items\": [1]}]", "document [{\"items\": [1]}]\n");
}

static void limits(void **state)
{
    (void)state;
    check("[[[[[1]]]]]", "document [[[[[1]]]]]\n");
    check("[[[[[[1]]]]]]", "t:1:6: nested deeper than 5 levels\n");
    check("[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0]",
          "t:1:40: more than 20 keys and values\n");
    check("{\"a\": 1, \"b\": {\"\\u0061\": 1, \"a\": 2}}",
          "document {\"a\": 1, \"b\": {\"a\": 1, \"a\": 2}}\n"
          "t:1:29: b.a: duplicate key, first at 1:16\n");
}

static const struct {
    const char *text;
    const char *problem; /* behind "t:" */
} refused[] = {
    { "", "1:1: not JSON: the text ends here, wanted a value" },
    { " \n ", "2:2: not JSON: the text ends here, wanted a value" },
    { "x", "1:1: not JSON: found 'x', wanted a value" },
    { "nul", "1:1: not JSON: found 'n', wanted a value" },
    { "nullx", "1:5: not JSON: found 'x', wanted nothing more, only one value is allowed" },
    { "{}\n{}", "2:1: not JSON: found '{', wanted nothing more, only one value is allowed" },
    { "[1,]", "1:4: not JSON: found ']', wanted a value" },
    { "[,1]", "1:2: not JSON: found ',', wanted a value or ]" },
    { "[1 2]", "1:4: not JSON: found '2', wanted a comma or the end of the list or object" },
    { "[1}", "1:3: not JSON: found '}', wanted a comma or the end of the list or object" },
    { "{\"a\":1]",
      "1:7: not JSON: found ']', wanted a comma or the end of the list or object" },
    { "[1",
      "1:3: not JSON: the text ends here, wanted a comma or the end of the list or object" },
    { "{1:2}", "1:2: not JSON: found '1', wanted a member's name in quotes or }" },
    { "{a:2}", "1:2: not JSON: found 'a', wanted a member's name in quotes or }" },
    { "{\"a\":1,}", "1:8: not JSON: found '}', wanted a member's name in quotes" },
    { "{\"a\" 1}", "1:6: not JSON: found '1', wanted a colon" },
    { "{\"a\":}", "1:6: not JSON: found '}', wanted a value" },
    { "{\"a\"", "1:5: not JSON: the text ends here, wanted a colon" },
    { "[01]", "1:2: not JSON: found '0', wanted a value or ]" },
    { "[-]", "1:2: not JSON: found '-', wanted a value or ]" },
    { "-", "1:1: not JSON: found '-', wanted a value" },
    { "[1.]", "1:2: not JSON: found '1', wanted a value or ]" },
    { "1.", "1:1: not JSON: found '1', wanted a value" },
    { "[.5]", "1:2: not JSON: found '.', wanted a value or ]" },
    { "[+1]", "1:2: not JSON: found '+', wanted a value or ]" },
    { "[1e]", "1:2: not JSON: found '1', wanted a value or ]" },
    { "1e+", "1:1: not JSON: found '1', wanted a value" },
    { "[0x1]", "1:3: not JSON: found 'x', wanted a comma or the end of the list or object" },
    { "[NaN]", "1:2: not JSON: found 'N', wanted a value or ]" },
    { "['a']", "1:2: not JSON: found ''', wanted a value or ]" },
    { "// x\n1", "1:1: not JSON: found '/', wanted a value" },
    { "\f1", "1:1: not JSON: found the byte 0x0c, wanted a value" },
    { "[\xc2\xa0]", "1:2: not JSON: found the byte 0xc2, wanted a value or ]" },
    { "\"a", "1:3: not JSON: the text ends in a string" },
    { "\"a\\", "1:3: not JSON: the text ends in a string" },
    { "\"a\\\"", "1:5: not JSON: the text ends in a string" },
    { "\"\\x\"", "1:2: not JSON: a backslash that escapes nothing" },
    { "\"\\u00e\"", "1:2: not JSON: \\u needs four hexadecimal digits" },
    { "\"\\u00eg\"", "1:2: not JSON: \\u needs four hexadecimal digits" },
    { "\"\\u00", "1:2: not JSON: \\u needs four hexadecimal digits" },
    { "\"\\ud83d\"", "1:2: not JSON: half of a surrogate pair" },
    { "\"\\ud83d\\n\"", "1:2: not JSON: half of a surrogate pair" },
    { "\"\\ud83d\\ud83d\"", "1:2: not JSON: half of a surrogate pair" },
    { "\"\\ude00\"", "1:2: not JSON: half of a surrogate pair" },
    { "\"é\t\"", "1:3: not JSON: a control character in a string, which needs an escape" },
    { "\"a\nb\"", "1:3: not JSON: a control character in a string, which needs an escape" },
    { "\"\xff\"", "1:2: not JSON: a string that is not UTF-8" },
    { "\"\xc0\xaf\"", "1:2: not JSON: a string that is not UTF-8" },
    { "\"\xed\xa0\x80\"", "1:2: not JSON: a string that is not UTF-8" },
    { "\"\xe2\x82", "1:2: not JSON: a string that is not UTF-8" },
};

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        struct found f = { 0 };
        char line[256];

        read_stream(json_stream, refused[i].text, strlen(refused[i].text), &f);
        (void)snprintf(line, sizeof(line), "t:%s\n", refused[i].problem);
        assert_string_equal(f.text.data, line);
        buf_done(&f.text);
    }
}

static void nul_is_refused(void **state)
{
    struct found f = { 0 };

    (void)state;
    read_stream(json_stream, "[\"a\0b\"]", 7, &f);
    assert_string_equal(f.text.data, "t:1:4: not JSON: a control character in a string, which "
                                     "needs an escape\n");
    buf_done(&f.text);
    read_stream(json_stream, "[\0]", 3, &f);
    assert_string_equal(f.text.data,
                        "t:1:2: not JSON: found the byte 0x00, wanted a value or ]\n");
    buf_done(&f.text);
    check("[\"a\\u0000b\"]", "document [\"a\"]\nt:1:2: [0]: a NUL character is not allowed\n");
    check("{\"a\\u0000b\": 1}", "document {\"a\": 1}\nt:1:2: a NUL character is not allowed\n");
}

/* What is refused here jansson refuses as well, and the other way round. */
static void jansson_agrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        json_error_t e;

        assert_null(json_loadb(refused[i].text, strlen(refused[i].text),
                               JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &e));
    }
}

static void the_sink_can_end_it(void **state)
{
    static const char text[] = "{\"items\": [1, 2]}";
    struct found f = { .stop_after = 1 };

    (void)state;
    read_stream(json_stream, text, strlen(text), &f);
    assert_string_equal(f.text.data, "items[0] 1\n");
    buf_done(&f.text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(strings),
        cmocka_unit_test(positions),
        cmocka_unit_test(items_come_one_by_one),
        cmocka_unit_test(limits),
        cmocka_unit_test(refuses),
        cmocka_unit_test(nul_is_refused),
        cmocka_unit_test(jansson_agrees),
        cmocka_unit_test(the_sink_can_end_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
