/* SPDX-License-Identifier: Apache-2.0 */

/* Requests that are refused, each with its exact message. */

#include "mint_fixture.h"

#define TEN      "abcdefghij"
#define FIFTY    TEN TEN TEN TEN TEN
#define LABEL    FIFTY "abcdefghijklm"
#define NO_LABEL "must be a DNS label: a-z, 0-9 and -, a letter or digit at both ends"
#define NO_DOMAIN                                                                              \
    "must be a DNS name: a-z, 0-9, - and ., a letter or digit at both ends and beside each "   \
    "dot"
#define DOMAIN LABEL "." LABEL "." LABEL "." FIFTY TEN "a"

static struct fixture keys;
static struct sai_policy *policy;
static struct sai_minter *minter;

static const struct sai_audience audiences[] = {
    { .name = "a", .profile = "generic" },
    { .name = "b", .profile = "generic" },
    { .name = "ec", .profile = "generic", .algorithm = "ES256" },
    { .name = "aws", .profile = "aws" },
    { .name = "gcp", .profile = "gcp" },
    { .name = "1", .profile = "vault" },
    { .name = "2", .profile = "vault" },
    { .name = "3", .profile = "vault" },
    { .name = "4", .profile = "vault" },
    { .name = "5", .profile = "vault" },
    { .name = "6", .profile = "vault" },
    { .name = "7", .profile = "vault" },
    { .name = "8", .profile = "vault" },
    { .name = "9", .profile = "vault" },
    { .name = "kube", .profile = "kubernetes" },
};

static int setup(void **state)
{
    const struct sai_claim_rule rules[] = {
        { .source = SAI_SOURCE_ANNOTATION,
          .from = "big",
          .claim = NAMES("big"),
          .max_length = 16384 },
    };
    struct sai_policy_options o = { .issuer = "https://oidc.example.com",
                                    .audiences = audiences,
                                    .audience_count = ARRAY_SIZE(audiences),
                                    .claims = rules,
                                    .claim_count = ARRAY_SIZE(rules),
                                    .backdate_s = 30,
                                    .lifetime_annotation = "example.com/lifetime" };

    (void)state;
    if (fixture_init(&keys, "RSA EC") != 0)
        return 1;
    o.keys = keys.keys;
    policy = must_compile(&o);
    minter = must_prepare(policy);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sai_minter_free(minter);
    sai_policy_free(policy);
    fixture_done(&keys);
    return 0;
}

static void
assert_refused(const struct sai_token_request *r, enum sai_err_code code, const char *text)
{
    struct sai_token t = { .text = "untouched" };
    struct sai_err e = { 0 };

    assert_false(sai_mint(minter, r, &t, &e));
    assert_string_equal(e.text, text);
    assert_int_equal(e.code, code);
    assert_string_equal(t.text, "untouched");
    e = (struct sai_err){ 0 };
    assert_false(sai_mint_claims(minter, r, &t, &e));
    assert_string_equal(e.text, text);
}

static const struct sai_account good = { .namespace_name = "ns",
                                         .name = "sa",
                                         .uid = TEST_UID };

static const struct {
    struct sai_account account;
    const char *text;
} account_cases[] = {
    { { .namespace_name = "", .name = "sa", .uid = "u" }, "namespace \"\": " NO_LABEL },
    { { .namespace_name = "a.b", .name = "sa", .uid = "u" }, "namespace \"a.b\": " NO_LABEL },
    { { .namespace_name = "a:b", .name = "sa", .uid = "u" }, "namespace \"a:b\": " NO_LABEL },
    { { .namespace_name = "Ns", .name = "sa", .uid = "u" }, "namespace \"Ns\": " NO_LABEL },
    { { .namespace_name = LABEL "x", .name = "sa", .uid = "u" },
      "namespace \"" FIFTY TEN "...\": 64 characters, at most 63 are allowed" },
    { { .namespace_name = "ns", .name = "a:b", .uid = "u" },
      "service account \"a:b\": " NO_DOMAIN },
    { { .namespace_name = "ns", .name = "a%3Ab", .uid = "u" },
      "service account \"a%3Ab\": " NO_DOMAIN },
    { { .namespace_name = "ns", .name = "\xef\xbc\xa1", .uid = "u" },
      "service account \"???\": " NO_DOMAIN },
    { { .namespace_name = "ns", .name = "a.", .uid = "u" },
      "service account \"a.\": " NO_DOMAIN },
    { { .namespace_name = "ns", .name = DOMAIN "b", .uid = "u" },
      "service account \"" FIFTY TEN "...\": 254 characters, at most 253 are allowed" },
    { { .namespace_name = "ns", .name = "sa" }, "service account ns/sa has no valid uid" },
    { { .namespace_name = "ns", .name = "sa", .uid = "" },
      "service account ns/sa has no valid uid" },
    { { .namespace_name = "ns", .name = "sa", .uid = "a b" },
      "service account ns/sa has no valid uid" },
    { { .namespace_name = "ns", .name = "sa", .uid = FIFTY FIFTY TEN TEN "123456789" },
      "service account ns/sa has no valid uid" },
};

static void bad_accounts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(account_cases); i++) {
        const struct sai_token_request r = { .account = &account_cases[i].account,
                                             .audiences = LIST("a") };

        assert_refused(&r, SAI_E_INVALID, account_cases[i].text);
    }
}

static const struct {
    struct sai_token_request request; /* for the good account, of audience a if it names none */
    enum sai_err_code code;
    const char *text;
} cases[] = {
    /* audiences */
    { { .audiences = NAMES("c") }, SAI_E_DENIED, "audience \"c\" is not configured" },
    { { .audiences = NAMES("") }, SAI_E_DENIED, "audience \"\" is not configured" },
    { { .audiences = NAMES("A") }, SAI_E_DENIED, "audience \"A\" is not configured" },
    { { .audiences = NAMES("a ") }, SAI_E_DENIED, "audience \"a \" is not configured" },
    { { .audiences = NAMES("a\n") }, SAI_E_DENIED, "audience \"a?\" is not configured" },
    { { .audiences = NAMES("*") }, SAI_E_DENIED, "audience \"*\" is not configured" },
    { { .audiences = NAMES("a,b") }, SAI_E_DENIED, "audience \"a,b\" is not configured" },
    { { .audiences = NAMES("a", "b", "c") }, SAI_E_DENIED, "audience \"c\" is not configured" },
    { { .audiences = NAMES("a", "b", "a") },
      SAI_E_INVALID,
      "audience \"a\" is asked for twice" },
    { { .audiences = NAMES("a", "aws") },
      SAI_E_DENIED,
      "audience \"aws\" (profile aws) must stand alone" },
    { { .audiences = NAMES("1", "2", "3", "4", "5", "6", "7", "8", "9") },
      SAI_E_DENIED,
      "audience \"1\" (profile vault) is with too many others" },
    { { .audiences = NAMES("1",
                           "2",
                           "3",
                           "4",
                           "5",
                           "6",
                           "7",
                           "8",
                           "9",
                           "1",
                           "2",
                           "3",
                           "4",
                           "5",
                           "6",
                           "7",
                           "8") },
      SAI_E_LIMIT,
      "17 audiences: at most 16" },
    /* durations and times */
    { { .duration_s = 1 },
      SAI_E_INVALID,
      "a duration of 1 s: must be between 600 and 4294967296" },
    { { .duration_s = 599 },
      SAI_E_INVALID,
      "a duration of 599 s: must be between 600 and 4294967296" },
    { { .duration_s = (UINT64_C(1) << 32) + 1 },
      SAI_E_INVALID,
      "a duration of 4294967297 s: must be between 600 and 4294967296" },
    { { .duration_s = UINT64_MAX },
      SAI_E_INVALID,
      "a duration of 18446744073709551615 s: must be between 600 and 4294967296" },
    { { .now_unix_s = -1 }, SAI_E_INVALID, "the time -1 is out of range" },
    { { .now_unix_s = 29 }, SAI_E_INVALID, "the time 29 is out of range" },
    { { .now_unix_s = INT64_MIN },
      SAI_E_INVALID,
      "the time -9223372036854775808 is out of range" },
    { { .now_unix_s = INT64_MAX },
      SAI_E_INVALID,
      "the time 9223372036854775807 is out of range" },
    { { .now_unix_s = INT64_C(253402300799) - 3599 },
      SAI_E_INVALID,
      "the time 253402297200 is out of range" },
    /* bound objects */
    { { .pod = { "p", NULL } }, SAI_E_INVALID, "pod p has no valid uid" },
    { { .pod = { "p", "" } }, SAI_E_INVALID, "pod p has no valid uid" },
    { { .pod = { NULL, "u" } }, SAI_E_INVALID, "pod with a uid and no name" },
    { { .pod = { "P", "u" } }, SAI_E_INVALID, "pod \"P\": " NO_DOMAIN },
    { { .pod = { "", "u" } }, SAI_E_INVALID, "pod \"\": " NO_DOMAIN },
    { { .pod = { "p", "u\n" } }, SAI_E_INVALID, "pod p has no valid uid" },
    { { .node = { "n_1", NULL } }, SAI_E_INVALID, "node \"n_1\": " NO_DOMAIN },
    { { .node = { "n", "" } }, SAI_E_INVALID, "node n has no valid uid" },
    { { .node = { NULL, "u" } }, SAI_E_INVALID, "node with a uid and no name" },
    { { .secret = { "s", NULL } }, SAI_E_INVALID, "secret s has no valid uid" },
    { { .secret = { "a/b", "u" } }, SAI_E_INVALID, "secret \"a/b\": " NO_DOMAIN },
    { { .secret = { "s", "u" }, .pod = { "p", "u" } },
      SAI_E_INVALID,
      "a token bound to a secret cannot be bound to a pod or node" },
    { { .secret = { "s", "u" }, .node = { "n", "u" } },
      SAI_E_INVALID,
      "a token bound to a secret cannot be bound to a pod or node" },
};

static void bad_requests(void **state)
{
    const struct sai_strings a = LIST("a");

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct sai_token_request r = cases[i].request;

        r.account = &good;
        if (r.audiences.count == 0)
            r.audiences = a;
        assert_refused(&r, cases[i].code, cases[i].text);
    }
    assert_refused(&(struct sai_token_request){ .account = &good }, SAI_E_INVALID,
                   "no audience is asked for: a token needs one");
    print_message("%zu cases\n", ARRAY_SIZE(cases) + 1);
}

static void no_key_for_all_audiences(void **state)
{
    const struct sai_audience two[] = {
        { .name = "a", .profile = "generic", .algorithm = "ES256" },
        { .name = "b", .profile = "generic", .algorithm = "RS256" },
        { .name = "c", .profile = "generic" },
    };
    const struct sai_policy_options o = { .issuer = "https://oidc.example.com",
                                          .keys = keys.keys,
                                          .audiences = two,
                                          .audience_count = 3 };
    struct sai_policy *p = must_compile(&o);
    struct sai_minter *m = must_prepare(p);
    struct sai_token_request r = { .account = &good, .audiences = LIST("a", "b") };
    struct sai_err e = { 0 };
    struct sai_token t;

    (void)state;
    assert_false(sai_mint(m, &r, &t, &e));
    assert_int_equal(e.code, SAI_E_DENIED);
    assert_string_equal(e.text, "no key signs for all of the audiences");
    /* c would rather have RS256. */
    r.audiences = LIST("c", "a");
    e = (struct sai_err){ 0 };
    assert_true(sai_mint(m, &r, &t, &e));
    assert_string_equal(t.alg, "ES256");
    sai_minter_free(m);
    sai_policy_free(p);
}

/* system:serviceaccount: is 22 bytes, ns and the colon 3. */
static void subjects_are_bounded_by_profiles(void **state)
{
    static char name[254];
    struct sai_account account = { .namespace_name = "ns", .name = name, .uid = TEST_UID };
    struct sai_token_request r = { .account = &account, .audiences = LIST("gcp") };
    struct sai_err e = { 0 };
    struct sai_token t;

    (void)state;
    memset(name, 'n', 127 - 25);
    assert_true(sai_mint_claims(minter, &r, &t, &e));
    name[127 - 25] = 'n';
    assert_refused(&r, SAI_E_DENIED,
                   "the subject has 128 bytes: profile gcp takes at most 127");
    r.audiences = LIST("aws");
    memset(name, 'n', 255 - 25);
    assert_true(sai_mint_claims(minter, &r, &t, &e));
    name[255 - 25] = 'n';
    assert_refused(&r, SAI_E_DENIED,
                   "the subject has 256 bytes: profile aws takes at most 255");
    r.audiences = LIST("kube");
    memset(name, 'n', 253);
    for (size_t i = 60; i < 253; i += 60)
        name[i] = '.';
    assert_true(sai_mint_claims(minter, &r, &t, &e));
}

static void tokens_are_bounded_by_profiles(void **state)
{
    static char big[16385];
    const struct sai_pair pair = { "big", big };
    const struct sai_account account = {
        .namespace_name = "ns", .name = "sa", .uid = TEST_UID, .annotations = { &pair, 1 }
    };
    struct sai_token_request r = { .account = &account,
                                   .audiences = LIST("kube"),
                                   .now_unix_s = test_now };
    struct sai_err e = { 0 };
    struct sai_token t;
    size_t fits;

    (void)state;
    assert_true(sai_mint(minter, &r, &t, &e));
    /* Each three bytes of claims are four of the token. */
    fits = (8192 - t.len) / 4 * 3;
    memset(big, 'x', fits);
    assert_true(sai_mint(minter, &r, &t, &e));
    assert_in_range(t.len, 8189, 8192);
    memset(big, 'x', fits + 3);
    assert_false(sai_mint(minter, &r, &t, &e));
    assert_int_equal(e.code, SAI_E_LIMIT);
    assert_non_null(strstr(e.text, ": its audience's profile takes 8192"));
    e = (struct sai_err){ 0 };
    r.audiences = LIST("a");
    assert_true(sai_mint(minter, &r, &t, &e));
    /* The least of all profiles counts. */
    r.audiences = LIST("a", "kube");
    assert_false(sai_mint(minter, &r, &t, &e));
    assert_int_equal(e.code, SAI_E_LIMIT);
}

static void accounts_limit_their_lifetimes(void **state)
{
    static const struct {
        const char *value;
        uint64_t granted; /* 0: refused */
        const char *text;
    } lifetimes[] = {
        { "2h", 7200, NULL },
        { "48h", 43200, NULL },
        { "10m", 600, NULL },
        { "60s", 60, NULL },
        { "90s500ms", 90, NULL },
        { "59s", 0, "annotation \"example.com/lifetime\" allows less than 60 s" },
        { "0s", 0, "annotation \"example.com/lifetime\" allows less than 60 s" },
        { "2", 0, "annotation \"example.com/lifetime\" is not a duration" },
        { "", 0, "annotation \"example.com/lifetime\" is not a duration" },
        { "-1h", 0, "annotation \"example.com/lifetime\" is not a duration" },
        { "2h ", 0, "annotation \"example.com/lifetime\" is not a duration" },
        { "99999999999999999999h", 0, "annotation \"example.com/lifetime\" is not a duration" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lifetimes); i++) {
        const struct sai_pair pair = { "example.com/lifetime", lifetimes[i].value };
        const struct sai_account account = {
            .namespace_name = "ns", .name = "sa", .uid = TEST_UID, .annotations = { &pair, 1 }
        };
        const struct sai_token_request r = { .account = &account,
                                             .audiences = LIST("a"),
                                             .duration_s = 43200,
                                             .now_unix_s = test_now };
        struct sai_err e = { 0 };
        struct sai_token t;
        bool ok = sai_mint(minter, &r, &t, &e);

        assert_int_equal(ok, lifetimes[i].granted != 0);
        if (ok) {
            assert_int_equal(t.lifetime_s, lifetimes[i].granted);
            assert_int_equal(t.exp, test_now + (int64_t)lifetimes[i].granted);
            assert_int_equal(t.clamped, lifetimes[i].granted < 43200);
        } else {
            assert_int_equal(e.code, SAI_E_DENIED);
            assert_memory_equal(e.text, lifetimes[i].text, strlen(lifetimes[i].text));
        }
    }
}

/* A refusal leaves nothing behind for the next request. */
static void a_minter_goes_on_after_refusals(void **state)
{
    struct sai_token_request r = { .account = &good,
                                   .audiences = LIST("a"),
                                   .now_unix_s = test_now };
    struct sai_err e = { 0 };
    struct sai_token t;
    char *first;
    char *second;

    (void)state;
    assert_true(sai_mint(minter, &r, &t, &e));
    first = claims_without_jti(&t);
    r.duration_s = 1;
    assert_false(sai_mint(minter, &r, &t, &e));
    r.duration_s = 0;
    e = (struct sai_err){ 0 };
    assert_true(sai_mint(minter, &r, &t, &e));
    second = claims_without_jti(&t);
    assert_string_equal(first, second);
    free(first);
    free(second);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_accounts),
        cmocka_unit_test(bad_requests),
        cmocka_unit_test(no_key_for_all_audiences),
        cmocka_unit_test(subjects_are_bounded_by_profiles),
        cmocka_unit_test(tokens_are_bounded_by_profiles),
        cmocka_unit_test(accounts_limit_their_lifetimes),
        cmocka_unit_test(a_minter_goes_on_after_refusals),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
