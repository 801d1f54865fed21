/* SPDX-License-Identifier: Apache-2.0 */

/* Reading a JWK Set and verifying while the n-th allocation fails, ours, Jansson's and
 * OpenSSL's counted together, for every n: no crash, no leak, never a good token with wrong
 * claims and never a bad one that passes. */

#include "fail_alloc.h"
#include "verify_fixture.h"

#include <jansson.h>

enum { SWEEP_MAX = 100000 };

/* Jansson tells some of its failures as a mistake of syntax, so they do not count as ours. */
static void *json_malloc(size_t size)
{
    return alloc_fails(false) ? NULL : __real_malloc(size);
}

/* One key of each type. */
static char jwks_text[8192] = "{\"keys\":[";

static int prepare(void **state)
{
    static const size_t kinds[] = { RSA_KEY, P256_KEY, ED_KEY };

    assert_true(alloc_hook_openssl());
    json_set_alloc_funcs(json_malloc, free);
    (void)make_keys(state);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        put_jwk(&keys[kinds[i]], jwks_text, sizeof(jwks_text));
    (void)strcat(jwks_text, "]}");
    return 0;
}

/* Parses and verifies; the claims of a good token are checked and freed. */
static bool attempt(const char *token, struct sai_err *e)
{
    struct sai_jwks *own = NULL;
    struct sai_verified v = { 0 };
    bool ok = sai_jwks_parse(jwks_text, strlen(jwks_text), &own, e) &&
              sai_verify(own, token, strlen(token), &strict, &v, e);

    alloc_plan.armed = false;
    if (ok)
        assert_string_equal(v.claims, good_claims);
    else
        assert_null(v.claims);
    assert_int_equal(ok, e->code == SAI_OK);
    free(v.claims);
    sai_jwks_free(own);
    return ok;
}

/* Returns how many allocations were made to fail. */
static size_t sweep(const char *token, bool good)
{
    for (size_t n = 1; n < SWEEP_MAX; n++) {
        struct sai_err e = { 0 };
        bool ok;

        alloc_arm(n);
        ok = attempt(token, &e);
        if (!alloc_disarm()) {
            assert_int_equal(ok, good);
            return n - 1;
        }
        assert_true(good || !ok);
        if (alloc_plan.failed_ours && !ok && e.code != SAI_E_NOMEM)
            fail_msg("allocation %zu: %d %s: %s", n, e.code, e.path, e.text);
    }
    fail_msg("no end after %d allocations", (int)SWEEP_MAX);
    return 0;
}

static void make(size_t key, const char *claims, char token[JWT_TEXT_SIZE])
{
    char header[128];

    (void)snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\"}", keys[key].alg,
                   keys[key].kid);
    jwt_make(keys[key].key, keys[key].alg, header, claims, token);
}

static void survives_with_good_tokens(void **state)
{
    static const size_t tried[] = { RSA_KEY, P256_KEY, ED_KEY };
    char token[JWT_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(tried); i++) {
        make(tried[i], good_claims, token);
        assert_true(sweep(token, true) > 100);
    }
}

static void survives_with_bad_tokens(void **state)
{
    char token[JWT_TEXT_SIZE];

    (void)state;
    make(P256_KEY, "{}", token);
    assert_true(sweep(token, false) > 100);
    make(RSA_KEY, good_claims, token);
    token[strlen(token) - 8] ^= 1; /* the signature */
    assert_true(sweep(token, false) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_with_good_tokens),
        cmocka_unit_test(survives_with_bad_tokens),
    };

    return cmocka_run_group_tests(tests, prepare, free_keys);
}
