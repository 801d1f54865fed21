/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* HTTPS requests to one server, many at a time, by libcurl. Owned by one thread, but for
 * transport_wake(). What is trusted: the given authorities, nothing else. What is followed: no
 * redirect, no proxy, no environment, no file of libcurl's. */

#include "base/attr.h"
#include "base/err.h"
#include "kube/credentials.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transport;
struct transfer;

struct transfer_end {
    int status;             /* of HTTP; 0: there was no answer */
    uint64_t retry_after_s; /* UINT64_MAX: it did not say */
    struct sai_err e;       /* without an error the answer came whole */
};

/* Both are called within transport_run() and must not call the transport. */
struct transfer_events {
    /* A part of the body; false gives the transfer up. */
    bool (*data)(void *owner, int status, const char *bytes, size_t len);
    void (*done)(void *owner, const struct transfer_end *end); /* the transfer is no more */
};

struct transfer_spec {
    const struct kube_config *config;
    const struct credential_view *credentials;
    const char *path;   /* and query, from the first slash, behind the config's prefix */
    const char *accept; /* media types */
    const char *body;   /* JSON for a POST; NULL: a GET */
    size_t body_len;
    uint64_t timeout_ms; /* for all of it */
    uint64_t connect_ms;
    uint64_t silence_s; /* give up when nothing comes for so long; 0: no such limit */
    const struct transfer_events *events;
    void *owner;
};

bool transport_new(size_t max_connections, struct transport **out, struct sai_err *e) MUST_USE;
void transport_free(struct transport *t); /* without transfers; takes NULL */
DEFINE_AUTO(transport, transport_free)

/* Copies what it needs. */
bool transport_start(struct transport *t,
                     const struct transfer_spec *spec,
                     struct transfer **out,
                     struct sai_err *e) MUST_USE;
/* Without any of its events. */
void transport_abort(struct transport *t, struct transfer *x);

/* Waits at most timeout_ms for something to do, does it, and calls what ended. */
void transport_run(struct transport *t, int timeout_ms);
/* Ends the waiting; from any thread. */
void transport_wake(struct transport *t);
