/* SPDX-License-Identifier: Apache-2.0 */
#include "base/passed_sockets.h"
#include "unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Descriptors from 3 on are the protocol, so each case runs in a child of its own, where they
 * may be overwritten. The child's exit code is the number of the step that failed. */

enum { FIRST_FD = 3 };

static void put_number(const char *name, long v)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%ld", v);
    (void)setenv(name, text, 1);
}

static int listener(void)
{
    struct sockaddr_in addr = { .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd < 0 || bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0 ||
        listen(fd, 1) < 0)
        _exit(99);
    return fd;
}

static void pass(int count)
{
    int fds[4];

    for (int i = 0; i < count; i++)
        fds[i] = fcntl(listener(), F_DUPFD, 100);
    for (int i = 0; i < count; i++)
        (void)dup2(fds[i], FIRST_FD + i);
    put_number("LISTEN_PID", (long)getpid());
    put_number("LISTEN_FDS", count);
}

static int in_child(int (*body)(void))
{
    pid_t pid = fork();
    int status = -1;

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(body());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int collects(void)
{
    struct passed_sockets p = { 0 };
    struct sai_err e = { 0 };
    int failed = 0;

    pass(3);
    (void)setenv("LISTEN_FDNAMES", "discovery::admin", 1);
    if (!passed_sockets_collect(&p, &e) || p.count != 3)
        return 1;
    if (strcmp(p.items[0].name, "discovery") != 0 || strcmp(p.items[1].name, "unknown") != 0 ||
        strcmp(p.items[2].name, "admin") != 0)
        return 2;
    for (int i = 0; i < 3; i++) {
        if (p.items[i].fd != FIRST_FD + i || (fcntl(FIRST_FD + i, F_GETFD) & FD_CLOEXEC) == 0 ||
            (fcntl(FIRST_FD + i, F_GETFL) & O_NONBLOCK) == 0)
            failed = 3;
    }
    if (getenv("LISTEN_PID") != NULL || getenv("LISTEN_FDS") != NULL ||
        getenv("LISTEN_FDNAMES") != NULL)
        failed = 4;
    p.items[1].fd = -1; /* taken over */
    passed_sockets_done(&p);
    if (fcntl(3, F_GETFD) >= 0 || fcntl(4, F_GETFD) < 0 || fcntl(5, F_GETFD) >= 0)
        failed = 5;
    (void)close(4);
    return failed;
}

static int nameless_sockets_are_unknown(void)
{
    struct passed_sockets p = { 0 };
    struct sai_err e = { 0 };
    int failed;

    pass(1);
    if (!passed_sockets_collect(&p, &e) || p.count != 1)
        return 1;
    failed = strcmp(p.items[0].name, "unknown") == 0 ? 0 : 2;
    passed_sockets_done(&p);
    return failed;
}

static int another_process_is_meant(void)
{
    struct passed_sockets p = { 0 };
    struct sai_err e = { 0 };

    pass(1);
    put_number("LISTEN_PID", (long)getppid());
    if (!passed_sockets_collect(&p, &e) || p.count != 0)
        return 1;
    return fcntl(FIRST_FD, F_GETFD) >= 0 && getenv("LISTEN_FDS") == NULL ? 0 : 2;
}

static int refused(enum sai_err_code code, const char *text)
{
    struct passed_sockets p = { 0 };
    struct sai_err e = { 0 };

    if (passed_sockets_collect(&p, &e) || e.code != code || p.count != 0)
        return 1;
    return strstr(e.text, text) != NULL ? 0 : 2;
}

static int a_plain_file_is_refused(void)
{
    pass(1);
    (void)dup2(open("/dev/null", O_RDONLY), FIRST_FD);
    return refused(SAI_E_INVALID, "descriptor 3 is no listening stream socket");
}

static int a_socket_that_does_not_listen_is_refused(void)
{
    pass(2);
    (void)dup2(socket(AF_INET, SOCK_STREAM, 0), FIRST_FD + 1);
    return refused(SAI_E_INVALID, "descriptor 4");
}

static int a_datagram_socket_is_refused(void)
{
    pass(1);
    (void)dup2(socket(AF_INET, SOCK_DGRAM, 0), FIRST_FD);
    return refused(SAI_E_INVALID, "descriptor 3");
}

static int a_count_that_is_no_number_is_refused(void)
{
    pass(1);
    (void)setenv("LISTEN_FDS", "one", 1);
    return refused(SAI_E_SYNTAX, "");
}

static int a_huge_count_is_refused(void)
{
    pass(1);
    (void)setenv("LISTEN_FDS", "4000000000", 1);
    return refused(SAI_E_LIMIT, "more than 64");
}

static int nothing_is_passed(void)
{
    struct passed_sockets p = { 0 };
    struct sai_err e = { 0 };

    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    return passed_sockets_collect(&p, &e) && p.count == 0 ? 0 : 1;
}

static void each_case_in_a_child(void **state)
{
    static const struct {
        const char *name;
        int (*body)(void);
    } cases[] = {
        { "collects", collects },
        { "nameless sockets", nameless_sockets_are_unknown },
        { "another process", another_process_is_meant },
        { "a plain file", a_plain_file_is_refused },
        { "not listening", a_socket_that_does_not_listen_is_refused },
        { "datagrams", a_datagram_socket_is_refused },
        { "no number", a_count_that_is_no_number_is_refused },
        { "a huge count", a_huge_count_is_refused },
        { "nothing", nothing_is_passed },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int failed = in_child(cases[i].body);

        if (failed != 0)
            fail_msg("%s: step %d", cases[i].name, failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_case_in_a_child) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
