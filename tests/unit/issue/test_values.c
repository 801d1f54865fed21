/* SPDX-License-Identifier: Apache-2.0 */

/* What one rule makes of a text: types, constraints, and how it refuses. */

#include "claims_fixture.h"

/* One rule for an account with that annotation. */
static void
assert_annotation(const struct sai_claim_rule *rule, const char *value, const char *expected)
{
    const struct sai_pair pair = { "example.com/a", value };
    const struct sai_account account = { .namespace_name = "ns",
                                         .name = "sa",
                                         .uid = TEST_UID,
                                         .annotations = { &pair, value == NULL ? 0 : 1 } };
    const struct sai_token_request r = { .account = &account,
                                         .audiences = LIST("one"),
                                         .now_unix_s = test_now };

    assert_custom(rule, 1, &r, expected);
}

static const struct {
    struct sai_claim_rule rule;
    const char *value;
    const char *expected;
} cases[] = {
    /* strings */
    { { ANNOTATION, CLAIM }, "blue", "{\"c\":\"blue\"}" },
    { { ANNOTATION, CLAIM }, "", "{\"c\":\"\"}" },
    { { ANNOTATION, CLAIM }, "\"},\"sub\":\"x", "{\"c\":\"\\\"},\\\"sub\\\":\\\"x\"}" },
    { { ANNOTATION, CLAIM }, "a\nb\x01\x7f", "{\"c\":\"a\\nb\\u0001\x7f\"}" },
    { { ANNOTATION, CLAIM },
      "\xc3\xa9\xf0\x9f\x9a\x80",
      "{\"c\":\"\xc3\xa9\xf0\x9f\x9a\x80\"}" },
    { { ANNOTATION, CLAIM }, NULL, "{}" },
    { { ANNOTATION, CLAIM, .required = true },
      NULL,
      "refused: claims[0]: annotation \"example.com/a\" is missing" },
    { { ANNOTATION, CLAIM, .preset = "none" }, NULL, "{\"c\":\"none\"}" },
    { { ANNOTATION, CLAIM, .preset = "none" }, "some", "{\"c\":\"some\"}" },
    { { ANNOTATION, CLAIM },
      "a\xc3",
      "refused: claims[0]: annotation \"example.com/a\" is not valid UTF-8" },
    { { ANNOTATION, CLAIM },
      "\xc0\xaf",
      "refused: claims[0]: annotation \"example.com/a\" is not valid UTF-8" },
    { { ANNOTATION, CLAIM },
      "\xed\xa0\x80",
      "refused: claims[0]: annotation \"example.com/a\" is not valid UTF-8" },
    { { ANNOTATION, CLAIM, .max_length = 4 }, "abcd", "{\"c\":\"abcd\"}" },
    { { ANNOTATION, CLAIM, .max_length = 4 },
      "abcde",
      "refused: claims[0]: annotation \"example.com/a\" is 5 bytes long: at most 4" },
    { { ANNOTATION, CLAIM },
      HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED TEN TEN
      "12345",
      "refused: claims[0]: annotation \"example.com/a\" is 1025 bytes long: at most 1024" },
    /* nested */
    { { ANNOTATION, .claim = NAMES("o<", "t", "n") }, "x", "{\"o<\":{\"t\":{\"n\":\"x\"}}}" },
    /* integers */
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "0", "{\"c\":0}" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "10", "{\"c\":10}" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "-10", "{\"c\":-10}" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER },
      "9007199254740991",
      "{\"c\":9007199254740991}" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER },
      "-9007199254740991",
      "{\"c\":-9007199254740991}" },
#define NO_INTEGER                                                                             \
    "refused: claims[0]: annotation \"example.com/a\" is not an integer from "                 \
    "-9007199254740991 to 9007199254740991"
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "9007199254740992", NO_INTEGER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "-9007199254740992", NO_INTEGER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "18446744073709551617", NO_INTEGER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "00000000000000001", NO_INTEGER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "", NO_INTEGER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "-", NO_INTEGER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "-0", NO_INTEGER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "+1", NO_INTEGER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "01", NO_INTEGER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "-01", NO_INTEGER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "1 ", NO_INTEGER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "1.0", NO_INTEGER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "1e3", NO_INTEGER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER }, "0x10", NO_INTEGER },
    /* numbers: jansson writes reals with 17 digits */
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, "7", "{\"c\":7}" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, "-0.5", "{\"c\":-0.5}" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, "25e-2", "{\"c\":0.25}" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, "1.5E+2", "{\"c\":150.0}" },
#define NO_NUMBER                                                                              \
    "refused: claims[0]: annotation \"example.com/a\" is not a number within bounds (40 "      \
    "characters, an exponent of 2 digits, without fraction and exponent "                      \
    "-9007199254740991 to 9007199254740991)"
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, "", NO_NUMBER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, ".5", NO_NUMBER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, "1.", NO_NUMBER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, "1e", NO_NUMBER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, "1e+", NO_NUMBER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, "1e999", NO_NUMBER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, "9007199254740992", NO_NUMBER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, "-18446744073709551616", NO_NUMBER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, "1.2.3", NO_NUMBER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, "NaN", NO_NUMBER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, "Infinity", NO_NUMBER },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_NUMBER }, "1,5", NO_NUMBER },
    /* booleans */
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_BOOLEAN }, "true", "{\"c\":true}" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_BOOLEAN }, "false", "{\"c\":false}" },
#define NO_BOOLEAN "refused: claims[0]: annotation \"example.com/a\" is neither true nor false"
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_BOOLEAN }, "True", NO_BOOLEAN },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_BOOLEAN }, "yes", NO_BOOLEAN },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_BOOLEAN }, "1", NO_BOOLEAN },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_BOOLEAN }, "", NO_BOOLEAN },
    /* lists */
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_STRINGS }, "a", "{\"c\":[\"a\"]}" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_STRINGS },
      " a ,b c,\td ",
      "{\"c\":[\"a\",\"b c\",\"d\"]}" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_STRINGS }, "", "{\"c\":[]}" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_STRINGS }, "  ", "{\"c\":[]}" },
#define NO_LIST "refused: claims[0]: annotation \"example.com/a\" is a list with an empty item"
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_STRINGS }, ",", NO_LIST },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_STRINGS }, "a,", NO_LIST },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_STRINGS }, "a, ,b", NO_LIST },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_STRINGS }, ",a", NO_LIST },
    /* JSON */
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_JSON },
      " { \"b\" : [1, true, null], \"a\" : {\"z\":\"<\",\"y\":-2} } ",
      "{\"c\":{\"a\":{\"y\":-2,\"z\":\"<\"},\"b\":[1,true,null]}}" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_JSON }, "\"x\"", "{\"c\":\"x\"}" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_JSON },
      "\"\\\"[[[[[[[[[[[[[[[[[[[[\"",
      "{\"c\":\"\\\"[[[[[[[[[[[[[[[[[[[[\"}" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_JSON },
      "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
      "{\"c\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_JSON },
      "",
      "refused: claims[0]: annotation \"example.com/a\" is not JSON (line 1, column 1)" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_JSON },
      "{} x",
      "refused: claims[0]: annotation \"example.com/a\" is not JSON (line 1, column 4)" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_JSON },
      "[[[[[[[[[[[[[[[[[",
      "refused: claims[0]: annotation \"example.com/a\" is JSON that nests deeper than 16 "
      "levels" },
    /* patterns match the whole text */
    { { ANNOTATION, CLAIM, .pattern = "[a-z]+" }, "abc", "{\"c\":\"abc\"}" },
    { { ANNOTATION, CLAIM, .pattern = "^[a-z]+$" }, "abc", "{\"c\":\"abc\"}" },
    { { ANNOTATION, CLAIM, .pattern = "a|ab" }, "ab", "{\"c\":\"ab\"}" },
    { { ANNOTATION, CLAIM, .pattern = "..?" }, "\xc3\xa9", "{\"c\":\"\xc3\xa9\"}" },
    { { ANNOTATION, CLAIM, .pattern = "\\p{Lu}" }, "\xc3\x89", "{\"c\":\"\xc3\x89\"}" },
    { { ANNOTATION, CLAIM, .pattern = "" }, "", "{\"c\":\"\"}" },
#define NO_MATCH "refused: claims[0]: annotation \"example.com/a\" does not match the pattern"
    { { ANNOTATION, CLAIM, .pattern = "[a-z]+" }, "abc1", NO_MATCH },
    { { ANNOTATION, CLAIM, .pattern = "[a-z]+" }, "1abc", NO_MATCH },
    { { ANNOTATION, CLAIM, .pattern = "[a-z]+$" }, "abc\n", NO_MATCH },
    { { ANNOTATION, CLAIM, .pattern = "(?m)^[a-z]+$" }, "abc\nx", NO_MATCH },
    { { ANNOTATION, CLAIM, .pattern = "a|b" }, "ab", NO_MATCH },
    { { ANNOTATION, CLAIM, .pattern = "" }, "a", NO_MATCH },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER, .pattern = "[1-9]" }, "12", NO_MATCH },
    { { ANNOTATION, CLAIM, .one_of = NAMES("a", "b") }, "b", "{\"c\":\"b\"}" },
    { { ANNOTATION, CLAIM, .one_of = NAMES("a", "b") },
      "B",
      "refused: claims[0]: annotation \"example.com/a\" is none of the allowed values" },
    { { ANNOTATION, CLAIM, .one_of = NAMES("a", "b"), .required = true },
      "",
      "refused: claims[0]: annotation \"example.com/a\" is none of the allowed values" },
    /* session tags */
    { { ANNOTATION, .session_tag = "Team" },
      "blue_1 .:/=+-@\xc3\xa9",
      "{\"https://aws.amazon.com/tags\":{\"principal_tags\":{\"Team\":[\"blue_1 "
      ".:/=+-@\xc3\xa9\"]}}}" },
    { { ANNOTATION, .session_tag = "Team" },
      "a\nb",
      "refused: claims[0]: annotation \"example.com/a\" holds a character that a session tag "
      "cannot: letters, numbers, spaces and _ . : / = + - @ are what AWS takes" },
    { { ANNOTATION, .session_tag = "Team" },
      HUNDRED HUNDRED TEN TEN TEN TEN TEN "1234567",
      "refused: claims[0]: annotation \"example.com/a\" is 257 characters long: a session tag "
      "takes at most 256" },
};

static void values(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_annotation(&cases[i].rule, cases[i].value, cases[i].expected);
    print_message("%zu cases\n", ARRAY_SIZE(cases));
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(values) };

    return cmocka_run_group_tests(tests, claims_setup, claims_teardown);
}
