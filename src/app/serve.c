/* SPDX-License-Identifier: Apache-2.0 */
#include "app/serve.h"

#include "app/harden.h"
#include "app/notify.h"
#include "app/reload.h"
#include "app/watch.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/metric.h"
#include "base/passed_sockets.h"
#include "base/signals.h"
#include "base/version.h"
#include "conf/conf.h"
#include "grpc/server.h"
#include "http/server.h"
#include "signer/desk.h"
#include "state/inputs.h"
#include "state/state.h"
#include "tokens/desk.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const uint64_t never_ms = UINT64_MAX;
/* A stream of changes is not put off for more than this many debounce times. */
enum { DEBOUNCE_MAX_TIMES = 5 };

struct daemon {
    struct state *state;
    struct token_desk *desk; /* NULL: no tokens listener */
    struct sign_desk *sign_desk;
    struct grpc_server *signer;
    struct metric_source signer_metrics;
    struct http_server *server;
    struct watch *watch;
    struct reloader *reloader;
    struct notify notify;
    int signals;
    bool stop;
    /* When to do what, on the monotonic clock; never_ms: not at all. */
    uint64_t reload_at_ms;
    uint64_t reload_latest_ms;
    uint64_t poll_at_ms;
    uint64_t watchdog_at_ms;
};

static struct conf_reload reload_conf(const struct daemon *d)
{
    AUTO(snapshot) struct snapshot *s = state_current(d->state);

    return s->conf->reload;
}

static bool first_snapshot(struct daemon *d, const char *conf_file, struct inputs *inputs)
{
    AUTO(sai_report) struct sai_report *report = sai_report_new();
    AUTO(snapshot) struct snapshot *first = NULL;

    if (report == NULL)
        return false;
    if (!snapshot_build(conf_file, inputs, &first, report)) {
        log_report("configuration refused", report);
        return false;
    }
    log_setup(first->conf->log.format, first->conf->log.level);
    log_report("configuration warning", report);
    d->state = state_new(first);
    if (d->state != NULL)
        (void)TAKE(first);
    return d->state != NULL;
}

static void start_watching(struct daemon *d, const struct inputs *inputs)
{
    struct sai_err e = { 0 };
    bool grown = false;

    if (reload_conf(d).watch &&
        (!watch_new(&d->watch, &e) || !watch_set(d->watch, inputs, &grown, &e)))
        log_err(LOG_WARN, "cannot watch for changes, SIGHUP and polling remain", &e);
    if (grown) /* a change between reading and watching went unseen: look once more */
        d->reload_at_ms = clock_mono_ms() + reload_conf(d).debounce_ms;
}

static void schedule_poll(struct daemon *d)
{
    uint64_t every_ms = reload_conf(d).poll_ms;

    d->poll_at_ms = every_ms == 0 ? never_ms : clock_mono_ms() + every_ms;
}

static void feed_watchdog(struct daemon *d)
{
    notify_watchdog(&d->notify);
    d->watchdog_at_ms = clock_mono_ms() + d->notify.watchdog_ms;
}

static void reload(struct daemon *d, enum reload_trigger trigger)
{
    bool again = false;

    if (d->notify.watchdog_ms > 0) /* a reload may have the whole interval, not what is left */
        feed_watchdog(d);
    if (trigger == RELOAD_SIGHUP) /* only what was asked for from outside is waited for */
        notify_reloading(&d->notify);
    reloader_attempt(d->reloader, trigger, &again);
    if (trigger == RELOAD_SIGHUP)
        notify_ready(&d->notify, "serving");
    d->reload_latest_ms = never_ms;
    d->reload_at_ms = again ? clock_mono_ms() + reload_conf(d).debounce_ms : never_ms;
    schedule_poll(d);
}

static void take_signals(struct daemon *d)
{
    struct signalfd_siginfo info;

    while (read(d->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGHUP) {
            reload(d, RELOAD_SIGHUP);
        } else {
            log_info("stopping",
                     LOG_STR("signal", info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT"));
            d->stop = true;
        }
    }
}

/* Changes come in bursts: wait until they have been quiet for a while. */
static void take_changes(struct daemon *d)
{
    uint64_t debounce_ms = reload_conf(d).debounce_ms;
    uint64_t now = clock_mono_ms();

    if (!watch_drain(d->watch))
        return;
    if (d->reload_latest_ms == never_ms)
        d->reload_latest_ms = now + DEBOUNCE_MAX_TIMES * debounce_ms;
    d->reload_at_ms = now + debounce_ms;
    if (d->reload_at_ms > d->reload_latest_ms)
        d->reload_at_ms = d->reload_latest_ms;
}

static void do_what_is_due(struct daemon *d)
{
    uint64_t now = clock_mono_ms();

    if (now >= d->reload_at_ms)
        reload(d, RELOAD_WATCH);
    else if (now >= d->poll_at_ms)
        reload(d, RELOAD_POLL);
    if (now >= d->watchdog_at_ms)
        feed_watchdog(d);
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static int timeout_ms(const struct daemon *d)
{
    uint64_t next = min_u64(d->reload_at_ms, min_u64(d->poll_at_ms, d->watchdog_at_ms));
    uint64_t now = clock_mono_ms();

    if (next == never_ms)
        return -1;
    if (next <= now)
        return 0;
    return next - now > 3600000 ? 3600000 : (int)(next - now);
}

static void main_loop(struct daemon *d)
{
    while (!d->stop) {
        struct pollfd fds[] = {
            { .fd = d->signals, .events = POLLIN },
            { .fd = d->watch == NULL ? -1 : watch_fd(d->watch), .events = POLLIN },
        };

        (void)poll(fds, ARRAY_SIZE(fds), timeout_ms(d));
        if ((fds[0].revents & POLLIN) != 0)
            take_signals(d);
        if ((fds[1].revents & POLLIN) != 0)
            take_changes(d);
        if (!d->stop)
            do_what_is_due(d);
    }
}

static void put_signer_metrics(void *owner, struct buf *b)
{
    grpc_server_put_metrics(owner, b);
}

/* Asks nobody and waits for nothing: the cluster's API may not be there before it. */
static bool start_signer(struct daemon *d, struct passed_sockets *passed, struct sai_err *e)
{
    if (!sign_desk_new(d->state, &d->sign_desk, e))
        return false;
    if (sign_desk_warning(d->sign_desk) != NULL)
        log_err(LOG_WARN, "the signer starts, but", sign_desk_warning(d->sign_desk));
    if (!grpc_server_start(d->sign_desk, passed, &d->signer, e))
        return false;
    d->signer_metrics = (struct metric_source){ put_signer_metrics, d->signer };
    return true;
}

static bool open_desk(struct daemon *d, struct sai_err *e)
{
    AUTO(snapshot) struct snapshot *s = state_current(d->state);

    return !http_server_needs_desk(s->conf) || token_desk_new(d->state, &d->desk, e);
}

static bool start(struct daemon *d, const char *conf_file, struct sai_err *e)
{
    AUTO(inputs) struct inputs *inputs = inputs_new();
    AUTO(passed_sockets) struct passed_sockets passed = { 0 };

    if (inputs == NULL)
        return err_nomem(e);
    if (!passed_sockets_collect(&passed, e))
        return false;
    if (!signals_open(&d->signals, e))
        return false;
    if (!first_snapshot(d, conf_file, inputs))
        return err_set(e, SAI_E_INVALID, "no valid configuration to start with");
    /* The signer first: kube-apiserver waits for it. */
    if (!start_signer(d, &passed, e) || !open_desk(d, e) ||
        !http_server_start(d->state, d->desk, &d->signer_metrics, &passed, &d->server, e))
        return false;
    start_watching(d, inputs);
    if (!reloader_new(conf_file, d->state, d->watch, inputs, &d->reloader, e))
        return false;
    reloader_use_signer(d->reloader, d->sign_desk);
    (void)TAKE(inputs);
    return true;
}

/* Those that still wait for Kubernetes when the time is up get this much to hear so. */
enum { LAST_WORDS_MS = 500 };

static void stop(struct daemon *d)
{
    AUTO(snapshot) struct snapshot *s = state_current(d->state);

    notify_stopping(&d->notify);
    atomic_store(&state_status(d->state)->draining, true);
    http_server_drain(d->server, s->conf->shutdown_timeout_ms);
    if (d->desk != NULL) {
        token_desk_close(d->desk);
        http_server_drain(d->server, LAST_WORDS_MS);
    }
    grpc_server_drain(d->signer, s->conf->shutdown_timeout_ms);
    log_info("stopped");
}

static void release(struct daemon *d)
{
    if (d->desk != NULL)
        token_desk_close(d->desk);
    http_server_free(d->server);
    token_desk_free(d->desk);
    grpc_server_free(d->signer);
    sign_desk_free(d->sign_desk);
    reloader_free(d->reloader);
    watch_free(d->watch);
    state_free(d->state);
    notify_done(&d->notify);
    if (d->signals >= 0)
        (void)close(d->signals);
}

int serve(const char *conf_file)
{
    struct daemon d = { .signals = -1,
                        .reload_at_ms = never_ms,
                        .reload_latest_ms = never_ms,
                        .poll_at_ms = never_ms,
                        .watchdog_at_ms = never_ms };
    struct sai_err e = { 0 };
    bool ok;

    harden_process();
    /* Until the configuration says otherwise: for a person, or else as by default. */
    log_setup(isatty(STDERR_FILENO) == 1 ? LOG_TEXT : LOG_JSON, LOG_INFO);
    notify_init(&d.notify);
    ok = start(&d, conf_file, &e);
    if (ok) {
        log_info("serving", LOG_STR("version", SA_ISSUERD_VERSION),
                 LOG_STR("config", conf_file));
        notify_ready(&d.notify, "serving");
        schedule_poll(&d);
        if (d.notify.watchdog_ms > 0)
            d.watchdog_at_ms = clock_mono_ms();
        main_loop(&d);
        stop(&d);
    } else {
        log_err(LOG_ERROR, "cannot start", &e);
    }
    release(&d);
    return ok ? 0 : 1;
}
