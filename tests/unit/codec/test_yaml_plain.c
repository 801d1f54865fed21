/* SPDX-License-Identifier: Apache-2.0 */

/* Plain scalars as kubectl sees them. The rows were asked of kubectl 1.32.4, one by one:
 *
 *     kubectl label --local -f - x=y -o json
 *
 * with the text, without quotes, as the value of an annotation: "cannot unmarshal number ..."
 * or "bool", null, or the text itself. .inf and .nan become numbers JSON has no form for. */

#include "codec/yaml.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static const struct row {
    const char *text;
    const char *type; /* NULL: text */
} rows[] = {
    { "y", "a boolean" },
    { "n", "a boolean" },
    { "Y", "a boolean" },
    { "N", "a boolean" },
    { "yes", "a boolean" },
    { "no", "a boolean" },
    { "on", "a boolean" },
    { "off", "a boolean" },
    { "On", "a boolean" },
    { "OFF", "a boolean" },
    { "true", "a boolean" },
    { "True", "a boolean" },
    { "TRUE", "a boolean" },
    { "tRue", NULL },
    { "~", "null" },
    { "null", "null" },
    { "Null", "null" },
    { "NULL", "null" },
    { "nULL", NULL },
    { "0", "a number" },
    { "00", "a number" },
    { "08", "a number" },
    { "0o7", "a number" },
    { "0o8", NULL },
    { "0777", "a number" },
    { "0x1F", "a number" },
    { "0X1f", "a number" },
    { "0xg", NULL },
    { "0x", NULL },
    { "0b1", "a number" },
    { "0B1", "a number" },
    { "0b2", NULL },
    { "-0b1", "a number" },
    { "-0x1F", "a number" },
    { "+0x1", "a number" },
    { "+1", "a number" },
    { "-1", "a number" },
    { "1_000", "a number" },
    { "_1", NULL },
    { "-_1", "a number" },
    { "1__0", "a number" },
    { "0_x1F", "a number" },
    { "1.", "a number" },
    { "1.5", "a number" },
    { ".5", "a number" },
    { "+.5", "a number" },
    { "-.5", "a number" },
    { ".5_0", "a number" },
    { "1_.5", "a number" },
    { "1.5.2", NULL },
    { "1e3", "a number" },
    { "1E3", "a number" },
    { "1e+3", "a number" },
    { "1e", NULL },
    { "e3", NULL },
    { "1e999", NULL },
    { "-1e999", NULL },
    { "1e-999", "a number" },
    { "0xffffffffffffffff", "a number" },
    { "0x10000000000000000", NULL },
    { "-0x8000000000000000", "a number" },
    { "-0x8000000000000001", NULL },
    { "+0x7fffffffffffffff", "a number" },
    { "+0x8000000000000000", NULL },
    { "99999999999999999999", "a number" },
    { "18446744073709551616", "a number" },
    { ".inf", "a number" },
    { "-.Inf", "a number" },
    { "+.INF", "a number" },
    { ".NaN", "a number" },
    { ".nAn", NULL },
    { "+.nan", NULL },
    { "NaN", NULL },
    { "inf", NULL },
    { "Infinity", NULL },
    { "2001-01-01", NULL },
    { "2001-01-01T00:00:00Z", NULL },
    { "1:30", NULL },
    { "190:20:30", NULL },
    { "<<", NULL },
    { "=", NULL },
    { "--", NULL },
    { "0.", "a number" },
    { "+", NULL },
    { ".", NULL },
    { "..", NULL },
    { "0b", NULL },
    { "0o", NULL },
    { "0x_1", "a number" },
    { "0x1_", "a number" },
    { "12e03", "a number" },
    { "1_0e1_0", "a number" },
    { "0b102", NULL },
    { "00_1", "a number" },
    { "1e3_", "a number" },
    { "0xAp1", NULL },
    { "1p3", NULL },
    { "0o17", "a number" },
    { "-0o17", "a number" },
    { "0o1777777777777777777777", "a number" },
    { "0o7777777777777777777777", NULL },
    { "1:2:3.4", NULL },
    { "0.0.0.0", NULL },
    { "012e1", "a number" },
    { "1e10000000000", NULL },
    { "-08", "a number" },
    { "+08", "a number" },
    { "0d1", NULL },
    { "1L", NULL },
    { "0xde_ad", "a number" },
    { "~a", NULL },
    { ":a", NULL },
    { "a:b", NULL },
    { "-a", NULL },
    { "1_0.5", "a number" },
    { "._5", NULL },
    { "+_1", "a number" },
    { "+0o17", "a number" },
    { "-0b10", "a number" },
    { "0B_1", "a number" },
    { ".e3", NULL },
    { ".5e3", "a number" },
    { ".5E-3", "a number" },
    { "..5", NULL },
    { "5..", NULL },
    { "1e+", NULL },
    { "1e-", NULL },
    { "+e1", NULL },
    { "0_", "a number" },
    { "0_8", "a number" },
    { "1e3.5", NULL },
    { ".1.", NULL },
    { "0xfe_", "a number" },
    { "--1", NULL },
    { "+-1", NULL },
    { "1-1", NULL },
    { "1+1", NULL },
    { "0.0", "a number" },
    { "-0", "a number" },
    { "-0.0", "a number" },
    { ".0", "a number" },
    { ".5e_3", NULL },
    { "1._5", "a number" },
    { "No1", NULL },
    { "ye", NULL },
};

static void types_as_kubectl_sees_them(void **state)
{
    unsigned failed = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct yaml_node n = { .kind = YAML_SCALAR, .text = rows[i].text };
        const char *type = yaml_plain_type(&n);
        const char *expected = rows[i].type;

        if (type == expected ||
            (type != NULL && expected != NULL && strcmp(type, expected) == 0))
            continue;
        print_error("%s: is %s\n", rows[i].text, type == NULL ? "text" : type);
        failed++;
    }
    assert_int_equal(failed, 0);
}

static void quotes_make_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct yaml_node n = { .kind = YAML_SCALAR,
                                     .text = rows[i].text,
                                     .quoted = true };

        assert_null(yaml_plain_type(&n));
    }
}

/* kubectl prints digits without end as text with quotes up to the range of a double, and
 * without beyond; we need not follow that far. */
static void very_long_numbers_are_text(void **state)
{
    char digits[600];
    const struct yaml_node n = { .kind = YAML_SCALAR, .text = digits };

    (void)state;
    memset(digits, '0', sizeof(digits));
    digits[512] = '\0';
    assert_string_equal(yaml_plain_type(&n), "a number");
    digits[512] = '0';
    digits[513] = '\0';
    assert_null(yaml_plain_type(&n));
}

static void lists_and_maps_have_none(void **state)
{
    const struct yaml_node list = { .kind = YAML_LIST, .text = "" };
    const struct yaml_node map = { .kind = YAML_MAP, .text = "" };

    (void)state;
    assert_null(yaml_plain_type(&list));
    assert_null(yaml_plain_type(&map));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_as_kubectl_sees_them),
        cmocka_unit_test(quotes_make_text),
        cmocka_unit_test(very_long_numbers_are_text),
        cmocka_unit_test(lists_and_maps_have_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
