/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/client.h"

#include "base/buf.h"
#include "base/clock.h"
#include "kube/backoff.h"
#include "kube/config.h"
#include "kube/credentials.h"
#include "kube/transport.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { MAX_CALLS = 1024, MAX_CONNECTIONS = 16, CONNECT_MS = 5000, IDLE_MS = 60000 };

/* A call, from its acceptance to its end. */
struct pending {
    struct pending *next; /* guarded by the lock, as id and cancelled are */
    uint64_t id;
    bool cancelled;
    struct kube_client *client;
    struct kube_call call; /* with own copies of its texts; path NULL: only time passes */
    struct transfer *transfer;
    struct buf answer;
    uint64_t due_ms;      /* to be started, unless it runs */
    uint64_t deadline_ms; /* of the whole call */
    bool asked_again;     /* with a fresh token */
    bool finished;        /* to be removed */
};

struct kube_client {
    struct kube_config *config;
    struct credentials *credentials;
    struct transport *transport;
    struct kube_client_options options;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* guards what follows; only the thread removes */
    struct pending *first;
    struct pending *last;
    size_t count;
    uint64_t next_id;
    bool stopping;
    _Atomic uint64_t requests;
    _Atomic uint64_t failures;
    _Atomic uint64_t retries;
};

static void pending_free(struct pending *p)
{
    if (p == NULL)
        return;
    free((void *)(uintptr_t)p->call.path);
    free((void *)(uintptr_t)p->call.accept);
    if (p->call.body != NULL)
        explicit_bzero((void *)(uintptr_t)p->call.body, p->call.body_len);
    free((void *)(uintptr_t)p->call.body);
    buf_done(&p->answer);
    free(p);
}

DEFINE_AUTO(pending, pending_free)

static bool enqueue(struct kube_client *c, struct pending *p, uint64_t *id, struct sai_err *e)
{
    bool ok = false;

    (void)pthread_mutex_lock(&c->lock);
    if (c->stopping) {
        (void)err_set(e, SAI_E_IO, "the Kubernetes client is stopping");
    } else if (p->call.path != NULL && c->count >= c->options.max_calls) {
        (void)err_set(e, SAI_E_LIMIT, "more than %zu calls to the Kubernetes API at a time",
                      c->options.max_calls);
    } else {
        p->id = ++c->next_id;
        if (id != NULL)
            *id = p->id;
        if (c->last == NULL)
            c->first = p;
        else
            c->last->next = p;
        c->last = p;
        c->count++;
        ok = true;
    }
    (void)pthread_mutex_unlock(&c->lock);
    if (ok)
        transport_wake(c->transport);
    return ok;
}

bool kube_client_call(struct kube_client *c,
                      const struct kube_call *call,
                      uint64_t *id,
                      struct sai_err *e)
{
    AUTO(pending) struct pending *p = calloc(1, sizeof(*p));

    if (p == NULL)
        return err_nomem(e);
    p->client = c;
    p->call = *call;
    p->call.path = strdup(call->path);
    p->call.accept = strdup(call->accept == NULL ? "application/json" : call->accept);
    p->call.body = call->body == NULL ? NULL : strndup(call->body, call->body_len);
    buf_init_secret(&p->answer, call->max_bytes);
    if (p->call.path == NULL || p->call.accept == NULL ||
        (call->body != NULL && p->call.body == NULL))
        return err_nomem(e);
    p->due_ms = clock_mono_ms();
    p->deadline_ms = p->due_ms + call->timeout_ms;
    if (!enqueue(c, p, id, e))
        return false;
    (void)TAKE(p);
    return true;
}

bool kube_client_later(struct kube_client *c,
                       uint64_t ms,
                       kube_done_fn *done,
                       void *owner,
                       uint64_t *id,
                       struct sai_err *e)
{
    AUTO(pending) struct pending *p = calloc(1, sizeof(*p));

    if (p == NULL)
        return err_nomem(e);
    p->client = c;
    p->call = (struct kube_call){ .done = done, .owner = owner };
    buf_init(&p->answer, 0);
    p->due_ms = clock_mono_ms() + ms;
    if (!enqueue(c, p, id, e))
        return false;
    (void)TAKE(p);
    return true;
}

void kube_client_cancel(struct kube_client *c, uint64_t id)
{
    (void)pthread_mutex_lock(&c->lock);
    for (struct pending *p = c->first; p != NULL; p = p->next)
        p->cancelled = p->cancelled || p->id == id;
    (void)pthread_mutex_unlock(&c->lock);
    transport_wake(c->transport);
}

static void end_call(struct pending *p, int status, bool cancelled, const struct sai_err *e)
{
    struct kube_answer answer = {
        .status = status,
        .body = p->answer.data == NULL ? "" : p->answer.data,
        .len = p->answer.len,
        .cancelled = cancelled,
        .e = *e,
    };
    bool good = e->code == SAI_OK && ((status >= 200 && status < 300) || status == 404);

    if (p->call.path != NULL && !cancelled && !good)
        atomic_fetch_add(&p->client->failures, 1);
    p->finished = true;
    p->call.done(p->call.owner, &answer);
}

static bool on_data(void *owner, int status, const char *bytes, size_t len)
{
    struct pending *p = owner;
    struct sai_err e = { 0 };

    if (p->call.data != NULL && status == 200)
        return p->call.data(p->call.owner, bytes, len);
    buf_add(&p->answer, bytes, len);
    return buf_ok(&p->answer, &e);
}

/* Once more with the token as it is in its file now. Which of the two was wrong, the server
 * does not say. */
static bool ask_again(struct pending *p, int status)
{
    if (status != 401 || p->asked_again)
        return false;
    p->asked_again = true;
    credentials_rejected(p->client->credentials);
    p->due_ms = clock_mono_ms();
    return p->due_ms < p->deadline_ms;
}

static bool retry_later(struct pending *p, const struct transfer_end *end)
{
    uint64_t now = clock_mono_ms();
    uint64_t left = p->deadline_ms > now ? p->deadline_ms - now : 0;
    uint64_t wait;

    if ((end->status != 429 && end->status < 500) || p->call.retries == 0 ||
        end->retry_after_s > left / 1000)
        return false;
    wait = backoff_jitter(end->retry_after_s * 1000, 25);
    if (wait >= left)
        return false;
    p->call.retries--;
    p->due_ms = now + wait;
    return true;
}

static void on_done(void *owner, const struct transfer_end *end)
{
    struct pending *p = owner;
    struct sai_err e = end->e;
    struct sai_err full = { 0 };

    p->transfer = NULL;
    if (e.code == SAI_OK && (ask_again(p, end->status) || retry_later(p, end))) {
        atomic_fetch_add(&p->client->retries, 1);
        buf_reset(&p->answer);
        return;
    }
    if (!buf_ok(&p->answer, &full))
        e = full; /* rather than that the transfer was given up */
    end_call(p, end->status, false, &e);
}

static const struct transfer_events events = { .data = on_data, .done = on_done };

static bool start_transfer(struct pending *p, uint64_t now, struct sai_err *e)
{
    struct kube_client *c = p->client;
    struct credential_view view;
    struct transfer_spec spec = {
        .config = c->config,
        .credentials = &view,
        .path = p->call.path,
        .accept = p->call.accept,
        .body = p->call.body,
        .body_len = p->call.body_len,
        .timeout_ms = p->deadline_ms - now,
        .connect_ms = c->options.connect_ms,
        .silence_s = p->call.silence_s,
        .events = &events,
        .owner = p,
    };

    if (!credentials_get(c->credentials, now, &view, e))
        return false;
    atomic_fetch_add(&c->requests, 1);
    return transport_start(c->transport, &spec, &p->transfer, e);
}

static void give_up(struct pending *p, bool cancelled, const char *why)
{
    struct sai_err e = { 0 };

    if (p->transfer != NULL)
        transport_abort(p->client->transport, TAKE(p->transfer));
    (void)err_set(&e, SAI_E_IO, "%s", why);
    end_call(p, 0, cancelled, &e);
}

/* What is due of a call now. Without the lock, as it may call back. */
static void advance(struct pending *p, bool cancelled, uint64_t now)
{
    struct sai_err e = { 0 };

    if (cancelled)
        give_up(p, true, "cancelled");
    else if (p->call.path != NULL && now >= p->deadline_ms)
        give_up(p, false, "timed out");
    else if (p->call.path == NULL || !start_transfer(p, now, &e))
        end_call(p, 0, false, &e);
}

/* When something is to be done about a call: libcurl does not count the time that a transfer
 * waits for a connection to be free. */
static uint64_t due_of(const struct pending *p)
{
    return p->transfer != NULL || (p->call.path != NULL && p->deadline_ms < p->due_ms)
               ? p->deadline_ms
               : p->due_ms;
}

/* With the lock held; returns the one behind it. */
static struct pending *
unlink_finished(struct kube_client *c, struct pending *prev, struct pending *p)
{
    struct pending *next = p->next;

    if (prev == NULL)
        c->first = next;
    else
        prev->next = next;
    if (c->last == p)
        c->last = prev;
    c->count--;
    pending_free(p);
    return next;
}

/* Starts, ends and removes what is due; returns the time until the next is. */
static uint64_t turn(struct kube_client *c, bool stop)
{
    uint64_t now = clock_mono_ms();
    uint64_t next_due = now + IDLE_MS;
    struct pending *prev = NULL;
    struct pending *p;

    (void)pthread_mutex_lock(&c->lock);
    p = c->first;
    while (p != NULL) {
        bool cancelled = (p->cancelled || stop) && !p->finished;

        if (cancelled || (!p->finished && due_of(p) <= now)) {
            (void)pthread_mutex_unlock(&c->lock);
            advance(p, cancelled, now);
            (void)pthread_mutex_lock(&c->lock);
        }
        if (p->finished) {
            p = unlink_finished(c, prev, p);
            continue;
        }
        if (due_of(p) < next_due)
            next_due = due_of(p);
        prev = p;
        p = p->next;
    }
    (void)pthread_mutex_unlock(&c->lock);
    return next_due > now ? next_due - now : 0;
}

static bool is_stopping(struct kube_client *c)
{
    bool stopping;

    (void)pthread_mutex_lock(&c->lock);
    stopping = c->stopping;
    (void)pthread_mutex_unlock(&c->lock);
    return stopping;
}

static void *run(void *arg)
{
    struct kube_client *c = arg;

    while (!is_stopping(c)) {
        uint64_t wait = turn(c, false);

        transport_run(c->transport, (int)wait);
    }
    (void)turn(c, true);
    return NULL;
}

static void set_defaults(struct kube_client_options *o)
{
    if (o->max_calls == 0)
        o->max_calls = MAX_CALLS;
    if (o->max_connections == 0)
        o->max_connections = MAX_CONNECTIONS;
    if (o->connect_ms == 0)
        o->connect_ms = CONNECT_MS;
}

bool kube_client_new(struct kube_config *config,
                     const struct kube_client_options *options,
                     struct kube_client **out,
                     struct sai_err *e)
{
    AUTO(kube_client) struct kube_client *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        kube_config_free(config);
        return err_nomem(e);
    }
    (void)pthread_mutex_init(&c->lock, NULL);
    c->config = config;
    c->options = *options;
    set_defaults(&c->options);
    c->credentials = credentials_new(config);
    if (c->credentials == NULL)
        return err_nomem(e);
    if (!transport_new(c->options.max_connections, &c->transport, e))
        return false;
    if (pthread_create(&c->thread, NULL, run, c) != 0)
        return err_set(e, SAI_E_NOMEM, "cannot start the thread of the Kubernetes client");
    c->has_thread = true;
    *out = TAKE(c);
    return true;
}

void kube_client_stop(struct kube_client *c)
{
    if (!c->has_thread)
        return;
    (void)pthread_mutex_lock(&c->lock);
    c->stopping = true;
    (void)pthread_mutex_unlock(&c->lock);
    transport_wake(c->transport);
    (void)pthread_join(c->thread, NULL);
    c->has_thread = false;
}

void kube_client_free(struct kube_client *c)
{
    if (c == NULL)
        return;
    kube_client_stop(c);
    transport_free(c->transport);
    credentials_free(c->credentials);
    kube_config_free(c->config);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

struct kube_client_counts kube_client_counts(struct kube_client *c)
{
    struct kube_client_counts counts = {
        .requests = atomic_load(&c->requests),
        .failures = atomic_load(&c->failures),
        .retries = atomic_load(&c->retries),
    };

    (void)pthread_mutex_lock(&c->lock);
    counts.in_flight = c->count;
    (void)pthread_mutex_unlock(&c->lock);
    return counts;
}
