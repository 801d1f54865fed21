/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "kube/review_cache.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

/* A user as the API would tell of him. */
static struct kube_user *user_named(const char *name)
{
    struct kube_user *u = NULL;
    struct sai_err e = { 0 };
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "{\"kind\":\"TokenReview\",\"apiVersion\":\"authentication.k8s.io/v1\","
                   "\"status\":{\"authenticated\":true,\"audiences\":[\"a\"],"
                   "\"user\":{\"username\":\"%s\"}}}",
                   name);
    assert_int_equal(kube_judge_token(201, text, strlen(text), "a", &u, &e), KUBE_ALLOWED);
    return u;
}

static const unsigned char *key(unsigned char n)
{
    static unsigned char bytes[SHA256_BYTES];

    bytes[20] = n; /* all in one set */
    return bytes;
}

static const char *name_at(struct review_cache *c, unsigned char n, uint64_t now, char out[32])
{
    AUTO(kube_user) struct kube_user *u = review_cache_get(c, key(n), now);

    (void)snprintf(out, 32, "%s", u == NULL ? "" : u->username);
    return out;
}

static void counts_from_the_question_on(void **state)
{
    AUTO(kube_user) struct kube_user *u = user_named("u");
    struct review_cache *c = review_cache_new(64, 10000);
    char name[32];

    (void)state;
    assert_non_null(c);
    assert_string_equal(name_at(c, 1, 0, name), "");
    review_cache_put(c, key(1), u, 1000, 3000);
    assert_string_equal(name_at(c, 1, 3000, name), "u");
    assert_string_equal(name_at(c, 2, 3000, name), "");
    assert_string_equal(name_at(c, 1, 10999, name), "u");
    assert_string_equal(name_at(c, 1, 11000, name), "");
    review_cache_put(c, key(2), u, 1000, 11000); /* the answer took too long to be worth it */
    assert_string_equal(name_at(c, 2, 11000, name), "");
    review_cache_free(c);
}

static void zero_keeps_nothing(void **state)
{
    AUTO(kube_user) struct kube_user *u = user_named("u");
    struct review_cache *c = review_cache_new(64, 0);
    char name[32];

    (void)state;
    review_cache_put(c, key(1), u, 1000, 1000);
    assert_string_equal(name_at(c, 1, 1000, name), "");
    review_cache_free(c);
}

static void is_bounded_and_the_oldest_goes(void **state)
{
    struct review_cache *c = review_cache_new(4, 10000);
    char name[32];

    (void)state;
    for (unsigned char i = 0; i < 6; i++) {
        AUTO(kube_user) struct kube_user *u = NULL;
        char text[8];

        (void)snprintf(text, sizeof(text), "u%d", i);
        u = user_named(text);
        review_cache_put(c, key(i), u, 100U + i, 200);
    }
    assert_string_equal(name_at(c, 0, 200, name), "");
    assert_string_equal(name_at(c, 1, 200, name), "");
    for (unsigned char i = 2; i < 6; i++) {
        char want[8];

        (void)snprintf(want, sizeof(want), "u%d", i);
        assert_string_equal(name_at(c, i, 200, name), want);
    }
    review_cache_free(c);
}

static void the_same_key_takes_its_own_place(void **state)
{
    AUTO(kube_user) struct kube_user *a = user_named("a");
    AUTO(kube_user) struct kube_user *b = user_named("b");
    struct review_cache *c = review_cache_new(4, 10000);
    char name[32];

    (void)state;
    review_cache_put(c, key(1), a, 100, 100);
    review_cache_put(c, key(2), a, 100, 100);
    review_cache_put(c, key(1), b, 150, 150);
    assert_string_equal(name_at(c, 1, 10120, name), "b");
    assert_string_equal(name_at(c, 2, 10120, name), "");
    review_cache_free(c);
}

static void users_are_taken_apart(void **state)
{
    static const char *const no_accounts[] = {
        "system:serviceaccount:shop",
        "system:serviceaccount:shop:",
        "system:serviceaccount::cart",
        "system:serviceaccount:shop:cart:x",
        "system:serviceaccount:Shop:cart",
        "system:serviceaccount:shop:-cart",
        "system:serviceaccount:a.b:cart",
        "system:serviceaccounts:shop:cart",
        "system:node:n1",
        "shop:cart",
    };
    AUTO(kube_user) struct kube_user *good = user_named("system:serviceaccount:shop:cart.v2");
    char ns[KUBE_NAMESPACE_SIZE];
    char name[KUBE_NAME_SIZE];

    (void)state;
    assert_true(kube_user_account(good->username, ns, name));
    assert_string_equal(ns, "shop");
    assert_string_equal(name, "cart.v2");
    assert_string_equal(good->uid, "");
    assert_null(kube_user_extra(good, KUBE_EXTRA_POD_NAME));
    for (size_t i = 0; i < ARRAY_SIZE(no_accounts); i++) {
        AUTO(kube_user) struct kube_user *u = user_named(no_accounts[i]);

        if (kube_user_account(u->username, ns, name))
            fail_msg("%s is an account", no_accounts[i]);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_from_the_question_on),
        cmocka_unit_test(zero_keeps_nothing),
        cmocka_unit_test(is_bounded_and_the_oldest_goes),
        cmocka_unit_test(the_same_key_takes_its_own_place),
        cmocka_unit_test(users_are_taken_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
