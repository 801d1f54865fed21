/* SPDX-License-Identifier: Apache-2.0 */

/* Several clerks of one desk, each in a thread of its own, and a reload now and then: every
 * token has its line, whole and of its own. */

#include "codec/json.h"
#include "desk_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

enum { CLERKS = 4, JOBS = 300, LOG_BYTES = 1 << 20 };

struct worker {
    struct fixture *fixture;
    unsigned issued;
    unsigned wrong;
};

static void ask(struct worker *w, struct token_clerk *c)
{
    struct token_job_input in = {
        .content_type = "application/json",
        .body = FIXTURE_BODY,
        .body_len = strlen(FIXTURE_BODY),
        .caller = fixture_peer(0),
        .wake = fixture_wake,
        .owner = w->fixture,
    };
    AUTO(token_job) struct token_job *j = NULL;

    (void)token_path_match("", FIXTURE_PATH, &in.path);
    j = token_job_new(c, &in);
    if (j != NULL && token_job_run(j) == TOKEN_JOB_DONE && token_job_answer(j)->status == 201)
        w->issued++;
    else
        w->wrong++;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    AUTO(token_clerk) struct token_clerk *c = NULL;
    struct sai_err e = { 0 };
    uint64_t generation = 0;

    if (!token_clerk_new(w->fixture->desk, &c, &e))
        return NULL;
    for (unsigned i = 0; i < JOBS; i++) {
        if (generation != state_generation(w->fixture->state)) {
            AUTO(snapshot) struct snapshot *s = state_current(w->fixture->state);

            generation = s->generation;
            token_clerk_use(c, s);
        }
        ask(w, c);
    }
    return NULL;
}

static size_t count_lines(const struct fixture *f)
{
    static const struct json_limits limits = { .max_bytes = 4096, .max_depth = 4 };
    static char text[LOG_BYTES];
    size_t n = 0;
    char *save = NULL;

    (void)temp_read(f->path, text, sizeof(text));
    for (char *line = strtok_r(text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        struct sai_err e = { 0 };
        json_t *value = NULL;

        if (!json_read_object(line, strlen(line), &limits, &value, &e))
            fail_msg("%s: %s", e.text, line);
        json_decref(value);
        n++;
    }
    return n;
}

static void each_token_has_its_line(void **state)
{
    struct fixture *f = *state;
    struct worker workers[CLERKS] = { 0 };
    pthread_t threads[CLERKS];
    unsigned issued = 0;

    for (size_t i = 0; i < CLERKS; i++) {
        workers[i].fixture = f;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (unsigned i = 0; i < 5; i++)
        fixture_load(f);
    for (size_t i = 0; i < CLERKS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(workers[i].wrong, 0);
        issued += workers[i].issued;
    }
    assert_int_equal(issued, CLERKS * JOBS);
    assert_int_equal(count_lines(f), issued);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_token_has_its_line, fixture_setup,
                                        fixture_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
