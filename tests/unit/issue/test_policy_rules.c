/* SPDX-License-Identifier: Apache-2.0 */

/* Mistakes in claim rules, each with its place and exact message. */

#include "policy_fixture.h"

static const struct {
    struct sai_claim_rule rule;
    const char *expected;
} rule_cases[] = {
    /* sources */
    { { .source = SAI_SOURCE_ANNOTATION, CLAIM }, "claims[0]: has no source" },
    { { .source = (enum sai_claim_source)7, .from = "x", CLAIM }, "claims[0]: has no source" },
    { { .source = SAI_SOURCE_ANNOTATION, .from = "", CLAIM },
      "claims[0].annotation: \"\": " NO_KEY },
    { { .source = SAI_SOURCE_ANNOTATION, .from = "a/b/c", CLAIM },
      "claims[0].annotation: \"a/b/c\": " NO_KEY },
    { { .source = SAI_SOURCE_LABEL, .from = "team ", CLAIM },
      "claims[0].label: \"team \": " NO_KEY },
    { { .source = SAI_SOURCE_NAMESPACE_ANNOTATION, .from = "-x/team", CLAIM },
      "claims[0].namespaceAnnotation: \"-x/team\": " NO_PREFIX },
    { { .source = SAI_SOURCE_NAMESPACE_LABEL, .from = "x/te\nam", CLAIM },
      "claims[0].namespaceLabel: \"x/te?am\": " NO_KEY },
    { { .source = SAI_SOURCE_FIELD, .from = "serviceaccount", CLAIM },
      "claims[0].field: no field serviceaccount: want namespace, serviceAccount, uid, pod or "
      "node" },
    { { .source = SAI_SOURCE_FIELD, .from = "", CLAIM },
      "claims[0].field: no field : want namespace, serviceAccount, uid, pod or node" },
    /* templates */
    { { .source = SAI_SOURCE_TEMPLATE, .from = "a{namespace", CLAIM },
      "claims[0].template: at offset 1: { without }; write {{ for the character" },
    { { .source = SAI_SOURCE_TEMPLATE, .from = "ab}c", CLAIM },
      "claims[0].template: at offset 2: } without {; write }} for the character" },
    { { .source = SAI_SOURCE_TEMPLATE, .from = "{name{space}}", CLAIM },
      "claims[0].template: at offset 0: { without }; write {{ for the character" },
    { { .source = SAI_SOURCE_TEMPLATE, .from = "x-{}", CLAIM },
      "claims[0].template: at offset 2: no field : want namespace, serviceAccount, uid, pod or "
      "node" },
    { { .source = SAI_SOURCE_TEMPLATE, .from = "{Namespace}", CLAIM },
      "claims[0].template: at offset 0: no field Namespace: want namespace, serviceAccount, "
      "uid, pod or node" },
    { { .source = SAI_SOURCE_TEMPLATE, .from = "{secret:a}", CLAIM },
      "claims[0].template: at offset 0: no placeholder {secret:a}: want annotation, label, "
      "namespaceAnnotation or namespaceLabel before the colon" },
    { { .source = SAI_SOURCE_TEMPLATE, .from = "{field:uid}", CLAIM },
      "claims[0].template: at offset 0: no placeholder {field:uid}: want annotation, label, "
      "namespaceAnnotation or namespaceLabel before the colon" },
    { { .source = SAI_SOURCE_TEMPLATE, .from = "{label:a b}", CLAIM },
      "claims[0].template: at offset 0: \"a b\": " NO_KEY },
    { { .source = SAI_SOURCE_TEMPLATE,
        .from = "{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}"
                "{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}"
                "{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}"
                "{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}{uid}"
                "{uid}{uid}{uid}{uid}{uid}",
        CLAIM },
      "claims[0].template: more than 64 parts" },
    { { .source = SAI_SOURCE_TEMPLATE, .from = THOUSAND THOUSAND FIFTY, CLAIM },
      "claims[0].template: 2050 bytes long: at most 2048" },
    /* targets */
    { { ANNOTATION }, "claims[0]: has neither claim nor sessionTag" },
    { { ANNOTATION, CLAIM, .session_tag = "t" },
      "claims[0]: has both claim and sessionTag: want one of them" },
    { { ANNOTATION, .claim = NAMES("iss") },
      "claims[0].claim: iss is reserved: no rule can write it" },
    { { ANNOTATION, .claim = NAMES("sub") },
      "claims[0].claim: sub is reserved: no rule can write it" },
    { { ANNOTATION, .claim = NAMES("aud") },
      "claims[0].claim: aud is reserved: no rule can write it" },
    { { ANNOTATION, .claim = NAMES("exp") },
      "claims[0].claim: exp is reserved: no rule can write it" },
    { { ANNOTATION, .claim = NAMES("nbf") },
      "claims[0].claim: nbf is reserved: no rule can write it" },
    { { ANNOTATION, .claim = NAMES("iat") },
      "claims[0].claim: iat is reserved: no rule can write it" },
    { { ANNOTATION, .claim = NAMES("jti") },
      "claims[0].claim: jti is reserved: no rule can write it" },
    { { ANNOTATION, .claim = NAMES("kubernetes.io") },
      "claims[0].claim: kubernetes.io is reserved: no rule can write it" },
    { { ANNOTATION, .claim = NAMES("kubernetes.io", "pod") },
      "claims[0].claim[0]: kubernetes.io is reserved: no rule can write it" },
    { { ANNOTATION, .claim = NAMES("https://aws.amazon.com/tags") },
      "claims[0].claim: https://aws.amazon.com/tags is reserved: use sessionTag" },
    { { ANNOTATION, .claim = NAMES("https://aws.amazon.com/source_identity") },
      "claims[0].claim: https://aws.amazon.com/source_identity is reserved: use sessionTag" },
    { { ANNOTATION, .claim = NAMES("https://aws.amazon.com/tags/principal_tags/x") },
      "claims[0].claim: https://aws.amazon.com/tags/principal_tags/x is reserved: use "
      "sessionTag" },
    { { ANNOTATION, .claim = NAMES("https://aws.amazon.com/tags", "principal_tags") },
      "claims[0].claim[0]: https://aws.amazon.com/tags is reserved: use sessionTag" },
    { { ANNOTATION, .claim = NAMES("azp") },
      "claims[0].claim: azp cannot be written for profile aws: AWS compares azp instead of aud "
      "where a token has it" },
    { { ANNOTATION, .claim = NAMES("") }, "claims[0].claim: empty" },
    { { ANNOTATION, .claim = NAMES("a", "") }, "claims[0].claim[1]: empty" },
    { { ANNOTATION, .claim = NAMES(HUNDRED TEN TEN "123456789") },
      "claims[0].claim: 129 bytes long: at most 128" },
    { { ANNOTATION, .claim = NAMES("a\tb") },
      "claims[0].claim: \"a?b\" is not printable UTF-8" },
    { { ANNOTATION, .claim = NAMES("a", "\xc0\x80") },
      "claims[0].claim[1]: \"??\" is not printable UTF-8" },
    { { ANNOTATION, .claim = NAMES("1", "2", "3", "4", "5", "6", "7", "8", "9") },
      "claims[0].claim: 9 names deep: at most 8" },
    { { ANNOTATION, CLAIM, .transitive = true },
      "claims[0].transitive: only a session tag can be transitive" },
    /* session tags */
    { { ANNOTATION, .session_tag = "" }, "claims[0].sessionTag: empty" },
    { { ANNOTATION, .session_tag = "a;b" },
      "claims[0].sessionTag: \"a;b\": AWS takes letters, numbers, spaces and _ . : / = + - @" },
    { { ANNOTATION, .session_tag = "a\xff" },
      "claims[0].sessionTag: \"a?\": AWS takes letters, numbers, spaces and _ . : / = + - @" },
    { { ANNOTATION, .session_tag = HUNDRED TEN TEN "123456789" },
      "claims[0].sessionTag: 129 characters long: AWS takes at most 128" },
    { { ANNOTATION, .session_tag = "AWS:team" },
      "claims[0].sessionTag: \"AWS:team\": keys that begin with aws: are reserved by AWS" },
    { { ANNOTATION, .session_tag = "team", .type = SAI_TYPE_INTEGER },
      "claims[0].type: a session tag is a string" },
    { { .source = SAI_SOURCE_VALUE, .from = "a,b", .session_tag = "team" },
      "claims[0].value: holds a character that a session tag cannot: letters, numbers, spaces "
      "and _ . : / = + - @ are what AWS takes" },
    { { ANNOTATION, .session_tag = "team", .preset = HUNDRED HUNDRED FIFTY "1234567" },
      "claims[0].default: is 257 characters long: a session tag takes at most 256" },
    /* types */
    { { ANNOTATION, CLAIM, .type = (enum sai_claim_type)6 },
      "claims[0].type: no type of this number" },
    { { CONSTANT, CLAIM, .type = SAI_TYPE_INTEGER },
      "claims[0].value: is not an integer from -9007199254740991 to 9007199254740991" },
    { { CONSTANT, CLAIM, .type = SAI_TYPE_NUMBER },
      "claims[0].value: is not a number within bounds (40 characters, an exponent of 2 digits, "
      "without fraction and exponent -9007199254740991 to 9007199254740991)" },
    { { CONSTANT, CLAIM, .type = SAI_TYPE_BOOLEAN },
      "claims[0].value: is neither true nor false" },
    { { .source = SAI_SOURCE_VALUE, .from = "a,", CLAIM, .type = SAI_TYPE_STRINGS },
      "claims[0].value: is a list with an empty item" },
    { { .source = SAI_SOURCE_VALUE, .from = "{\"a\":1,}", CLAIM, .type = SAI_TYPE_JSON },
      "claims[0].value: is not JSON (line 1, column 8)" },
    { { .source = SAI_SOURCE_VALUE, .from = "{\"a\":1,\"a\":2}", CLAIM, .type = SAI_TYPE_JSON },
      "claims[0].value: is JSON with a member that stands there twice" },
    { { .source = SAI_SOURCE_VALUE,
        .from = "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]",
        CLAIM,
        .type = SAI_TYPE_JSON },
      "claims[0].value: is JSON that nests deeper than 16 levels" },
    { { .source = SAI_SOURCE_VALUE, .from = "a\xed\xa0\x80", CLAIM },
      "claims[0].value: is not valid UTF-8" },
    /* constraints */
    { { ANNOTATION, CLAIM, .pattern = "^[a-z" }, "claims[0].pattern: at offset *" },
    { { ANNOTATION, CLAIM, .pattern = "(a" }, "claims[0].pattern: at offset *" },
    { { ANNOTATION, CLAIM, .pattern = "a**+*" }, "claims[0].pattern: at offset *" },
    { { ANNOTATION, CLAIM, .pattern = "\\Cx" }, "claims[0].pattern: at offset *" },
    { { ANNOTATION, CLAIM, .pattern = "a\xff" }, "claims[0].pattern: at offset *" },
    { { ANNOTATION, CLAIM, .pattern = THOUSAND THOUSAND FIFTY },
      "claims[0].pattern: 2050 bytes long: at most 2048" },
    { { CONSTANT, CLAIM, .pattern = "[a-w]" }, "claims[0].value: does not match the pattern" },
    { { ANNOTATION, CLAIM, .pattern = "[a-z]+", .preset = "A" },
      "claims[0].default: does not match the pattern" },
    { { ANNOTATION, CLAIM, .pattern = "a*", .preset = "aa\n" },
      "claims[0].default: does not match the pattern" },
    { { ANNOTATION, CLAIM, .pattern = "(a+)+$", .preset = FIFTY "!" },
      "claims[0].default: does not match the pattern" },
    { { ANNOTATION, CLAIM, .pattern = "[a-z]", .one_of = NAMES("a", "bb") },
      "claims[0].oneOf[1]: does not match the pattern" },
    { { ANNOTATION, CLAIM, .type = SAI_TYPE_INTEGER, .one_of = NAMES("1", "x", "2") },
      "claims[0].oneOf[1]: is not an integer from -9007199254740991 to 9007199254740991" },
    { { ANNOTATION, CLAIM, .one_of = NAMES("a", "b"), .preset = "c" },
      "claims[0].default: is none of the allowed values" },
    { { ANNOTATION, CLAIM, .max_length = 16385 },
      "claims[0].maxLength: 16385 bytes: at most 16384" },
    { { ANNOTATION, CLAIM, .max_length = UINT64_MAX },
      "claims[0].maxLength: 18446744073709551615 bytes: at most 16384" },
    { { ANNOTATION, CLAIM, .max_length = 2, .preset = "abc" },
      "claims[0].default: is 3 bytes long: at most 2" },
    { { ANNOTATION, CLAIM, .namespaces = NAMES("a", "Prod") },
      "claims[0].namespaces[1]: \"Prod\": must be a DNS label: a-z, 0-9 and -, a letter or "
      "digit at both ends" },
    { { ANNOTATION, CLAIM, .namespaces = NAMES("prod-*") },
      "claims[0].namespaces[0]: \"prod-*\": must be a DNS label: a-z, 0-9 and -, a letter or "
      "digit at both ends" },
    { { ANNOTATION, CLAIM, .audiences = NAMES("sts.amazonaws.com", "other") },
      "claims[0].audiences[1]: audience \"other\" is not configured" },
    { { ANNOTATION, CLAIM, .required = true, .preset = "x" },
      "claims[0].default: has no use: the rule is required" },
    { { CONSTANT, CLAIM, .preset = "x" },
      "claims[0].default: has no use: a constant is never missing" },
    /* all of them in one run */
    { { ANNOTATION, .claim = NAMES("sub", ""), .transitive = true,
        .pattern = THOUSAND THOUSAND FIFTY, .max_length = 99999, .namespaces = NAMES("A"),
        .audiences = NAMES("b") },
      "claims[0].claim[0]: sub is reserved: no rule can write it\n"
      "claims[0].claim[1]: empty\n"
      "claims[0].transitive: only a session tag can be transitive\n"
      "claims[0].pattern: 2050 bytes long: at most 2048\n"
      "claims[0].maxLength: 99999 bytes: at most 16384\n"
      "claims[0].namespaces[0]: \"A\": must be a DNS label: a-z, 0-9 and -, a letter or "
      "digit at both ends\n"
      "claims[0].audiences[0]: audience \"b\" is not configured" },
};

static void mistakes_in_a_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rule_cases); i++) {
        const struct sai_policy_options o = { .issuer = "https://a.example",
                                              .keys = rsa.keys,
                                              .audiences = &aws,
                                              .audience_count = 1,
                                              .claims = &rule_cases[i].rule,
                                              .claim_count = 1 };

        assert_problems(&o, rule_cases[i].expected);
    }
    print_message("%zu cases\n", ARRAY_SIZE(rule_cases));
}

static const struct {
    struct sai_claim_rule rules[3];
    const char *expected;
} target_cases[] = {
    { { { CONSTANT, .claim = NAMES("a") },
        { CONSTANT, .claim = NAMES("b") },
        { CONSTANT, .claim = NAMES("a") } },
      "claims[2].claim: the same as that of claims[0]" },
    { { { CONSTANT, .claim = NAMES("a", "b") },
        { CONSTANT, .claim = NAMES("a", "c") },
        { CONSTANT, .claim = NAMES("a", "b") } },
      "claims[2].claim: the same as that of claims[0]" },
    { { { CONSTANT, .claim = NAMES("a") },
        { CONSTANT, .claim = NAMES("b", "a") },
        { CONSTANT, .claim = NAMES("a", "b", "c") } },
      "claims[2].claim: lies within that of claims[0]: a claim is a value or an object" },
    { { { CONSTANT, .claim = NAMES("x") },
        { CONSTANT, .claim = NAMES("a", "b", "c") },
        { CONSTANT, .claim = NAMES("a", "b") } },
      "claims[2].claim: holds that of claims[1]: a claim is a value or an object" },
    { { { CONSTANT, .session_tag = "team" },
        { CONSTANT, .claim = NAMES("team") },
        { CONSTANT, .session_tag = "team" } },
      "claims[2].sessionTag: the same as that of claims[0]" },
    { { { CONSTANT, .session_tag = "team" },
        { CONSTANT, .session_tag = "Team" },
        { CONSTANT, .session_tag = "teams" } },
      "claims[1].sessionTag: the same as that of claims[0]" },
    { { { CONSTANT, .claim = NAMES("a") },
        { CONSTANT, .claim = NAMES("a") },
        { CONSTANT, .claim = NAMES("a") } },
      "claims[1].claim: the same as that of claims[0]\n"
      "claims[2].claim: the same as that of claims[0]\n"
      "claims[2].claim: the same as that of claims[1]" },
};

static void rules_with_one_target(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(target_cases); i++) {
        const struct sai_policy_options o = { .issuer = "https://a.example",
                                              .keys = rsa.keys,
                                              .audiences = &aws,
                                              .audience_count = 1,
                                              .claims = target_cases[i].rules,
                                              .claim_count = 3 };

        assert_problems(&o, target_cases[i].expected);
    }
}

static void too_many_tags_and_rules(void **state)
{
    static char keys[251][16];
    static struct sai_claim_rule rules[251];
    struct sai_policy_options o = { .issuer = "https://a.example",
                                    .keys = rsa.keys,
                                    .audiences = &aws,
                                    .audience_count = 1,
                                    .claims = rules };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        (void)snprintf(keys[i], sizeof(keys[i]), "tag%zu", i);
        rules[i] = (struct sai_claim_rule){ CONSTANT, .session_tag = keys[i] };
    }
    o.claim_count = 50;
    sai_policy_free(must_compile(&o));
    o.claim_count = 52;
    assert_problems(&o, "claims[50].sessionTag: one too many: AWS takes at most 50");
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
        rules[i] =
            (struct sai_claim_rule){ CONSTANT, .claim = { (const char *[]){ keys[i] }, 1 } };
    o.claim_count = 251;
    assert_problems(&o, "claims: 251 rules: at most 250");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_in_a_rule),
        cmocka_unit_test(rules_with_one_target),
        cmocka_unit_test(too_many_tags_and_rules),
    };

    return cmocka_run_group_tests(tests, policy_setup, policy_teardown);
}
