/* SPDX-License-Identifier: Apache-2.0 */

/* Every error of a TokenRequest, byte for byte as Kubernetes' own code writes it. */

#include "unit.h"
#include "vectors.h"
#include "world.h"

#include <stdio.h>

struct row {
    const char *status; /* the name of a vector; NULL: a token */
    const char *path;
    const char *body;
    const char *type; /* NULL: JSON */
};

static const char audiences_17[] =
    "{\"spec\":{\"audiences\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\","
    "\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\"]}}";

static const struct row rows[] = {
    { NULL, BUILDER, SPEC("") },
    { NULL, BUILDER, SPEC(",\"expirationSeconds\":600") },
    { NULL, BUILDER, SPEC(",\"expirationSeconds\":4294967296") },
    { NULL, BUILDER,
      "{\"metadata\":{\"name\":\"builder\",\"namespace\":\"ci\","
      "\"uid\":\"u-builder\"},\"spec\":{\"audiences\":[\"aws\",\"vault\"]}}" },
    { NULL, BUILDER, BOUND("\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"p\"") },
    { NULL, BUILDER, BOUND("\"kind\":\"Pod\",\"name\":\"p\",\"uid\":\"u-p\"") },
    { NULL, BUILDER, BOUND("\"kind\":\"Pod\",\"name\":\"stopping\"") },
    { NULL, BUILDER, BOUND("\"kind\":\"Secret\",\"apiVersion\":\"v7\",\"name\":\"s\"") },
    { NULL, BUILDER, BOUND("\"kind\":\"Node\",\"name\":\"n\",\"uid\":\"u-n\"") },
    { "no-account", "/api/v1/namespaces/ci/serviceaccounts/nobody/token", SPEC("") },
    /* The order of Kubernetes: the account before the lifetime, the namespace before both. */
    { "no-account", "/api/v1/namespaces/ci/serviceaccounts/nobody/token",
      SPEC(",\"expirationSeconds\":60") },
    { "no-namespace", "/api/v1/namespaces/nowhere/serviceaccounts/nobody/token",
      "{\"metadata\":{\"name\":\"other\"}}" },
    { "body-namespace", "/api/v1/namespaces/nowhere/serviceaccounts/nobody/token",
      "{\"metadata\":{\"namespace\":\"ci\"}}" },
    { "terminating", "/api/v1/namespaces/ending/serviceaccounts/builder/token",
      "{\"metadata\":{\"name\":\"other\"}}" },
    { "body-namespace", BUILDER, "{\"metadata\":{\"namespace\":\"other\"}}" },
    { "body-name", BUILDER, "{\"metadata\":{\"name\":\"other\",\"uid\":\"u-other\"}}" },
    { "body-uid", BUILDER, "{\"metadata\":{\"uid\":\"u-other\"}}" },
    { "too-short", BUILDER, SPEC(",\"expirationSeconds\":60") },
    { "too-long", BUILDER, SPEC(",\"expirationSeconds\":4294967297") },
    /* Static checks before look-ups. */
    { "too-short", BUILDER,
      SPEC(",\"expirationSeconds\":60,\"boundObjectRef\":{\"kind\":\"Pod\",\"name\":"
           "\"gone\"}") },
    { "no-pod", BUILDER, BOUND("\"kind\":\"Pod\",\"name\":\"gone\",\"uid\":\"u-old\"") },
    { "no-secret", BUILDER, BOUND("\"kind\":\"Secret\",\"name\":\"gone\"") },
    { "no-node", BUILDER, BOUND("\"kind\":\"Node\",\"name\":\"gone\"") },
    { "odd-pod", BUILDER, BOUND("\"kind\":\"Pod\",\"name\":\"a/\\\"b\\\"\\t\"") },
    { "bound-uid", BUILDER, BOUND("\"kind\":\"Pod\",\"name\":\"p\",\"uid\":\"u-old\"") },
    { "bound-secret-uid", BUILDER,
      BOUND("\"kind\":\"Secret\",\"name\":\"s\",\"uid\":\"u-old\"") },
    { "bound-node-uid", BUILDER, BOUND("\"kind\":\"Node\",\"name\":\"n\",\"uid\":\"u-old\"") },
    { "other-account", BUILDER,
      BOUND("\"kind\":\"Pod\",\"name\":\"of-other\",\"uid\":\"u-old\"") },
    { "bound-kind", BUILDER,
      BOUND("\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"name\":\"p\"") },
    { "bound-group", BUILDER,
      BOUND("\"kind\":\"Pod\",\"apiVersion\":\"apps/v1\",\"name\":\"p\"") },
    { "bound-nothing", BUILDER, BOUND("") },
    { "unsupported", BUILDER, SPEC(""), "application/yaml" },
    { "audiences-empty", BUILDER, "{}" },
    { "audiences-empty", BUILDER, "{\"spec\":{\"audiences\":[]}}" },
    { "audiences-too-many", BUILDER, audiences_17 },
    { "audiences-wrong", BUILDER,
      "{\"spec\":{\"audiences\":[\"\",\"aws\",\"aws\",\"https://kubernetes.default.svc\","
      "\"caf\\u0001\\n\\\"\"],\"expirationSeconds\":-1,\"attestations\":{\"a\":[\"b\"]}}}" },
};

static void expect_status(const struct issuance *i, const char *name)
{
    struct issuance_answer a;
    struct sai_err e = { 0 };
    struct vectors v;
    char *lines[2];
    char code[16];
    AUTO(buf) struct buf b;

    buf_init(&b, 65536);
    assert_null(issuance_request(i));
    assert_true(issuance_put_answer(i, NULL, &a, &b, &e));
    assert_int_equal(b.data[b.len - 1], '\n');
    b.data[b.len - 1] = '\0';
    vectors_open(&v, TEST_DATA "/tokenrequest/statuses.txt");
    while (vectors_next(&v, lines, 2) && strcmp(lines[0], name) != 0)
        ;
    assert_string_equal(lines[0], name);
    assert_string_equal(b.data, lines[1]);
    (void)snprintf(code, sizeof(code), ":%u}", a.status);
    assert_string_equal(strrchr(b.data, ':'), code);
    assert_string_equal(world_header(&a, "Content-Type"), "application/json");
    assert_string_equal(world_header(&a, "Cache-Control"), "no-store");
    assert_int_equal(world_header(&a, "X-Content-Type-Options") != NULL, a.status == 403);
    vectors_close(&v);
}

static void answers_as_kubernetes(void **state)
{
    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
        AUTO(issuance) struct issuance i;
        struct token_path path;
        struct world w = { .access = { .allowed = true } };

        world_start(&i, &path, rows[k].path, rows[k].type, rows[k].body);
        (void)world_run(&w, &i);
        if (rows[k].status != NULL)
            expect_status(&i, rows[k].status);
        else if (issuance_request(&i) == NULL)
            fail_msg("row %zu: %s", k, i.refusal.text.data);
    }
}

/* Rows of their own: what is decided elsewhere. */
static void says_no_as_kubernetes(void **state)
{
    static const struct access_fact denied[] = {
        { .caller = "system:serviceaccount:ci:other" },
        { .caller = "<b> &\"", .reason = "no <" },
    };
    static const char *const names[] = { "forbidden", "forbidden-odd" };

    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(denied); k++) {
        AUTO(issuance) struct issuance i;
        struct token_path path;
        struct world w = { .access = denied[k] };

        world_start(&i, &path, BUILDER, NULL, "not even JSON");
        (void)world_run(&w, &i);
        expect_status(&i, names[k]);
        assert_int_equal(w.asked, 1U << LOOKUP_ACCESS);
    }
}

static void limits_callers_to_their_audiences(void **state)
{
    static const char *const aws[] = { "aws" };
    AUTO(issuance) struct issuance i;
    struct token_path path;
    struct world w = { .access = { .allowed = true, .audiences = { aws, 1 } } };

    (void)state;
    world_start(&i, &path, BUILDER, NULL, "{\"spec\":{\"audiences\":[\"aws\",\"vault\"]}}");
    (void)world_run(&w, &i);
    expect_status(&i, "audience-not-allowed");
}

static void refused(const char *name, void (*refuse_it)(struct issuance *i))
{
    AUTO(issuance) struct issuance i;
    struct token_path path;
    struct world w = { .access = { .allowed = true } };

    world_start(&i, &path, BUILDER, NULL, SPEC(""));
    assert_non_null(world_run(&w, &i));
    refuse_it(&i);
    expect_status(&i, name);
}

static void fail_to_sign(struct issuance *i)
{
    const struct sai_err e = { .code = SAI_E_CRYPTO, .text = "key 7 is broken" };

    issuance_mint_failed(i, &e);
}

static void limit(struct issuance *i)
{
    issuance_tell_limited(i, 3);
}

static void be_unauthorized(struct issuance *i)
{
    refuse(&i->refusal, REFUSED_UNAUTHORIZED, "Unauthorized");
}

static void be_too_large(struct issuance *i)
{
    refuse_too_large(&i->refusal, 65536);
}

static void tells_no_details_of_faults(void **state)
{
    (void)state;
    refused("internal", fail_to_sign);
    refused("too-many", limit);
    refused("unauthorized", be_unauthorized);
    refused("too-large", be_too_large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_as_kubernetes),
        cmocka_unit_test(says_no_as_kubernetes),
        cmocka_unit_test(limits_callers_to_their_audiences),
        cmocka_unit_test(tells_no_details_of_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
