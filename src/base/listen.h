/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Listening sockets. */

#include "base/attr.h"

#include <sa_issuer/err.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct listen_socket {
    int fd;            /* -1: none */
    bool passed;       /* systemd's: it goes on queueing connections when we stop */
    char *unix_path;   /* NULL, or the file to remove; "@name": an abstract socket */
    struct stat inode; /* of that file, to know it by */
};

/* Each address has a socket of its own, IPv6 ones for IPv6 only. */
bool listen_tcp(const char *address, struct listen_socket *out, struct sai_err *e) MUST_USE;

/* Who may connect to a Unix socket. */
struct listen_access {
    unsigned mode;
    const uint32_t *owner; /* user and group to give it to; NULL: it stays ours */
    const uint32_t *group;
};

/* The file never exists with more permissions than these. A socket that nobody serves any more
 * is replaced in one step; one that is served, and any other file, is an error. "@name" is a
 * socket of Linux' abstract names, which has no file and no mode: whoever is in the same
 * network namespace may connect. */
bool listen_unix(const char *path,
                 const struct listen_access *access,
                 struct listen_socket *out,
                 struct sai_err *e) MUST_USE;

/* Removes the file if it is still the one that was made. */
void listen_unlink(struct listen_socket *s);
void listen_done(struct listen_socket *s);
DEFINE_AUTO_DONE(listen_socket, listen_done)

/* For the log: "192.0.2.1:8443", "[::1]:8443" or "unix:PATH". malloc'ed; NULL when out of
 * memory. */
char *listen_text(const struct listen_socket *s);
