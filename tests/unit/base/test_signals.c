/* SPDX-License-Identifier: Apache-2.0 */
#include "base/signals.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void signals_are_read(void **state)
{
    static const int signals[] = { SIGHUP, SIGINT, SIGTERM };
    struct sai_err e = { 0 };
    struct signalfd_siginfo info;
    int fd = -1;

    (void)state;
    assert_true(signals_open(&fd, &e));
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
        assert_int_equal(raise(signals[i]), 0);
        assert_int_equal(read(fd, &info, sizeof(info)), sizeof(info));
        assert_int_equal(info.ssi_signo, signals[i]);
    }
    /* Neither ends the process nor wakes it. */
    assert_int_equal(raise(SIGPIPE), 0);
    assert_int_equal(read(fd, &info, sizeof(info)), -1);
    assert_int_equal(errno, EAGAIN);
    (void)close(fd);
}

static void no_descriptor_is_left(void **state)
{
    struct rlimit before;
    struct sai_err e = { 0 };
    int fd = -1;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 0, before.rlim_max }), 0);
    assert_false(signals_open(&fd, &e));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(e.code, SAI_E_IO);
    assert_string_equal(e.text, "cannot receive signals: Too many open files");
    assert_int_equal(fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_are_read),
        cmocka_unit_test(no_descriptor_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
