/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_number.h"
#include "unit.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#define FORTY "0.12345678901234567890123456789012345678"

static const struct {
    const char *text;
    enum json_number kind;
} cases[] = {
    { "0", JSON_WHOLE },
    { "-0", JSON_WHOLE },
    { "7", JSON_WHOLE },
    { "-10", JSON_WHOLE },
    { "9007199254740991", JSON_WHOLE },
    { "-9007199254740991", JSON_WHOLE },
    { "9007199254740992", JSON_BEYOND },
    { "-9007199254740992", JSON_BEYOND },
    { "9999999999999999", JSON_BEYOND },
    { "18446744073709551617", JSON_BEYOND },
    { "77777777777777777777777777777777777777", JSON_BEYOND },
    { "0.5", JSON_FRACTION },
    { "-0.0", JSON_FRACTION },
    { "9007199254740992.0", JSON_FRACTION },
    { "1e99", JSON_FRACTION },
    { "1E+05", JSON_FRACTION },
    { "12.50e-2", JSON_FRACTION },
    { FORTY, JSON_FRACTION },
    { FORTY "9", JSON_BEYOND },
    { "1e100", JSON_BEYOND },
    { "1e-100", JSON_BEYOND },
    { "1e999", JSON_BEYOND },
    { "", JSON_NO_NUMBER },
    { "-", JSON_NO_NUMBER },
    { "+1", JSON_NO_NUMBER },
    { "01", JSON_NO_NUMBER },
    { "-01", JSON_NO_NUMBER },
    { "00", JSON_NO_NUMBER },
    { ".5", JSON_NO_NUMBER },
    { "1.", JSON_NO_NUMBER },
    { "1.e5", JSON_NO_NUMBER },
    { "1e", JSON_NO_NUMBER },
    { "1e+", JSON_NO_NUMBER },
    { "1e5.0", JSON_NO_NUMBER },
    { "1.2.3", JSON_NO_NUMBER },
    { "1 ", JSON_NO_NUMBER },
    { " 1", JSON_NO_NUMBER },
    { "1a", JSON_NO_NUMBER },
    { "0x10", JSON_NO_NUMBER },
    { "1_000", JSON_NO_NUMBER },
    { "NaN", JSON_NO_NUMBER },
    { "-Infinity", JSON_NO_NUMBER },
};

static void kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (json_number(cases[i].text, strlen(cases[i].text)) != cases[i].kind)
            fail_msg("%s", cases[i].text);
    }
}

/* Jansson takes what is a number here, and none but those that have blanks around them. */
static void another_parser_agrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        json_error_t e;
        json_t *value = json_loads(cases[i].text, JSON_DECODE_ANY, &e);
        bool taken = value != NULL && strchr(cases[i].text, ' ') == NULL;

        if (cases[i].kind != JSON_BEYOND && taken != (cases[i].kind != JSON_NO_NUMBER))
            fail_msg("%s: %s", cases[i].text, e.text);
        if (cases[i].kind == JSON_WHOLE)
            assert_true(json_is_integer(value));
        if (cases[i].kind == JSON_FRACTION)
            assert_true(json_is_real(value));
        json_decref(value);
    }
}

/* What stands behind the text is not looked at. */
static void ends_where_told(void **state)
{
    (void)state;
    assert_int_equal(json_number("12.5e7", 2), JSON_WHOLE);
    assert_int_equal(json_number("12.5e7", 3), JSON_NO_NUMBER);
    assert_int_equal(json_number("12.5e7", 4), JSON_FRACTION);
    assert_int_equal(json_number("12.5e7", 5), JSON_NO_NUMBER);
    assert_int_equal(json_number("-1", 1), JSON_NO_NUMBER);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds),
        cmocka_unit_test(another_parser_agrees),
        cmocka_unit_test(ends_where_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
