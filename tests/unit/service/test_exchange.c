/* SPDX-License-Identifier: Apache-2.0 */

/* Token exchanges from their form to their answer. */

#include "unit.h"
#include "world.h"

#include <stdio.h>

#define FORM    "application/x-www-form-urlencoded"
#define GRANT   "grant_type=urn:ietf:params:oauth:grant-type:token-exchange"
#define TYPE    "urn:ietf:params:oauth:token-type:"
#define SUBJECT "&subject_token=e.y.J&subject_token_type=" TYPE "jwt"
#define GOOD    GRANT SUBJECT "&audience=aws"

static const struct review_fact pod_p = {
    .authenticated = true,
    .user = "system:serviceaccount:ci:builder",
    .uid = "u-builder",
    .pod = { "p", "u-p" },
    .node = { "n", "u-n" },
};

static void exchange_start(struct issuance *i, const char *type, const char *body)
{
    const struct token_path path = { .kind = TOKEN_PATH_EXCHANGE };
    const struct issuance_input in = {
        .policy = &world_policy,
        .path = &path,
        .content_type = type,
        .body = body,
        .len = strlen(body),
        .now_unix_s = world_now,
    };

    issuance_init(i, &in);
}

static void expect_error(const struct issuance *i, unsigned status, const char *want)
{
    AUTO(buf) struct buf b = { .max_bytes = 65536 };
    struct issuance_answer a;
    struct sai_err e = { 0 };
    char got[512];

    assert_null(issuance_request(i));
    assert_true(issuance_put_answer(i, NULL, &a, &b, &e));
    (void)snprintf(got, sizeof(got), "%s\n", want);
    assert_string_equal(b.data, got);
    assert_int_equal(a.status, status);
    assert_string_equal(world_header(&a, "Content-Type"), "application/json");
    assert_string_equal(world_header(&a, "Cache-Control"), "no-store");
    assert_string_equal(world_header(&a, "Pragma"), "no-cache");
}

#define ERROR(code, text) "{\"error\":\"" code "\",\"error_description\":\"" text "\"}"

#define LIFETIME "expires_in: must be 600 to 2^32 seconds"

struct form_row {
    const char *body;
    const char *error; /* NULL: a token */
};

static const struct form_row form_rows[] = {
    { GOOD, NULL },
    { GRANT SUBJECT "&resource=aws", NULL },
    { GRANT SUBJECT "&audience=a%77s&requested_token_type=" TYPE "access_token", NULL },
    { GRANT "&subject_token=t&subject_token_type=" TYPE "access_token&audience=aws", NULL },
    { GOOD "&client_id=anyone&unknown=1&unknown=2", NULL },
    { GOOD "&scope=&actor_token=&resource=&audience=", NULL }, /* empty is omitted */
    { GOOD "&expires_in=", NULL },
    { GOOD "&expires_in=600", NULL },
    { GOOD "&expires_in=4294967296", NULL },
    { GOOD "&expires_in=599", ERROR("invalid_request", LIFETIME) },
    { GOOD "&expires_in=4294967297", ERROR("invalid_request", LIFETIME) },
    { GOOD "&expires_in=18446744073709551617", ERROR("invalid_request", LIFETIME) },
    { GOOD "&expires_in=1h", ERROR("invalid_request", LIFETIME) },
    { GOOD "&expires_in=600&expires_in=600",
      ERROR("invalid_request", "expires_in: more than one") },
    { "", ERROR("invalid_request", "grant_type: missing") },
    { "grant_type=client_credentials",
      ERROR("unsupported_grant_type",
            "grant_type client_credentials: must be "
            "urn:ietf:params:oauth:grant-type:token-exchange") },
    { GOOD "&" GRANT, ERROR("invalid_request", "grant_type: more than one") },
    { GRANT "&audience=aws", ERROR("invalid_request", "subject_token: missing") },
    { GRANT "&subject_token=&subject_token_type=" TYPE "jwt&audience=aws",
      ERROR("invalid_request", "subject_token: missing") },
    { GRANT "&subject_token=t&audience=aws",
      ERROR("invalid_request", "subject_token_type: missing") },
    { GRANT "&subject_token=t&subject_token_type=" TYPE "saml2&audience=aws",
      ERROR("invalid_request",
            "subject_token_type " TYPE "saml2: must be " TYPE "jwt or " TYPE "access_token") },
    { GRANT "&subject_token=t&subject_token_type=jwt&audience=aws",
      ERROR("invalid_request",
            "subject_token_type jwt: must be " TYPE "jwt or " TYPE "access_token") },
    { GOOD "&requested_token_type=" TYPE "refresh_token",
      ERROR("invalid_request",
            "requested_token_type " TYPE "refresh_token: must be " TYPE "jwt or " TYPE
            "access_token") },
    { GOOD SUBJECT, ERROR("invalid_request", "subject_token: more than one") },
    { GRANT SUBJECT, ERROR("invalid_request", "audience: missing") },
    { GOOD "&audience=vault", ERROR("invalid_target", "audience: more than one") },
    { GOOD "&audience=aws", ERROR("invalid_target", "audience: more than one") },
    { GRANT SUBJECT "&resource=aws&resource=aws",
      ERROR("invalid_target", "resource: more than one") },
    { GOOD "&resource=aws",
      ERROR("invalid_target", "audience and resource: only one of them") },
    { GRANT SUBJECT "&audience=other",
      ERROR("invalid_target", "'other' is not an audience of this issuer") },
    { GRANT SUBJECT "&audience=aws%20vault",
      ERROR("invalid_target", "'aws vault' is not an audience of this issuer") },
    { GRANT SUBJECT "&audience=AWS",
      ERROR("invalid_target", "'AWS' is not an audience of this issuer") },
    { GRANT SUBJECT "&audience=https://kubernetes.default.svc",
      ERROR("invalid_target",
            "'https://kubernetes.default.svc' is not an audience of this issuer") },
    { GRANT SUBJECT "&audience=%22%5C%C3%A9", ERROR("invalid_target",
                                                    "''?"
                                                    "?"
                                                    "?' is not an audience of this issuer") },
    { GOOD "&scope=openid", ERROR("invalid_scope", "scope: tokens have no scope") },
    { GOOD "&actor_token=t",
      ERROR("invalid_request", "actor_token: delegation is not supported") },
    { GOOD "&actor_token_type=t",
      ERROR("invalid_request", "actor_token_type: delegation is not supported") },
    { GOOD "&a=%00",
      ERROR("invalid_request", "the body: not UTF-8, or a control character in it") },
};

static void reads_the_form(void **state)
{
    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(form_rows); k++) {
        AUTO(issuance) struct issuance i;
        struct world w = { .review = pod_p };

        exchange_start(&i, FORM "; charset=UTF-8", form_rows[k].body);
        (void)world_run(&w, &i);
        if (form_rows[k].error != NULL) {
            expect_error(&i, 400, form_rows[k].error);
            assert_int_equal(w.asked, 0);
        } else if (issuance_request(&i) == NULL) {
            fail_msg("%s: %s", form_rows[k].body, i.refusal.text.data);
        }
    }
}

static void wants_a_form(void **state)
{
    static const char *const types[] = { NULL, "", "application/json", "text/plain" };

    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(types); k++) {
        AUTO(issuance) struct issuance i;
        struct world w = { .review = pod_p };

        exchange_start(&i, types[k], GOOD);
        (void)world_run(&w, &i);
        expect_error(&i, 400, ERROR("invalid_request", "the Content-Type must be " FORM));
    }
}

static void bounds_the_body(void **state)
{
    AUTO(issuance) struct issuance i;
    AUTO_FREE char *body = malloc(EXCHANGE_MAX_BYTES + 2);
    struct world w = { .review = pod_p };

    (void)state;
    assert_non_null(body);
    memset(body, 'a', EXCHANGE_MAX_BYTES + 1);
    body[EXCHANGE_MAX_BYTES + 1] = '\0';
    exchange_start(&i, FORM, body);
    (void)world_run(&w, &i);
    expect_error(&i, 413, ERROR("invalid_request", "Request entity too large: limit is 65536"));
}

struct review_row {
    struct review_fact review;
    const char *error;
};

#define SA(name)    "system:serviceaccount:" name
#define TOKEN(text) ERROR("invalid_request", "subject_token: " text)

static const struct review_row review_rows[] = {
    { { false }, TOKEN("not a valid token for this service") },
    { { false, SA("ci:builder"), "u-builder", { "p", "u-p" }, { 0 } },
      TOKEN("not a valid token for this service") },
    { { true, NULL, NULL, { "p", "u-p" }, { 0 } }, TOKEN("not of a service account") },
    { { true, "admin", "u", { "p", "u-p" }, { 0 } }, TOKEN("not of a service account") },
    { { true, "system:node:n", "u", { "p", "u-p" }, { 0 } },
      TOKEN("not of a service account") },
    { { true, "xsystem:serviceaccount:ci:builder", "u-builder", { "p", "u-p" }, { 0 } },
      TOKEN("not of a service account") },
    { { true, SA("builder"), "u", { "p", "u-p" }, { 0 } }, TOKEN("not of a service account") },
    { { true, SA("ci:"), "u", { "p", "u-p" }, { 0 } }, TOKEN("not of a service account") },
    { { true, SA(":builder"), "u", { "p", "u-p" }, { 0 } }, TOKEN("not of a service account") },
    { { true, SA("ci:builder:x"), "u", { "p", "u-p" }, { 0 } },
      TOKEN("not of a service account") },
    { { true, SA("CI:builder"), "u", { "p", "u-p" }, { 0 } },
      TOKEN("not of a service account") },
    { { true, SA("ci:builder"), NULL, { "p", "u-p" }, { 0 } },
      TOKEN("not of a service account") },
    { { true, SA("ci:builder"), "", { "p", "u-p" }, { 0 } },
      TOKEN("not of a service account") },
    { { true, SA("ci:builder"), "u-builder", { 0 }, { 0 } }, TOKEN("not bound to a pod") },
    { { true, SA("ci:builder"), "u-builder", { "p", NULL }, { 0 } },
      TOKEN("not bound to a pod") },
    { { true, SA("ci:builder"), "u-builder", { NULL, "u-p" }, { 0 } },
      TOKEN("not bound to a pod") },
    { { true, SA("ci:builder"), "u-old", { "p", "u-p" }, { 0 } },
      TOKEN("of a service account that was deleted and recreated") },
    { { true, SA("ci:nobody"), "u", { "p", "u-p" }, { 0 } },
      ERROR("invalid_request", "serviceaccounts 'nobody' not found") },
    { { true, SA("ci:deleted"), "u-deleted", { "p", "u-p" }, { 0 } },
      ERROR("invalid_request", "serviceaccounts 'deleted' not found") },
    { { true, SA("nowhere:builder"), "u", { "p", "u-p" }, { 0 } },
      ERROR("invalid_request", "namespaces 'nowhere' not found") },
    { { true, SA("ci:builder"), "u-builder", { "gone", "u-p" }, { 0 } },
      ERROR("invalid_request", "pods 'gone' not found") },
    { { true, SA("ci:builder"), "u-builder", { "stopped", "u-sp" }, { 0 } },
      ERROR("invalid_request", "pods 'stopped' not found") },
    { { true, SA("ci:builder"), "u-builder", { "of-other", "u-po" }, { 0 } },
      ERROR("invalid_request",
            "cannot bind token for serviceaccount 'builder' to pod running "
            "with different serviceaccount name.") },
    { { true, SA("ci:builder"), "u-builder", { "p", "u-old" }, { 0 } },
      ERROR("invalid_request",
            "Operation cannot be fulfilled on Pod 'p': the UID in the bound object reference "
            "(u-old) does not match the UID in record. The object might have been deleted and "
            "then recreated") },
};

static void trusts_pods_only(void **state)
{
    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(review_rows); k++) {
        AUTO(issuance) struct issuance i;
        struct world w = { .review = review_rows[k].review };

        exchange_start(&i, FORM, GOOD);
        (void)world_run(&w, &i);
        expect_error(&i, 400, review_rows[k].error);
    }
}

static void refuses_on_unclear_answers(void **state)
{
    static const enum lookup lookups[] = { LOOKUP_REVIEW, LOOKUP_ACCOUNT, LOOKUP_POD,
                                           LOOKUP_NODE };

    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(lookups); k++) {
        AUTO(issuance) struct issuance i;
        struct world w = { .review = pod_p, .unclear = lookups[k] };

        w.review.node = (struct sai_object_ref){ 0 };
        exchange_start(&i, FORM, GOOD);
        assert_null(world_run(&w, &i));
        assert_true(w.asked >> lookups[k] & 1U);
        expect_error(&i, 503,
                     ERROR("temporarily_unavailable",
                           "the Kubernetes API cannot be asked now, try again later"));
    }
}

struct node_row {
    struct sai_object_ref pod;
    struct sai_object_ref node; /* as reviewed */
    struct sai_object_ref want;
    bool asked;
};

static const struct node_row node_rows[] = {
    { { "p", "u-p" }, { "n", "u-n" }, { "n", "u-n" }, false },
    { { "p", "u-p" }, { "n", NULL }, { "n", "u-n" }, true },
    { { "p", "u-p" }, { "elsewhere", "u-e" }, { "n", "u-n" }, true },
    { { "p", "u-p" }, { NULL, NULL }, { "n", "u-n" }, true },
    { { "unscheduled", "u-uns" }, { "n", "u-n" }, { NULL, NULL }, false },
    { { "lost-node", "u-lost" }, { NULL, NULL }, { "unknown", NULL }, true },
};

static void asks_for_a_token_of_the_caller_itself(void **state)
{
    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(node_rows); k++) {
        const struct node_row *row = &node_rows[k];
        AUTO(issuance) struct issuance i;
        struct world w = { .review = pod_p };
        const struct sai_token_request *r;

        w.review.pod = row->pod;
        w.review.node = row->node;
        exchange_start(&i, FORM, GOOD);
        r = world_run(&w, &i);
        assert_non_null(r);
        assert_string_equal(r->account->namespace_name, "ci");
        assert_string_equal(r->account->name, "builder");
        assert_string_equal(r->account->uid, "u-builder");
        assert_int_equal(r->audiences.count, 1);
        assert_string_equal(r->audiences.items[0], "aws");
        assert_int_equal(r->duration_s, 0);
        assert_string_equal(r->pod.name, row->pod.name);
        assert_string_equal(r->pod.uid, row->pod.uid);
        assert_null(r->secret.name);
        assert_int_equal(r->node.name == NULL, row->want.name == NULL);
        assert_int_equal(r->node.uid == NULL, row->want.uid == NULL);
        if (row->want.name != NULL)
            assert_string_equal(r->node.name, row->want.name);
        if (row->want.uid != NULL)
            assert_string_equal(r->node.uid, row->want.uid);
        assert_int_equal(w.asked >> LOOKUP_NODE & 1U, row->asked);
    }
}

static void asks_for_the_lifetime(void **state)
{
    AUTO(issuance) struct issuance i;
    AUTO(issuance) struct issuance j;
    struct world w = { .review = pod_p };
    struct world v = { .review = pod_p };
    const struct sai_token_request *r;

    (void)state;
    exchange_start(&i, FORM, GOOD "&expires_in=86400");
    r = world_run(&w, &i);
    assert_non_null(r);
    assert_int_equal(r->duration_s, 86400);
    exchange_start(&j, FORM, GOOD);
    r = world_run(&v, &j);
    assert_non_null(r);
    assert_int_equal(r->duration_s, 0); /* whatever the issuer's default is */
}

static void presents_the_token_for_review(void **state)
{
    AUTO(issuance) struct issuance i;
    const struct issuance_lookup *l;

    (void)state;
    exchange_start(&i, FORM,
                   GRANT "&subject_token=a%2Eb.c&subject_token_type=" TYPE "jwt&audience=aws");
    l = issuance_next(&i);
    assert_int_equal(l->kind, LOOKUP_REVIEW);
    assert_string_equal(l->token, "a.b.c");
}

static void answers_as_rfc_8693(void **state)
{
    static const char *const requested[] = { "", "&requested_token_type=" TYPE "jwt",
                                             "&requested_token_type=" TYPE "access_token" };
    static const char *const issued[] = { "jwt", "jwt", "access_token" };
    const struct sai_token token = {
        .text = "T", .len = 1, .exp = world_now + 900, .lifetime_s = 900
    };

    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(requested); k++) {
        AUTO(issuance) struct issuance i;
        AUTO(buf) struct buf b = { .max_bytes = 65536 };
        struct world w = { .review = pod_p };
        struct issuance_answer a;
        struct sai_err e = { 0 };
        char body[512];
        char want[512];

        (void)snprintf(body, sizeof(body), "%s%s", GOOD, requested[k]);
        (void)snprintf(want, sizeof(want),
                       "{\"access_token\":\"T\",\"issued_token_type\":\"" TYPE
                       "%s\",\"token_type\":\"Bearer\",\"expires_in\":900}\n",
                       issued[k]);
        exchange_start(&i, FORM, body);
        assert_non_null(world_run(&w, &i));
        assert_true(issuance_put_answer(&i, &token, &a, &b, &e));
        assert_int_equal(a.status, 200);
        assert_string_equal(b.data, want);
        assert_string_equal(world_header(&a, "Cache-Control"), "no-store");
        assert_string_equal(world_header(&a, "Pragma"), "no-cache");
    }
}

static void says_why_the_policy_refuses(void **state)
{
    const struct sai_err denied = { .code = SAI_E_DENIED, .text = "label \"a\" is missing" };
    const struct sai_err broken = { .code = SAI_E_CRYPTO, .text = "key 7 is broken" };
    AUTO(issuance) struct issuance i;
    AUTO(issuance) struct issuance j;
    struct world w = { .review = pod_p };
    struct world v = { .review = pod_p };

    (void)state;
    exchange_start(&i, FORM, GOOD);
    exchange_start(&j, FORM, GOOD);
    assert_non_null(world_run(&w, &i));
    assert_non_null(world_run(&v, &j));
    issuance_mint_failed(&i, &denied);
    issuance_mint_failed(&j, &broken);
    expect_error(&i, 400,
                 ERROR("invalid_target",
                       "serviceaccounts 'builder' is forbidden: label 'a' is missing"));
    expect_error(&j, 500,
                 ERROR("server_error", "Internal error occurred: failed to generate token"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_form),
        cmocka_unit_test(wants_a_form),
        cmocka_unit_test(bounds_the_body),
        cmocka_unit_test(trusts_pods_only),
        cmocka_unit_test(refuses_on_unclear_answers),
        cmocka_unit_test(asks_for_a_token_of_the_caller_itself),
        cmocka_unit_test(asks_for_the_lifetime),
        cmocka_unit_test(presents_the_token_for_review),
        cmocka_unit_test(answers_as_rfc_8693),
        cmocka_unit_test(says_why_the_policy_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
