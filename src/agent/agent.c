/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"

#include "agent/lease.h"
#include "agent/trade.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/signals.h"
#include "kube/backoff.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    /* The clock is looked at so often at least: it may be set, and the machine may sleep. */
    TICK_MS = 30000,
    BACKOFF_FIRST_MS = 1000,
    BACKOFF_MOST_MS = 60000,
    RETRY_AFTER_MOST_S = 300,
};

struct target {
    struct agent *agent;
    const struct agent_target *what;
    struct lease lease;
    struct backoff backoff;
    uint64_t retry_at_ms; /* by the monotonic clock; 0: when it is due */
    bool waiting;         /* for an answer */
    bool tried;
    bool expired; /* and it has been told */
};

struct agent {
    const struct agent_options *options;
    struct client *client;
    struct target *targets;
    int signals;
    bool stop;
    bool ready;
};

static void agent_done(struct agent *a)
{
    client_free(a->client);
    free(a->targets);
    if (a->signals >= 0)
        (void)close(a->signals);
}

DEFINE_AUTO_DONE(agent, agent_done)

static void fail(struct target *t, const struct sai_err *e, uint64_t retry_after_s)
{
    uint64_t now_ms = clock_mono_ms();
    uint64_t wait_ms = backoff_next(&t->backoff, now_ms);
    int64_t left_s = t->lease.until_s - clock_unix_s();
    char text[sizeof(struct sai_err)];

    if (retry_after_s > RETRY_AFTER_MOST_S)
        retry_after_s = RETRY_AFTER_MOST_S;
    if (wait_ms < retry_after_s * 1000)
        wait_ms = backoff_jitter(retry_after_s * 1000, 10);
    t->retry_at_ms = now_ms + wait_ms;
    t->tried = true;
    log_warn("no token", LOG_STR("audience", t->what->audience), LOG_STR("file", t->what->file),
             LOG_STR("error", sai_err_format(e, text, sizeof(text))),
             LOG_I64("life_left_s", left_s > 0 ? left_s : 0),
             LOG_U64("retry_in_ms", t->agent->options->once ? 0 : wait_ms));
}

static bool keep(struct target *t, const struct traded *g, struct sai_err *e)
{
    const struct agent_options *o = t->agent->options;
    struct lease lease;

    if (!lease_begin(&lease, g->issued_s, g->expires_s, clock_unix_s(), arc4random(), e) ||
        !file_write_atomic(t->what->file, g->token.data, g->token.len, o->mode, e))
        return false;
    t->lease = lease;
    return true;
}

static void tell_kept(const struct target *t)
{
    char expires[CLOCK_TEXT_SIZE];
    char renewed[CLOCK_TEXT_SIZE];

    log_info("token written", LOG_STR("audience", t->what->audience),
             LOG_STR("file", t->what->file),
             LOG_STR("expires", clock_format_s(t->lease.until_s, expires)),
             LOG_STR("renewal", clock_format_s(t->lease.renew_s, renewed)));
}

static void on_answer(void *owner, const struct client_answer *answer)
{
    struct target *t = owner;
    AUTO(traded) struct traded g = { 0 };
    struct sai_err e = answer->e;

    t->waiting = false;
    if (e.code != SAI_OK ||
        !trade_read(answer->status, answer->body, t->what->audience, &g, &e) ||
        !keep(t, &g, &e)) {
        fail(t, &e, answer->retry_after_s);
        return;
    }
    backoff_reset(&t->backoff);
    t->retry_at_ms = 0;
    t->tried = true;
    t->expired = false;
    tell_kept(t);
}

static bool ask(struct target *t, struct sai_err *e)
{
    const struct agent_options *o = t->agent->options;
    AUTO(buf) struct buf own;
    AUTO(buf) struct buf form;

    buf_init_secret(&own, TRADE_TOKEN_MAX_BYTES);
    buf_init_secret(&form, TRADE_FORM_MAX_BYTES);
    if (!file_read(o->token_file, TRADE_TOKEN_MAX_BYTES, &own, NULL, e))
        return false;
    if (!trade_trim(&own, e)) {
        err_in_file(e, o->token_file, 0, 0);
        return false;
    }
    trade_put_form(&form, &own, t->what->audience, o->duration_s);
    return buf_ok(&form, e) && client_post(t->agent->client, &form, t, e);
}

static void start(struct target *t)
{
    struct sai_err e = { 0 };

    if (ask(t, &e))
        t->waiting = true;
    else
        fail(t, &e, 0);
}

/* Until it is to be looked at again. */
static uint64_t idle_ms(const struct target *t, int64_t now_s, uint64_t now_ms)
{
    if (t->waiting || (t->tried && t->agent->options->once))
        return TICK_MS;
    if (lease_is_due(&t->lease, now_s))
        return t->retry_at_ms > now_ms ? t->retry_at_ms - now_ms : 0;
    return (uint64_t)(t->lease.renew_s - now_s) * 1000;
}

static void start_due(struct agent *a)
{
    for (size_t i = 0; i < a->options->count; i++) {
        struct target *t = &a->targets[i];

        if (idle_ms(t, clock_unix_s(), clock_mono_ms()) == 0)
            start(t);
    }
}

static bool is_finished(const struct agent *a)
{
    if (a->stop)
        return true;
    for (size_t i = 0; a->options->once && i < a->options->count; i++) {
        if (!a->targets[i].tried)
            return false;
    }
    return a->options->once;
}

static int timeout_ms(const struct agent *a)
{
    uint64_t least_ms = is_finished(a) ? 0 : TICK_MS;

    for (size_t i = 0; i < a->options->count; i++) {
        uint64_t ms = idle_ms(&a->targets[i], clock_unix_s(), clock_mono_ms());

        least_ms = ms < least_ms ? ms : least_ms;
    }
    return (int)least_ms;
}

static bool all_good(struct agent *a)
{
    int64_t now_s = clock_unix_s();
    bool good = true;

    for (size_t i = 0; i < a->options->count; i++) {
        struct target *t = &a->targets[i];

        if (lease_is_good(&t->lease, now_s))
            continue;
        good = false;
        if (t->lease.until_s != 0 && !t->expired)
            log_error("token expired, and could not be renewed",
                      LOG_STR("audience", t->what->audience), LOG_STR("file", t->what->file));
        t->expired = t->lease.until_s != 0;
    }
    return good;
}

static bool remove_ready_file(const struct agent *a, struct sai_err *e)
{
    const char *path = a->options->ready_file;

    if (path == NULL || unlink(path) == 0 || errno == ENOENT)
        return true;
    (void)err_errno(e, errno, "cannot remove");
    err_in_file(e, path, 0, 0);
    return false;
}

static void show_ready(struct agent *a)
{
    const char *path = a->options->ready_file;
    bool ready = all_good(a);
    struct sai_err e = { 0 };

    if (ready == a->ready)
        return;
    if (ready ? path == NULL || file_write_atomic(path, "", 0, 0644, &e)
              : remove_ready_file(a, &e))
        a->ready = ready;
    else
        log_err(LOG_ERROR, "readiness not shown", &e);
}

static void take_signals(struct agent *a)
{
    struct signalfd_siginfo info;

    while (read(a->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo != SIGHUP) {
            a->stop = true;
            continue;
        }
        log_info("renewing all", LOG_STR("trigger", "SIGHUP"));
        for (size_t i = 0; i < a->options->count; i++) {
            a->targets[i].lease.renew_s = 0;
            a->targets[i].retry_at_ms = 0;
        }
    }
}

/* What would fail each time must not cost a token each time. */
static bool check_directory(const char *file, struct sai_err *e)
{
    AUTO_FREE char *directory = file_path_beside(file, ".");

    if (directory == NULL)
        return err_nomem(e);
    if (access(directory, W_OK | X_OK) == 0)
        return true;
    (void)err_errno(e, errno, "cannot write in its directory");
    err_in_file(e, file, 0, 0);
    return false;
}

static bool prepare(struct agent *a, struct sai_err *e)
{
    const struct agent_options *o = a->options;

    a->targets = calloc(o->count, sizeof(*a->targets));
    if (a->targets == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < o->count; i++) {
        a->targets[i].agent = a;
        a->targets[i].what = &o->targets[i];
        a->targets[i].backoff.first_ms = BACKOFF_FIRST_MS;
        a->targets[i].backoff.most_ms = BACKOFF_MOST_MS;
        if (!check_directory(o->targets[i].file, e))
            return false;
    }
    return (o->ready_file == NULL || check_directory(o->ready_file, e)) &&
           remove_ready_file(a, e) && signals_open(&a->signals, e) &&
           client_new(&o->server, on_answer, &a->client, e);
}

bool agent_run(const struct agent_options *o, struct sai_err *e)
{
    AUTO(agent) struct agent a = { .options = o, .signals = -1 };

    if (!prepare(&a, e))
        return false;
    log_info("agent started", LOG_STR("server", o->server.url), LOG_U64("audiences", o->count));
    while (!is_finished(&a)) {
        start_due(&a);
        client_run(a.client, a.signals, timeout_ms(&a));
        take_signals(&a);
        show_ready(&a);
    }
    if (o->once)
        return a.ready || err_set(e, SAI_E_IO, "not all tokens were written");
    return remove_ready_file(&a, e);
}
