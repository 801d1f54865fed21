/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Starts libmicrohttpd's daemons: one thread with a loop each, set up alike. */

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

struct daemon_options {
    void *cls; /* of all callbacks */
    MHD_AccessHandlerCallback request;
    MHD_NotifyConnectionCallback connection;
    MHD_RequestCompletedCallback completed;
    void *(*target)(void *cls, const char *target, struct MHD_Connection *connection);
    int unix_fd; /* a listening socket to accept from; -1: none */
    bool tls;
    bool suspends; /* its connections may be suspended */
    size_t max_header_bytes;
};

/* NULL if it cannot be started. */
struct MHD_Daemon *daemon_start(const struct daemon_options *o);
