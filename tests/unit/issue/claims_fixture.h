/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Minting by rules, and what they added to the claims. */

#include "mint_fixture.h"

#include <jansson.h>

#define TEN        "abcdefghij"
#define HUNDRED    TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define ANNOTATION .source = SAI_SOURCE_ANNOTATION, .from = "example.com/a"
#define CLAIM      .claim = NAMES("c")

static struct fixture keys;

static const struct sai_audience audiences[] = {
    { .name = "one", .profile = "generic" },
    { .name = "two", .profile = "generic" },
    { .name = "aws", .profile = "aws" },
};

static inline int claims_setup(void **state)
{
    (void)state;
    return fixture_init(&keys, "RSA EC");
}

static inline int claims_teardown(void **state)
{
    (void)state;
    fixture_done(&keys);
    return 0;
}

static inline struct sai_policy *policy_of(const struct sai_claim_rule *rules, size_t count)
{
    const struct sai_policy_options o = { .issuer = "https://oidc.example.com",
                                          .keys = keys.keys,
                                          .audiences = audiences,
                                          .audience_count = ARRAY_SIZE(audiences),
                                          .claims = rules,
                                          .claim_count = count };

    return must_compile(&o);
}

/* The claims that are not Kubernetes', in their order, or "refused: path: text". The caller
 * frees it. */
static inline char *mint_custom(const struct sai_policy *p, const struct sai_token_request *r)
{
    static const char *const kubernetes[] = { "aud", "exp",           "iat", "iss",
                                              "jti", "kubernetes.io", "nbf", "sub" };
    struct sai_minter *m = must_prepare(p);
    struct sai_err e = { 0 };
    struct sai_token t;
    char *out = NULL;

    if (sai_mint(m, r, &t, &e)) {
        json_t *claims = json_loadb(t.claims, t.claims_len, JSON_REJECT_DUPLICATES, NULL);

        assert_non_null(claims);
        for (size_t i = 0; i < ARRAY_SIZE(kubernetes); i++)
            assert_int_equal(json_object_del(claims, kubernetes[i]), 0);
        out = json_dumps(claims, JSON_COMPACT);
        json_decref(claims);
    } else {
        assert_true(e.code == SAI_E_DENIED || e.code == SAI_E_LIMIT);
        assert_true(asprintf(&out, "refused: %s: %s", e.path, e.text) > 0);
    }
    sai_minter_free(m);
    assert_non_null(out);
    return out;
}

static inline void assert_custom(const struct sai_claim_rule *rules,
                                 size_t count,
                                 const struct sai_token_request *r,
                                 const char *expected)
{
    struct sai_policy *p = policy_of(rules, count);
    char *found = mint_custom(p, r);

    assert_string_equal(found, expected);
    free(found);
    sai_policy_free(p);
}
