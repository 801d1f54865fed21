/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/server.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/listen.h"
#include "base/log.h"
#include "conf/conf.h"
#include "grpc/worker.h"
#include "signer/desk.h"
#include "state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* A connection stays with one of them, and there are few. */
enum { WORKERS_MAX = 4 };

struct grpc_server {
    struct sign_desk *desk;
    struct grpc_stats stats;
    struct listen_socket *sockets;
    size_t socket_count;
    struct grpc_worker **workers;
    size_t worker_count;
    size_t next_worker;
    pthread_t acceptor;
    bool accepting;
    int stop_fd;      /* readable: the acceptor ends */
    uint64_t told_ms; /* when a refused connection was logged last */
};

static bool open_own(struct grpc_server *s, const struct conf_listener *c, struct sai_err *e)
{
    if (c->unix_path == NULL)
        return true;
    if (!listen_unix(c->unix_path, &c->access, &s->sockets[s->socket_count], e))
        return false;
    s->socket_count++;
    return true;
}

static bool adopt(void *owner, int fd, const struct sockaddr_storage *addr, struct sai_err *e)
{
    struct grpc_server *s = owner;

    if (addr->ss_family != AF_UNIX)
        return err_set(e, SAI_E_INVALID,
                       "systemd's socket is no Unix socket: nobody could tell who connects");
    s->sockets[s->socket_count++] = (struct listen_socket){ .fd = fd, .passed = true };
    return true;
}

static bool open_sockets(struct grpc_server *s,
                         const struct conf_listener *c,
                         struct passed_sockets *passed,
                         struct sai_err *e)
{
    s->sockets = calloc(passed->count + 1, sizeof(*s->sockets));
    if (s->sockets == NULL)
        return err_nomem(e);
    if (open_own(s, c, e) &&
        (c->systemd == NULL || passed_sockets_take(passed, c->systemd, adopt, s, e)))
        return true;
    err_at_path(e, "listeners.signer");
    return false;
}

static bool start_workers(struct grpc_server *s, const struct conf *c, struct sai_err *e)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t count = processors > 0 ? (size_t)processors : 1;

    if (c->workers > 0)
        count = (size_t)c->workers;
    if (count > WORKERS_MAX)
        count = WORKERS_MAX;
    s->workers = calloc(count, sizeof(struct grpc_worker *));
    s->stats.shards = calloc(count, sizeof(*s->stats.shards));
    if (s->workers == NULL || s->stats.shards == NULL)
        return err_nomem(e);
    s->stats.shard_count = count;
    while (s->worker_count < count) {
        size_t i = s->worker_count;

        if (!grpc_worker_new(s->desk, &s->stats, &s->stats.shards[i], &s->workers[i], e))
            return false;
        s->worker_count++;
    }
    return true;
}

/* A user of the machine could otherwise fill the log. */
static void tell_refused(struct grpc_server *s, const struct sign_peer *peer, const char *why)
{
    enum { EVERY_MS = 1000 };
    uint64_t now_ms = clock_mono_ms();

    if (s->told_ms != 0 && now_ms - s->told_ms < EVERY_MS)
        return;
    s->told_ms = now_ms;
    log_warn("connection to the signer refused", LOG_STR("reason", why),
             LOG_U64("uid", peer->uid), LOG_U64("gid", peer->gid), LOG_I64("pid", peer->pid));
}

static enum grpc_refusal admit(struct grpc_server *s, int fd, struct sign_peer *peer)
{
    AUTO(snapshot) struct snapshot *snapshot = state_current(sign_desk_state(s->desk));
    struct ucred credentials = { .uid = (uid_t)-1 };
    socklen_t len = sizeof(credentials);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) != 0 ||
        len != sizeof(credentials))
        credentials.uid = (uid_t)-1;
    *peer = (struct sign_peer){ credentials.uid, credentials.gid, credentials.pid };
    if (!grpc_conn_is_allowed(snapshot->conf, peer->uid)) {
        tell_refused(s, peer, "listeners.signer.allowUIDs does not name the user");
        return GRPC_NOT_ALLOWED;
    }
    if (atomic_load(&s->stats.open) >= GRPC_CONNECTIONS_MAX) {
        tell_refused(s, peer, "too many connections");
        return GRPC_TOO_MANY;
    }
    return GRPC_ADMITTED;
}

static void hand_over(struct grpc_server *s, int fd)
{
    struct grpc_worker *w = s->workers[s->next_worker++ % s->worker_count];
    struct grpc_conn *c = NULL;
    struct sign_peer peer;
    struct sai_err e = { 0 };
    enum grpc_refusal refusal = admit(s, fd, &peer);

    if (refusal != GRPC_ADMITTED)
        (void)close(fd);
    else if (!grpc_conn_new(fd, &peer, grpc_worker_shard(w), &c, &e))
        refusal = GRPC_NO_MEMORY;
    if (c == NULL) {
        (void)atomic_fetch_add_explicit(&s->stats.refused[refusal], 1, memory_order_relaxed);
        return;
    }
    (void)atomic_fetch_add_explicit(&s->stats.accepted, 1, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&s->stats.open, 1, memory_order_relaxed);
    grpc_worker_add(w, c);
}

/* Takes all that is queued. false: there are no descriptors left. */
static bool accept_all(struct grpc_server *s, const struct listen_socket *socket)
{
    for (;;) {
        int fd = accept4(socket->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0)
            hand_over(s, fd);
        else if (errno != EINTR && errno != ECONNABORTED)
            return errno == EAGAIN;
    }
}

static void *accept_run(void *arg)
{
    enum { SOCKETS_MAX = 65, PAUSE_MS = 100 };
    struct grpc_server *s = arg;
    struct pollfd fds[SOCKETS_MAX + 1] = { { .fd = s->stop_fd, .events = POLLIN } };
    size_t count = s->socket_count < SOCKETS_MAX ? s->socket_count : SOCKETS_MAX;

    for (size_t i = 0; i < count; i++)
        fds[i + 1] = (struct pollfd){ .fd = s->sockets[i].fd, .events = POLLIN };
    for (;;) {
        bool ok = true;

        (void)poll(fds, count + 1, -1);
        if (fds[0].revents != 0)
            return NULL;
        for (size_t i = 0; i < count; i++) {
            if (fds[i + 1].revents != 0)
                ok = accept_all(s, &s->sockets[i]) && ok;
        }
        if (!ok) /* out of descriptors: some may come free */
            (void)poll(fds, 1, PAUSE_MS);
    }
}

static bool start_acceptor(struct grpc_server *s, struct sai_err *e)
{
    int error;

    s->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (s->stop_fd < 0)
        return err_errno(e, errno, "cannot make an event");
    error = pthread_create(&s->acceptor, NULL, accept_run, s);
    if (error != 0)
        return err_errno(e, error, "cannot start a thread");
    s->accepting = true;
    return true;
}

static void log_sockets(const struct grpc_server *s)
{
    for (size_t i = 0; i < s->socket_count; i++) {
        AUTO_FREE char *text = listen_text(&s->sockets[i]);

        log_info("listening", LOG_STR("listener", "signer"),
                 LOG_STR("address", text == NULL ? "unknown" : text),
                 LOG_STR("protocol", "grpc"),
                 LOG_STR("socket", s->sockets[i].passed ? "systemd" : "own"));
    }
}

static bool start_all(struct grpc_server *s,
                      const struct conf *c,
                      struct passed_sockets *passed,
                      struct sai_err *e)
{
    if (!open_sockets(s, &c->listeners.signer.socket, passed, e) || !start_workers(s, c, e) ||
        !start_acceptor(s, e))
        return false;
    log_sockets(s);
    return true;
}

bool grpc_server_start(struct sign_desk *desk,
                       struct passed_sockets *passed,
                       struct grpc_server **out,
                       struct sai_err *e)
{
    AUTO(grpc_server) struct grpc_server *s = calloc(1, sizeof(*s));
    AUTO(snapshot) struct snapshot *snapshot = state_current(sign_desk_state(desk));
    sigset_t all;
    sigset_t before;
    bool ok = true;

    if (s == NULL)
        return err_nomem(e);
    s->desk = desk;
    s->stop_fd = -1;
    /* Signals are for the main thread: the new threads inherit this mask. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    if (snapshot->conf->listeners.signer.present)
        ok = start_all(s, snapshot->conf, passed, e);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ok)
        *out = TAKE(s);
    return ok;
}

static void stop_accepting(struct grpc_server *s)
{
    uint64_t one = 1;

    if (!s->accepting)
        return;
    (void)!write(s->stop_fd, &one, sizeof(one));
    (void)pthread_join(s->acceptor, NULL);
    s->accepting = false;
}

/* What is queued on sockets of our own would be lost; those of systemd keep it for whoever
 * comes next. */
static void close_sockets(struct grpc_server *s)
{
    for (size_t i = 0; i < s->socket_count; i++) {
        listen_unlink(&s->sockets[i]);
        if (!s->sockets[i].passed)
            (void)accept_all(s, &s->sockets[i]);
        listen_done(&s->sockets[i]);
    }
    s->socket_count = 0;
}

void grpc_server_drain(struct grpc_server *s, uint64_t timeout_ms)
{
    enum { STEP_MS = 10 };
    uint64_t start_ms = clock_mono_ms();

    stop_accepting(s);
    close_sockets(s);
    for (size_t i = 0; i < s->worker_count; i++)
        grpc_worker_drain(s->workers[i]);
    while (atomic_load(&s->stats.open) > 0 && clock_mono_ms() - start_ms < timeout_ms)
        (void)poll(NULL, 0, STEP_MS);
}

void grpc_server_free(struct grpc_server *s)
{
    if (s == NULL)
        return;
    stop_accepting(s);
    for (size_t i = 0; i < s->worker_count; i++)
        grpc_worker_free(s->workers[i]);
    for (size_t i = 0; i < s->socket_count; i++)
        listen_done(&s->sockets[i]);
    if (s->stop_fd >= 0)
        (void)close(s->stop_fd);
    free(s->sockets);
    free(s->workers);
    free(s->stats.shards);
    free(s);
}

const char *grpc_library_version(void)
{
    return h2_library_version();
}

void grpc_server_put_metrics(struct grpc_server *s, struct buf *b)
{
    if (s->worker_count == 0)
        return;
    grpc_stats_put(&s->stats, b);
    sign_desk_put_metrics(s->desk, b);
}
