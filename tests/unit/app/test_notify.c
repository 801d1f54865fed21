/* SPDX-License-Identifier: Apache-2.0 */
#include "app/notify.h"
#include "temp.h"

#include <string.h>

struct listener {
    struct temp temp;
    int fd;
};

static void listen_at(struct listener *l)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    temp_init(&l->temp);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", l->temp.dir);
    l->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(l->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
}

static void done(struct listener *l)
{
    (void)close(l->fd);
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    temp_done(&l->temp);
}

static void expect(const struct listener *l, const char *message)
{
    char got[256] = "";

    assert_true(recv(l->fd, got, sizeof(got) - 1, MSG_DONTWAIT) >= 0);
    assert_memory_equal(got, message, strlen(message));
}

static void speaks_the_protocol(void **state)
{
    struct listener l;
    struct notify n;

    (void)state;
    listen_at(&l);
    notify_init(&n);
    assert_int_equal(n.watchdog_ms, 0);
    notify_ready(&n, "serving");
    expect(&l, "READY=1\nSTATUS=serving");
    notify_reloading(&n);
    expect(&l, "RELOADING=1\nMONOTONIC_USEC=");
    notify_watchdog(&n);
    expect(&l, "WATCHDOG=1");
    notify_stopping(&n);
    expect(&l, "STOPPING=1");
    notify_done(&n);
    notify_ready(&n, "gone");
    done(&l);
}

static void the_watchdog_is_fed_twice_as_often_as_asked(void **state)
{
    struct listener l;
    struct notify n;
    char pid[32];

    (void)state;
    listen_at(&l);
    (void)setenv("WATCHDOG_USEC", "30000000", 1);
    notify_init(&n);
    assert_int_equal(n.watchdog_ms, 15000);
    notify_done(&n);
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    (void)setenv("WATCHDOG_PID", pid, 1);
    notify_init(&n);
    assert_int_equal(n.watchdog_ms, 15000);
    notify_done(&n);
    (void)setenv("WATCHDOG_PID", "1", 1); /* meant for somebody else */
    notify_init(&n);
    assert_int_equal(n.watchdog_ms, 0);
    notify_done(&n);
    done(&l);
}

static void without_a_listener_it_is_silent(void **state)
{
    struct notify n;

    (void)state;
    (void)unsetenv("NOTIFY_SOCKET");
    notify_init(&n);
    assert_int_equal(n.fd, -1);
    notify_ready(&n, "x");
    (void)setenv("NOTIFY_SOCKET", "relative/path", 1);
    notify_init(&n);
    assert_int_equal(n.fd, -1);
    (void)unsetenv("NOTIFY_SOCKET");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(speaks_the_protocol),
        cmocka_unit_test(the_watchdog_is_fed_twice_as_often_as_asked),
        cmocka_unit_test(without_a_listener_it_is_silent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
