/* SPDX-License-Identifier: Apache-2.0 */
#include "desk_fixture.h"

static const char *run(struct token_job *j, unsigned status)
{
    assert_int_equal(token_job_run(j), TOKEN_JOB_DONE);
    assert_int_equal(token_job_answer(j)->status, status);
    return token_job_body(j)->data;
}

static const char *audit(struct fixture *f)
{
    static char text[16384];

    return temp_read(f->path, text, sizeof(text));
}

static void a_peer_that_is_allowed_gets_a_token(void **state)
{
    struct fixture *f = *state;
    AUTO(token_job)
    struct token_job *j = fixture_job(f, FIXTURE_PATH, FIXTURE_BODY, fixture_peer(1000));
    const char *body = run(j, 201);

    assert_non_null(strstr(body, "\"status\":{\"token\":\"eyJ"));
    assert_non_null(strstr(body, "\"uid\":\"u-builder\""));
    assert_string_equal(fixture_header(j, "Cache-Control"), "no-store");
    assert_non_null(strstr(audit(f), "\"result\":\"issued\""));
    assert_non_null(strstr(audit(f), "\"sub\":\"system:serviceaccount:ci:builder\","
                                     "\"aud\":[\"aws\"],\"jti\":\""));
    assert_non_null(strstr(audit(f), "\"caller\":\"unix:uid=1000,gid=7,pid=42\"}\n"));
    assert_null(strstr(audit(f), "eyJ"));
}

static void expect_refusal(struct fixture *f, uid_t uid, const char *path, const char *body)
{
    AUTO(token_job) struct token_job *j = fixture_job(f, path, body, fixture_peer(uid));

    assert_non_null(strstr(run(j, 403), "\"reason\":\"Forbidden\""));
}

static void the_row_limits_accounts_and_audiences(void **state)
{
    struct fixture *f = *state;
    AUTO(token_job)
    struct token_job *j = fixture_job(f, FIXTURE_PATH, "{\"spec\":{\"audiences\":[\"vault\"]}}",
                                      fixture_peer(1001));

    (void)run(j, 201);
    expect_refusal(f, 1001, FIXTURE_PATH, FIXTURE_BODY);
    expect_refusal(f, 1001, "/api/v1/namespaces/ci/serviceaccounts/other/token", FIXTURE_BODY);
    expect_refusal(f, 1002, FIXTURE_PATH, FIXTURE_BODY);
}

static void a_refusal_of_a_known_caller_is_recorded(void **state)
{
    struct fixture *f = *state;

    expect_refusal(f, 1002, FIXTURE_PATH, FIXTURE_BODY);
    assert_non_null(strstr(audit(f),
                           "\"result\":\"refused\",\"issuer\":\"https://oidc.example.com\","
                           "\"sub\":\"system:serviceaccount:ci:builder\",\"aud\":[],"
                           "\"caller\":\"unix:uid=1002,gid=7,pid=42\",\"reason\":"
                           "\"serviceaccounts \\\"builder\\\" is forbidden: "));
}

static void nobody_gets_nothing(void **state)
{
    struct fixture *f = *state;
    static const enum token_caller_kind kinds[] = { CALLER_NONE, CALLER_BEARER };

    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        struct token_caller c = { .kind = kinds[i], .token = "t" };
        AUTO(token_job) struct token_job *j = fixture_job(f, FIXTURE_PATH, FIXTURE_BODY, c);

        assert_non_null(strstr(run(j, 401), "\"reason\":\"Unauthorized\""));
        assert_string_equal(fixture_header(j, "WWW-Authenticate"), "Bearer");
    }
    assert_string_equal(audit(f), ""); /* strangers write no audit lines */
}

static void without_kubernetes_nothing_can_be_bound_or_exchanged(void **state)
{
    struct fixture *f = *state;
    AUTO(token_job)
    struct token_job *bound =
        fixture_job(f, FIXTURE_PATH,
                    "{\"spec\":{\"audiences\":[\"aws\"],\"boundObjectRef\":{\"kind\":"
                    "\"Pod\",\"apiVersion\":\"v1\",\"name\":\"p\"}}}",
                    fixture_peer(0));
    AUTO(token_job)
    struct token_job *exchange = fixture_job(f, "/token", "grant_type=x", fixture_peer(0));

    assert_non_null(strstr(run(bound, 400), "bound tokens need accounts.kubernetes"));
    assert_non_null(strstr(run(exchange, 400), "unsupported_grant_type"));
}

static void without_an_audit_line_there_is_no_token(void **state)
{
    struct fixture *f = *state;
    AUTO(token_job) struct token_job *j = NULL;
    const char *body;

    assert_int_equal(remove(f->path), 0);
    assert_int_equal(mkdir(f->path, 0700), 0);
    j = fixture_job(f, FIXTURE_PATH, FIXTURE_BODY, fixture_peer(0));
    body = run(j, 503);
    assert_non_null(strstr(body, "audit trail"));
    assert_null(strstr(body, "eyJ"));
    assert_non_null(fixture_header(j, "Retry-After"));
}

/* A job is finished with the snapshot that it was begun with. */
static void a_new_snapshot_is_for_new_jobs(void **state)
{
    struct fixture *f = *state;
    AUTO(token_job)
    struct token_job *before = fixture_job(f, FIXTURE_PATH, FIXTURE_BODY, fixture_peer(0));

    temp_write(&f->temp, "accounts.yaml",
               "apiVersion: v1\nkind: ServiceAccount\n"
               "metadata: { name: builder, namespace: ci, uid: u-new }\n");
    fixture_load(f);
    {
        AUTO(token_job)
        struct token_job *after = fixture_job(f, FIXTURE_PATH, FIXTURE_BODY, fixture_peer(0));

        assert_non_null(strstr(run(after, 201), "u-new"));
    }
    assert_non_null(strstr(run(before, 201), "u-builder"));
}

/* The memory of a job that is done serves the next one, without what it held. */
static void jobs_are_used_again(void **state)
{
    struct fixture *f = *state;
    struct token_job *j = fixture_job(f, FIXTURE_PATH, FIXTURE_BODY, fixture_peer(0));
    struct token_job *next;

    (void)run(j, 201);
    token_job_free(j);
    next = fixture_job(f, FIXTURE_PATH, FIXTURE_BODY, fixture_peer(0));
    assert_ptr_equal(next, j);
    assert_int_equal(token_job_body(next)->len, 0);
    assert_null(memchr(token_job_body(next)->data, 'e', 64));
    (void)run(next, 201);
    token_job_free(next);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_peer_that_is_allowed_gets_a_token),
        CASE(the_row_limits_accounts_and_audiences),
        CASE(a_refusal_of_a_known_caller_is_recorded),
        CASE(nobody_gets_nothing),
        CASE(without_kubernetes_nothing_can_be_bound_or_exchanged),
        CASE(without_an_audit_line_there_is_no_token),
        CASE(a_new_snapshot_is_for_new_jobs),
        CASE(jobs_are_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
