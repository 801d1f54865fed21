/* SPDX-License-Identifier: Apache-2.0 */

/* Identifiers of tokens, of one minter and of several threads'. */

#include "mint_fixture.h"

#include <pthread.h>

static struct fixture all; /* one key of each type */

static const struct sai_account account = { .namespace_name = "ns",
                                            .name = "sa",
                                            .uid = TEST_UID };

static const struct sai_audience audiences[] = {
    { .name = "rsa", .profile = "generic" },
    { .name = "ec", .profile = "generic", .algorithm = "ES256" },
    { .name = "ed", .profile = "vault", .algorithm = "EdDSA" },
};

static struct sai_policy_options options(void)
{
    return (struct sai_policy_options){ .issuer = "https://oidc.example.com",
                                        .keys = all.keys,
                                        .audiences = audiences,
                                        .audience_count = ARRAY_SIZE(audiences) };
}

static int setup(void **state)
{
    (void)state;
    return fixture_init(&all, "RSA EC ED25519");
}

static int teardown(void **state)
{
    (void)state;
    fixture_done(&all);
    return 0;
}

static void identifiers_differ(void **state)
{
    enum { COUNT = 500 };
    struct sai_policy_options o = options();
    struct sai_policy *p = must_compile(&o);
    struct sai_minter *m = must_prepare(p);
    const struct sai_token_request r = { .account = &account, .audiences = LIST("ec") };
    static char seen[COUNT][37];

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        struct sai_err e = { 0 };
        struct sai_token t;

        assert_true(sai_mint_claims(m, &r, &t, &e));
        memcpy(seen[i], t.jti, sizeof(seen[i]));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(seen[i], seen[j]);
    }
    sai_minter_free(m);
    sai_policy_free(p);
}

enum { THREADS = 4, TOKENS_EACH = 100 };

struct minted {
    const struct sai_policy *policy;
    char jtis[TOKENS_EACH][37];
    bool ok;
};

/* cmocka's assertions belong to the main thread. */
static void *mint_some(void *data)
{
    static const char *const to[] = { "rsa", "ec", "ed" };
    struct minted *out = data;
    struct sai_minter *m = NULL;
    struct sai_err e = { 0 };

    out->ok = sai_minter_new(out->policy, &m, &e);
    for (size_t i = 0; out->ok && i < TOKENS_EACH; i++) {
        const struct sai_token_request r = { .account = &account,
                                             .audiences = { &to[i % 3], 1 } };
        struct sai_token t;

        out->ok = sai_mint(m, &r, &t, &e);
        if (out->ok)
            memcpy(out->jtis[i], t.jti, sizeof(out->jtis[i]));
    }
    sai_minter_free(m);
    return NULL;
}

/* Each thread has a minter, all have one policy; ThreadSanitizer's lane watches. */
static void threads_share_a_policy(void **state)
{
    static struct minted all_minted[THREADS];
    struct sai_policy_options o = options();
    struct sai_policy *p = must_compile(&o);
    pthread_t ids[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        all_minted[i].policy = p;
        assert_int_equal(pthread_create(&ids[i], NULL, mint_some, &all_minted[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(ids[i], NULL), 0);
        assert_true(all_minted[i].ok);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(all_minted[i].jtis[0], all_minted[j].jtis[0]);
    }
    sai_policy_free(p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(identifiers_differ),
        cmocka_unit_test(threads_share_a_policy),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
