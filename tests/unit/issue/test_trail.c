/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/trail.h"
#include "temp.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static const struct audit_record record = { .issuer = "https://i", .reason = "why" };

struct files {
    struct temp temp;
    char path[TEMP_PATH_SIZE];
    char other[TEMP_PATH_SIZE];
    struct trail trail;
};

static int setup(void **state)
{
    struct files *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    temp_init(&f->temp);
    (void)temp_path(&f->temp, "audit.log", f->path);
    (void)temp_path(&f->temp, "other.log", f->other);
    trail_init(&f->trail);
    trail_use(&f->trail, f->path);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct files *f = *state;

    trail_done(&f->trail);
    temp_done(&f->temp);
    free(f);
    return 0;
}

static void write_line(struct files *f)
{
    struct sai_err e = { 0 };

    assert_true(trail_write(&f->trail, &record, &e));
}

static size_t lines_of(const char *path)
{
    char text[4096];
    size_t n = 0;

    for (const char *p = temp_read(path, text, sizeof(text)); *p != '\0'; p++)
        n += *p == '\n';
    return n;
}

static void lines_are_appended(void **state)
{
    struct files *f = *state;
    struct stat st;

    write_line(f);
    write_line(f);
    assert_int_equal(lines_of(f->path), 2);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

/* As a second later: the clock is the kernel's. */
static void let_a_second_pass(struct files *f)
{
    f->trail.checked_ms -= 1000;
}

static void a_file_that_was_moved_away_is_made_anew(void **state)
{
    struct files *f = *state;

    write_line(f);
    assert_int_equal(rename(f->path, f->other), 0);
    let_a_second_pass(f);
    write_line(f);
    write_line(f);
    assert_int_equal(lines_of(f->other), 1);
    assert_int_equal(lines_of(f->path), 2);
    /* Another in its place. */
    assert_int_equal(rename(f->other, f->path), 0);
    let_a_second_pass(f);
    write_line(f);
    assert_int_equal(lines_of(f->path), 2);
}

static void another_file_is_used_from_then_on(void **state)
{
    struct files *f = *state;

    write_line(f);
    trail_use(&f->trail, f->other);
    write_line(f);
    assert_int_equal(lines_of(f->path), 1);
    assert_int_equal(lines_of(f->other), 1);
}

static void what_cannot_be_written_is_an_error(void **state)
{
    struct files *f = *state;
    char name[2 * TEMP_PATH_SIZE];
    struct sai_err e = { 0 };

    (void)snprintf(name, sizeof(name), "%s/none/audit.log", f->temp.dir);
    trail_use(&f->trail, name);
    assert_false(trail_write(&f->trail, &record, &e));
    assert_int_equal(e.code, SAI_E_NOTFOUND);
    assert_string_equal(e.file, name);
    e = (struct sai_err){ 0 };
    trail_use(&f->trail, "/dev/full");
    assert_false(trail_write(&f->trail, &record, &e));
    assert_int_equal(e.code, SAI_E_IO);
    assert_non_null(strstr(e.text, strerror(ENOSPC)));
}

/* A FIFO without a reader must not stop the thread. */
static void nobody_is_waited_for(void **state)
{
    struct files *f = *state;
    struct sai_err e = { 0 };

    assert_int_equal(mkfifo(f->other, 0600), 0);
    trail_use(&f->trail, f->other);
    assert_false(trail_write(&f->trail, &record, &e));
    assert_int_equal(e.code, SAI_E_IO);
}

/* The disk is full in the middle of a line: the next one begins on its own. */
static void a_torn_line_does_not_spoil_the_next(void **state)
{
    struct files *f = *state;
    struct rlimit old;
    struct rlimit small;
    struct sai_err e = { 0 };
    char text[4096];

    write_line(f);
    (void)temp_read(f->path, text, sizeof(text));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){ strlen(text) + 10, old.rlim_max };
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_false(trail_write(&f->trail, &record, &e));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    write_line(f);
    assert_int_equal(lines_of(f->path), 3);
    (void)temp_read(f->path, text, sizeof(text));
    assert_memory_equal(strrchr(text, '{'), "{\"time\":", 8);
    assert_int_equal(strrchr(text, '{')[-1], '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_are_appended, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_was_moved_away_is_made_anew, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(another_file_is_used_from_then_on, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_is_waited_for, setup, teardown),
        cmocka_unit_test_setup_teardown(a_torn_line_does_not_spoil_the_next, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
