/* SPDX-License-Identifier: Apache-2.0 */
#include "service/token_path.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

struct row {
    const char *base;
    const char *path;
    enum token_path_kind kind;
    const char *namespace_name; /* NULL: none that is one */
    const char *name;
};

#define L63 "0123456789012345678901234567890123456789012345678901234567890ab"
#define L253                                                                                   \
    L63 "." L63 "." L63 "."                                                                    \
        "0123456789012345678901234567890123456789012345678901234567890"

static const struct row rows[] = {
    { "", "/token", TOKEN_PATH_EXCHANGE },
    { "/prod", "/prod/token", TOKEN_PATH_EXCHANGE },
    { "/prod", "/token", TOKEN_PATH_NONE },
    { "/prod", "/production/token", TOKEN_PATH_NONE },
    { "", "/token/", TOKEN_PATH_NONE },
    { "", "//token", TOKEN_PATH_NONE },
    { "", "/tokens", TOKEN_PATH_NONE },
    { "", "/%74oken", TOKEN_PATH_NONE },
    { "", "", TOKEN_PATH_NONE },
    { "", "/", TOKEN_PATH_NONE },
    { "", "/api/v1/namespaces/ci/serviceaccounts/a/token", TOKEN_PATH_REQUEST, "ci", "a" },
    { "/a/b", "/a/b/api/v1/namespaces/ci/serviceaccounts/a.b-c/token", TOKEN_PATH_REQUEST, "ci",
      "a.b-c" },
    { "/a/b", "/api/v1/namespaces/ci/serviceaccounts/a/token", TOKEN_PATH_NONE },
    { "", "/api/v1/namespaces/" L63 "/serviceaccounts/" L253 "/token", TOKEN_PATH_REQUEST, L63,
      L253 },
    { "", "/api/v1/namespaces/" L63 "0/serviceaccounts/" L253 "0/token", TOKEN_PATH_REQUEST },
    { "", "/api/v1/namespaces/ci/serviceaccounts/a/token/", TOKEN_PATH_NONE },
    { "", "/api/v1/namespaces/ci/serviceaccounts/a/tokens", TOKEN_PATH_NONE },
    { "", "/api/v1/namespaces/ci/serviceaccounts/a", TOKEN_PATH_NONE },
    { "", "/api/v1/namespaces/ci/serviceaccounts//token", TOKEN_PATH_NONE },
    { "", "/api/v1/namespaces//serviceaccounts/a/token", TOKEN_PATH_NONE },
    { "", "/api/v1/namespaces/ci/serviceaccount/a/token", TOKEN_PATH_NONE },
    { "", "/api/v1/namespaces/ci/pods/a/token", TOKEN_PATH_NONE },
    { "", "/api/v2/namespaces/ci/serviceaccounts/a/token", TOKEN_PATH_NONE },
    { "", "/api/v1/namespaces/ci/serviceaccounts/a/b/token", TOKEN_PATH_NONE },
    { "", "/api/v1/namespaces/CI/serviceaccounts/A/token", TOKEN_PATH_REQUEST },
    { "", "/api/v1/namespaces/c.i/serviceaccounts/.a/token", TOKEN_PATH_REQUEST },
    { "", "/api/v1/namespaces/../serviceaccounts/a./token", TOKEN_PATH_REQUEST },
    { "", "/api/v1/namespaces/c:i/serviceaccounts/a:b/token", TOKEN_PATH_REQUEST },
    { "", "/api/v1/namespaces/c%3Ai/serviceaccounts/a%2Fb/token", TOKEN_PATH_REQUEST },
    { "", "/api/v1/namespaces/\xef\xbc\x9a/serviceaccounts/a\x01/token", TOKEN_PATH_REQUEST },
};

static void matches(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct row *row = &rows[i];
        struct token_path p;

        if (token_path_match(row->base, row->path, &p) != row->kind)
            fail_msg("%s below '%s'", row->path, row->base);
        assert_int_equal(p.kind, row->kind);
        if (row->kind != TOKEN_PATH_REQUEST)
            continue;
        assert_int_equal(p.namespace_ok, row->namespace_name != NULL);
        assert_int_equal(p.name_ok, row->name != NULL);
        if (row->name != NULL) {
            assert_string_equal(p.namespace_name, row->namespace_name);
            assert_string_equal(p.name, row->name);
        }
    }
}

static void keeps_names_printable(void **state)
{
    struct token_path p;

    (void)state;
    (void)token_path_match("", "/api/v1/namespaces/\xff/serviceaccounts/a\n/token", &p);
    assert_string_equal(p.namespace_name, "?");
    assert_string_equal(p.name, "a?");
    assert_false(p.namespace_ok);
    assert_false(p.name_ok);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches),
        cmocka_unit_test(keeps_names_printable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
