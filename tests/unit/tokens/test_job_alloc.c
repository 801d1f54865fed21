/* SPDX-License-Identifier: Apache-2.0 */

/* A request for a token while the n-th allocation fails, for every n: no crash, no leak
 * (AddressSanitizer's lane sees those), no token without its audit line, and an answer that is
 * whole or none. */

#include "desk_fixture.h"
#include "fail_alloc.h"

enum { SWEEP_MAX = 5000 };

static size_t lines_of(struct fixture *f)
{
    static char text[1 << 16];
    size_t n = 0;

    for (const char *p = temp_read(f->path, text, sizeof(text)); *p != '\0'; p++)
        n += *p == '\n';
    return n;
}

/* One request from a clerk that is new, as most is allocated for the first one. Returns its
 * status; 0: there was not even a job. */
static unsigned ask(struct fixture *f, size_t n)
{
    AUTO(snapshot) struct snapshot *s = state_current(f->state);
    AUTO(token_clerk) struct token_clerk *c = NULL;
    struct token_job_input in = {
        .content_type = "application/json",
        .body = FIXTURE_BODY,
        .body_len = strlen(FIXTURE_BODY),
        .caller = fixture_peer(0),
        .wake = fixture_wake,
        .owner = f,
    };
    struct token_job *j = NULL;
    struct sai_err e = { 0 };
    unsigned status = 0;

    assert_int_equal(token_path_match("", FIXTURE_PATH, &in.path), TOKEN_PATH_REQUEST);
    alloc_arm(n);
    if (token_clerk_new(f->desk, &c, &e)) {
        token_clerk_use(c, s);
        j = token_job_new(c, &in);
    }
    if (j != NULL)
        assert_int_equal(token_job_run(j), TOKEN_JOB_DONE);
    (void)alloc_disarm();
    if (j != NULL) {
        const struct buf *body = token_job_body(j);

        status = token_job_answer(j)->status;
        assert_int_equal(status == 201,
                         body->data != NULL && strstr(body->data, ":\"eyJ") != NULL);
        if (body->len > 0)
            assert_int_equal(body->data[body->len - 1], '\n');
    }
    token_job_free(j);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    struct fixture *f = *state;
    size_t none = 0;
    size_t n;

    assert_int_equal(ask(f, SIZE_MAX), 201);
    for (n = 1; n < SWEEP_MAX; n++) {
        size_t before = lines_of(f);
        unsigned status = ask(f, n);

        if (status == 201)
            assert_int_equal(lines_of(f), before + 1);
        else
            assert_true(status == 0 || status == 500 || status == 503);
        none += status == 0;
        if (!alloc_plan.failed)
            break;
    }
    assert_in_range(n, 20, SWEEP_MAX - 1);
    assert_true(none > 0);
    assert_int_equal(ask(f, SIZE_MAX), 201);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_allocation_may_fail, fixture_setup,
                                        fixture_teardown),
    };

    if (!alloc_hook_openssl())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
