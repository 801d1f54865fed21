/* SPDX-License-Identifier: Apache-2.0 */

/* Names against the rules of k8s.io/apimachinery/pkg/util/validation. */

#include "base/kube_name.h"
#include "unit.h"

#include <string.h>

#define TEN   "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN

enum { LABEL = 1, SUBDOMAIN = 2, QUALIFIED = 4, ALL = 7 };

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
    { "example.com/team", QUALIFIED },
    { "Example.COM/team", QUALIFIED },
    { "a/b", QUALIFIED },
    { "", 0 },
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

static void names(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *name = cases[i].name;
        int valid_as = (kube_is_label(name) ? LABEL : 0) |
                       (kube_is_subdomain(name) ? SUBDOMAIN : 0) |
                       (kube_is_qualified_name(name) ? QUALIFIED : 0);

        if (valid_as != cases[i].valid_as)
            fail_msg("\"%s\": %d, expected %d", name, valid_as, cases[i].valid_as);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(names) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
