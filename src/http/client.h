/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who is at the other end of a connection, as the connection itself tells: the process behind a
 * Unix socket, or the subject of a TLS client's certificate. Found out with the first request
 * that asks, and kept. Belongs to the thread that serves the connection. */

#include "base/attr.h"
#include "tokens/job.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum client_proof {
    CLIENT_UNKNOWN, /* not asked yet */
    CLIENT_NOBODY,
    CLIENT_PEER,
    CLIENT_CERTIFICATE,
    CLIENT_BAD_CERTIFICATE, /* one was shown that proves nothing: to be refused */
};

struct client {
    enum client_proof proof;
    struct ucred peer;
    /* Of a certificate: the subject as Kubernetes maps it. */
    char *user;
    char *groups[CALLER_GROUPS_MAX];
    size_t group_count;
    int64_t good_until_unix_s; /* then the certificate is verified anew */
};

void client_done(struct client *c);
DEFINE_AUTO_DONE(client, client_done)

/* Forgets what is known, so that it is asked for again. */
void client_forget(struct client *c);

/* The peer of a connected Unix socket (SO_PEERCRED): what it was when it connected. Of any
 * other socket, nobody. */
void client_ask_socket(struct client *c, int fd);
