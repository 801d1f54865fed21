/* SPDX-License-Identifier: Apache-2.0 */
#include "app/watch.h"
#include "temp.h"
#include "unit.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    struct temp temp;
    struct watch *watch;
};

static void path_in(const struct fixture *f, const char *name, char out[TEMP_PATH_SIZE])
{
    (void)temp_path(&f->temp, name, out);
}

static void put(const struct fixture *f, const char *name)
{
    temp_write(&f->temp, name, "");
}

static void make_link(const struct fixture *f, const char *target, const char *name)
{
    char path[TEMP_PATH_SIZE];

    path_in(f, name, path);
    assert_int_equal(symlink(target, path), 0);
}

static void make_dir(const struct fixture *f, const char *name)
{
    char path[TEMP_PATH_SIZE];

    path_in(f, name, path);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void move(const struct fixture *f, const char *from, const char *to)
{
    char a[TEMP_PATH_SIZE];
    char b[TEMP_PATH_SIZE];

    path_in(f, from, a);
    path_in(f, to, b);
    assert_int_equal(rename(a, b), 0);
}

static void watch_only(struct fixture *f, const char *name)
{
    AUTO(inputs) struct inputs *in = inputs_new();
    struct sai_err e = { 0 };
    char path[TEMP_PATH_SIZE];
    bool grown = false;

    assert_non_null(in);
    path_in(f, name, path);
    assert_true(inputs_add(in, path, &e));
    assert_true(watch_set(f->watch, in, &grown, &e));
    assert_true(grown);
    assert_true(watch_set(f->watch, in, &grown, &e));
    assert_false(grown);
    (void)watch_drain(f->watch);
}

static bool saw_change(struct fixture *f)
{
    struct pollfd fd = { .fd = watch_fd(f->watch), .events = POLLIN };

    /* inotify events are there as soon as the call that caused them returns */
    return poll(&fd, 1, 0) == 1 && watch_drain(f->watch);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct sai_err e = { 0 };

    assert_non_null(f);
    temp_init(&f->temp);
    assert_true(watch_new(&f->watch, &e));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    watch_free(f->watch);
    temp_done(&f->temp);
    free(f);
    return 0;
}

static void sees_a_file_written_and_replaced(void **state)
{
    struct fixture *f = *state;

    put(f, "config.yaml");
    put(f, "new");
    watch_only(f, "config.yaml");
    assert_false(saw_change(f));
    put(f, "config.yaml");
    assert_true(saw_change(f));
    move(f, "new", "config.yaml");
    assert_true(saw_change(f));
}

static void ignores_the_neighbours_of_a_file(void **state)
{
    struct fixture *f = *state;

    put(f, "config.yaml");
    watch_only(f, "config.yaml");
    put(f, "something.else");
    assert_false(saw_change(f));
}

static void sees_files_come_and_go_in_a_directory(void **state)
{
    struct fixture *f = *state;
    char path[TEMP_PATH_SIZE];

    make_dir(f, "keys");
    watch_only(f, "keys");
    put(f, "keys/a.pem");
    assert_true(saw_change(f));
    path_in(f, "keys/a.pem", path);
    assert_int_equal(chmod(path, 0600), 0);
    assert_true(saw_change(f));
    assert_int_equal(unlink(path), 0);
    assert_true(saw_change(f));
}

/* kubelet: keys/tls.key -> ..data/tls.key, ..data -> ..1; a new ..data is renamed into place */
static void sees_the_swap_of_a_kubernetes_volume(void **state)
{
    struct fixture *f = *state;

    make_dir(f, "keys");
    make_dir(f, "keys/..1");
    put(f, "keys/..1/tls.key");
    make_link(f, "..1", "keys/..data");
    make_link(f, "..data/tls.key", "keys/tls.key");
    watch_only(f, "keys/tls.key");
    make_dir(f, "keys/..2");
    put(f, "keys/..2/tls.key");
    make_link(f, "..2", "keys/..data_tmp");
    (void)saw_change(f);
    move(f, "keys/..data_tmp", "keys/..data");
    assert_true(saw_change(f));
}

static void sees_a_change_behind_links(void **state)
{
    struct fixture *f = *state;

    make_dir(f, "store");
    make_dir(f, "etc");
    put(f, "store/k1.pem");
    make_link(f, "../store/k1.pem", "etc/current.pem");
    watch_only(f, "etc/current.pem");
    put(f, "store/k1.pem");
    assert_true(saw_change(f));
    put(f, "store/k2.pem");
    assert_false(saw_change(f));
    make_link(f, "../store/k2.pem", "etc/next");
    (void)saw_change(f);
    move(f, "etc/next", "etc/current.pem");
    assert_true(saw_change(f));
}

static void sees_what_was_missing_come(void **state)
{
    struct fixture *f = *state;

    watch_only(f, "not-yet/keys/a.pem");
    make_dir(f, "not-yet");
    assert_true(saw_change(f));
}

static void a_link_loop_is_no_endless_loop(void **state)
{
    struct fixture *f = *state;

    make_link(f, "b", "a");
    make_link(f, "a", "b");
    watch_only(f, "a");
    assert_false(saw_change(f));
}

static void forgets_what_is_no_longer_named(void **state)
{
    struct fixture *f = *state;

    make_dir(f, "old");
    make_dir(f, "new");
    watch_only(f, "old");
    watch_only(f, "new");
    put(f, "old/a.pem");
    assert_false(saw_change(f));
    put(f, "new/a.pem");
    assert_true(saw_change(f));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(sees_a_file_written_and_replaced),
        CASE(ignores_the_neighbours_of_a_file),
        CASE(sees_files_come_and_go_in_a_directory),
        CASE(sees_the_swap_of_a_kubernetes_volume),
        CASE(sees_a_change_behind_links),
        CASE(sees_what_was_missing_come),
        CASE(a_link_loop_is_no_endless_loop),
        CASE(forgets_what_is_no_longer_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
