/* SPDX-License-Identifier: Apache-2.0 */

/* 100,000 random accounts under random rules: what the issuer says itself never changes, and
 * each rule's claim is there as an independent oracle has it, or the token is refused.
 * SA_SEED repeats a run. */

#include "property_oracle.h"

#include <time.h>

enum { RULE_SETS = 1000, ACCOUNTS = 100, RULES_MAX_HERE = 6, PAIRS_MAX = 6 };

static struct fixture keys;
static uint64_t state_;

/* splitmix64 */
static uint64_t next(void)
{
    uint64_t z = state_ += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static size_t below(size_t n)
{
    return (size_t)(next() % n);
}

#define PICK(list) (list)[below(ARRAY_SIZE(list))]

static const char *const attribute_keys[] = { "a",   "b",   "example.com/a",
                                              "iss", "sub", "kubernetes.io",
                                              "aud" };

static const char *const texts[] = {
    "",
    "a",
    "blue-7",
    "true",
    "false",
    "True",
    "0",
    "42",
    "-7",
    "-0",
    "007",
    "9007199254740991",
    "1e2",
    "1.5",
    ".5",
    "1e999",
    "9007199254740992",
    "77777777777777777777777777777777777777",
    "a,b",
    " a , b ",
    "a,,b",
    ",",
    "a,",
    "  ",
    "{}",
    "[1,2]",
    "null",
    "\"x\"",
    "{\"b\":1,\"a\":[]}",
    "{\"iss\":\"https://evil\"}",
    "{\"a\":1,\"a\":2}",
    "{\"a\":",
    "x\",\"sub\":\"system:serviceaccount:kube-system:admin",
    "\"}",
    "},\"exp\":9999999999,\"x\":{",
    "\\",
    "\\u0022",
    "a\nb",
    "\x01\x1f",
    "\x7f",
    "<script>&",
    "\xe2\x80\xa8",
    "\xc3\xa9",
    "\xf0\x9f\x9a\x80",
    "\xff",
    "\xc3",
    "\xed\xa0\x80",
    "\xc0\x80",
    "abcdefghijabcdefghijabcdefghijabcdefghij",
};

static const char *random_text(char buf[64])
{
    size_t len = below(20);

    if (below(4) != 0)
        return PICK(texts);
    for (size_t i = 0; i < len; i++)
        buf[i] = (char)(1 + below(255));
    buf[len] = '\0';
    return buf;
}

static int compare_pairs(const void *a, const void *b)
{
    return strcmp(((const struct sai_pair *)a)->key, ((const struct sai_pair *)b)->key);
}

struct bag {
    struct sai_pair pairs[PAIRS_MAX];
    char values[PAIRS_MAX][64];
};

static struct sai_pairs random_pairs(struct bag *bag)
{
    size_t wanted = below(PAIRS_MAX + 1);
    size_t count = 0;

    for (size_t i = 0; i < wanted; i++) {
        const char *key = PICK(attribute_keys);
        const struct sai_pairs so_far = { bag->pairs, count };

        if (oracle_find(&so_far, key) != NULL)
            continue;
        bag->pairs[count].key = key;
        bag->pairs[count].value = random_text(bag->values[count]);
        count++;
    }
    qsort(bag->pairs, count, sizeof(bag->pairs[0]), compare_pairs);
    return (struct sai_pairs){ bag->pairs, count };
}

static const char *const names[] = { "a",
                                     "b",
                                     "c",
                                     "z",
                                     "A",
                                     "ISS",
                                     "iss ",
                                     "sub2",
                                     "aue",
                                     "exp.",
                                     "nbe",
                                     "\xc3\xa9",
                                     "<&>",
                                     "kubernetes.i",
                                     "iss",
                                     "kubernetes.io",
                                     "https://aws.amazon.com/tags" };
static const char *const tags[] = { "team", "Env", "cost-center", "x y" };
static const char *const namespaces[] = { "ns", "other" };
static const char *const to[] = { "one", "two" };
static const char *const allowed[] = { "a", "true", "42", "blue-7" };
static const char *const patterns[] = { "[a-z0-9-]{1,8}", "[0-9]*|true", "[^A]*", "" };
static const char *const templates[] = { "{annotation:a}-{namespace}",
                                         "{annotation:iss}-{namespace}" };
static const char *const fields[] = { "uid", "pod" };

struct random_rule {
    struct sai_claim_rule rule;
    const char *path[3];
};

static void set_target(struct random_rule *r)
{
    size_t depth = 1 + below(3);

    if (below(5) == 0) {
        r->rule.session_tag = PICK(tags);
        r->rule.transitive = below(2) == 0;
        return;
    }
    for (size_t i = 0; i < depth; i++)
        r->path[i] = PICK(names);
    r->rule.claim = (struct sai_strings){ r->path, depth };
    r->rule.type = (enum sai_claim_type)below(6);
}

static void random_rule(struct random_rule *r)
{
    struct sai_claim_rule *rule = &r->rule;

    *r = (struct random_rule){ .rule.source = (enum sai_claim_source)below(7) };
    rule->from = rule->source == SAI_SOURCE_TEMPLATE ? PICK(templates)
                 : rule->source == SAI_SOURCE_FIELD  ? PICK(fields)
                 : rule->source == SAI_SOURCE_VALUE  ? PICK(texts)
                                                     : PICK(attribute_keys);
    set_target(r);
    if (below(4) == 0)
        rule->pattern = PICK(patterns);
    if (below(6) == 0)
        rule->one_of = (struct sai_strings){ allowed, ARRAY_SIZE(allowed) };
    if (below(6) == 0)
        rule->max_length = 1 + below(30);
    if (below(5) == 0)
        rule->namespaces = (struct sai_strings){ namespaces + below(2), 1 };
    if (below(5) == 0)
        rule->audiences = (struct sai_strings){ to + below(2), 1 };
    rule->required = below(5) == 0;
    if (!rule->required && rule->source != SAI_SOURCE_VALUE && below(4) == 0)
        rule->preset = PICK(texts);
}

static const struct sai_audience audiences[] = { { .name = "one", .profile = "generic" },
                                                 { .name = "two", .profile = "generic" } };

static struct sai_policy *compile(const struct sai_claim_rule *rules, size_t count)
{
    const struct sai_policy_options o = { .issuer = "https://oidc.example.com/<a>",
                                          .keys = keys.keys,
                                          .audiences = audiences,
                                          .audience_count = 2,
                                          .claims = rules,
                                          .claim_count = count };
    struct sai_report *r = sai_report_new();
    struct sai_policy *p = NULL;

    bool ok = sai_policy_new(&o, &p, r);

    assert_int_equal(ok, sai_report_total(r, SAI_ERROR) == 0);
    sai_report_free(r);
    return p;
}

static const char *const reserved[] = { "aud", "exp",           "iat", "iss",
                                        "jti", "kubernetes.io", "nbf", "sub" };

static void assert_sorted(const json_t *value)
{
    const char *before = NULL;
    const char *key;
    json_t *member;
    size_t i;

    json_array_foreach (value, i, member)
        assert_sorted(member);
    /* jansson keeps the order of the text. */
    json_object_foreach ((json_t *)(uintptr_t)value, key, member) {
        assert_true(before == NULL || strcmp(before, key) < 0);
        before = key;
        assert_sorted(member);
    }
}

/* The bytes of a top-level member's value, found by its name and the brackets around. */
static void raw_member(const char *claims, const char *name, char *out, size_t size)
{
    bool in_string = false;
    size_t depth = 0;
    char wanted[64];
    const char *at;
    size_t len = 0;

    (void)snprintf(wanted, sizeof(wanted), "\"%s\":", name);
    for (at = claims;; at++) {
        assert_int_not_equal(*at, '\0');
        if (!in_string && depth == 1 && strncmp(at, wanted, strlen(wanted)) == 0)
            break;
        if (*at == '"')
            in_string = !in_string;
        else if (in_string && *at == '\\')
            at++;
        else if (!in_string && (*at == '{' || *at == '['))
            depth++;
        else if (!in_string && (*at == '}' || *at == ']'))
            depth--;
    }
    at += strlen(wanted);
    for (depth = 0; depth > 0 || in_string || strchr(",}", at[len]) == NULL; len++) {
        assert_true(len + 1 < size);
        if (in_string && at[len] == '\\')
            len++;
        else if (at[len] == '"')
            in_string = !in_string;
        else if (!in_string && (at[len] == '{' || at[len] == '['))
            depth++;
        else if (!in_string && (at[len] == '}' || at[len] == ']'))
            depth--;
    }
    (void)snprintf(out, size, "%.*s", (int)len, at);
}

static void assert_reserved_unchanged(const char *claims, const char *bare)
{
    for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
        char found[512];
        char expected[512];

        raw_member(claims, reserved[i], found, sizeof(found));
        raw_member(bare, reserved[i], expected, sizeof(expected));
        assert_string_equal(found, expected);
    }
}

static const json_t *claim_of(const json_t *claims, const struct sai_claim_rule *rule)
{
    if (rule->session_tag != NULL)
        return json_array_get(
            json_object_get(
                json_object_get(json_object_get(claims, "https://aws.amazon.com/tags"),
                                "principal_tags"),
                rule->session_tag),
            0);
    for (size_t i = 0; i < rule->claim.count; i++)
        claims = json_object_get(claims, rule->claim.items[i]);
    return claims;
}

/* Whether the oracle would refuse the token, or might; each claim that is there is as the
 * oracle has it. */
static bool check_rules(const struct sai_claim_rule *rules,
                        size_t count,
                        const struct sai_account *account,
                        const char *audience,
                        const json_t *claims)
{
    bool refused = false;

    for (size_t i = 0; i < count; i++) {
        json_t *expected;
        enum oracle_answer answer = oracle_ask(&rules[i], account, audience, &expected);

        refused = refused || answer == ORACLE_REFUSAL || answer == ORACLE_EITHER;
        if (claims != NULL && answer == ORACLE_REFUSAL)
            fail_msg("rule %zu (source %d %s, type %d, pattern %s) should have refused", i,
                     (int)rules[i].source, rules[i].from, (int)rules[i].type,
                     rules[i].pattern == NULL ? "none" : rules[i].pattern);
        if (claims != NULL && (answer == ORACLE_VALUE || answer == ORACLE_EITHER))
            assert_true(json_equal(claim_of(claims, &rules[i]), expected));
        if (claims != NULL && answer == ORACLE_NOTHING)
            assert_null(claim_of(claims, &rules[i]));
        json_decref(expected);
    }
    return refused;
}

struct tally {
    size_t minted;
    size_t refused;
    size_t claims;
};

static void try_account(struct sai_minter *m,
                        struct sai_minter *bare,
                        const struct sai_claim_rule *rules,
                        size_t count,
                        struct tally *tally)
{
    static struct bag bags[4];
    const struct sai_account account = { .namespace_name = PICK(namespaces),
                                         .name = "builder",
                                         .uid = TEST_UID,
                                         .annotations = random_pairs(&bags[0]),
                                         .labels = random_pairs(&bags[1]),
                                         .namespace_annotations = random_pairs(&bags[2]),
                                         .namespace_labels = random_pairs(&bags[3]) };
    const char *audience = PICK(to);
    const struct sai_token_request r = { .account = &account,
                                         .audiences = { &audience, 1 },
                                         .now_unix_s = test_now + (int64_t)below(1000000) };
    struct sai_err e = { 0 };
    struct sai_token t;
    char *without;
    char *with;
    json_t *claims;

    if (!sai_mint_claims(m, &r, &t, &e)) {
        assert_int_equal(e.code, SAI_E_DENIED);
        if (!check_rules(rules, count, &account, audience, NULL))
            fail_msg("%s: %s: refused without a reason", e.path, e.text);
        tally->refused++;
        return;
    }
    claims = json_loadb(t.claims, t.claims_len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(claims);
    assert_sorted(claims);
    (void)check_rules(rules, count, &account, audience, claims);
    tally->minted++;
    tally->claims += json_object_size(claims);
    json_decref(claims);
    with = claims_without_jti(&t);
    assert_true(sai_mint_claims(bare, &r, &t, &e));
    without = claims_without_jti(&t);
    assert_reserved_unchanged(with, without);
    free(with);
    free(without);
}

static void random_accounts_under_random_rules(void **state)
{
    const char *seed = getenv("SA_SEED");
    struct sai_policy *bare_policy = compile(NULL, 0);
    struct sai_minter *bare = must_prepare(bare_policy);
    struct tally tally = { 0 };
    size_t sets = 0;

    (void)state;
    state_ = seed != NULL ? (uint64_t)strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    print_message("SA_SEED=%llu\n", (unsigned long long)state_);
    while (sets < RULE_SETS) {
        struct random_rule random[RULES_MAX_HERE];
        struct sai_claim_rule rules[RULES_MAX_HERE];
        size_t count = 1 + below(RULES_MAX_HERE);
        struct sai_policy *p;
        struct sai_minter *m;

        for (size_t i = 0; i < count; i++) {
            random_rule(&random[i]);
            rules[i] = random[i].rule;
        }
        p = compile(rules, count);
        if (p == NULL)
            continue; /* two with one target, a constant that does not convert, ... */
        for (size_t i = 0; i < count; i++) {
            for (size_t j = 0; j < ARRAY_SIZE(reserved) && rules[i].claim.count > 0; j++)
                assert_string_not_equal(rules[i].claim.items[0], reserved[j]);
        }
        m = must_prepare(p);
        for (size_t i = 0; i < ACCOUNTS; i++)
            try_account(m, bare, rules, count, &tally);
        sai_minter_free(m);
        sai_policy_free(p);
        sets++;
    }
    print_message("%zu minted with %zu claims, %zu refused\n", tally.minted, tally.claims,
                  tally.refused);
    assert_int_equal(tally.minted + tally.refused, RULE_SETS * ACCOUNTS);
    assert_true(tally.minted > 10000 && tally.refused > 10000);
    sai_minter_free(bare);
    sai_policy_free(bare_policy);
}

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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_accounts_under_random_rules),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
