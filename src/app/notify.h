/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* systemd's notification protocol, sd_notify(3): one datagram per message to $NOTIFY_SOCKET.
 * Silent where there is none; a message that cannot be sent is lost, as nobody waits for it. */

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct notify {
    int fd; /* -1: nobody listens */
    struct sockaddr_un address;
    socklen_t address_len;
    uint64_t watchdog_ms; /* how often to send WATCHDOG=1, half of what is asked; 0: never */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID; before other threads start. */
void notify_init(struct notify *n);
void notify_done(struct notify *n);

void notify_ready(const struct notify *n, const char *status);
void notify_reloading(const struct notify *n);
void notify_stopping(const struct notify *n);
void notify_watchdog(const struct notify *n);
