/* SPDX-License-Identifier: Apache-2.0 */

/* What rules make of the attributes of accounts: sources, targets, for whom they are. */

#include "claims_fixture.h"

static const struct sai_pair annotations[] = { { "a", "annotation of a" }, { "x", "1" } };
static const struct sai_pair labels[] = { { "a", "label of a" } };
static const struct sai_pair namespace_annotations[] = { { "a", "namespace annotation of a" } };
static const struct sai_pair namespace_labels[] = { { "a", "namespace label of a" },
                                                    { "b", "2" } };
static const struct sai_account account = {
    .namespace_name = "team-a",
    .name = "builder",
    .uid = TEST_UID,
    .annotations = { annotations, 2 },
    .labels = { labels, 1 },
    .namespace_annotations = { namespace_annotations, 1 },
    .namespace_labels = { namespace_labels, 2 },
};

static void sources(void **state)
{
    const struct sai_claim_rule rules[] = {
        { .source = SAI_SOURCE_ANNOTATION, .from = "a", .claim = NAMES("1") },
        { .source = SAI_SOURCE_LABEL, .from = "a", .claim = NAMES("2") },
        { .source = SAI_SOURCE_NAMESPACE_ANNOTATION, .from = "a", .claim = NAMES("3") },
        { .source = SAI_SOURCE_NAMESPACE_LABEL, .from = "a", .claim = NAMES("4") },
        { .source = SAI_SOURCE_FIELD, .from = "namespace", .claim = NAMES("5") },
        { .source = SAI_SOURCE_FIELD, .from = "serviceAccount", .claim = NAMES("6") },
        { .source = SAI_SOURCE_FIELD, .from = "uid", .claim = NAMES("7") },
        { .source = SAI_SOURCE_FIELD, .from = "pod", .claim = NAMES("8") },
        { .source = SAI_SOURCE_FIELD, .from = "node", .claim = NAMES("9") },
        { .source = SAI_SOURCE_VALUE, .from = "{uid}", .claim = NAMES("A") },
        { .source = SAI_SOURCE_TEMPLATE,
          .from = "{{{namespace}/{serviceAccount}}}:{annotation:x}{namespaceLabel:b}",
          .claim = NAMES("B") },
        { .source = SAI_SOURCE_TEMPLATE,
          .from = "{annotation:a}|{label:a}|{namespaceAnnotation:a}|{uid}|{pod}|{node}",
          .claim = NAMES("C") },
        { .source = SAI_SOURCE_TEMPLATE, .from = "x{label:none}", .claim = NAMES("D") },
        { .source = SAI_SOURCE_TEMPLATE,
          .from = "x{label:none}",
          .claim = NAMES("E"),
          .preset = "p" },
        { .source = SAI_SOURCE_TEMPLATE, .from = "", .claim = NAMES("F") },
        { .source = SAI_SOURCE_NAMESPACE_LABEL,
          .from = "b",
          .claim = NAMES("G"),
          .type = SAI_TYPE_INTEGER },
    };
    struct sai_token_request r = { .account = &account,
                                   .audiences = LIST("one"),
                                   .pod = { "p-1", "u" },
                                   .node = { "n-1", NULL } };

    (void)state;
    assert_custom(
        rules, ARRAY_SIZE(rules), &r,
        "{\"1\":\"annotation of a\",\"2\":\"label of a\",\"3\":\"namespace annotation "
        "of a\",\"4\":\"namespace label of a\",\"5\":\"team-a\",\"6\":\"builder\","
        "\"7\":\"" TEST_UID "\",\"8\":\"p-1\",\"9\":\"n-1\",\"A\":\"{uid}\","
        "\"B\":\"{team-a/builder}:12\",\"C\":\"annotation of a|label of a|namespace "
        "annotation of a|" TEST_UID "|p-1|n-1\",\"E\":\"p\",\"F\":\"\",\"G\":2}");
    r.pod = r.node = (struct sai_object_ref){ 0 };
    assert_custom(rules + 7, 2, &r, "{}");
}

static void a_template_that_grows_too_long(void **state)
{
    static char big[12001];
    const struct sai_pair pair = { "a", big };
    const struct sai_account long_account = {
        .namespace_name = "ns", .name = "sa", .uid = TEST_UID, .annotations = { &pair, 1 }
    };
    const struct sai_claim_rule rule = { .source = SAI_SOURCE_TEMPLATE,
                                         .from = "{annotation:a}{annotation:a}",
                                         CLAIM };
    const struct sai_token_request r = { .account = &long_account, .audiences = LIST("one") };

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    assert_custom(&rule, 1, &r, "refused: claims[0]: template is longer than 16384 bytes");
}

/* Members sorted at every level, objects opened and closed as they come and go. */
static void nested_claims_are_sorted(void **state)
{
#define CONSTANT(value, ...)                                                                   \
    {                                                                                          \
        .source = SAI_SOURCE_VALUE, .from = value, .claim = NAMES(__VA_ARGS__)                 \
    }
    const struct sai_claim_rule rules[] = {
        CONSTANT("1", "z", "b", "y"),
        CONSTANT("2", "z", "b", "x"),
        CONSTANT("3", "z", "a"),
        CONSTANT("4", "jtj"),
        CONSTANT("5", "z", "c", "d", "e"),
        CONSTANT("6", "Z"),
        { .source = SAI_SOURCE_ANNOTATION, .from = "no", .claim = NAMES("z", "b", "w") },
        { .source = SAI_SOURCE_ANNOTATION, .from = "no", .claim = NAMES("y", "a") },
        { .source = SAI_SOURCE_ANNOTATION, .from = "no", .claim = NAMES("0") },
        CONSTANT("7", "kubernetes.ip", "k"),
        CONSTANT("8", "kubernetes"),
    };
    struct sai_policy *p = policy_of(rules, ARRAY_SIZE(rules));
    struct sai_minter *m = must_prepare(p);
    const struct sai_token_request r = { .account = &account,
                                         .audiences = LIST("one"),
                                         .now_unix_s = test_now };
    struct sai_err e = { 0 };
    struct sai_token t;
    char *claims;

    (void)state;
    assert_true(sai_mint(m, &r, &t, &e));
    claims = claims_without_jti(&t);
    assert_string_equal(
        claims,
        "{\"Z\":\"6\",\"aud\":[\"one\"],\"exp\":1767229200,\"iat\":1767225600,\"iss\":"
        "\"https://oidc.example.com\",\"jti\":\"JTI\",\"jtj\":\"4\",\"kubernetes\":\"8\","
        "\"kubernetes.io\":{\"namespace\":\"team-a\",\"serviceaccount\":{\"name\":\"builder\","
        "\"uid\":\"" TEST_UID "\"}},\"kubernetes.ip\":{\"k\":\"7\"},\"nbf\":1767225600,"
        "\"sub\":\"system:serviceaccount:team-a:builder\",\"z\":{\"a\":\"3\",\"b\":{\"x\":"
        "\"2\","
        "\"y\":\"1\"},\"c\":{\"d\":{\"e\":\"5\"}}}}");
    free(claims);
    sai_minter_free(m);
    sai_policy_free(p);
}

static void session_tags(void **state)
{
    const struct sai_claim_rule rules[] = {
        { .source = SAI_SOURCE_VALUE, .from = "3", .session_tag = "c", .transitive = true },
        { .source = SAI_SOURCE_VALUE, .from = "1", .session_tag = "a", .transitive = true },
        { .source = SAI_SOURCE_VALUE, .from = "2", .session_tag = "b" },
        { .source = SAI_SOURCE_ANNOTATION,
          .from = "no",
          .session_tag = "B2",
          .transitive = true },
        { .source = SAI_SOURCE_ANNOTATION,
          .from = "no",
          .session_tag = "d",
          .preset = "4",
          .transitive = true },
    };
    struct sai_token_request r = { .account = &account, .audiences = LIST("aws") };

    (void)state;
    assert_custom(rules, 5, &r,
                  "{\"https://aws.amazon.com/tags\":{\"principal_tags\":{\"a\":[\"1\"],\"b\":["
                  "\"2\"],\"c\":[\"3\"],\"d\":[\"4\"]},\"transitive_tag_keys\":[\"a\",\"c\","
                  "\"d\"]}}");
    assert_custom(rules + 2, 2, &r,
                  "{\"https://aws.amazon.com/tags\":{\"principal_tags\":{\"b\":[\"2\"]}}}");
    assert_custom(rules + 3, 1, &r, "{}");
}

static void rules_for_some_namespaces_and_audiences(void **state)
{
    const struct sai_claim_rule rules[] = {
        { .source = SAI_SOURCE_VALUE,
          .from = "1",
          .claim = NAMES("a"),
          .namespaces = NAMES("x", "team-a") },
        { .source = SAI_SOURCE_VALUE,
          .from = "2",
          .claim = NAMES("b"),
          .namespaces = NAMES("team", "team-b") },
        { .source = SAI_SOURCE_VALUE,
          .from = "3",
          .claim = NAMES("c"),
          .audiences = NAMES("two") },
        { .source = SAI_SOURCE_ANNOTATION,
          .from = "no",
          .claim = NAMES("d"),
          .audiences = NAMES("aws", "two"),
          .namespaces = NAMES("y"),
          .required = true },
    };
    struct sai_token_request r = { .account = &account, .audiences = LIST("one") };
    struct sai_account other = account;

    (void)state;
    assert_custom(rules, 4, &r, "{\"a\":\"1\"}");
    /* One of the token's audiences is enough: nobody sheds a rule by asking for more. */
    r.audiences = LIST("one", "two");
    assert_custom(rules, 4, &r, "{\"a\":\"1\",\"c\":\"3\"}");
    other.namespace_name = "y";
    r.account = &other;
    assert_custom(rules, 4, &r, "refused: claims[3]: annotation \"no\" is missing");
    r.audiences = LIST("one");
    assert_custom(rules, 4, &r, "{}");
}

/* What would take exponential time is given up, and refuses. */
static void patterns_cannot_hang(void **state)
{
    static const char *const patterns[] = { "(a|a)*[bc]",          "(a*)*[bc]",
                                            "(a|aa)+[bc]",         "(?:a?){60}a{60}[bc]",
                                            "(*NO_JIT)(a|a)*[bc]", "([a-z]+)*[0-9]" };
    char text[1001];
    const struct sai_pair pair = { "example.com/a", text };
    const struct sai_account long_account = {
        .namespace_name = "ns", .name = "sa", .uid = TEST_UID, .annotations = { &pair, 1 }
    };
    const struct sai_token_request r = { .account = &long_account, .audiences = LIST("one") };

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
        const struct sai_claim_rule rule = { ANNOTATION, CLAIM, .pattern = patterns[i] };
        struct sai_policy *p = policy_of(&rule, 1);
        clock_t start = clock();
        char *found = mint_custom(p, &r);
        double ms = (double)(clock() - start) * 1000 / CLOCKS_PER_SEC;

        print_message("%-20s %6.1f ms  %s\n", patterns[i], ms, found);
        assert_true(strncmp(found, "refused: claims[0]: annotation", 30) == 0);
        assert_true(ms < 1000); /* a sanitizer's build is slow, too */
        free(found);
        sai_policy_free(p);
    }
}

/* The limits are far from what honest patterns need for the longest texts. */
static void patterns_reach_the_end_of_long_texts(void **state)
{
    static const char *const patterns[] = {
        "[a-z-]+", "([a-z]+-?)+", "([a-z]{1,9}-)*",      "(?:(a+|b+)(-|_))*",
        ".*-",     "(a|b|-)*",    "(*NO_JIT)([a-z]+-?)+"
    };
    static char text[16385];
    const struct sai_pair pair = { "example.com/a", text };
    const struct sai_account long_account = {
        .namespace_name = "ns", .name = "sa", .uid = TEST_UID, .annotations = { &pair, 1 }
    };
    const struct sai_audience to = { .name = "one", .profile = "aws" };
    const struct sai_token_request r = { .account = &long_account, .audiences = LIST("one") };

    (void)state;
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        text[i] = i % 8 == 7 ? '-' : 'a';
    for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
        const struct sai_claim_rule rule = { ANNOTATION, CLAIM, .pattern = patterns[i],
                                             .max_length = 16384 };
        const struct sai_policy_options o = { .issuer = "https://oidc.example.com",
                                              .keys = keys.keys,
                                              .audiences = &to,
                                              .audience_count = 1,
                                              .claims = &rule,
                                              .claim_count = 1 };
        struct sai_policy *p = must_compile(&o);
        char *found = mint_custom(p, &r);

        if (strstr(found, "refused: claims") != NULL)
            fail_msg("%s: %s", patterns[i], found);
        free(found);
        sai_policy_free(p);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sources),
        cmocka_unit_test(a_template_that_grows_too_long),
        cmocka_unit_test(nested_claims_are_sorted),
        cmocka_unit_test(session_tags),
        cmocka_unit_test(rules_for_some_namespaces_and_audiences),
        cmocka_unit_test(patterns_cannot_hang),
        cmocka_unit_test(patterns_reach_the_end_of_long_texts),
    };

    return cmocka_run_group_tests(tests, claims_setup, claims_teardown);
}
