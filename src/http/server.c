/* SPDX-License-Identifier: Apache-2.0 */
#include "http/server.h"

#include "base/addr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"
#include "http/acceptor.h"
#include "http/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The sockets and workers of one listener. */
struct listener {
    enum listener_id id;
    struct listen_socket *tcp;
    size_t tcp_count;
    struct listen_socket *local; /* Unix sockets, each with a worker of its own */
    size_t local_count;
    struct worker **workers; /* tcp_worker_count for TCP, then one for each of local */
    size_t tcp_worker_count;
    size_t worker_count;
};

struct http_server {
    struct worker_shared shared;
    struct stats stats;
    struct listener listeners[LISTENER_COUNT];
    struct acceptor *acceptor;
};

static const struct {
    const char *path; /* in the configuration */
    const struct http_service *service;
} listener_rows[LISTENER_COUNT] = {
    [LISTENER_DISCOVERY] = { "listeners.discovery", &discovery_service },
    [LISTENER_TOKENS] = { "listeners.tokens", &tokens_service },
    [LISTENER_ADMIN] = { "listeners.admin", &admin_service },
};

/* Descriptors that no connection may have, so that reloads can always read files and the
 * Kubernetes API be asked, those that only connections of the admin listener may have, and
 * those that connections of the discovery listener may not have. */
enum { RESERVED_FDS = 64, ADMIN_FDS = 16, TOKENS_FDS = 64, FDS_MAX = 1 << 20 };

/* n without those that are kept back, or without a quarter where there are few. */
static size_t keep_back(size_t n, size_t kept)
{
    return n > 4 * kept ? n - kept : n - n / 4;
}

static void share_fds(bool tokens, size_t limits[LISTENER_COUNT])
{
    struct rlimit limit = { 0 };
    size_t n = FDS_MAX;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < n)
        n = (size_t)limit.rlim_cur;
    n = n > (size_t)2 * RESERVED_FDS ? n - RESERVED_FDS : n / 2;
    limits[LISTENER_ADMIN] = n;
    limits[LISTENER_TOKENS] = keep_back(n, ADMIN_FDS);
    limits[LISTENER_DISCOVERY] = keep_back(limits[LISTENER_TOKENS], tokens ? TOKENS_FDS : 0);
}

/* The configuration has said so of addresses; what systemd passes is seen only here. */
static bool check_secrecy(const struct listener *l,
                          const struct conf_listener *c,
                          const struct sockaddr_storage *addr,
                          struct sai_err *e)
{
    AUTO(buf) struct buf text;

    buf_init(&text, 128);
    if (l->id != LISTENER_TOKENS || c->tls.certificate != NULL || addr->ss_family == AF_UNIX ||
        addr_is_loopback(addr))
        return true;
    addr_put(&text, (const struct sockaddr *)addr);
    return err_set(e, SAI_E_INVALID,
                   "tokens would cross the network in the clear at %s, which systemd passed: "
                   "needs tls, or a loopback address",
                   text.data == NULL ? "" : text.data);
}

struct adopter {
    struct listener *listener;
    const struct conf_listener *conf;
};

static bool adopt(void *owner, int fd, const struct sockaddr_storage *addr, struct sai_err *e)
{
    const struct adopter *a = owner;
    struct listener *l = a->listener;
    struct listen_socket s = { .fd = fd, .passed = true };

    if (!check_secrecy(l, a->conf, addr, e))
        return false;
    if (addr->ss_family == AF_UNIX)
        l->local[l->local_count++] = s;
    else
        l->tcp[l->tcp_count++] = s;
    return true;
}

static bool open_sockets(struct listener *l,
                         const struct conf_listener *c,
                         struct passed_sockets *passed,
                         struct sai_err *e)
{
    l->tcp = calloc(c->addresses.count + passed->count + 1, sizeof(*l->tcp));
    l->local = calloc(passed->count + 1, sizeof(*l->local));
    if (l->tcp == NULL || l->local == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < c->addresses.count; i++) {
        if (!listen_tcp(c->addresses.items[i], &l->tcp[l->tcp_count], e))
            return false;
        l->tcp_count++;
    }
    if (c->unix_path != NULL) {
        if (!listen_unix(c->unix_path, &c->access, &l->local[l->local_count], e))
            return false;
        l->local_count++;
    }
    return c->systemd == NULL ||
           passed_sockets_take(passed, c->systemd, adopt, &(struct adopter){ l, c }, e);
}

static size_t tcp_workers(const struct listener *l, const struct conf *c)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (l->tcp_count == 0)
        return 0;
    if (l->id == LISTENER_ADMIN)
        return 1;
    if (c->workers > 0)
        return (size_t)c->workers;
    return processors > 0 ? (size_t)processors : 1;
}

static bool open_listeners(struct http_server *s,
                           const struct conf *c,
                           struct passed_sockets *passed,
                           struct sai_err *e)
{
    for (size_t i = 0; i < LISTENER_COUNT; i++) {
        struct listener *l = &s->listeners[i];

        l->id = (enum listener_id)i;
        s->stats.listeners[i].name = listener_rows[i].service->name;
        if (!open_sockets(l, listener_conf(c, l->id), passed, e)) {
            err_at_path(e, listener_rows[i].path);
            return false;
        }
        l->tcp_worker_count = tcp_workers(l, c);
        l->workers = calloc(l->tcp_worker_count + l->local_count + 1, sizeof(struct worker *));
        if (l->workers == NULL)
            return err_nomem(e);
        s->stats.shard_count += l->tcp_worker_count + l->local_count;
    }
    return true;
}

static bool start_worker(struct http_server *s,
                         struct listener *l,
                         const struct snapshot *snapshot,
                         struct stats_shard *shard,
                         struct sai_err *e)
{
    bool tcp = l->worker_count < l->tcp_worker_count;
    struct listen_socket *local = tcp ? NULL : &l->local[l->worker_count - l->tcp_worker_count];
    struct worker_options options = {
        .listener = l->id,
        .service = listener_rows[l->id].service,
        .shared = &s->shared,
        .shard = shard,
        .tls = tcp && listener_certificate(snapshot, l->id) != NULL,
        .unix_fd = -1,
    };

    if (local != NULL) {
        /* The worker closes its descriptor; this one stays for the file's sake. */
        options.unix_fd = fcntl(local->fd, F_DUPFD_CLOEXEC, 0);
        if (options.unix_fd < 0)
            return err_errno(e, errno, "cannot duplicate a socket");
    }
    shard->listener = l->id;
    if (!worker_new(&options, &l->workers[l->worker_count], e)) {
        if (options.unix_fd >= 0)
            (void)close(options.unix_fd);
        return false;
    }
    l->worker_count++;
    return true;
}

static bool
start_workers(struct http_server *s, const struct snapshot *snapshot, struct sai_err *e)
{
    size_t shard = 0;

    s->stats.shards = calloc(s->stats.shard_count + 1, sizeof(*s->stats.shards));
    s->shared.workers = calloc(s->stats.shard_count + 1, sizeof(struct worker *));
    if (s->stats.shards == NULL || s->shared.workers == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < LISTENER_COUNT; i++) {
        struct listener *l = &s->listeners[i];

        while (l->worker_count < l->tcp_worker_count + l->local_count) {
            if (!start_worker(s, l, snapshot, &s->stats.shards[shard++], e))
                return false;
            s->shared.workers[s->shared.worker_count++] = l->workers[l->worker_count - 1];
        }
    }
    return true;
}

static bool start_acceptor(struct http_server *s, struct sai_err *e)
{
    AUTO_FREE struct acceptor_socket *sockets = NULL;
    size_t total = 0;
    size_t n = 0;

    for (size_t i = 0; i < LISTENER_COUNT; i++)
        total += s->listeners[i].tcp_count;
    sockets = calloc(total + 1, sizeof(*sockets));
    if (sockets == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < LISTENER_COUNT; i++) {
        struct listener *l = &s->listeners[i];

        for (size_t j = 0; j < l->tcp_count; j++)
            sockets[n++] =
                (struct acceptor_socket){ &l->tcp[j], l->id, l->workers, l->tcp_worker_count };
    }
    return acceptor_new(&s->shared, sockets, n, &s->acceptor, e);
}

static void log_socket(const struct listen_socket *socket, const char *listener, bool tls)
{
    AUTO_FREE char *text = listen_text(socket);

    log_info("listening", LOG_STR("listener", listener),
             LOG_STR("address", text == NULL ? "unknown" : text),
             LOG_STR("protocol", tls ? "https" : "http"),
             LOG_STR("socket", socket->passed ? "systemd" : "own"));
}

static void log_sockets(const struct http_server *s, const struct snapshot *snapshot)
{
    for (size_t i = 0; i < LISTENER_COUNT; i++) {
        const struct listener *l = &s->listeners[i];
        const char *name = listener_rows[i].service->name;

        for (size_t j = 0; j < l->tcp_count; j++)
            log_socket(&l->tcp[j], name, listener_certificate(snapshot, l->id) != NULL);
        for (size_t j = 0; j < l->local_count; j++)
            log_socket(&l->local[j], name, false);
    }
}

static bool start_all(struct http_server *s,
                      const struct snapshot *snapshot,
                      struct passed_sockets *passed,
                      struct sai_err *e)
{
    share_fds(s->shared.desk != NULL, s->shared.fd_limits);
    if (!conn_table_new(s->shared.fd_limits[LISTENER_ADMIN], &s->shared.conns, e) ||
        !open_listeners(s, snapshot->conf, passed, e) || !start_workers(s, snapshot, e) ||
        !start_acceptor(s, e))
        return false;
    log_sockets(s, snapshot);
    return true;
}

bool http_server_needs_desk(const struct conf *c)
{
    return listener_is_wanted(c, LISTENER_TOKENS);
}

bool http_server_start(struct state *st,
                       struct token_desk *desk,
                       const struct metric_source *more_metrics,
                       struct passed_sockets *passed,
                       struct http_server **out,
                       struct sai_err *e)
{
    AUTO(http_server) struct http_server *s = calloc(1, sizeof(*s));
    AUTO(snapshot) struct snapshot *snapshot = state_current(st);
    sigset_t all;
    sigset_t before;
    bool ok;

    if (s == NULL)
        return err_nomem(e);
    s->shared.state = st;
    s->shared.desk = desk;
    s->shared.more_metrics = more_metrics;
    s->shared.stats = &s->stats;
    s->stats.start_unix_ms = clock_unix_ms();
    /* Signals are for the main thread: the new threads inherit this mask. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    ok = start_all(s, snapshot, passed, e);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ok)
        *out = TAKE(s);
    return ok;
}

/* A client that has just connected gets a moment to send its request. */
enum { DRAIN_STEP_MS = 20, DRAIN_GRACE_MS = 200 };

/* Unix sockets go on accepting, as the library would drop what it had just accepted when told
 * to stop; with the file gone nobody new finds them. */
void http_server_drain(struct http_server *s, uint64_t timeout_ms)
{
    uint64_t start = clock_mono_ms();
    uint64_t grace_ms = timeout_ms / 4 < DRAIN_GRACE_MS ? timeout_ms / 4 : DRAIN_GRACE_MS;

    atomic_store(&s->shared.closing, true);
    acceptor_close(s->acceptor);
    for (size_t i = 0; i < LISTENER_COUNT; i++) {
        for (size_t j = 0; j < s->listeners[i].local_count; j++)
            listen_unlink(&s->listeners[i].local[j]);
    }
    while (conn_count(s->shared.conns) > 0 && clock_mono_ms() - start < timeout_ms) {
        if (clock_mono_ms() - start >= grace_ms)
            conn_end_idle(s->shared.conns);
        (void)poll(NULL, 0, DRAIN_STEP_MS);
    }
}

static void free_listener(struct listener *l)
{
    for (size_t i = 0; i < l->worker_count; i++)
        worker_free(l->workers[i]);
    for (size_t i = 0; i < l->tcp_count; i++)
        listen_done(&l->tcp[i]);
    for (size_t i = 0; i < l->local_count; i++)
        listen_done(&l->local[i]);
    free(l->workers);
    free(l->tcp);
    free(l->local);
}

void http_server_free(struct http_server *s)
{
    if (s == NULL)
        return;
    acceptor_free(s->acceptor);
    for (size_t i = 0; i < LISTENER_COUNT; i++)
        free_listener(&s->listeners[i]);
    conn_table_free(s->shared.conns);
    free(s->shared.workers);
    free(s->stats.shards);
    free(s);
}
