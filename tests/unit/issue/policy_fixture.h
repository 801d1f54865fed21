/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Policies with mistakes. */

#include "mint_fixture.h"

#define TEN      "abcdefghij"
#define FIFTY    TEN TEN TEN TEN TEN
#define HUNDRED  FIFTY FIFTY
#define THOUSAND HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
#define NO_KEY                                                                                 \
    "a key must be [prefix/]name, its name 1 to 63 characters of a-z A-Z 0-9 - _ . with a "    \
    "letter or digit at both ends"
#define NO_PREFIX  "the part of a key before / must be a DNS name of at most 253 characters"
#define ANNOTATION .source = SAI_SOURCE_ANNOTATION, .from = "example.com/a"
#define CONSTANT   .source = SAI_SOURCE_VALUE, .from = "x"
#define CLAIM      .claim = NAMES("c")

static struct fixture rsa;  /* RSA alone */
static struct fixture both; /* RSA and EC */

static const struct sai_audience aws = { .name = "sts.amazonaws.com", .profile = "aws" };

static inline int policy_setup(void **state)
{
    (void)state;
    return fixture_init(&rsa, "RSA") | fixture_init(&both, "RSA EC");
}

static inline int policy_teardown(void **state)
{
    (void)state;
    fixture_done(&rsa);
    fixture_done(&both);
    return 0;
}

/* expected may end with a * where PCRE2's own words follow, which change between versions. */
static inline void assert_text(const char *text, const char *expected)
{
    size_t len = strlen(expected);

    if (len > 0 && expected[len - 1] == '*' && strncmp(text, expected, len - 1) == 0)
        return;
    assert_string_equal(text, expected);
}

static inline void assert_problems(const struct sai_policy_options *o, const char *expected)
{
    struct sai_report *r = sai_report_new();
    struct sai_policy *p = NULL;
    char all[4096] = "";
    size_t used = 0;

    assert_non_null(r);
    assert_false(sai_policy_new(o, &p, r));
    assert_null(p);
    for (size_t i = 0; i < sai_report_count(r) && used < sizeof(all); i++) {
        char line[1024];

        used +=
            (size_t)snprintf(all + used, sizeof(all) - used, "%s%s", i == 0 ? "" : "\n",
                             sai_err_format(sai_report_get(r, i, NULL), line, sizeof(line)));
    }
    assert_text(all, expected);
    sai_report_free(r);
}
