/* SPDX-License-Identifier: Apache-2.0 */

/* Names against the rules of k8s.io/apimachinery/pkg/util/validation. */

#include "accounts/names.h"
#include "unit.h"

#include <string.h>

#define TEN   "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN

enum { LABEL = 1, SUBDOMAIN = 2, ANNOTATION = 4, LABEL_KEY = 8, VALUE = 16 };
enum { KEY = ANNOTATION | LABEL_KEY, QUALIFIED = KEY | VALUE, ALL = 31 };

static const struct {
    const char *name;
    int valid_as;
} cases[] = {
    { "a", ALL },
    { "0", ALL },
    { "kube-system", ALL },
    { "a--b", ALL },
    { "a.b", SUBDOMAIN | QUALIFIED },
    { "a.b-c.d9", SUBDOMAIN | QUALIFIED },
    { "a..b", QUALIFIED },
    { "a.-b", QUALIFIED },
    { "a-.b", QUALIFIED },
    { "a_b", QUALIFIED },
    { "A", QUALIFIED },
    { "aB9", QUALIFIED },
    { SIXTY "abc", ALL },
    { SIXTY "abcd", SUBDOMAIN },
    { SIXTY TEN "." SIXTY TEN "." SIXTY TEN "." TEN TEN TEN TEN, SUBDOMAIN }, /* 253 */
    { SIXTY TEN "." SIXTY TEN "." SIXTY TEN "." TEN TEN TEN TEN "a", 0 },
    { "example.com/team", KEY },
    { "Example.COM/team", ANNOTATION },
    { "a/b", KEY },
    { "example.com/Team", KEY },
    { "", VALUE },
    { "-", 0 },
    { "-a", 0 },
    { "a-", 0 },
    { ".", 0 },
    { ".a", 0 },
    { "a.", 0 },
    { "_a", 0 },
    { "a b", 0 },
    { "a:b", 0 },
    { "a%3Ab", 0 },
    { "a\xef\xbc\xa1", 0 }, /* full-width A */
    { "a\n", 0 },
    { "/", 0 },
    { "/a", 0 },
    { "a/", 0 },
    { "a/b/c", 0 },
    { "example..com/team", 0 },
    { "-example.com/team", 0 },
    { "example_com/team", 0 },
    { "example.com/-team", 0 },
    { "example.com/" SIXTY "abcd", 0 },
};

static int valid(bool (*check)(const char *, struct sai_err *), const char *name, int as)
{
    struct sai_err e = { 0 };
    bool ok = check(name, &e);

    assert_int_equal(ok, e.code == SAI_OK);
    assert_int_equal(ok, e.text[0] == '\0');
    return ok ? as : 0;
}

static void names(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *name = cases[i].name;
        int valid_as = valid(name_check_label, name, LABEL) |
                       valid(name_check_subdomain, name, SUBDOMAIN) |
                       valid(name_check_annotation_key, name, ANNOTATION) |
                       valid(name_check_label_key, name, LABEL_KEY) |
                       valid(name_check_label_value, name, VALUE);

        if (valid_as != cases[i].valid_as)
            fail_msg("\"%s\": %d, expected %d", name, valid_as, cases[i].valid_as);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(names) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
