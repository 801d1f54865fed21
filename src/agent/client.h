/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* POSTs of forms to one URL, several at a time, by libcurl. Owned by one thread. What is
 * trusted: the authorities of the given file alone, or the system's where there is none. What
 * is followed: no redirect, nothing from the environment or from libcurl's files. */

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct client_options {
    const char *url;         /* checked by the caller: https, or http for a loopback host */
    const char *unix_socket; /* NULL: TCP */
    const char *ca_file;     /* PEM, read again each time; NULL: the system's authorities */
    const char *proxy;       /* a URL; NULL: none */
};

struct client_answer {
    unsigned status;        /* 0: none, and e says why */
    uint64_t retry_after_s; /* 0: it did not say */
    const struct buf *body;
    struct sai_err e;
};

typedef void client_done_fn(void *owner, const struct client_answer *answer);

struct client;

/* The strings of o must outlive the client. SAI_E_NOTFOUND: libcurl is missing. */
bool client_new(const struct client_options *o,
                client_done_fn *done,
                struct client **out,
                struct sai_err *e) MUST_USE;
/* Gives up what is under way, without a word; takes NULL. */
void client_free(struct client *c);
DEFINE_AUTO(client, client_free)

/* Begins; done is called once, within client_run(). Takes the bytes of the form on success. */
bool client_post(struct client *c, struct buf *form, void *owner, struct sai_err *e) MUST_USE;

/* Waits at most timeout_ms for something to do, or for fd to be readable; does it, and calls
 * done for what ended. */
void client_run(struct client *c, int fd, int timeout_ms);
