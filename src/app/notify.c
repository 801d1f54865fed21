/* SPDX-License-Identifier: Apache-2.0 */
#include "app/notify.h"

#include "base/clock.h"
#include "base/num.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGE_MAX = 256 };

static uint64_t env_number(const char *name)
{
    const char *text = getenv(name); /* NOLINT(concurrency-mt-unsafe): one thread yet */
    struct sai_err ignored = { 0 };
    uint64_t v = 0;

    if (text == NULL || !num_u64(text, strlen(text), &v, &ignored))
        return 0;
    return v;
}

static uint64_t watchdog_interval_ms(void)
{
    uint64_t pid = env_number("WATCHDOG_PID");

    if (pid != 0 && pid != (uint64_t)getpid())
        return 0;
    return env_number("WATCHDOG_USEC") / 2000;
}

void notify_init(struct notify *n)
{
    const char *path = getenv("NOTIFY_SOCKET"); /* NOLINT(concurrency-mt-unsafe): as above */
    size_t len = path == NULL ? 0 : strlen(path);

    *n = (struct notify){ .fd = -1, .address.sun_family = AF_UNIX };
    if (len < 2 || len >= sizeof(n->address.sun_path) || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(n->address.sun_path, path, len);
    if (path[0] == '@')
        n->address.sun_path[0] = '\0'; /* abstract */
    n->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    n->watchdog_ms = watchdog_interval_ms();
}

void notify_done(struct notify *n)
{
    if (n->fd >= 0)
        (void)close(n->fd);
    n->fd = -1;
}

static void send_message(const struct notify *n, const char *message)
{
    if (n->fd >= 0)
        (void)sendto(n->fd, message, strlen(message), MSG_NOSIGNAL,
                     (const struct sockaddr *)&n->address, n->address_len);
}

void notify_ready(const struct notify *n, const char *status)
{
    char message[MESSAGE_MAX];

    (void)snprintf(message, sizeof(message), "READY=1\nSTATUS=%s", status);
    send_message(n, message);
}

void notify_reloading(const struct notify *n)
{
    char message[MESSAGE_MAX];

    (void)snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                   clock_mono_ns() / 1000);
    send_message(n, message);
}

void notify_stopping(const struct notify *n)
{
    send_message(n, "STOPPING=1");
}

void notify_watchdog(const struct notify *n)
{
    send_message(n, "WATCHDOG=1");
}
