/* SPDX-License-Identifier: Apache-2.0 */

/* An issuance with the real minter: what it asks for is what the token says. */

#include "../issue/mint_fixture.h"
#include "unit.h"
#include "world.h"

#include <jansson.h>

static struct fixture fixture;

static int set_up(void **state)
{
    (void)state;
    return fixture_init(&fixture, "RSA");
}

static int tear_down(void **state)
{
    (void)state;
    fixture_done(&fixture);
    return 0;
}

static const char *text_at(const json_t *json, const char *a, const char *b, const char *c)
{
    const char *names[] = { a, b, c };

    for (size_t i = 0; i < ARRAY_SIZE(names) && names[i] != NULL; i++)
        json = json_object_get(json, names[i]);
    assert_true(json_is_string(json));
    return json_string_value(json);
}

static void the_token_says_what_was_looked_up(void **state)
{
    static const struct sai_audience aws = { .name = "aws",
                                             .profile = "aws",
                                             .max_lifetime_s = 1800 };
    const struct sai_policy_options o = { .issuer = "https://oidc.example.com",
                                          .keys = fixture.keys,
                                          .audiences = &aws,
                                          .audience_count = 1 };
    struct sai_policy *policy = must_compile(&o);
    struct sai_minter *minter = NULL;
    AUTO(issuance) struct issuance i;
    AUTO(buf) struct buf b = { .max_bytes = 65536 };
    struct token_path path;
    struct world w = { .access = { .allowed = true } };
    struct sai_token token;
    struct issuance_answer a;
    struct sai_err e = { 0 };
    json_t *claims;
    json_t *answer;

    (void)state;
    world_start(&i, &path, BUILDER, NULL,
                BOUND("\"kind\":\"Pod\",\"name\":\"p\"},\"expirationSeconds\":3600,\"x\":{"));
    assert_non_null(world_run(&w, &i));
    assert_true(sai_minter_new(policy, &minter, &e));
    assert_true(sai_mint(minter, issuance_request(&i), &token, &e));
    assert_true(issuance_put_answer(&i, &token, &a, &b, &e));
    assert_string_equal(
        world_header(&a, "Warning"),
        "299 - \"requested expiration of 3600 seconds shortened to 1800 seconds\"");
    claims = json_loadb(token.claims, token.claims_len, 0, NULL);
    answer = json_loads(b.data, 0, NULL);
    assert_string_equal(text_at(claims, "sub", NULL, NULL), "system:serviceaccount:ci:builder");
    assert_string_equal(text_at(claims, "kubernetes.io", "pod", "uid"), "u-p");
    assert_string_equal(text_at(claims, "kubernetes.io", "node", "uid"), "u-n");
    assert_string_equal(text_at(claims, "kubernetes.io", "serviceaccount", "uid"), "u-builder");
    assert_string_equal(text_at(answer, "status", "token", NULL), token.text);
    assert_string_equal(text_at(answer, "status", "expirationTimestamp", NULL),
                        "2026-01-01T00:30:00Z");
    assert_string_equal(text_at(answer, "metadata", "creationTimestamp", NULL),
                        "2026-01-01T00:00:00Z");
    assert_int_equal(json_integer_value(json_object_get(claims, "exp")), world_now + 1800);
    json_decref(claims);
    json_decref(answer);
    sai_minter_free(minter);
    sai_policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_token_says_what_was_looked_up),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
