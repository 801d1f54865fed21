/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Listening sockets. */

#include "base/attr.h"

#include <sa_issuer/err.h>
#include <stdbool.h>
#include <sys/stat.h>

struct listen_socket {
    int fd;            /* -1: none */
    bool passed;       /* systemd's: it goes on queueing connections when we stop */
    char *unix_path;   /* NULL, or the file to remove; "@name": an abstract socket */
    struct stat inode; /* of that file, to know it by */
};

/* Each address has a socket of its own, IPv6 ones for IPv6 only. */
bool listen_tcp(const char *address, struct listen_socket *out, struct sai_err *e) MUST_USE;

/* The file never exists with more permissions than mode. A socket that nobody serves any more
 * is replaced in one step; one that is served, and any other file, is an error. "@name" is a
 * socket of Linux' abstract names, which has no file and no mode: whoever is in the same
 * network namespace may connect. */
bool listen_unix(const char *path, unsigned mode, struct listen_socket *out, struct sai_err *e)
    MUST_USE;

/* Removes the file if it is still the one that was made. */
void listen_unlink(struct listen_socket *s);
void listen_done(struct listen_socket *s);
DEFINE_AUTO_DONE(listen_socket, listen_done)

/* For the log: "192.0.2.1:8443", "[::1]:8443" or "unix:PATH". malloc'ed; NULL when out of
 * memory. */
char *listen_text(const struct listen_socket *s);
