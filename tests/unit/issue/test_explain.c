/* SPDX-License-Identifier: Apache-2.0 */

/* Explaining what became of each rule. */

#include "mint_fixture.h"

static struct fixture keys;

static int setup(void **state)
{
    (void)state;
    return fixture_init(&keys, "EC");
}

static int teardown(void **state)
{
    (void)state;
    fixture_done(&keys);
    return 0;
}

struct text {
    char lines[2048];
    size_t used;
};

static void note(const struct sai_rule_report *r, void *data)
{
    static const char *const outcomes[] = {
        [SAI_RULE_WRITTEN] = "written", [SAI_RULE_PRESET] = "preset",
        [SAI_RULE_ABSENT] = "absent",   [SAI_RULE_NOT_HERE] = "not here",
        [SAI_RULE_REFUSED] = "refused",
    };
    struct text *t = data;

    t->used += (size_t)snprintf(
        t->lines + t->used, sizeof(t->lines) - t->used, "%zu %s source=%s json=%s reason=%s\n",
        r->rule, outcomes[r->outcome], r->source == NULL ? "-" : r->source,
        r->json == NULL ? "-" : r->json, r->reason == NULL ? "-" : r->reason);
}

static void every_outcome(void **state)
{
    const struct sai_audience audiences[] = { { .name = "a", .profile = "generic" },
                                              { .name = "b", .profile = "generic" } };
    const struct sai_claim_rule rules[] = {
        { .source = SAI_SOURCE_ANNOTATION, .from = "n", .claim = NAMES("1") },
        { .source = SAI_SOURCE_ANNOTATION,
          .from = "n",
          .claim = NAMES("2"),
          .type = SAI_TYPE_BOOLEAN },
        { .source = SAI_SOURCE_ANNOTATION, .from = "m", .claim = NAMES("3"), .preset = "p" },
        { .source = SAI_SOURCE_ANNOTATION, .from = "m", .claim = NAMES("4") },
        { .source = SAI_SOURCE_LABEL, .from = "m", .claim = NAMES("5"), .required = true },
        { .source = SAI_SOURCE_VALUE,
          .from = "v",
          .claim = NAMES("6"),
          .audiences = NAMES("b") },
        { .source = SAI_SOURCE_VALUE, .from = "v", .claim = NAMES("7") },
        { .source = SAI_SOURCE_TEMPLATE, .from = "{annotation:n}!", .session_tag = "8" },
        { .source = SAI_SOURCE_TEMPLATE,
          .from = "{annotation:n}+",
          .session_tag = "9",
          .transitive = true },
    };
    const struct sai_policy_options o = { .issuer = "https://a.example",
                                          .keys = keys.keys,
                                          .audiences = audiences,
                                          .audience_count = 2,
                                          .claims = rules,
                                          .claim_count = ARRAY_SIZE(rules) };
    const struct sai_pair pair = { "n", "x\"y" };
    const struct sai_account account = {
        .namespace_name = "ns", .name = "sa", .uid = TEST_UID, .annotations = { &pair, 1 }
    };
    const struct sai_token_request r = { .account = &account, .audiences = LIST("a") };
    struct sai_policy *p = must_compile(&o);
    struct sai_minter *m = must_prepare(p);
    struct text t = { 0 };
    struct sai_err e = { 0 };
    struct sai_token token;

    (void)state;
    assert_true(sai_explain(m, &r, note, &t, &e));
    assert_int_equal(e.code, SAI_OK);
    assert_string_equal(
        t.lines,
        "0 written source=x\"y json=\"x\\\"y\" reason=-\n"
        "1 refused source=x\"y json=- reason=annotation \"n\" is neither true nor false\n"
        "2 preset source=- json=\"p\" reason=-\n"
        "3 absent source=- json=- reason=-\n"
        "4 refused source=- json=- reason=label \"m\" is missing\n"
        "5 not here source=- json=- reason=-\n"
        "6 written source=- json=\"v\" reason=-\n"
        "7 refused source=x\"y! json=- reason=template holds a character that a session tag "
        "cannot: letters, numbers, spaces and _ . : / = + - @ are what AWS takes\n"
        "8 refused source=x\"y+ json=- reason=template holds a character that a session tag "
        "cannot: letters, numbers, spaces and _ . : / = + - @ are what AWS takes\n");
    /* The mint stops at the first of them. */
    assert_false(sai_mint(m, &r, &token, &e));
    assert_string_equal(e.path, "claims[1]");
    sai_minter_free(m);
    sai_policy_free(p);
}

static void bad_requests_are_not_explained(void **state)
{
    const struct sai_audience to = { .name = "a", .profile = "generic" };
    const struct sai_policy_options o = {
        .issuer = "https://a.example", .keys = keys.keys, .audiences = &to, .audience_count = 1
    };
    const struct sai_account account = { .namespace_name = "ns", .name = "sa", .uid = "u" };
    const struct sai_token_request r = { .account = &account, .audiences = LIST("b") };
    struct sai_policy *p = must_compile(&o);
    struct sai_minter *m = must_prepare(p);
    struct text t = { 0 };
    struct sai_err e = { 0 };

    (void)state;
    assert_false(sai_explain(m, &r, note, &t, &e));
    assert_string_equal(e.text, "audience \"b\" is not configured");
    assert_string_equal(t.lines, "");
    sai_minter_free(m);
    sai_policy_free(p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_outcome),
        cmocka_unit_test(bad_requests_are_not_explained),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
