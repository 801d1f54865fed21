/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Calls to the Kubernetes API, from any thread, answered on one thread of its own.
 *
 * Every call that was accepted ends with exactly one call of done, also when it is cancelled
 * and when the client stops. Callbacks run on the client's thread and must not wait; they may
 * make and cancel calls. */

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kube_client;
struct kube_config;

struct kube_client_options {
    size_t max_calls;       /* at a time; 0: 1024 */
    size_t max_connections; /* 0: 16; watches take one each */
    uint64_t connect_ms;    /* 0: 5000 */
};

/* Takes config, also when it fails. Nothing is sent before the first call. */
bool kube_client_new(struct kube_config *config,
                     const struct kube_client_options *options,
                     struct kube_client **out,
                     struct sai_err *e) MUST_USE;
/* Ends every call and waits for its thread; further calls are not accepted. Not from a
 * callback, nor on two threads at a time. */
void kube_client_stop(struct kube_client *c);
/* Stops it, if that was not done, and frees it. Takes NULL. */
void kube_client_free(struct kube_client *c);
DEFINE_AUTO(kube_client, kube_client_free)

struct kube_answer {
    int status;       /* of HTTP; 0: there was none */
    const char *body; /* NUL after it; of a call with its own data: empty */
    size_t len;
    bool cancelled;   /* or the client stops */
    struct sai_err e; /* without an error the answer came whole */
};

typedef void kube_done_fn(void *owner, const struct kube_answer *answer);
/* A part of the answer of status 200; false gives the call up. */
typedef bool kube_data_fn(void *owner, const char *bytes, size_t len);

struct kube_call {
    const char *path;   /* and query, from the first slash */
    const char *accept; /* media types; NULL: application/json */
    const char *body;   /* JSON for a POST; NULL: a GET */
    size_t body_len;
    size_t max_bytes;    /* of the answer */
    uint64_t timeout_ms; /* for all of it, repetitions included */
    uint64_t silence_s;  /* give up when nothing comes for so long; 0: no such limit */
    unsigned retries;    /* when the server says when: 429 and 5xx with Retry-After */
    kube_data_fn *data;  /* NULL: collect the answer */
    kube_done_fn *done;
    void *owner;
};

/* Copies what it needs; any thread. *id (may be NULL) is for kube_client_cancel(). false: it
 * was not accepted, and done is not called. SAI_E_LIMIT: too many at a time. */
bool kube_client_call(struct kube_client *c,
                      const struct kube_call *call,
                      uint64_t *id,
                      struct sai_err *e) MUST_USE;
/* Calls done in so many milliseconds, with an answer that says nothing. */
bool kube_client_later(struct kube_client *c,
                       uint64_t ms,
                       kube_done_fn *done,
                       void *owner,
                       uint64_t *id,
                       struct sai_err *e) MUST_USE;
/* done comes soon, if it has not come yet. Any thread. */
void kube_client_cancel(struct kube_client *c, uint64_t id);

/* For metrics. */
struct kube_client_counts {
    uint64_t requests;
    uint64_t failures; /* without an answer of 2xx or 404 */
    uint64_t retries;
    uint64_t in_flight;
};
struct kube_client_counts kube_client_counts(struct kube_client *c);
