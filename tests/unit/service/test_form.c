/* SPDX-License-Identifier: Apache-2.0 */
#include "service/form.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

struct row {
    const char *text;
    const char *pairs; /* "name=value;" of each; NULL: refused */
    const char *error;
};

#define FIVE   "a=1&a=1&a=1&a=1&a=1&"
#define THIRTY FIVE FIVE FIVE FIVE FIVE FIVE

static const struct row rows[] = {
    { "", "" },
    { "a=b", "a=b;" },
    { "a=b&c=d&a=e", "a=b;c=d;a=e;" },
    { "a=", "a=;" },
    { "a", "a=;" },
    { "a&b=c", "a=;b=c;" },
    { "a=b=c", "a=b=c;" },
    { "a=%41%6a%6A+b%2B", "a=Ajj b+;" },
    { "%61=x", "a=x;" },
    { "a=h%C3%A9", "a=h\xc3\xa9;" },
    { "a=:/?@!$'()*,-._~", "a=:/?@!$'()*,-._~;" },
    { THIRTY "a=1&a=1", NULL }, /* filled in below: 32 pairs are taken */
    { THIRTY "a=1&a=1&a=1", NULL, "more than 32 parameters" },
    { "a=%4", NULL, "a % without two hexadecimal digits" },
    { "a=%", NULL, "a % without two hexadecimal digits" },
    { "a=%4g", NULL, "a % without two hexadecimal digits" },
    { "a=%4&b=1", NULL, "a % without two hexadecimal digits" },
    { "a=%u0041", NULL, "a % without two hexadecimal digits" },
    { "a=%00", NULL, "not UTF-8, or a control character in it" },
    { "a=%0a", NULL, "not UTF-8, or a control character in it" },
    { "a=%7F", NULL, "not UTF-8, or a control character in it" },
    { "a=%C2%85", NULL, "not UTF-8, or a control character in it" },
    { "a=%FF", NULL, "not UTF-8, or a control character in it" },
    { "a=%C0%80", NULL, "not UTF-8, or a control character in it" },
    { "%C3=%A9", NULL, "not UTF-8, or a control character in it" },
    { "a=b c", NULL, "a character that is not encoded" },
    { "a=h\xc3\xa9", NULL, "a character that is not encoded" },
    { "a=\n", NULL, "a character that is not encoded" },
    { "a=\"b\"", NULL, "a character that is not encoded" },
    { "{\"a\":1}", NULL, "a character that is not encoded" },
    { "&a=b", NULL, "a parameter without name" },
    { "a=b&", NULL, "a parameter without name" },
    { "a=b&&c=d", NULL, "a parameter without name" },
    { "=b", NULL, "a parameter without name" },
};

/* Of exactly the size it may need, for AddressSanitizer to see. */
static char *copy_of(const char *text)
{
    char *copy = malloc(strlen(text) + 1);

    assert_non_null(copy);
    memcpy(copy, text, strlen(text));
    return copy;
}

static void reads_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO_FREE char *text = copy_of(rows[i].text);
        char pairs[1024] = "";
        struct sai_err e = { 0 };
        struct form f;
        bool ok = form_parse(text, strlen(rows[i].text), &f, &e);

        if (rows[i].pairs == NULL && rows[i].error == NULL) {
            assert_true(ok);
            assert_int_equal(f.count, FORM_PAIRS_MAX);
            continue;
        }
        assert_string_equal(e.text, rows[i].error == NULL ? "" : rows[i].error);
        assert_int_equal(ok, rows[i].error == NULL);
        for (size_t k = 0; ok && k < f.count; k++) {
            assert_int_equal(strlen(f.pairs[k].value), f.pairs[k].value_len);
            strncat(pairs, f.pairs[k].name, 100);
            strncat(pairs, "=", 2);
            strncat(pairs, f.pairs[k].value, 100);
            strncat(pairs, ";", 2);
        }
        if (ok)
            assert_string_equal(pairs, rows[i].pairs);
    }
}

/* A NUL among the bytes does not end them. */
static void sees_behind_a_nul(void **state)
{
    char text[] = "a=b\0&c=d";
    struct sai_err e = { 0 };
    struct form f;

    (void)state;
    assert_false(form_parse(text, sizeof(text) - 1, &f, &e));
    assert_string_equal(e.text, "a character that is not encoded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_strictly),
        cmocka_unit_test(sees_behind_a_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
