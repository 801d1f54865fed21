/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "base/listen.h"
#include "http/server.h"
#include "state/inputs.h"
#include "temp_keys.h"

#include <dirent.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

/* What the scenarios cannot do to a process from outside: errors in the middle of the start,
 * and running out of descriptors at a chosen moment. */

struct fixture {
    struct temp temp;
    struct state *state;
    struct http_server *server;
    struct passed_sockets passed;
    in_port_t port;
};

static in_port_t free_port(void)
{
    struct sockaddr_in addr = { .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    (void)close(fd);
    return ntohs(addr.sin_port);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    temp_init(&f->temp);
    temp_key_make(&f->temp, "a.pem", "EC");
    f->port = free_port();
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    http_server_free(f->server);
    state_free(f->state);
    temp_done(&f->temp);
    free(f);
    return 0;
}

/* listeners: the value of that member of the configuration. */
static struct snapshot *build(struct fixture *f, const char *listeners)
{
    AUTO(inputs) struct inputs *inputs = inputs_new();
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO_FREE char *conf = NULL;
    struct snapshot *snapshot = NULL;
    char path[TEMP_PATH_SIZE];

    assert_true(asprintf(&conf,
                         "apiVersion: sa-issuerd/v1\nkind: Configuration\nworkers: 2\n"
                         "listeners: %s\n"
                         "issuers: [{ url: https://a.example.com, role: federation,"
                         " keys: { files: [a.pem] } }]\n",
                         listeners) > 0);
    temp_write(&f->temp, "conf.yaml", conf);
    assert_true(snapshot_build(temp_path(&f->temp, "conf.yaml", path), inputs, &snapshot, r));
    return snapshot;
}

static bool start(struct fixture *f, const char *listeners, struct sai_err *e)
{
    f->state = state_new(build(f, listeners));
    return http_server_start(f->state, NULL, NULL, &f->passed, &f->server, e);
}

static bool start_tcp(struct fixture *f, struct sai_err *e)
{
    char listeners[128];

    (void)snprintf(listeners, sizeof(listeners), "{ discovery: { address: \"127.0.0.1:%u\" } }",
                   (unsigned)f->port);
    return start(f, listeners, e);
}

static bool connect_to(const struct fixture *f, int fd)
{
    struct sockaddr_in addr = { .sin_family = AF_INET,
                                .sin_port = htons(f->port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    return connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0;
}

static bool is_served_on(int fd)
{
    static const char request[] = "GET /openid/v1/jwks HTTP/1.1\r\nHost: a.example.com\r\n\r\n";
    static const char expected[] = "HTTP/1.1 200 OK";
    char answer[sizeof(expected) - 1] = "";

    return send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) > 0 &&
           recv(fd, answer, sizeof(answer), MSG_WAITALL) == sizeof(answer) &&
           memcmp(answer, expected, sizeof(answer)) == 0;
}

static bool is_served(const struct fixture *f, int fd)
{
    return connect_to(f, fd) && is_served_on(fd);
}

static unsigned open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        n++;
    (void)closedir(dir);
    return n;
}

static void serves_and_drains(void **state)
{
    struct fixture *f = *state;
    unsigned before = open_fds();
    struct sai_err e = { 0 };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char byte;

    assert_true(start_tcp(f, &e));
    assert_true(is_served(f, fd));
    http_server_drain(f->server, 5000);
    while (recv(fd, &byte, 1, 0) == 1) /* the rest of the answer, then the end */
        ;
    (void)close(fd);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_false(connect_to(f, fd));
    (void)close(fd);
    http_server_free(f->server);
    f->server = NULL;
    assert_int_equal(open_fds(), before);
}

static void an_error_leaves_nothing_open(void **state)
{
    struct fixture *f = *state;
    AUTO(listen_socket) struct listen_socket taken = { .fd = -1 };
    AUTO_FREE char *address = NULL;
    struct sai_err e = { 0 };
    char listeners[512];
    unsigned before;

    assert_true(listen_tcp("127.0.0.1:0", &taken, &e));
    address = listen_text(&taken);
    before = open_fds();
    /* the first listener is there before the second fails */
    (void)snprintf(listeners, sizeof(listeners),
                   "{ discovery: { address: \"127.0.0.1:%u\", unix: \"%s/s\" },"
                   " admin: { address: \"%s\" } }",
                   (unsigned)f->port, f->temp.dir, address);
    assert_false(start(f, listeners, &e));
    assert_int_equal(e.code, SAI_E_IO);
    assert_string_equal(e.path, "listeners.admin");
    assert_null(f->server);
    assert_int_equal(open_fds(), before);
    (void)snprintf(listeners, sizeof(listeners), "%s/s", f->temp.dir);
    assert_int_equal(access(listeners, F_OK), -1);
}

static void a_socket_that_was_not_passed_is_named(void **state)
{
    struct fixture *f = *state;
    struct sai_err e = { 0 };

    assert_false(start(f, "{ discovery: { systemd: web } }", &e));
    assert_int_equal(e.code, SAI_E_NOTFOUND);
    assert_string_equal(e.path, "listeners.discovery");
    assert_non_null(strstr(e.text, "\"web\""));
}

/* Keys that were withdrawn must not stay in memory until a worker happens to be asked. */
static void idle_workers_let_go_of_an_old_snapshot(void **state)
{
    struct fixture *f = *state;
    struct sai_err e = { 0 };
    struct snapshot *old;
    char listeners[256];
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)snprintf(listeners, sizeof(listeners),
                   "{ discovery: { address: \"127.0.0.1:%u\", unix: \"%s/s\" } }",
                   (unsigned)f->port, f->temp.dir);
    assert_true(start(f, listeners, &e));
    assert_true(is_served(f, fd)); /* so that one worker keeps an answer, too */
    (void)close(fd);
    old = state_current(f->state);
    assert_true(atomic_load(&old->refs) >= 5); /* state, accept thread, three workers, us */
    state_swap(f->state, build(f, listeners));
    for (unsigned i = 0; i < 500 && atomic_load(&old->refs) > 1; i++)
        (void)usleep(20000);
    assert_int_equal(atomic_load(&old->refs), 1);
    snapshot_unref(old);
}

static void limit_fds(const struct rlimit *before, rlim_t n)
{
    struct rlimit less = { n, before->rlim_max };

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &less), 0);
}

/* Without a descriptor left a connection is taken out of the queue and ended; as soon as there
 * are some again, the next one is served. */
static void without_descriptors_connections_are_ended(void **state)
{
    struct fixture *f = *state;
    struct rlimit before;
    struct sai_err e = { 0 };
    int first = socket(AF_INET, SOCK_STREAM, 0);
    int second = socket(AF_INET, SOCK_STREAM, 0);
    int lowest;
    char byte;

    assert_true(start_tcp(f, &e));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    lowest = dup(first); /* the next one that would be given out */
    (void)close(lowest);
    limit_fds(&before, (rlim_t)lowest);
    assert_true(connect_to(f, first));
    assert_true(recv(first, &byte, 1, 0) <= 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(is_served(f, second));
    (void)close(first);
    (void)close(second);
}

/* Where even the spare descriptor does not help, the accept thread waits instead of spinning,
 * and the queue is served later. */
static void without_any_descriptor_the_queue_waits(void **state)
{
    struct fixture *f = *state;
    struct rlimit before;
    struct sai_err e = { 0 };
    struct timespec begin;
    struct timespec end;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(start_tcp(f, &e));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit_fds(&before, 3);
    assert_true(connect_to(f, fd));
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    (void)usleep(500000);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(is_served_on(fd));
    assert_true((end.tv_sec - begin.tv_sec) * 1000000000L + end.tv_nsec - begin.tv_nsec <
                200000000L);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(serves_and_drains, setup, teardown),
        cmocka_unit_test_setup_teardown(an_error_leaves_nothing_open, setup, teardown),
        cmocka_unit_test_setup_teardown(a_socket_that_was_not_passed_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(idle_workers_let_go_of_an_old_snapshot, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(without_descriptors_connections_are_ended, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(without_any_descriptor_the_queue_waits, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
