/* SPDX-License-Identifier: Apache-2.0 */
#include "http/worker.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"
#include "http/addr_count.h"
#include "http/asker.h"
#include "http/client.h"
#include "http/listener.h"
#include "http/server.h"
#include "http/tls.h"
#include "http/worker_inside.h"
#include "state/certificate.h"

#include <poll.h>
#include <unistd.h>

const struct conf_limits *worker_refresh(struct worker *w)
{
    uint64_t generation = state_generation(w->shared->state);
    bool closing = atomic_load_explicit(&w->shared->closing, memory_order_relaxed);

    if (w->snapshot == NULL || w->generation != generation) {
        snapshot_unref(w->snapshot);
        w->snapshot = state_current(w->shared->state);
        w->generation = w->snapshot->generation;
        answers_reset(&w->answers, w->snapshot, closing);
        if (w->clerk != NULL)
            token_clerk_use(w->clerk, w->snapshot);
    } else if (w->answers.closing != closing) {
        answers_reset(&w->answers, w->snapshot, closing);
    }
    return &w->snapshot->conf->limits;
}

static int fd_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

void worker_use_certificate(struct worker *w, struct MHD_Connection *connection, struct conn *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    struct certificate *certificate = listener_certificate(w->snapshot, w->options.listener);

    if (info == NULL || certificate == NULL || certificate == c->certificate)
        return; /* without one the handshake will fail */
    tls_use_certificate(info->tls_session, certificate);
    certificate_unref(c->certificate);
    c->certificate = certificate_ref(certificate);
    if (c->asker != NULL)
        asker_forget_client(c->asker);
}

/* Of a Unix socket, whose connections libmicrohttpd accepts itself. Who asks for tokens is a
 * user of this machine, and none of them may keep the others away; behind one who asks for
 * public documents there may be a proxy with the whole world. */
static bool admit(struct worker *w, int fd, const struct conf_limits *limits)
{
    const struct conn_caps caps = { .total = limits->max_connections,
                                    .per_address = limits->max_connections_per_address,
                                    .fd_limit = w->shared->fd_limits[w->options.listener] };
    struct listener_stats *listener = &w->shared->stats->listeners[w->options.listener];
    AUTO(client) struct client client = { 0 };
    struct sockaddr user;

    if (w->options.listener != LISTENER_TOKENS)
        return conn_admit(w->shared->conns, fd, listener, NULL, &caps) == CONN_ADMITTED;
    client_ask_socket(&client, fd);
    user = addr_of_user(client.peer.uid);
    return conn_admit(w->shared->conns, fd, listener, &user, &caps) == CONN_ADMITTED;
}

/* Connections from worker_add() were admitted when they were accepted. That of worker_freshen()
 * is over. */
static struct conn *begin(struct worker *w, struct MHD_Connection *connection, int fd)
{
    const struct conf_limits *limits = worker_refresh(w);
    struct conn *c = conn_at(w->shared->conns, fd);
    uint64_t deadline = clock_mono_ms() + limits->header_timeout_ms;

    if (c == NULL || atomic_load(&w->freshen_fd) == fd)
        return NULL;
    if (w->options.unix_fd >= 0 && !admit(w, fd, limits))
        return NULL;
    if (!conn_begin(w->shared->conns, c, deadline))
        return NULL;
    if (w->clerk != NULL) {
        c->asker = asker_new(connection, &w->waiting);
        if (c->asker == NULL) {
            conn_end(w->shared->conns, c);
            return NULL;
        }
    }
    return c;
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

        c = begin(w, connection, fd);
        *socket_context = c;
        if (c == NULL)
            end_at_once(w, fd);
        else if (w->options.tls)
            worker_use_certificate(w, connection, c);
        return;
    }
    if (c == NULL)
        return;
    if (c->certificate != NULL && !c->served)
        metric_bump(&w->shard->tls_fruitless, 1);
    certificate_unref(TAKE(c->certificate));
    asker_free(TAKE(c->asker));
    *socket_context = NULL;
    conn_end(w->shared->conns, c);
}

static struct MHD_Daemon *start_daemon(struct worker *w, const struct conf_limits *limits)
{
    const struct daemon_options options = {
        .cls = w,
        .request = worker_on_request,
        .connection = on_connection,
        .completed = worker_on_completed,
        .target = worker_on_target,
        .unix_fd = w->options.unix_fd,
        .tls = w->options.tls,
        .suspends = w->options.listener == LISTENER_TOKENS,
        .max_header_bytes = limits->max_header_bytes,
    };

    return daemon_start(&options);
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
    if (options->listener == LISTENER_TOKENS &&
        !token_clerk_new(options->shared->desk, &w->clerk, e))
        return false;
    w->daemon = start_daemon(w, worker_refresh(w));
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
    /* The library must not be stopped with suspended connections; the desk, which is closed by
     * now, has woken them, and what is still on its way from there needs the daemon. */
    while (atomic_load(&w->waiting) > 0)
        (void)poll(NULL, 0, 1);
    if (w->daemon != NULL)
        MHD_stop_daemon(w->daemon);
    token_clerk_free(w->clerk);
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
