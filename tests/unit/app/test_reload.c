/* SPDX-License-Identifier: Apache-2.0 */
#include "app/reload.h"
#include "app/watch.h"
#include "state/inputs.h"
#include "temp_keys.h"

#include <string.h>

#define CONF(limits)                                                                           \
    "apiVersion: sa-issuerd/v1\n"                                                              \
    "kind: Configuration\n"                                                                    \
    "listeners: { discovery: { address: \"127.0.0.1:0\" } }\n"                                 \
    "issuers:\n"                                                                               \
    "  - url: https://oidc.example.com\n"                                                      \
    "    role: federation\n"                                                                   \
    "    keys: { files: [keys] }\n" limits

struct fixture {
    struct temp temp;
    char conf[TEMP_PATH_SIZE];
    struct state *st;
    struct watch *watch;
    struct reloader *reloader;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct sai_report *report = sai_report_new();
    struct inputs *inputs = inputs_new();
    struct snapshot *first = NULL;
    struct sai_err e = { 0 };
    char path[TEMP_PATH_SIZE];
    bool grown;

    assert_non_null(f);
    temp_init(&f->temp);
    assert_int_equal(mkdir(temp_path(&f->temp, "keys", path), 0700), 0);
    temp_key_make(&f->temp, "keys/a.pem", "EC");
    temp_write(&f->temp, "conf.yaml", CONF(""));
    assert_true(
        snapshot_build(temp_path(&f->temp, "conf.yaml", f->conf), inputs, &first, report));
    f->st = state_new(first);
    assert_true(watch_new(&f->watch, &e));
    assert_true(watch_set(f->watch, inputs, &grown, &e));
    assert_true(reloader_new(f->conf, f->st, f->watch, inputs, &f->reloader, &e));
    sai_report_free(report);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    reloader_free(f->reloader);
    watch_free(f->watch);
    state_free(f->st);
    temp_done(&f->temp);
    free(f);
    return 0;
}

struct counts {
    uint64_t generation, ok, failed, unchanged;
    bool last_failed;
};

static void expect(struct fixture *f, struct counts want)
{
    const struct state_status *s = state_status(f->st);

    assert_int_equal(state_generation(f->st), want.generation);
    assert_int_equal(s->reloads_ok, want.ok);
    assert_int_equal(s->reloads_failed, want.failed);
    assert_int_equal(s->reloads_unchanged, want.unchanged);
    assert_int_equal(s->last_reload_failed, want.last_failed);
}

static bool attempt(struct fixture *f, enum reload_trigger trigger)
{
    bool again = false;

    reloader_attempt(f->reloader, trigger, &again);
    return again;
}

static void a_changed_key_directory_is_a_new_generation(void **state)
{
    struct fixture *f = *state;

    temp_key_make(&f->temp, "keys/b.pem", "EC");
    attempt(f, RELOAD_WATCH);
    expect(f, (struct counts){ .generation = 2, .ok = 1 });
}

static void without_a_change_only_sighup_swaps(void **state)
{
    struct fixture *f = *state;

    attempt(f, RELOAD_WATCH);
    attempt(f, RELOAD_POLL);
    expect(f, (struct counts){ .generation = 1, .unchanged = 2 });
    attempt(f, RELOAD_SIGHUP);
    expect(f, (struct counts){ .generation = 2, .ok = 1, .unchanged = 2 });
}

static void a_failure_keeps_what_runs_and_is_told_once(void **state)
{
    struct fixture *f = *state;
    AUTO(snapshot) struct snapshot *before = state_current(f->st);
    AUTO(snapshot) struct snapshot *after = NULL;

    temp_write(&f->temp, "conf.yaml", "kind: Nonsense\n");
    attempt(f, RELOAD_WATCH);
    attempt(f, RELOAD_POLL);
    expect(f, (struct counts){ .generation = 1, .failed = 1, .last_failed = true });
    attempt(f, RELOAD_SIGHUP);
    expect(f, (struct counts){ .generation = 1, .failed = 2, .last_failed = true });
    after = state_current(f->st);
    assert_ptr_equal(before, after);
    temp_write(&f->temp, "conf.yaml", "another: mistake\n");
    attempt(f, RELOAD_POLL);
    expect(f, (struct counts){ .generation = 1, .failed = 3, .last_failed = true });
    temp_write(&f->temp, "conf.yaml", CONF(""));
    attempt(f, RELOAD_WATCH);
    expect(f, (struct counts){ .generation = 1, .failed = 3, .unchanged = 1 });
}

static void what_needs_a_restart_is_refused(void **state)
{
    struct fixture *f = *state;

    temp_write(&f->temp, "conf.yaml", CONF("workers: 7\n"));
    attempt(f, RELOAD_SIGHUP);
    expect(f, (struct counts){ .generation = 1, .failed = 1, .last_failed = true });
    temp_write(&f->temp, "conf.yaml", CONF("limits: { idleTimeout: 7s }\n"));
    attempt(f, RELOAD_SIGHUP);
    expect(f, (struct counts){ .generation = 2, .ok = 1, .failed = 1 });
}

/* Times of changes are told apart only when they are not of the same tick, so until the files
 * have settled each poll looks at them. */
static void a_poll_of_settled_files_does_nothing(void **state)
{
    struct fixture *f = *state;
    uint64_t before;

    for (int i = 0; i < 5; i++) {
        attempt(f, RELOAD_POLL);
        (void)sleep(1);
    }
    before = state_status(f->st)->reloads_unchanged;
    assert_in_range(before, 2, 4);
    attempt(f, RELOAD_POLL);
    assert_int_equal(state_status(f->st)->reloads_unchanged, before);
    temp_key_make(&f->temp, "keys/b.pem", "EC");
    attempt(f, RELOAD_POLL);
    assert_int_equal(state_generation(f->st), 2);
}

/* A configuration that names a directory yet to come: its coming is an event. */
static void what_a_failed_attempt_wanted_is_watched(void **state)
{
    struct fixture *f = *state;
    char path[TEMP_PATH_SIZE];

    temp_write(&f->temp, "conf.yaml",
               "apiVersion: sa-issuerd/v1\nkind: Configuration\n"
               "listeners: { discovery: { address: \"127.0.0.1:0\" } }\n"
               "issuers: [{ url: https://oidc.example.com, role: federation, "
               "keys: { files: [other] } }]\n");
    assert_true(attempt(f, RELOAD_WATCH));
    (void)watch_drain(f->watch);
    assert_int_equal(mkdir(temp_path(&f->temp, "other", path), 0700), 0);
    assert_true(watch_drain(f->watch));
    assert_true(attempt(f, RELOAD_WATCH));
    temp_key_make(&f->temp, "other/a.pem", "EC");
    assert_true(watch_drain(f->watch));
    attempt(f, RELOAD_WATCH);
    assert_int_equal(state_generation(f->st), 2);
    (void)watch_drain(f->watch);
    temp_key_make(&f->temp, "keys/b.pem", "EC"); /* no longer of interest */
    assert_false(watch_drain(f->watch));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(a_changed_key_directory_is_a_new_generation),
        CASE(without_a_change_only_sighup_swaps),
        CASE(a_failure_keeps_what_runs_and_is_told_once),
        CASE(a_poll_of_settled_files_does_nothing),
        CASE(what_needs_a_restart_is_refused),
        CASE(what_a_failed_attempt_wanted_is_watched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
