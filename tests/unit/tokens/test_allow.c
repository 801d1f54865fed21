/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens/allow.h"
#include "unit.h"

static const uint32_t zero[] = { 0 };
static const uint32_t staff[] = { 50, 51 };
static const char *const ci[] = { "ci" };
static const char *const two[] = { "prod/builder", "prod/web.v2" };
static const char *const alice[] = { "alice" };
static const char *const ops[] = { "ops", "dev" };

#define LIST(a)                                                                                \
    {                                                                                          \
        a, ARRAY_SIZE(a)                                                                       \
    }

static const struct conf_caller rows[] = {
    { .uids = LIST(zero), .namespaces = LIST(ci) },
    { .gids = LIST(staff), .accounts = LIST(two) },
    { .uids = LIST(zero), .gids = LIST(staff), .namespaces = LIST(ci), .accounts = LIST(two) },
    { .users = LIST(alice) },
    { .groups = LIST(ops), .namespaces = LIST(ci) },
};

static long row_of(const struct token_caller *c, const char *ns, const char *name)
{
    const struct conf_caller *row = allow_find(rows, ARRAY_SIZE(rows), c, ns, name);

    return row == NULL ? -1 : row - rows;
}

static long peer(uid_t uid, gid_t gid, const char *ns, const char *name)
{
    const struct token_caller c = { .kind = CALLER_PEER, .uid = uid, .gid = gid };

    return row_of(&c, ns, name);
}

static void the_first_row_with_caller_and_account_decides(void **state)
{
    (void)state;
    assert_int_equal(peer(0, 0, "ci", "x"), 0);
    assert_int_equal(peer(9, 51, "prod", "builder"), 1);
    assert_int_equal(peer(0, 0, "prod", "builder"), 2);
    assert_int_equal(peer(0, 50, "ci", "builder"), 0);
    assert_int_equal(peer(9, 50, "ci", "anything"), 2);
    assert_int_equal(peer(9, 9, "ci", "x"), -1);
    assert_int_equal(peer(50, 0, "ci", "x"), -1); /* a uid is no gid */
}

static void accounts_are_compared_whole(void **state)
{
    (void)state;
    assert_int_equal(peer(9, 50, "prod", "web.v2"), 1);
    assert_int_equal(peer(9, 50, "prod", "web"), -1);
    assert_int_equal(peer(9, 50, "prod", "web.v22"), -1);
    assert_int_equal(peer(9, 50, "pro", "builder"), -1);
    assert_int_equal(peer(9, 50, "prod/builder", ""), -1);
    assert_int_equal(peer(0, 0, "c", "x"), -1);
    assert_int_equal(peer(0, 0, "cii", "x"), -1);
}

static void certificates_match_by_user_or_group(void **state)
{
    static const char *const dev[] = { "other", "dev" };
    static const char *const none[] = { "Dev" };
    struct token_caller c = { .kind = CALLER_CERTIFICATE, .user = "alice" };

    (void)state;
    assert_int_equal(row_of(&c, "any", "x"), 3);
    c.user = "bob";
    assert_int_equal(row_of(&c, "ci", "x"), -1);
    c.groups = (struct sai_strings){ dev, 2 };
    assert_int_equal(row_of(&c, "ci", "x"), 4);
    assert_int_equal(row_of(&c, "prod", "x"), -1);
    c.groups = (struct sai_strings){ none, 1 };
    assert_int_equal(row_of(&c, "ci", "x"), -1);
}

/* A peer's row is not for a certificate whose ids happen to be zero, nor the other way round.
 */
static void kinds_of_callers_do_not_mix(void **state)
{
    struct token_caller c = { .kind = CALLER_CERTIFICATE, .user = "mallory" };

    (void)state;
    assert_int_equal(row_of(&c, "ci", "x"), -1);
    c = (struct token_caller){ .kind = CALLER_PEER, .user = "alice", .uid = 9, .gid = 9 };
    assert_int_equal(row_of(&c, "ci", "x"), -1);
    c.kind = CALLER_NONE;
    c.uid = 0;
    assert_int_equal(row_of(&c, "ci", "x"), -1);
    c.kind = CALLER_BEARER;
    assert_int_equal(row_of(&c, "ci", "x"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_row_with_caller_and_account_decides),
        cmocka_unit_test(accounts_are_compared_whole),
        cmocka_unit_test(certificates_match_by_user_or_group),
        cmocka_unit_test(kinds_of_callers_do_not_mix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
