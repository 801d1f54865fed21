/* SPDX-License-Identifier: Apache-2.0 */

/* TokenRequests from their path to their answer. */

#include "unit.h"
#include "vectors.h"
#include "world.h"

#include <stdio.h>

static void tells_why_the_policy_refuses(void **state)
{
    static const struct sai_err errors[] = {
        { .code = SAI_E_DENIED, .path = "claims[2]", .text = "annotation a/b is missing" },
        { .code = SAI_E_LIMIT, .text = "the token would have 9000 bytes" },
    };
    static const char *const wants[] = {
        "serviceaccounts \"builder\" is forbidden: claims[2]: annotation a/b is missing",
        "serviceaccounts \"builder\" is forbidden: the token would have 9000 bytes",
    };

    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(errors); k++) {
        AUTO(issuance) struct issuance i;
        struct token_path path;
        struct world w = { .access = { .allowed = true } };

        world_start(&i, &path, BUILDER, NULL, SPEC(""));
        assert_non_null(world_run(&w, &i));
        issuance_mint_failed(&i, &errors[k]);
        assert_null(issuance_request(&i));
        assert_string_equal(i.refusal.text.data, wants[k]);
        assert_int_equal(refusal_code(&i.refusal), 403);
    }
}

/* Each look-up in turn has no clear result. */
static void refuses_on_unclear_answers(void **state)
{
    static const enum lookup lookups[] = { LOOKUP_ACCESS, LOOKUP_ACCOUNT, LOOKUP_POD,
                                           LOOKUP_NODE };

    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(lookups); k++) {
        AUTO(issuance) struct issuance i;
        AUTO(buf) struct buf b = { .max_bytes = 65536 };
        struct issuance_answer a;
        struct sai_err e = { 0 };
        struct token_path path;
        struct world w = { .access = { .allowed = true }, .unclear = lookups[k] };

        world_start(&i, &path, BUILDER, NULL, BOUND("\"kind\":\"Pod\",\"name\":\"p\""));
        assert_null(world_run(&w, &i));
        assert_true(w.asked >> lookups[k] & 1U);
        assert_true(issuance_put_answer(&i, NULL, &a, &b, &e));
        assert_int_equal(a.status, 503);
        assert_string_equal(world_header(&a, "Retry-After"), "5");
        assert_non_null(strstr(b.data, "\"reason\":\"ServiceUnavailable\",\"details\":"
                                       "{\"retryAfterSeconds\":5},\"code\":503}"));
    }
}

/* What was not asked for is not believed, and nothing goes on without an answer. */
static void believes_only_what_it_asked_for(void **state)
{
    static const struct account_fact account = { .namespace_found = true, .found = true };
    static const struct review_fact review = { .authenticated = true };
    static const struct object_fact object = { .found = true, .uid = "u" };
    AUTO(issuance) struct issuance i;
    struct token_path path;

    (void)state;
    world_start(&i, &path, BUILDER, NULL, SPEC(""));
    for (unsigned k = 0; k < 3; k++) {
        assert_int_equal(issuance_next(&i)->kind, LOOKUP_ACCESS);
        issuance_tell_account(&i, &account);
        issuance_tell_review(&i, &review);
        issuance_tell_object(&i, &object);
        assert_null(issuance_request(&i));
    }
}

/* An answer about another account than the one asked for is a fault of ours. */
static void refuses_another_account_than_asked(void **state)
{
    static const struct account_fact others[] = {
        { .namespace_found = true, .found = true, .account = { "ci", "other", "u" } },
        { .namespace_found = true, .found = true, .account = { "prod", "builder", "u" } },
        { .namespace_found = true, .found = true, .account = { "ci", "builder", "" } },
        { .namespace_found = true, .found = true, .account = { "ci", "builder", NULL } },
        { .namespace_found = true, .found = true },
    };
    static const struct access_fact allowed = { .allowed = true };

    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(others); k++) {
        AUTO(issuance) struct issuance i;
        struct token_path path;

        world_start(&i, &path, BUILDER, NULL, SPEC(""));
        assert_int_equal(issuance_next(&i)->kind, LOOKUP_ACCESS);
        issuance_tell_access(&i, &allowed);
        assert_int_equal(issuance_next(&i)->kind, LOOKUP_ACCOUNT);
        issuance_tell_account(&i, &others[k]);
        assert_int_equal(issuance_next(&i)->kind, LOOKUP_NONE);
        assert_null(issuance_request(&i));
        assert_int_equal(refusal_code(&i.refusal), 500);
    }
}

struct request_row {
    const char *bound;
    struct sai_object_ref pod;
    struct sai_object_ref node;
    struct sai_object_ref secret;
};

static const struct request_row request_rows[] = {
    { "null", { 0 }, { 0 }, { 0 } },
    { "{\"kind\":\"Pod\",\"name\":\"p\"}", { "p", "u-p" }, { "n", "u-n" }, { 0 } },
    { "{\"kind\":\"Pod\",\"name\":\"unscheduled\"}", { "unscheduled", "u-uns" }, { 0 }, { 0 } },
    { "{\"kind\":\"Pod\",\"name\":\"lost-node\"}",
      { "lost-node", "u-lost" },
      { "unknown", NULL },
      { 0 } },
    { "{\"kind\":\"Secret\",\"name\":\"s\"}", { 0 }, { 0 }, { "s", "u-s" } },
    { "{\"kind\":\"Node\",\"name\":\"n\"}", { 0 }, { "n", "u-n" }, { 0 } },
};

static void expect_reference(const struct sai_object_ref *got,
                             const struct sai_object_ref *want)
{
    assert_int_equal(got->name == NULL, want->name == NULL);
    assert_int_equal(got->uid == NULL, want->uid == NULL);
    if (want->name != NULL)
        assert_string_equal(got->name, want->name);
    if (want->uid != NULL)
        assert_string_equal(got->uid, want->uid);
}

static void asks_the_minter_for_what_was_looked_up(void **state)
{
    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(request_rows); k++) {
        const struct request_row *row = &request_rows[k];
        AUTO(issuance) struct issuance i;
        struct token_path path;
        struct world w = { .access = { .allowed = true } };
        const struct sai_token_request *r;
        char body[256];

        (void)snprintf(body, sizeof(body),
                       "{\"spec\":{\"audiences\":[\"vault\",\"aws\"],\"expirationSeconds\":700,"
                       "\"boundObjectRef\":%s}}",
                       row->bound);
        world_start(&i, &path, BUILDER, NULL, body);
        r = world_run(&w, &i);
        assert_non_null(r);
        assert_string_equal(r->account->uid, "u-builder");
        assert_int_equal(r->audiences.count, 2);
        assert_string_equal(r->audiences.items[0], "vault");
        assert_string_equal(r->audiences.items[1], "aws");
        assert_int_equal(r->duration_s, 700);
        assert_int_equal(r->now_unix_s, world_now);
        expect_reference(&r->pod, &row->pod);
        expect_reference(&r->node, &row->node);
        expect_reference(&r->secret, &row->secret);
    }
}

static void answers_tokens_as_kubernetes(void **state)
{
    static const char *const bodies[] = {
        SPEC(""), BOUND("\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"p\"")
    };
    const struct sai_token token = {
        .text = "T",
        .len = 1,
        .iat = world_now - 30,
        .exp = world_now + 3600,
        .lifetime_s = 3600,
    };
    struct vectors v;

    (void)state;
    vectors_open(&v, TEST_DATA "/tokenrequest/answers.txt");
    for (size_t k = 0; k < ARRAY_SIZE(bodies); k++) {
        AUTO(issuance) struct issuance i;
        AUTO(buf) struct buf b = { .max_bytes = 65536 };
        struct token_path path;
        struct world w = { .access = { .allowed = true } };
        struct issuance_answer a;
        struct sai_err e = { 0 };
        const char *line = vectors_line(&v);

        world_start(&i, &path, BUILDER, NULL, bodies[k]);
        assert_non_null(world_run(&w, &i));
        assert_true(issuance_put_answer(&i, &token, &a, &b, &e));
        assert_int_equal(a.status, 201);
        assert_memory_equal(b.data, line, strlen(line));
        assert_string_equal(b.data + strlen(line), "\n");
        assert_string_equal(world_header(&a, "Cache-Control"), "no-store");
        assert_null(world_header(&a, "Warning"));
    }
    vectors_close(&v);
}

static void warns_of_a_shorter_lifetime(void **state)
{
    AUTO(issuance) struct issuance i;
    AUTO(buf) struct buf b = { .max_bytes = 65536 };
    const struct sai_token token = {
        .text = "T", .len = 1, .exp = world_now + 3600, .lifetime_s = 3600, .clamped = true
    };
    struct token_path path;
    struct world w = { .access = { .allowed = true } };
    struct issuance_answer a;
    struct sai_err e = { 0 };

    (void)state;
    world_start(&i, &path, BUILDER, NULL, SPEC(",\"expirationSeconds\":4294967296"));
    assert_non_null(world_run(&w, &i));
    assert_true(issuance_put_answer(&i, &token, &a, &b, &e));
    assert_string_equal(
        world_header(&a, "Warning"),
        "299 - \"requested expiration of 4294967296 seconds shortened to 3600 seconds\"");
    assert_non_null(strstr(b.data, "\"expirationSeconds\":3600,"));
}

/* A token that was minted for a request that is refused meanwhile is not handed out. */
static void hands_out_nothing_once_refused(void **state)
{
    AUTO(issuance) struct issuance i;
    AUTO(buf) struct buf b = { .max_bytes = 65536 };
    const struct sai_token token = { .text = "SECRET", .len = 6, .exp = world_now };
    struct token_path path;
    struct world w = { .access = { .allowed = true } };
    struct issuance_answer a;
    struct sai_err e = { 0 };

    (void)state;
    world_start(&i, &path, BUILDER, NULL, SPEC(""));
    assert_true(issuance_put_answer(&i, &token, &a, &b, &e)); /* before it is finished */
    assert_int_equal(a.status, 500);
    assert_non_null(world_run(&w, &i));
    issuance_tell_limited(&i, 1);
    assert_true(issuance_put_answer(&i, &token, &a, &b, &e));
    assert_int_equal(a.status, 429);
    assert_null(strstr(b.data, "SECRET"));
}

static void answers_no_longer_than_the_buffer(void **state)
{
    AUTO(issuance) struct issuance i;
    AUTO(buf) struct buf b = { .max_bytes = 100 };
    const struct sai_token token = { .text = "T", .len = 1, .exp = world_now };
    struct token_path path;
    struct world w = { .access = { .allowed = true } };
    struct issuance_answer a;
    struct sai_err e = { 0 };

    (void)state;
    world_start(&i, &path, BUILDER, NULL, SPEC(""));
    assert_non_null(world_run(&w, &i));
    assert_false(issuance_put_answer(&i, &token, &a, &b, &e));
    assert_int_equal(e.code, SAI_E_LIMIT);
}

struct odd_row {
    const char *message;
    const char *path;
    const char *body;
};

static void refuses_deleted_objects(void **state)
{
    static const struct odd_row deleted[] = {
        { "serviceaccounts \"deleted\" not found",
          "/api/v1/namespaces/ci/serviceaccounts/deleted/token", SPEC("") },
        { "pods \"stopped\" not found", BUILDER,
          BOUND("\"kind\":\"Pod\",\"name\":\"stopped\"") },
    };

    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(deleted); k++) {
        AUTO(issuance) struct issuance i;
        struct token_path path;
        struct world w = { .access = { .allowed = true } };

        world_start(&i, &path, deleted[k].path, NULL, deleted[k].body);
        assert_null(world_run(&w, &i));
        assert_string_equal(i.refusal.text.data, deleted[k].message);
        assert_int_equal(refusal_code(&i.refusal), 404);
    }
}

static void wants_the_name_of_what_is_bound(void **state)
{
    static const char *const bodies[] = { BOUND("\"kind\":\"Pod\""),
                                          BOUND("\"kind\":\"Node\",\"name\":\"\"") };

    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(bodies); k++) {
        AUTO(issuance) struct issuance i;
        struct token_path path;
        struct world w = { .access = { .allowed = true } };

        world_start(&i, &path, BUILDER, NULL, bodies[k]);
        assert_null(world_run(&w, &i));
        assert_string_equal(i.refusal.text.data, "Name parameter required.");
        assert_int_equal(refusal_code(&i.refusal), 400);
    }
}

/* Names that no object has are not looked up, whoever asks. */
static void looks_up_no_impossible_names(void **state)
{
    static const struct odd_row odd[] = {
        { "namespaces \"CI\" not found", "/api/v1/namespaces/CI/serviceaccounts/builder/token",
          "" },
        { "serviceaccounts \"a:b\" not found",
          "/api/v1/namespaces/ci/serviceaccounts/a:b/token", "" },
        { "serviceaccounts \"%2e\" not found",
          "/api/v1/namespaces/ci/serviceaccounts/%2e/token", "" },
    };

    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(odd); k++) {
        AUTO(issuance) struct issuance i;
        struct token_path path;
        struct world w = { .access = { .allowed = true } };

        world_start(&i, &path, odd[k].path, NULL, odd[k].body);
        assert_null(world_run(&w, &i));
        assert_int_equal(w.asked, 0);
        assert_string_equal(i.refusal.text.data, odd[k].message);
        assert_int_equal(refusal_code(&i.refusal), 404);
    }
}

struct query_row {
    const char *query;
    const char *error; /* NULL: a token */
};

static const struct query_row query_rows[] = {
    { "", NULL },
    { "fieldManager=kubectl&fieldValidation=Strict&pretty=true&timeout=34s", NULL },
    { "dryRun=", NULL },
    { "dryRun=All", "dryRun is not supported: no token was issued" },
    { "pretty=true&dry%52un=%41ll", "dryRun is not supported: no token was issued" },
    { "dryRun=All;", "dryRun is not supported: no token was issued" },
    { "a=%", "the query: a % without two hexadecimal digits" },
};

static void never_takes_a_dry_run_for_a_request(void **state)
{
    char longest[1025];

    (void)state;
    for (size_t k = 0; k < ARRAY_SIZE(query_rows); k++) {
        AUTO(issuance) struct issuance i;
        struct token_path path;
        struct world w = { .access = { .allowed = true } };

        world_start(&i, &path, BUILDER, NULL, SPEC(""));
        i.in.query = query_rows[k].query;
        assert_int_equal(world_run(&w, &i) == NULL, query_rows[k].error != NULL);
        if (query_rows[k].error != NULL)
            assert_string_equal(i.refusal.text.data, query_rows[k].error);
    }
    memset(longest, 'a', sizeof(longest));
    for (size_t len = 1023; len <= 1024; len++) {
        AUTO(issuance) struct issuance i;
        struct token_path path;
        struct world w = { .access = { .allowed = true } };

        longest[len] = '\0';
        world_start(&i, &path, BUILDER, NULL, SPEC(""));
        i.in.query = longest;
        assert_int_equal(world_run(&w, &i) != NULL, len == 1023);
        longest[len] = 'a';
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_why_the_policy_refuses),
        cmocka_unit_test(refuses_on_unclear_answers),
        cmocka_unit_test(believes_only_what_it_asked_for),
        cmocka_unit_test(refuses_another_account_than_asked),
        cmocka_unit_test(asks_the_minter_for_what_was_looked_up),
        cmocka_unit_test(answers_tokens_as_kubernetes),
        cmocka_unit_test(warns_of_a_shorter_lifetime),
        cmocka_unit_test(hands_out_nothing_once_refused),
        cmocka_unit_test(answers_no_longer_than_the_buffer),
        cmocka_unit_test(refuses_deleted_objects),
        cmocka_unit_test(wants_the_name_of_what_is_bound),
        cmocka_unit_test(looks_up_no_impossible_names),
        cmocka_unit_test(never_takes_a_dry_run_for_a_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
