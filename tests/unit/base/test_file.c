/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "temp.h"
#include "unit.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int setup(void **state)
{
    struct temp *t = malloc(sizeof(*t));

    assert_non_null(t);
    temp_init(t);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    temp_done(*state);
    free(*state);
    return 0;
}

static void expect_refusal(const struct temp *t,
                           const char *name,
                           size_t max_bytes,
                           enum sai_err_code code,
                           const char *text)
{
    char path[TEMP_PATH_SIZE];
    struct sai_err e = { 0 };
    AUTO(buf) struct buf b;

    buf_init(&b, 1000000);
    assert_false(file_read(temp_path(t, name, path), max_bytes, &b, NULL, &e));
    assert_string_equal(e.text, text);
    assert_string_equal(e.file, path);
    assert_int_equal(e.code, code);
}

static void reads_a_file_through_links(void **state)
{
    const struct temp *t = *state;
    char path[TEMP_PATH_SIZE];
    struct sai_err e = { 0 };
    struct stat st;
    AUTO(buf) struct buf b;

    buf_init(&b, 100);
    temp_write(t, "real", "content");
    assert_int_equal(symlink("real", temp_path(t, "link", path)), 0);
    if (!file_read(path, 7, &b, &st, &e))
        fail_msg("%s", e.text);
    assert_string_equal(b.data, "content");
    assert_int_equal(st.st_size, 7);
}

static void refuses_what_is_no_regular_file(void **state)
{
    const struct temp *t = *state;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char path[TEMP_PATH_SIZE];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_int_equal(mkfifo(temp_path(t, "fifo", path), 0600), 0);
    assert_int_equal(mkdir(temp_path(t, "dir", path), 0700), 0);
    assert_int_equal(symlink("loop", temp_path(t, "loop", path)), 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", t->dir);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    expect_refusal(t, "fifo", 9, SAI_E_INVALID, "not a regular file but a FIFO");
    expect_refusal(t, "dir", 9, SAI_E_INVALID, "not a regular file but a directory");
    expect_refusal(t, "sock", 9, SAI_E_INVALID, "not a regular file but a socket");
    expect_refusal(t, "../../dev/null", 9, SAI_E_INVALID, "not a regular file but a device");
    expect_refusal(t, "loop", 9, SAI_E_IO, "cannot open: Too many levels of symbolic links");
    expect_refusal(t, "none", 9, SAI_E_NOTFOUND, "cannot open: No such file or directory");
    (void)close(fd);
}

static void refuses_more_than_the_limit(void **state)
{
    const struct temp *t = *state;

    temp_write(t, "file", "12345678");
    expect_refusal(t, "file", 7, SAI_E_LIMIT, "larger than the limit of 7 bytes");
    /* files of /proc have no size to look at beforehand */
    expect_refusal(t, "../../proc/self/maps", 7, SAI_E_LIMIT,
                   "larger than the limit of 7 bytes");
}

static void secret_modes_are_exactly_these(void **state)
{
    (void)state;
    for (unsigned mode = 0; mode <= 0777; mode++) {
        struct stat st = { .st_mode = S_IFREG | mode };
        struct sai_err e = { 0 };
        bool group_readable = false;
        bool want = (mode & 07) == 0 && (mode & 020) == 0;

        assert_int_equal(file_check_secret(&st, &group_readable, &e), want);
        if (want)
            assert_int_equal(group_readable, (mode & 040) != 0);
        else
            assert_int_equal(e.code, SAI_E_DENIED);
    }
}

static void writes_whole_files_with_their_mode(void **state)
{
    const struct temp *t = *state;
    char path[TEMP_PATH_SIZE];
    struct sai_err e = { 0 };
    struct stat st;
    AUTO(buf) struct buf b;

    buf_init(&b, 100);
    temp_write(t, "out", "old and longer");
    assert_true(file_write_atomic(temp_path(t, "out", path), "new", 3, 0640, &e));
    assert_true(file_read(path, 100, &b, &st, &e));
    assert_string_equal(b.data, "new");
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_false(file_write_atomic(temp_path(t, "no/out", path), "x", 1, 0600, &e));
    assert_string_equal(e.text, "cannot create: No such file or directory");
    assert_string_equal(e.file, path);
}

static void a_failed_write_leaves_nothing(void **state)
{
    const struct temp *t = *state;
    char path[TEMP_PATH_SIZE];
    char temporary[TEMP_PATH_SIZE + 32];
    struct sai_err e = { 0 };

    assert_int_equal(mkdir(temp_path(t, "dir", path), 0700), 0);
    assert_false(file_write_atomic(path, "x", 1, 0600, &e));
    assert_string_equal(e.text, "cannot rename into place: Is a directory");
    (void)snprintf(temporary, sizeof(temporary), "%s.%d.tmp", path, (int)getpid());
    assert_int_equal(access(temporary, F_OK), -1);
}

static void a_killed_writer_is_in_nobodys_way(void **state)
{
    const struct temp *t = *state;
    char path[TEMP_PATH_SIZE];
    char left[64];
    struct sai_err e = { 0 };
    AUTO(buf) struct buf b;

    buf_init(&b, 100);
    (void)snprintf(left, sizeof(left), "out.%d.tmp", (int)getpid());
    temp_write(t, left, "half of it and");
    assert_true(file_write_atomic(temp_path(t, "out", path), "new", 3, 0600, &e));
    assert_true(file_read(path, 100, &b, NULL, &e));
    assert_string_equal(b.data, "new");
}

static void paths_beside_a_file(void **state)
{
    static const char *const rows[][3] = {
        { "/etc/sa/config.yaml", "keys", "/etc/sa/keys" },
        { "/etc/sa/config.yaml", "/keys", "/keys" },
        { "config.yaml", "keys", "keys" },
        { "./config.yaml", "keys", "./keys" },
        { "/config.yaml", "keys", "/keys" },
        { "a/b.yaml", "../keys", "a/../keys" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO_FREE char *path = file_path_beside(rows[i][0], rows[i][1]);

        assert_string_equal(path, rows[i][2]);
    }
    assert_string_equal(file_base_name("/a/b"), "b");
    assert_string_equal(file_base_name("b"), "b");
    assert_string_equal(file_base_name("a/"), "");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(reads_a_file_through_links),         CASE(refuses_what_is_no_regular_file),
        CASE(refuses_more_than_the_limit),        CASE(secret_modes_are_exactly_these),
        CASE(writes_whole_files_with_their_mode), CASE(a_failed_write_leaves_nothing),
        CASE(a_killed_writer_is_in_nobodys_way),  CASE(paths_beside_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
