/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Listening sockets passed by systemd (sd_listen_fds(3): LISTEN_PID, LISTEN_FDS,
 * LISTEN_FDNAMES), without its library. */

#include "base/attr.h"

#include <sa_issuer/err.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct passed_socket {
    int fd; /* -1 once someone has taken it over */
    const char *name;
};

struct passed_sockets {
    struct passed_socket *items;
    size_t count;
    char *names;
};

/* Collects the sockets passed to this process, makes them non-blocking and close-on-exec, and
 * removes the variables from the environment; without any, out is empty. Call once, before
 * threads start. Errors: SAI_E_SYNTAX (variables that contradict themselves), SAI_E_INVALID (a
 * descriptor that is no listening stream socket). */
bool passed_sockets_collect(struct passed_sockets *out, struct sai_err *e) MUST_USE;

/* Takes a socket over, or says why not. */
typedef bool
passed_socket_fn(void *owner, int fd, const struct sockaddr_storage *addr, struct sai_err *e);

/* Offers each socket of that name, which is the taker's from then on. Errors: the taker's, and
 * SAI_E_NOTFOUND if there is none. */
bool passed_sockets_take(struct passed_sockets *p,
                         const char *name,
                         passed_socket_fn *take,
                         void *owner,
                         struct sai_err *e) MUST_USE;

/* Closes those that were not taken over. */
void passed_sockets_done(struct passed_sockets *p);
DEFINE_AUTO_DONE(passed_sockets, passed_sockets_done)
