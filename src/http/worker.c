/* SPDX-License-Identifier: Apache-2.0 */
#include "http/worker.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"
#include "http/answers.h"
#include "http/head.h"
#include "http/listener.h"
#include "http/request_log.h"
#include "http/server.h"
#include "http/tls.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* libmicrohttpd's callbacks. All run in the worker's own thread, but worker_add(). */

struct worker {
    struct worker_options options;
    struct worker_shared *shared;
    struct stats_shard *shard;
    struct MHD_Daemon *daemon;
    struct snapshot *snapshot;   /* what requests are answered from */
    _Atomic uint64_t generation; /* of it; written by the worker only */
    struct answers answers;
    struct request_log log;
    _Atomic int freshen_fd; /* on its way from worker_freshen(); -1: none */
};

enum { NS_PER_MS = 1000000 };

/* Brings the worker's snapshot up to date; one relaxed load when it is. */
static const struct conf_limits *refresh(struct worker *w)
{
    uint64_t generation = state_generation(w->shared->state);
    bool closing = atomic_load_explicit(&w->shared->closing, memory_order_relaxed);

    if (w->snapshot == NULL || w->generation != generation) {
        snapshot_unref(w->snapshot);
        w->snapshot = state_current(w->shared->state);
        w->generation = w->snapshot->generation;
        answers_reset(&w->answers, w->snapshot, closing);
    } else if (w->answers.closing != closing) {
        answers_reset(&w->answers, w->snapshot, closing);
    }
    return &w->snapshot->conf->limits;
}

static int fd_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

static struct conn *conn_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
        ->socket_context;
}

static void use_certificate(struct worker *w, struct MHD_Connection *connection, struct conn *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    const struct certificate *certificate =
        listener_certificate(w->snapshot, w->options.listener);

    if (info == NULL || certificate == NULL)
        return; /* the handshake will fail for want of a certificate */
    tls_use_certificate(info->tls_session, certificate);
    c->tls_snapshot = snapshot_ref(w->snapshot);
}

/* Connections from worker_add() were admitted when they were accepted; those of a Unix socket,
 * which libmicrohttpd accepts itself, come here first. That of worker_freshen() is over. */
static struct conn *begin(struct worker *w, int fd, const struct conf_limits *limits)
{
    struct conn *c = conn_at(w->shared->conns, fd);
    struct conn_caps caps = { .total = limits->max_connections,
                              .fd_limit = w->shared->fd_limits[w->options.listener] };
    uint64_t deadline = clock_mono_ms() + limits->header_timeout_ms;

    if (c == NULL || atomic_load(&w->freshen_fd) == fd)
        return NULL;
    if (w->options.unix_fd >= 0 &&
        conn_admit(w->shared->conns, fd, &w->shared->stats->listeners[w->options.listener],
                   NULL, &caps) != CONN_ADMITTED)
        return NULL;
    return conn_begin(w->shared->conns, c, deadline) ? c : NULL;
}

static void end_at_once(struct worker *w, int fd)
{
    int expected = fd;

    (void)shutdown(fd, SHUT_RDWR);
    (void)atomic_compare_exchange_strong(&w->freshen_fd, &expected, -1);
}

static void on_connection(void *cls,
                          struct MHD_Connection *connection,
                          void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct worker *w = cls;
    struct conn *c = *socket_context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = fd_of(connection);

        c = begin(w, fd, refresh(w));
        *socket_context = c;
        if (c == NULL)
            end_at_once(w, fd);
        else if (w->options.tls)
            use_certificate(w, connection, c);
        return;
    }
    if (c == NULL)
        return;
    if (c->tls_snapshot != NULL && !c->served)
        metric_bump(&w->shard->tls_fruitless, 1);
    snapshot_unref(c->tls_snapshot);
    c->tls_snapshot = NULL;
    *socket_context = NULL;
    conn_end(w->shared->conns, c);
}

/* The target is still whole here; the path that the handler gets ends before the query. What
 * is returned becomes the handler's *con_cls. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct conn *c = conn_of(connection);

    (void)cls;
    if (c == NULL)
        return NULL;
    c->stage = STAGE_LINE;
    c->served = true;
    c->target_len = target == NULL ? 0 : strlen(target);
    c->target_ok = target != NULL && admission_target_ok(target, c->target_len);
    c->method = NULL;
    c->req = (struct http_req){ 0 };
    c->fault = FAULT_NONE;
    c->route = ROUTE_NONE;
    c->status = 0;
    return c;
}

/* Nothing is decoded: paths are compared raw, so "%00" or "%2f" cannot mean anything. */
static size_t keep_raw(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

static enum MHD_Result queue(struct worker *w,
                             struct MHD_Connection *connection,
                             struct conn *c,
                             struct http_reply *reply)
{
    c->stage = STAGE_ANSWERED;
    c->status = reply->status;
    c->sent_bytes = c->req.method == HTTP_HEAD ? 0 : reply->size;
    return answers_queue(&w->answers, connection, reply, w->snapshot);
}

static bool make_reply(struct worker *w, struct conn *c, struct http_reply *reply)
{
    struct http_env env = { w->snapshot, w->shared->state, w->shared->stats };
    struct sai_err e = { 0 };
    bool ok = http_answer(w->options.service, &c->req, &env, reply, &c->route, &e);

    if (!ok)
        log_err(LOG_ERROR, "cannot answer a request", &e);
    return ok;
}

/* A body is of no use to any route here. One that will be refused anyway is refused at once,
 * otherwise it is read and dropped, so that the connection can go on. */
static enum MHD_Result expect_body(struct worker *w,
                                   struct MHD_Connection *connection,
                                   struct conn *c,
                                   const struct conf_limits *limits)
{
    struct http_reply reply;

    (void)make_reply(w, c, &reply);
    if (reply.status >= 400)
        return queue(w, connection, c, &reply);
    if (reply.body_owned)
        free((void *)(uintptr_t)reply.body);
    conn_wait(c, PHASE_BODY, c->start_ns / NS_PER_MS + limits->body_timeout_ms);
    return MHD_YES;
}

/* The head is complete. libmicrohttpd ends the connection if it is answered now, which is right
 * for a refusal; otherwise it calls again when the body, if any, is complete. */
static enum MHD_Result on_head(struct worker *w,
                               struct MHD_Connection *connection,
                               struct conn *c,
                               const char *version)
{
    const struct conf_limits *limits = refresh(w);

    c->start_ns = clock_mono_ns();
    conn_wait(c, PHASE_WRITE, c->start_ns / NS_PER_MS + limits->write_timeout_ms);
    c->fault = head_admit(connection, c, version, limits);
    if (c->fault != FAULT_NONE) {
        struct http_reply reply;

        metric_bump(&w->shard->refusals[c->fault], 1);
        http_reply_status(&reply, head_fault_status(c->fault));
        return queue(w, connection, c, &reply);
    }
    c->stage = STAGE_ADMITTED;
    return c->req.has_body ? expect_body(w, connection, c, limits) : MHD_YES;
}

/* NOLINTNEXTLINE(readability-function-size): the type is libmicrohttpd's */
static enum MHD_Result on_request(void *cls,
                                  struct MHD_Connection *connection,
                                  const char *path,
                                  const char *method,
                                  const char *version,
                                  const char *body,
                                  size_t *body_len,
                                  void **con_cls)
{
    struct worker *w = cls;
    struct conn *c = *con_cls;
    struct http_reply reply;

    (void)body;
    if (c == NULL)
        return MHD_NO;
    if (c->stage == STAGE_LINE) {
        c->method = method;
        c->req.path = path;
        return on_head(w, connection, c, version);
    }
    if (*body_len > 0) {
        *body_len = 0;
        return MHD_YES;
    }
    if (c->req.has_body)
        conn_wait(c, PHASE_WRITE, clock_mono_ms() + refresh(w)->write_timeout_ms);
    (void)make_reply(w, c, &reply);
    return queue(w, connection, c, &reply);
}

static void log_request(struct worker *w,
                        struct MHD_Connection *connection,
                        const struct conn *c,
                        uint64_t took_ns)
{
    enum conf_log_requests which = w->snapshot->conf->log.requests;
    const union MHD_ConnectionInfo *info;

    if (!request_log_wants(&w->log, which, c->status))
        return;
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    request_log_put(&w->log, w->options.service->name, info->client_addr, c, took_ns);
}

static void on_completed(void *cls,
                         struct MHD_Connection *connection,
                         void **con_cls,
                         enum MHD_RequestTerminationCode how)
{
    struct worker *w = cls;
    struct conn *c = *con_cls;
    uint64_t now = clock_mono_ns();

    *con_cls = NULL;
    if (c == NULL)
        return;
    if (c->stage == STAGE_ANSWERED) {
        metric_bump(&w->shard->requests[c->route][status_slot(c->status)], 1);
        histogram_observe(&w->shard->latency[c->route], now - c->start_ns);
        log_request(w, connection, c, now - c->start_ns);
    } else if (how == MHD_REQUEST_TERMINATED_WITH_ERROR) {
        metric_bump(&w->shard->library_errors, 1);
    }
    c->stage = STAGE_NONE;
    conn_wait(c, PHASE_IDLE, now / NS_PER_MS + w->snapshot->conf->limits.idle_timeout_ms);
}

PRINTF_LIKE(2, 0) static void on_log(void *cls, const char *format, va_list arguments)
{
    char text[512];
    int len;

    (void)cls;
    if (!log_enabled(LOG_DEBUG))
        return;
    len = vsnprintf(text, sizeof(text), format, arguments);
    if (len > 0 && (size_t)len < sizeof(text) && text[len - 1] == '\n')
        text[len - 1] = '\0';
    log_debug("libmicrohttpd", LOG_STR("text", len < 0 ? format : text));
}

/* Room for the library's list of fields (64 bytes each) and the head of its answer, beside what
 * the client may send. All of it is zeroed between two requests, so it should not be large. */
enum { POOL_EXTRA_BYTES = 8192, STACK_BYTES = 512 * 1024 };
/* Connections are capped by conn_admit() and ended by conn_sweep(). The library's time-out,
 * longer than any that can be configured, is but a second line for what those might lose. */
enum { LIBRARY_CONNECTIONS = 1 << 20, LIBRARY_TIMEOUT_S = 2 * 3600 };

/* Level 1 is what RFC 9112 wants from 1.0 on. Before, it only makes the library answer a
 * missing Host itself, with its status line sent twice; our own check does better. */
static int strictness(void)
{
    return head_library_is_strict() ? 1 : 0;
}

static struct MHD_Daemon *start_daemon(struct worker *w, const struct conf_limits *limits)
{
    struct MHD_OptionItem own[] = {
        { MHD_OPTION_LISTEN_SOCKET, w->options.unix_fd, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES },
        { MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)(uintptr_t)tls_no_certificate },
        { MHD_OPTION_END, 0, NULL },
    };
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG;

    if (w->options.unix_fd < 0) {
        flags |= MHD_USE_NO_LISTEN_SOCKET;
        own[0].option = MHD_OPTION_END;
    }
    if (w->options.tls)
        flags |= MHD_USE_TLS;
    else
        tls[0].option = MHD_OPTION_END;
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, w, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, w, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, w, MHD_OPTION_URI_LOG_CALLBACK, on_target, w,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_raw, NULL, MHD_OPTION_STRICT_FOR_CLIENT,
        strictness(), MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIBRARY_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)LIBRARY_TIMEOUT_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)limits->max_header_bytes + POOL_EXTRA_BYTES,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_ARRAY, own,
        MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

_Noreturn static void on_panic(void *cls, const char *file, unsigned line, const char *reason)
{
    (void)cls;
    log_error("libmicrohttpd gave up", LOG_STR("reason", reason), LOG_STR("file", file),
              LOG_U64("line", line));
    abort();
}

bool worker_new(const struct worker_options *options, struct worker **out, struct sai_err *e)
{
    AUTO(worker) struct worker *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return err_nomem(e);
    w->options = *options;
    w->shared = options->shared;
    w->shard = options->shard;
    w->freshen_fd = -1;
    MHD_set_panic_func(on_panic, NULL);
    w->daemon = start_daemon(w, refresh(w));
    if (w->daemon == NULL)
        return err_set(e, SAI_E_IO, "cannot start a thread for the %s listener",
                       options->service->name);
    *out = TAKE(w);
    return true;
}

void worker_free(struct worker *w)
{
    if (w == NULL)
        return;
    if (w->daemon != NULL)
        MHD_stop_daemon(w->daemon);
    answers_done(&w->answers);
    snapshot_unref(w->snapshot);
    free(w);
}

bool worker_add(struct worker *w, int fd, const struct sockaddr *addr, socklen_t len)
{
    return MHD_add_connection(w->daemon, fd, addr, len) == MHD_YES;
}

const char *http_library_version(void)
{
    return MHD_get_version();
}

/* A worker acts when a connection comes: this one is over before it has begun, and is not in
 * the table, so that nobody counts it. */
void worker_freshen(struct worker *w)
{
    const struct sockaddr nobody = { .sa_family = AF_UNIX };
    int pair[2];

    if (atomic_load_explicit(&w->generation, memory_order_relaxed) ==
            state_generation(w->shared->state) ||
        atomic_load(&w->freshen_fd) >= 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
        return;
    (void)close(pair[1]);
    atomic_store(&w->freshen_fd, pair[0]);
    if (!worker_add(w, pair[0], &nobody, sizeof(nobody)))
        atomic_store(&w->freshen_fd, -1);
}
