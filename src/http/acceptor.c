/* SPDX-License-Identifier: Apache-2.0 */
#include "http/acceptor.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    SWEEP_MS = 250,
    FRESHEN_MS = 1000,
    ACCEPT_BURST = 64,    /* connections from one socket before the others' turn */
    LOG_EVERY_MS = 10000, /* about connections that were refused */
    PAUSE_MS = 50,        /* when the kernel is out of memory */
    STACK_BYTES = 256 * 1024,
};

enum order { GO_ON, CLOSE, STOP };

struct acceptor {
    struct worker_shared *shared;
    struct acceptor_socket *sockets;
    struct pollfd *polls; /* one for each socket, then wake_fd */
    size_t *next;         /* for each socket: whose turn it is */
    size_t count;
    int wake_fd;
    int spare_fd; /* given up to accept, and close, what there is no descriptor for */
    bool started;
    pthread_t thread;
    _Atomic enum order order;
    pthread_mutex_t lock; /* of closed */
    pthread_cond_t changed;
    bool closed;
    struct snapshot *snapshot; /* for limits */
    uint64_t logged_ms;
    uint64_t refused; /* since then */
};

static void refresh(struct acceptor *a)
{
    if (a->snapshot != NULL && a->snapshot->generation == state_generation(a->shared->state))
        return;
    snapshot_unref(a->snapshot);
    a->snapshot = state_current(a->shared->state);
}

/* Floods must not become floods of log lines; /metrics has the exact numbers. */
static void note_refusal(struct acceptor *a, enum listener_id listener, const char *why)
{
    uint64_t now = clock_coarse_ms();

    a->refused++;
    if (a->logged_ms != 0 && now - a->logged_ms < LOG_EVERY_MS)
        return;
    log_warn("connections refused",
             LOG_STR("listener", a->shared->stats->listeners[listener].name),
             LOG_STR("reason", why), LOG_U64("count", a->refused));
    a->logged_ms = now;
    a->refused = 0;
}

static void
hand_over(struct acceptor *a, size_t i, int fd, const struct sockaddr *addr, socklen_t len)
{
    struct acceptor_socket *s = &a->sockets[i];
    const struct conf_limits *limits = &a->snapshot->conf->limits;
    struct conn_caps caps = { limits->max_connections, limits->max_connections_per_address,
                              a->shared->fd_limits[s->listener] };
    enum conn_refusal r = conn_admit(a->shared->conns, fd,
                                     &a->shared->stats->listeners[s->listener], addr, &caps);
    int one = 1;

    if (r != CONN_ADMITTED) {
        (void)close(fd);
        note_refusal(a, s->listener, conn_refusal_name(r));
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    a->next[i] = (a->next[i] + 1) % s->worker_count;
    /* On failure, for want of memory, the table's entry is found stale and freed later. */
    if (!worker_add(s->workers[a->next[i]], fd, addr, len))
        note_refusal(a, s->listener, conn_refusal_name(CONN_NO_MEMORY));
}

/* Without a descriptor the connection would stay in the queue and poll() would not wait: the
 * spare one makes room to take it out and end it. false: not even so. */
static bool shed(struct acceptor *a, size_t i)
{
    enum listener_id listener = a->sockets[i].listener;
    int fd;

    if (a->spare_fd >= 0)
        (void)close(a->spare_fd);
    fd = accept4(a->polls[i].fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        (void)close(fd);
    a->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    atomic_fetch_add(&a->shared->stats->listeners[listener].refused[CONN_OVER_DESCRIPTORS], 1);
    note_refusal(a, listener, conn_refusal_name(CONN_OVER_DESCRIPTORS));
    return true;
}

/* false when there is nothing more to do for now: the queue is empty, or the kernel is out of
 * something that it may have again soon. */
static bool accept_one(struct acceptor *a, size_t i)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr);
    int fd =
        accept4(a->polls[i].fd, (struct sockaddr *)&addr, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        hand_over(a, i, fd, (const struct sockaddr *)&addr, len);
        return true;
    }
    switch (errno) {
    case EMFILE:
    case ENFILE:
        if (shed(a, i))
            return true;
        (void)poll(NULL, 0, PAUSE_MS);
        return false;
    case ENOBUFS:
    case ENOMEM:
        (void)poll(NULL, 0, PAUSE_MS);
        return false;
    case EAGAIN:
        return false;
    default: /* errors of that connection (accept(2)): the next one may be fine */
        return true;
    }
}

static void close_sockets(struct acceptor *a)
{
    for (size_t i = 0; i < a->count; i++) {
        if (!a->sockets[i].socket->passed) {
            while (accept_one(a, i))
                ;
            listen_done(a->sockets[i].socket);
        }
        a->polls[i].fd = -1;
    }
    (void)pthread_mutex_lock(&a->lock);
    a->closed = true;
    (void)pthread_cond_signal(&a->changed);
    (void)pthread_mutex_unlock(&a->lock);
}

static void accept_ready(struct acceptor *a)
{
    for (size_t i = 0; i < a->count; i++) {
        if ((a->polls[i].revents & POLLIN) == 0)
            continue;
        for (unsigned n = 0; n < ACCEPT_BURST && accept_one(a, i); n++)
            ;
    }
}

/* What woke the thread, or else nothing but time. false: stop. */
static bool turn(struct acceptor *a)
{
    bool woken = poll(a->polls, a->count + 1, SWEEP_MS) > 0;
    enum order order = atomic_load(&a->order);
    uint64_t wakes;

    refresh(a);
    if (woken) {
        (void)!read(a->wake_fd, &wakes, sizeof(wakes));
        accept_ready(a);
    }
    if (order == CLOSE && !a->closed)
        close_sockets(a);
    return order != STOP;
}

static void freshen(const struct worker_shared *shared)
{
    for (size_t i = 0; i < shared->worker_count; i++)
        worker_freshen(shared->workers[i]);
}

static void *run(void *cls)
{
    struct acceptor *a = cls;
    uint64_t swept_ms = 0;
    uint64_t freshened_ms = 0;

    (void)pthread_setname_np(pthread_self(), "accept");
    while (turn(a)) {
        uint64_t now = clock_coarse_ms();

        if (now - swept_ms < SWEEP_MS)
            continue;
        conn_sweep(a->shared->conns, now);
        swept_ms = now;
        if (now - freshened_ms < FRESHEN_MS)
            continue;
        freshen(a->shared);
        freshened_ms = now;
    }
    return NULL;
}

static bool prepare(struct acceptor *a, const struct acceptor_socket *sockets, size_t count)
{
    a->sockets = calloc(count + 1, sizeof(*a->sockets));
    a->polls = calloc(count + 1, sizeof(*a->polls));
    a->next = calloc(count + 1, sizeof(*a->next));
    if (a->sockets == NULL || a->polls == NULL || a->next == NULL)
        return false;
    a->count = count;
    for (size_t i = 0; i < count; i++) {
        a->sockets[i] = sockets[i];
        a->polls[i] = (struct pollfd){ .fd = sockets[i].socket->fd, .events = POLLIN };
    }
    a->polls[count] = (struct pollfd){ .fd = a->wake_fd, .events = POLLIN };
    return true;
}

static bool start_thread(struct acceptor *a)
{
    pthread_attr_t attributes;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    a->started = pthread_create(&a->thread, &attributes, run, a) == 0;
    (void)pthread_attr_destroy(&attributes);
    return a->started;
}

bool acceptor_new(struct worker_shared *shared,
                  const struct acceptor_socket *sockets,
                  size_t count,
                  struct acceptor **out,
                  struct sai_err *e)
{
    AUTO(acceptor) struct acceptor *a = calloc(1, sizeof(*a));

    if (a == NULL)
        return err_nomem(e);
    a->shared = shared;
    (void)pthread_mutex_init(&a->lock, NULL);
    (void)pthread_cond_init(&a->changed, NULL);
    a->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    a->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (a->wake_fd < 0 || a->spare_fd < 0)
        return err_errno(e, errno, "cannot prepare to accept connections");
    if (!prepare(a, sockets, count))
        return err_nomem(e);
    refresh(a);
    if (!start_thread(a))
        return err_set(e, SAI_E_IO, "cannot start the thread that accepts connections");
    *out = TAKE(a);
    return true;
}

static void command(struct acceptor *a, enum order o)
{
    uint64_t one = 1;

    atomic_store(&a->order, o);
    (void)!write(a->wake_fd, &one, sizeof(one));
}

void acceptor_close(struct acceptor *a)
{
    command(a, CLOSE);
    (void)pthread_mutex_lock(&a->lock);
    while (!a->closed)
        (void)pthread_cond_wait(&a->changed, &a->lock);
    (void)pthread_mutex_unlock(&a->lock);
}

void acceptor_free(struct acceptor *a)
{
    if (a == NULL)
        return;
    if (a->started) {
        command(a, STOP);
        (void)pthread_join(a->thread, NULL);
    }
    if (a->wake_fd >= 0)
        (void)close(a->wake_fd);
    if (a->spare_fd >= 0)
        (void)close(a->spare_fd);
    snapshot_unref(a->snapshot);
    (void)pthread_cond_destroy(&a->changed);
    (void)pthread_mutex_destroy(&a->lock);
    free(a->sockets);
    free(a->polls);
    free(a->next);
    free(a);
}
