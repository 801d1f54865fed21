/* SPDX-License-Identifier: Apache-2.0 */

/* Mistakes in audiences and lifetimes, each with its place and exact message; what a policy
 * tells of itself. */

#include "policy_fixture.h"

#define AUDIENCE(...)                                                                          \
    .audience_count = 1, .audiences = &(const struct sai_audience)                             \
    {                                                                                          \
        __VA_ARGS__                                                                            \
    }
#define GOOD_AUDIENCE AUDIENCE(.name = "a", .profile = "generic")

static const struct {
    struct sai_policy_options options;
    const char *expected;
} option_cases[] = {
    { { 0 }, "audiences: at least one is needed" },
    { { AUDIENCE(.name = "", .profile = "aws") }, "audiences[0].name: empty" },
    { { AUDIENCE(.name = "a\nb", .profile = "aws") },
      "audiences[0].name: a?b has characters that are not printable" },
    { { AUDIENCE(.name = "a\xff", .profile = "aws") },
      "audiences[0].name: a? has characters that are not printable" },
    { { AUDIENCE(.name = HUNDRED HUNDRED FIFTY "123456", .profile = "aws") },
      "audiences[0].name: 256 bytes long: profile aws takes at most 255" },
    { { AUDIENCE(.name = "a", .profile = "azure") },
      "audiences[0].profile: no profile azure: want kubernetes, entra, aws, gcp, vault, "
      "anthropic or generic" },
    { { AUDIENCE(.name = "a", .profile = "aws", .algorithm = "RS1") },
      "audiences[0].algorithm: no algorithm RS1" },
    { { AUDIENCE(.name = "a", .profile = "aws", .algorithm = "none") },
      "audiences[0].algorithm: no algorithm none" },
    { { AUDIENCE(.name = "a", .profile = "entra", .algorithm = "ES256") },
      "audiences[0].algorithm: profile entra does not take ES256" },
    { { AUDIENCE(.name = "a", .profile = "kubernetes", .algorithm = "EdDSA") },
      "audiences[0].algorithm: profile kubernetes does not take EdDSA" },
    { { AUDIENCE(.name = "a", .profile = "gcp", .algorithm = "ES384") },
      "audiences[0].algorithm: profile gcp does not take ES384" },
    { { AUDIENCE(.name = "a", .profile = "aws", .algorithm = "ES256") },
      "audiences[0].algorithm: no private key signs with ES256 for this issuer" },
    { { AUDIENCE(.name = "a", .profile = "aws", .max_lifetime_s = 59) },
      "audiences[0].maxLifetime: 59 s: must be between 60 and 4294967296" },
    { { AUDIENCE(.name = "a", .profile = "aws", .max_lifetime_s = UINT64_MAX) },
      "audiences[0].maxLifetime: 18446744073709551615 s: must be between 60 and 4294967296" },
    { { AUDIENCE(.name = "a", .profile = "gcp", .max_lifetime_s = 86401) },
      "audiences[0].maxLifetime: 86401 s: profile gcp takes at most 86400" },
    { { AUDIENCE(.name = "a", .profile = "anthropic", .max_lifetime_s = 7200) },
      "audiences[0].maxLifetime: 7200 s: profile anthropic takes at most 3600" },
    { { .audience_count = 3,
        .audiences = (const struct sai_audience[]){ { .name = "a", .profile = "aws" },
                                                    { .name = "b", .profile = "aws" },
                                                    { .name = "a", .profile = "gcp" } } },
      "audiences[2].name: a is audiences[0] already" },
    { { GOOD_AUDIENCE, .max_lifetime_s = 599 },
      "tokens.maxLifetime: 599 s: must be between 600 and 4294967296" },
    { { GOOD_AUDIENCE, .max_lifetime_s = (UINT64_C(1) << 32) + 1 },
      "tokens.maxLifetime: 4294967297 s: must be between 600 and 4294967296" },
    { { GOOD_AUDIENCE, .default_lifetime_s = 599 },
      "tokens.defaultLifetime: 599 s: must be between 600 and 86400" },
    { { GOOD_AUDIENCE, .default_lifetime_s = 3601, .max_lifetime_s = 3600 },
      "tokens.defaultLifetime: 3601 s: must be between 600 and 3600" },
    { { GOOD_AUDIENCE, .backdate_s = 601 }, "tokens.backdate: 601 s: must be at most 600" },
    { { GOOD_AUDIENCE, .backdate_s = UINT64_MAX },
      "tokens.backdate: 18446744073709551615 s: must be at most 600" },
    { { GOOD_AUDIENCE, .lifetime_annotation = "a b" },
      "tokens.lifetimeAnnotation: \"a b\": " NO_KEY },
};

static void mistakes_in_audiences_and_lifetimes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(option_cases); i++) {
        struct sai_policy_options o = option_cases[i].options;

        o.issuer = "https://a.example";
        o.keys = rsa.keys;
        assert_problems(&o, option_cases[i].expected);
    }
}

static void an_audience_without_a_key(void **state)
{
    struct fixture ec;
    const struct sai_audience audiences[] = { { .name = "a", .profile = "entra" },
                                              { .name = "b", .profile = "aws" },
                                              { .name = "c", .profile = "entra" } };
    struct sai_policy_options o = { .issuer = "https://a.example",
                                    .audiences = audiences,
                                    .audience_count = 3 };

    (void)state;
    assert_int_equal(fixture_init(&ec, "EC"), 0);
    o.keys = ec.keys;
    assert_problems(&o,
                    "audiences[0]: no private key of this issuer signs with an algorithm that "
                    "profile entra takes: RS256 is the first of them\n"
                    "audiences[2]: no private key of this issuer signs with an algorithm that "
                    "profile entra takes: RS256 is the first of them");
    fixture_done(&ec);
}

static void too_many_audiences(void **state)
{
    static char names[1001][8];
    static struct sai_audience audiences[1001];
    struct sai_policy_options o = { .issuer = "https://a.example",
                                    .keys = rsa.keys,
                                    .audiences = audiences };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(audiences); i++) {
        (void)snprintf(names[i], sizeof(names[i]), "a%zu", i);
        audiences[i] = (struct sai_audience){ .name = names[i], .profile = "generic" };
    }
    o.audience_count = 1001;
    assert_problems(&o, "audiences: more than 1000");
    o.audience_count = 1000;
    sai_policy_free(must_compile(&o));
}

/* A claim that only one verifier mistakes may be written for the others. */
static void a_refused_claim_for_other_audiences(void **state)
{
    const struct sai_audience audiences[] = { aws, { .name = "b", .profile = "generic" } };
    const struct sai_claim_rule rule = { CONSTANT, .claim = NAMES("azp"),
                                         .audiences = NAMES("b") };
    const struct sai_policy_options o = { .issuer = "https://a.example",
                                          .keys = both.keys,
                                          .audiences = audiences,
                                          .audience_count = 2,
                                          .claims = &rule,
                                          .claim_count = 1 };

    (void)state;
    sai_policy_free(must_compile(&o));
}

static void claim_names_are_sorted(void **state)
{
    static const char *const expected[] = {
        "Z",   "aud", "cost", "exp",           "https://aws.amazon.com/tags",
        "iat", "iss", "jti",  "kubernetes.io", "nbf",
        "org", "sub"
    };
    const struct sai_claim_rule rules[] = {
        { CONSTANT, .claim = NAMES("org", "b") }, { CONSTANT, .claim = NAMES("cost") },
        { CONSTANT, .session_tag = "t" },         { CONSTANT, .session_tag = "u" },
        { CONSTANT, .claim = NAMES("org", "a") }, { CONSTANT, .claim = NAMES("Z") },
    };
    const struct sai_policy_options o = { .issuer = "https://a.example",
                                          .keys = rsa.keys,
                                          .audiences = &aws,
                                          .audience_count = 1,
                                          .claims = rules,
                                          .claim_count = ARRAY_SIZE(rules) };
    struct sai_policy *p = must_compile(&o);
    struct sai_strings names = sai_policy_claim_names(p);

    (void)state;
    assert_int_equal(names.count, ARRAY_SIZE(expected));
    for (size_t i = 0; i < names.count; i++)
        assert_string_equal(names.items[i], expected[i]);
    sai_policy_free(p);
}

static void profiles_are_listed(void **state)
{
    static const char *const expected[] = { "kubernetes", "entra",     "aws",    "gcp",
                                            "vault",      "anthropic", "generic" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
        assert_string_equal(sai_profile_name(i), expected[i]);
    assert_null(sai_profile_name(ARRAY_SIZE(expected)));
    assert_null(sai_profile_name(SIZE_MAX));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_in_audiences_and_lifetimes),
        cmocka_unit_test(an_audience_without_a_key),
        cmocka_unit_test(too_many_audiences),
        cmocka_unit_test(a_refused_claim_for_other_audiences),
        cmocka_unit_test(claim_names_are_sorted),
        cmocka_unit_test(profiles_are_listed),
    };

    return cmocka_run_group_tests(tests, policy_setup, policy_teardown);
}
