/* SPDX-License-Identifier: Apache-2.0 */
#include "base/listen.h"
#include "temp.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

struct fixture {
    struct temp temp;
    char path[TEMP_PATH_SIZE];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    temp_init(&f->temp);
    (void)temp_path(&f->temp, "s.sock", f->path);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    temp_done(&f->temp);
    free(f);
    return 0;
}

static bool connects(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool ok;

    assert_true(fd >= 0 && strlen(path) < sizeof(addr.sun_path));
    memcpy(addr.sun_path, path, strlen(path) + 1);
    ok = connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0;
    (void)close(fd);
    return ok;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static void makes_a_socket_of_exactly_that_mode(void **state)
{
    static const unsigned modes[] = { 0600, 0660, 0666, 0622 };
    static const mode_t umasks[] = { 0, 022, 077 };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_SIZE(modes) * ARRAY_SIZE(umasks); i++) {
        unsigned mode = modes[i % ARRAY_SIZE(modes)];
        mode_t before = umask(umasks[i / ARRAY_SIZE(modes)]);
        AUTO(listen_socket) struct listen_socket s = { .fd = -1 };
        struct sai_err e = { 0 };
        struct stat st;

        assert_true(listen_unix(f->path, &(struct listen_access){ .mode = mode }, &s, &e));
        (void)umask(before);
        assert_int_equal(lstat(f->path, &st), 0);
        assert_true(S_ISSOCK(st.st_mode));
        assert_int_equal(st.st_mode & 07777, mode);
        assert_true(connects(f->path));
        listen_done(&s);
        assert_false(exists(f->path));
    }
}

/* Whoever is not root may not give a file away, and is told. */
static void gives_the_socket_to_whom_it_is_for(void **state)
{
    static const uint32_t owner = 65532;
    static const uint32_t group = 65531;
    struct fixture *f = *state;
    AUTO(listen_socket) struct listen_socket s = { .fd = -1 };
    const struct listen_access access = { .mode = 0600, .owner = &owner, .group = &group };
    struct sai_err e = { 0 };
    struct stat st;

    if (geteuid() == 0) {
        assert_true(listen_unix(f->path, &access, &s, &e));
        assert_int_equal(lstat(f->path, &st), 0);
        assert_int_equal(st.st_uid, owner);
        assert_int_equal(st.st_gid, group);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_true(connects(f->path));
    } else {
        assert_false(listen_unix(f->path, &access, &s, &e));
        assert_int_equal(e.code, SAI_E_DENIED);
        assert_non_null(strstr(e.text, "owner and group"));
        assert_false(exists(f->path));
    }
}

static void replaces_a_socket_that_nobody_serves(void **state)
{
    struct fixture *f = *state;
    AUTO(listen_socket) struct listen_socket old = { .fd = -1 };
    AUTO(listen_socket) struct listen_socket s = { .fd = -1 };
    struct sai_err e = { 0 };

    assert_true(listen_unix(f->path, &(struct listen_access){ .mode = 0600 }, &old, &e));
    (void)close(old.fd);
    old.fd = -1;
    assert_true(exists(f->path));
    assert_true(listen_unix(f->path, &(struct listen_access){ .mode = 0600 }, &s, &e));
    assert_true(connects(f->path));
    /* the old one does not remove what is not its own any more */
    listen_done(&old);
    assert_true(connects(f->path));
}

static void refuses_what_it_must_not_replace(void **state)
{
    struct fixture *f = *state;
    AUTO(listen_socket) struct listen_socket first = { .fd = -1 };
    struct listen_socket s = { .fd = -1 };
    struct sai_err served = { 0 };
    struct sai_err file = { 0 };
    char path[TEMP_PATH_SIZE];

    assert_true(listen_unix(f->path, &(struct listen_access){ .mode = 0600 }, &first, &served));
    assert_false(listen_unix(f->path, &(struct listen_access){ .mode = 0600 }, &s, &served));
    assert_int_equal(served.code, SAI_E_DENIED);
    assert_non_null(strstr(served.text, "in use by another process"));
    assert_true(connects(f->path));
    temp_write(&f->temp, "file", "precious");
    assert_false(listen_unix(temp_path(&f->temp, "file", path),
                             &(struct listen_access){ .mode = 0600 }, &s, &file));
    assert_int_equal(file.code, SAI_E_INVALID);
    assert_non_null(strstr(file.text, "is not a socket"));
    assert_true(exists(path));
    assert_int_equal(s.fd, -1);
}

static void names_the_path_that_fails(void **state)
{
    struct fixture *f = *state;
    struct listen_socket s = { .fd = -1 };
    struct sai_err missing = { 0 };
    struct sai_err too_long = { 0 };
    char path[TEMP_PATH_SIZE];
    char long_path[200];

    assert_false(listen_unix(temp_path(&f->temp, "none/s", path),
                             &(struct listen_access){ .mode = 0600 }, &s, &missing));
    assert_int_equal(missing.code, SAI_E_NOTFOUND);
    assert_non_null(strstr(missing.text, path));
    memset(long_path, 'a', sizeof(long_path) - 1);
    long_path[0] = '/';
    long_path[sizeof(long_path) - 1] = '\0';
    assert_false(
        listen_unix(long_path, &(struct listen_access){ .mode = 0600 }, &s, &too_long));
    assert_int_equal(too_long.code, SAI_E_LIMIT);
}

/* The address of an abstract socket as Go makes it: no NUL at its end. */
static bool connects_abstract(const char *name)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool ok;

    assert_true(fd >= 0);
    memcpy(addr.sun_path + 1, name + 1, strlen(name) - 1);
    ok = connect(fd, (const struct sockaddr *)&addr,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))) == 0;
    (void)close(fd);
    return ok;
}

static void an_abstract_name_has_no_file(void **state)
{
    AUTO(listen_socket) struct listen_socket s = { .fd = -1 };
    struct listen_socket again = { .fd = -1 };
    struct sai_err e = { 0 };
    struct sai_err too_long = { 0 };
    char name[64];
    char long_name[200];
    AUTO_FREE char *text = NULL;
    char expected[80];

    (void)state;
    (void)snprintf(name, sizeof(name), "@sa-issuerd-test-%d", (int)getpid());
    (void)snprintf(expected, sizeof(expected), "unix:%s", name);
    assert_true(listen_unix(name, &(struct listen_access){ .mode = 0600 }, &s, &e));
    assert_true(connects_abstract(name));
    assert_false(exists(name));
    text = listen_text(&s);
    assert_string_equal(text, expected);
    assert_false(listen_unix(name, &(struct listen_access){ .mode = 0600 }, &again, &e));
    assert_int_equal(e.code, SAI_E_IO);
    assert_non_null(strstr(e.text, name));
    listen_done(&s);
    assert_false(connects_abstract(name));
    memset(long_name, '@', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    assert_false(
        listen_unix(long_name, &(struct listen_access){ .mode = 0600 }, &again, &too_long));
    assert_int_equal(too_long.code, SAI_E_LIMIT);
}

static void tcp_sockets_tell_their_address(void **state)
{
    static const char *const addresses[] = { "127.0.0.1:0", "[::1]:0" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
        AUTO(listen_socket) struct listen_socket s = { .fd = -1 };
        AUTO_FREE char *text = NULL;
        struct sai_err e = { 0 };

        assert_true(listen_tcp(addresses[i], &s, &e));
        text = listen_text(&s);
        assert_non_null(text);
        assert_memory_equal(text, addresses[i], strlen(addresses[i]) - 1);
        assert_string_not_equal(text, addresses[i]); /* the port the kernel chose */
    }
}

static void an_address_in_use_is_named(void **state)
{
    AUTO(listen_socket) struct listen_socket s = { .fd = -1 };
    AUTO(listen_socket) struct listen_socket again = { .fd = -1 };
    AUTO_FREE char *text = NULL;
    struct sai_err e = { 0 };

    (void)state;
    assert_true(listen_tcp("127.0.0.1:0", &s, &e));
    text = listen_text(&s);
    assert_false(listen_tcp(text, &again, &e));
    assert_int_equal(e.code, SAI_E_IO);
    assert_non_null(strstr(e.text, text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_a_socket_of_exactly_that_mode, setup, teardown),
        cmocka_unit_test_setup_teardown(gives_the_socket_to_whom_it_is_for, setup, teardown),
        cmocka_unit_test_setup_teardown(replaces_a_socket_that_nobody_serves, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_it_must_not_replace, setup, teardown),
        cmocka_unit_test_setup_teardown(names_the_path_that_fails, setup, teardown),
        cmocka_unit_test(an_abstract_name_has_no_file),
        cmocka_unit_test(tcp_sockets_tell_their_address),
        cmocka_unit_test(an_address_in_use_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
