/* SPDX-License-Identifier: Apache-2.0 */

/* Compiling a policy and minting while the n-th allocation fails, for every n: no crash, no
 * leak (AddressSanitizer's lane sees those), an error that says what it was, and never a wrong
 * token: what comes out verifies and has the right claims. */

#include "fail_alloc.h"
#include "jose/sign.h"
#include "keys/keyset.h"
#include "mint_fixture.h"

enum { SWEEP_MAX = 20000 };

static const char *const algs[] = { "RS256", "ES256", "EdDSA" };

static struct fixture keys;
static char *right_claims;

static const struct sai_pair annotation = { "example.com/a", "blue" };
static const struct sai_account account = {
    .namespace_name = "ns", .name = "sa", .uid = TEST_UID, .annotations = { &annotation, 1 }
};

static char big[15001];

static const struct sai_claim_rule rules[] = {
    { .source = SAI_SOURCE_ANNOTATION,
      .from = "example.com/a",
      .claim = NAMES("a", "b"),
      .pattern = "[a-z]+",
      .one_of = NAMES("red", "blue"),
      .namespaces = NAMES("ns"),
      .audiences = NAMES("one") },
    { .source = SAI_SOURCE_TEMPLATE,
      .from = "{namespace}/{annotation:example.com/a}",
      .session_tag = "team",
      .transitive = true },
    { .source = SAI_SOURCE_VALUE,
      .from = "{\"b\":[1,2],\"a\":{}}",
      .claim = NAMES("j"),
      .type = SAI_TYPE_JSON },
    { .source = SAI_SOURCE_LABEL, .from = "none", .claim = NAMES("p"), .preset = "preset" },
    { .source = SAI_SOURCE_LABEL, /* each of these takes a block of its own */
      .from = "none",
      .claim = NAMES("q"),
      .one_of = { (const char *const[]){ big, big }, 2 },
      .audiences = NAMES("two"),
      .preset = big,
      .max_length = 16000 },
};

static struct sai_policy_options options_for(const char *alg, struct sai_audience audience[2])
{
    audience[0] =
        (struct sai_audience){ .name = "one", .profile = "generic", .algorithm = alg };
    audience[1] = (struct sai_audience){ .name = "two", .profile = "generic" };
    return (struct sai_policy_options){ .issuer = "https://oidc.example.com",
                                        .keys = keys.keys,
                                        .audiences = audience,
                                        .audience_count = 2,
                                        .claims = rules,
                                        .claim_count = ARRAY_SIZE(rules),
                                        .lifetime_annotation = "example.com/lifetime" };
}

static void assert_right(const struct sai_token *t)
{
    const char *last = strrchr(t->text, '.');
    AUTO(verifier) struct verifier *v = NULL;
    unsigned char signature[1024];
    char padded[1400];
    struct sai_err e = { 0 };
    size_t len = strlen(last + 1);
    size_t padding = (4 - len % 4) % 4;
    char *claims = claims_without_jti(t);
    const struct sai_key *key = sai_keyset_active(keys.keys, t->alg);

    assert_string_equal(claims, right_claims);
    free(claims);
    for (size_t i = 0; i < len; i++)
        padded[i] = last[1 + i] == '-' ? '+' : last[1 + i] == '_' ? '/' : last[1 + i];
    memset(padded + len, '=', padding);
    len = (size_t)EVP_DecodeBlock(signature, (unsigned char *)padded, (int)(len + padding)) -
          padding;
    assert_true(verifier_new(key_pkey(key), pkey_alg(key_pkey(key)), &v, &e));
    assert_true(verifier_check(v, t->text, (size_t)(last - t->text), signature, len, &e));
}

static void count_rule(const struct sai_rule_report *r, void *data)
{
    (void)r;
    ++*(size_t *)data;
}

struct tally {
    size_t tried;
    size_t harmless;
    size_t nomem;
    size_t crypto;
};

static bool compile(const struct sai_policy_options *o,
                    struct sai_report *r,
                    struct sai_policy **out,
                    struct sai_err *e)
{
    if (sai_policy_new(o, out, r))
        return true;
    assert_int_equal(sai_report_count(r), 1);
    *e = *sai_report_get(r, 0, NULL);
    return false;
}

/* Whether an allocation failed. */
static bool try_one(const char *alg, size_t n, struct tally *tally)
{
    const struct sai_token_request request = { .account = &account,
                                               .audiences = LIST("one"),
                                               .now_unix_s = test_now };
    struct sai_audience audience[2];
    struct sai_policy_options o = options_for(alg, audience);
    struct sai_report *r = sai_report_new();
    struct sai_policy *p = NULL;
    struct sai_minter *m = NULL;
    struct sai_err e = { 0 };
    struct sai_token t;
    size_t told = 0;
    bool failed;
    bool ok;

    alloc_arm(n);
    ok = compile(&o, r, &p, &e) && sai_minter_new(p, &m, &e) &&
         sai_explain(m, &request, count_rule, &told, &e) && sai_mint(m, &request, &t, &e);
    failed = alloc_disarm();
    assert_int_equal(ok, e.code == SAI_OK);
    if (ok)
        assert_right(&t);
    else if (e.code == SAI_E_NOMEM)
        assert_string_equal(e.text, "out of memory");
    else
        assert_int_equal(e.code, SAI_E_CRYPTO);
    if (!ok && m != NULL) { /* the minter goes on */
        struct sai_err again = { 0 };

        if (!sai_mint(m, &request, &t, &again))
            fail_msg("%s %zu: after \"%s\": %s", alg, n, e.text, again.text);
        assert_right(&t);
    }
    tally->tried++;
    tally->harmless += ok && failed ? 1 : 0;
    tally->nomem += !ok && e.code == SAI_E_NOMEM ? 1 : 0;
    tally->crypto += e.code == SAI_E_CRYPTO ? 1 : 0;
    sai_minter_free(m);
    sai_policy_free(p);
    sai_report_free(r);
    return failed;
}

static void every_allocation(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(algs); i++) {
        struct tally tally = { 0 };
        size_t n = 1;

        while (n < SWEEP_MAX && try_one(algs[i], n, &tally))
            n++;
        print_message("%s: %zu tried, %zu harmless, %zu told as memory, %zu as crypto\n",
                      algs[i], tally.tried, tally.harmless, tally.nomem, tally.crypto);
        assert_in_range(n, 50, SWEEP_MAX - 1);
        assert_true(tally.nomem > 50); /* ours are never harmless */
    }
}

static int setup(void **state)
{
    const struct sai_token_request request = { .account = &account,
                                               .audiences = LIST("one"),
                                               .now_unix_s = test_now };
    struct sai_audience audience[2];
    struct sai_policy_options o;
    struct sai_policy *p;
    struct sai_minter *m;
    struct sai_err e = { 0 };
    struct sai_token t;

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    if (!alloc_hook_openssl() || fixture_init(&keys, "RSA EC ED25519") != 0)
        return 1;
    o = options_for("RS256", audience);
    p = must_compile(&o);
    m = must_prepare(p);
    assert_true(sai_mint(m, &request, &t, &e));
    right_claims = claims_without_jti(&t);
    sai_minter_free(m);
    sai_policy_free(p);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(right_claims);
    fixture_done(&keys);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation) };

    return cmocka_run_group_tests(tests, setup, teardown);
}
