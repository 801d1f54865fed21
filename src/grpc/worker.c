/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/worker.h"

#include "base/clock.h"
#include "base/err.h"
#include "conf/conf.h"
#include "signer/clerk.h"

#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    EVENTS = 64,
    /* Deadlines are looked at, and an old snapshot is let go of, this often; oftener while
     * calls are open, whose time-outs are short. */
    TICK_MS = 1000,
    BUSY_TICK_MS = 50,
    /* After the notice clients have this long to send what they had begun. */
    NOTICE_MS = 100,
};

struct grpc_worker {
    struct grpc_stats *stats;
    struct grpc_shard *shard;
    struct sign_clerk *clerk;
    pthread_t thread;
    bool started;
    int epoll_fd;
    int wake_fd;
    _Atomic bool stopping;
    _Atomic bool draining;
    pthread_mutex_t lock; /* guards arrivals */
    struct grpc_conn *arrivals;

    /* The thread's own. */
    struct grpc_conn *conns;
    uint64_t tick_ms;
    uint64_t close_ms; /* when no new calls are taken any more; 0: not draining */
    bool closed;
    bool calls_left; /* some connection has calls to be answered */
};

static void push(struct grpc_conn **list, struct grpc_conn *c)
{
    c->prev = NULL;
    c->next = *list;
    if (*list != NULL)
        (*list)->prev = c;
    *list = c;
}

static void wake(struct grpc_worker *w)
{
    uint64_t one = 1;

    (void)!write(w->wake_fd, &one, sizeof(one));
}

static void end(struct grpc_worker *w, struct grpc_conn *c)
{
    if (c->prev != NULL)
        c->prev->next = c->next;
    else
        w->conns = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    grpc_conn_free(c);
    (void)atomic_fetch_sub_explicit(&w->stats->open, 1, memory_order_release);
}

static void cut(struct grpc_worker *w, struct grpc_conn *c)
{
    (void)atomic_fetch_add_explicit(&w->stats->cut, 1, memory_order_relaxed);
    end(w, c);
}

/* Answers what is ready, sends, and says what to wait for. */
static void serve(struct grpc_worker *w,
                  struct grpc_conn *c,
                  const struct conf_limits *limits,
                  bool was_blocked)
{
    struct epoll_event event = { .data.ptr = c };
    bool more = false;

    grpc_conn_answer(c, w->clerk, &more);
    w->calls_left = w->calls_left || more;
    if (!grpc_conn_write(c, limits)) {
        end(w, c);
        return;
    }
    if (h2_calls(c->h2) > 0 && w->tick_ms > clock_coarse_ms() + BUSY_TICK_MS)
        w->tick_ms = clock_coarse_ms() + BUSY_TICK_MS;
    if (c->blocked == was_blocked)
        return;
    event.events = c->blocked ? EPOLLOUT : EPOLLIN;
    if (epoll_ctl(w->epoll_fd, EPOLL_CTL_MOD, c->fd, &event) != 0)
        cut(w, c);
}

static void
take_event(struct grpc_worker *w, struct grpc_conn *c, const struct conf_limits *limits)
{
    bool was_blocked = c->blocked;

    if (grpc_conn_read(c, limits))
        serve(w, c, limits, was_blocked);
    else
        end(w, c);
}

static void take_arrivals(struct grpc_worker *w, const struct conf_limits *limits)
{
    struct grpc_conn *next;
    uint64_t count;

    (void)!read(w->wake_fd, &count, sizeof(count));
    (void)pthread_mutex_lock(&w->lock);
    next = w->arrivals;
    w->arrivals = NULL;
    (void)pthread_mutex_unlock(&w->lock);
    while (next != NULL) {
        struct grpc_conn *c = next;
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

        next = c->next;
        push(&w->conns, c);
        if (w->closed)
            h2_close(c->h2);
        else if (w->close_ms != 0)
            h2_notice(c->h2);
        if (epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, c->fd, &event) != 0)
            cut(w, c);
        else
            serve(w, c, limits, false);
    }
}

/* Calls that had to wait for their turn. */
static void go_on(struct grpc_worker *w, const struct conf_limits *limits)
{
    struct grpc_conn *next;

    w->calls_left = false;
    for (struct grpc_conn *c = w->conns; c != NULL; c = next) {
        next = c->next;
        if (h2_ready(c->h2) != NULL && !c->blocked)
            serve(w, c, limits, false);
    }
}

static void tick(struct grpc_worker *w, const struct conf *conf)
{
    uint64_t now_ms = clock_mono_ms();
    struct grpc_conn *next;
    bool calls = false;

    for (struct grpc_conn *c = w->conns; c != NULL; c = next) {
        next = c->next;
        if (!grpc_conn_check(c, conf)) {
            cut(w, c);
            continue;
        }
        calls = calls || h2_calls(c->h2) > 0;
        if (!c->blocked)
            serve(w, c, &conf->limits, false);
    }
    w->tick_ms = now_ms + (calls ? BUSY_TICK_MS : TICK_MS);
}

static void start_draining(struct grpc_worker *w)
{
    w->close_ms = clock_mono_ms() + NOTICE_MS;
    w->tick_ms = 0;
    for (struct grpc_conn *c = w->conns; c != NULL; c = c->next)
        h2_notice(c->h2);
}

static void close_conns(struct grpc_worker *w)
{
    w->closed = true;
    w->tick_ms = 0;
    for (struct grpc_conn *c = w->conns; c != NULL; c = c->next)
        h2_close(c->h2);
}

static int timeout_ms(const struct grpc_worker *w)
{
    uint64_t now_ms = clock_mono_ms();
    uint64_t next_ms = w->tick_ms;

    if (w->calls_left)
        return 0;
    if (w->close_ms != 0 && !w->closed && w->close_ms < next_ms)
        next_ms = w->close_ms;
    return next_ms <= now_ms ? 0 : (int)(next_ms - now_ms);
}

static void turn(struct grpc_worker *w)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(w->epoll_fd, events, EVENTS, timeout_ms(w));
    const struct conf *conf = sign_clerk_refresh(w->clerk);
    const struct conf_limits *limits = &conf->limits;
    bool arrivals = false;

    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr == NULL)
            arrivals = true;
        else
            take_event(w, events[i].data.ptr, limits);
    }
    if (w->calls_left)
        go_on(w, limits);
    if (atomic_load(&w->draining) && w->close_ms == 0)
        start_draining(w);
    if (arrivals) /* after the events, none of which can be one of theirs */
        take_arrivals(w, limits);
    if (w->close_ms != 0 && !w->closed && clock_mono_ms() >= w->close_ms)
        close_conns(w);
    if (clock_mono_ms() >= w->tick_ms)
        tick(w, conf);
}

static void *run(void *arg)
{
    struct grpc_worker *w = arg;

    while (!atomic_load(&w->stopping))
        turn(w);
    return NULL;
}

static bool open_fds(struct grpc_worker *w, struct sai_err *e)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };

    w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (w->epoll_fd < 0 || w->wake_fd < 0 ||
        epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, w->wake_fd, &event) != 0)
        return err_errno(e, errno, "cannot make an event loop");
    return true;
}

bool grpc_worker_new(struct sign_desk *desk,
                     struct grpc_stats *stats,
                     struct grpc_shard *shard,
                     struct grpc_worker **out,
                     struct sai_err *e)
{
    AUTO(grpc_worker) struct grpc_worker *w = calloc(1, sizeof(*w));
    int error;

    if (w == NULL)
        return err_nomem(e);
    *w = (struct grpc_worker){ .stats = stats, .shard = shard, .epoll_fd = -1, .wake_fd = -1 };
    (void)pthread_mutex_init(&w->lock, NULL);
    if (!open_fds(w, e) || !sign_clerk_new(desk, &w->clerk, e))
        return false;
    error = pthread_create(&w->thread, NULL, run, w);
    if (error != 0)
        return err_errno(e, error, "cannot start a thread");
    w->started = true;
    *out = TAKE(w);
    return true;
}

void grpc_worker_free(struct grpc_worker *w)
{
    if (w == NULL)
        return;
    if (w->started) {
        atomic_store(&w->stopping, true);
        wake(w);
        (void)pthread_join(w->thread, NULL);
    }
    for (struct grpc_conn *c = w->arrivals; c != NULL; c = w->arrivals) {
        w->arrivals = c->next;
        push(&w->conns, c);
    }
    while (w->conns != NULL)
        end(w, w->conns);
    sign_clerk_free(w->clerk);
    if (w->epoll_fd >= 0)
        (void)close(w->epoll_fd);
    if (w->wake_fd >= 0)
        (void)close(w->wake_fd);
    (void)pthread_mutex_destroy(&w->lock);
    free(w);
}

void grpc_worker_add(struct grpc_worker *w, struct grpc_conn *c)
{
    (void)pthread_mutex_lock(&w->lock);
    push(&w->arrivals, c);
    (void)pthread_mutex_unlock(&w->lock);
    wake(w);
}

struct grpc_shard *grpc_worker_shard(struct grpc_worker *w)
{
    return w->shard;
}

void grpc_worker_drain(struct grpc_worker *w)
{
    atomic_store(&w->draining, true);
    wake(w);
}
