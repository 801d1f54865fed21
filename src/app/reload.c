/* SPDX-License-Identifier: Apache-2.0 */
#include "app/reload.h"

#include "app/watch.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"
#include "signer/desk.h"
#include "state/inputs.h"

#include <string.h>

struct reloader {
    const char *conf_file;
    struct state *state;
    struct watch *watch;
    struct sign_desk *signer;   /* NULL: there is none */
    struct inputs *inputs;      /* of the running snapshot */
    struct inputs *failed;      /* of the last attempt and these, if that failed; else NULL */
    uint64_t signature;         /* of the last attempt's inputs; 0: unknown */
    struct sai_report *failure; /* what the last attempt failed of; NULL: it did not */
};

static const char *const trigger_names[] = {
    [RELOAD_SIGHUP] = "SIGHUP",
    [RELOAD_WATCH] = "file change",
    [RELOAD_POLL] = "poll",
};

bool reloader_new(const char *conf_file,
                  struct state *state,
                  struct watch *watch,
                  struct inputs *inputs,
                  struct reloader **out,
                  struct sai_err *e)
{
    struct reloader *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return err_nomem(e);
    *r = (struct reloader){
        .conf_file = conf_file, .state = state, .watch = watch, .inputs = inputs
    };
    *out = r;
    return true;
}

void reloader_use_signer(struct reloader *r, struct sign_desk *desk)
{
    r->signer = desk;
}

void reloader_free(struct reloader *r)
{
    if (r == NULL)
        return;
    inputs_free(r->inputs);
    inputs_free(r->failed);
    sai_report_free(r->failure);
    free(r);
}

static bool same_problem(const struct sai_err *a, const struct sai_err *b)
{
    return a->code == b->code && a->line == b->line && a->column == b->column &&
           strcmp(a->file, b->file) == 0 && strcmp(a->path, b->path) == 0 &&
           strcmp(a->text, b->text) == 0;
}

static bool same_failure(const struct sai_report *a, const struct sai_report *b)
{
    if (a == NULL || sai_report_count(a) != sai_report_count(b))
        return false;
    for (size_t i = 0; i < sai_report_count(a); i++) {
        if (!same_problem(sai_report_get(a, i, NULL), sai_report_get(b, i, NULL)))
            return false;
    }
    return true;
}

/* What the failed attempt looked at is watched besides what runs: its mending is the event to
 * wait for. */
static void watch_inputs(struct reloader *r, struct inputs *seen, bool failed, bool *again)
{
    struct sai_err e = { 0 };
    bool ok = true;

    if (r->watch == NULL)
        return;
    for (size_t i = 0; failed && ok && i < inputs_count(r->inputs); i++)
        ok = inputs_add(seen, inputs_get(r->inputs, i), &e);
    if (!ok || !watch_set(r->watch, seen, again, &e))
        log_err(LOG_WARN, "cannot watch for changes", &e);
}

static void count(_Atomic uint64_t *counter)
{
    (void)atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static void
attempt_failed(struct reloader *r, enum reload_trigger trigger, struct sai_report *report)
{
    struct state_status *status = state_status(r->state);
    bool known = trigger != RELOAD_SIGHUP && same_failure(r->failure, report);

    sai_report_free(r->failure);
    r->failure = report;
    if (known)
        return;
    count(&status->reloads_failed);
    atomic_store(&status->last_reload_failed, true);
    log_report("reload refused", report);
    log_error("reload failed, the running configuration stays",
              LOG_STR("trigger", trigger_names[trigger]),
              LOG_U64("generation", state_generation(r->state)),
              LOG_U64("errors", sai_report_total(report, SAI_ERROR)));
}

static void tell_waiting_key(struct reloader *r, const struct snapshot *s)
{
    char text[CLOCK_TEXT_SIZE];
    int64_t from_s = 0;
    const char *kid = sign_desk_waiting_kid(r->signer, s, &from_s);

    if (kid != NULL)
        log_info("a new key is listed and signs later", LOG_STR("kid", kid),
                 LOG_STR("from", clock_format_s(from_s, text)));
}

static void attempt_succeeded(struct reloader *r,
                              enum reload_trigger trigger,
                              struct snapshot *next,
                              const struct sai_report *report)
{
    struct state_status *status = state_status(r->state);
    AUTO(snapshot) struct snapshot *adopted = snapshot_ref(next);
    struct sai_err e = { 0 };

    count(&status->reloads_ok);
    log_setup(next->conf->log.format, next->conf->log.level);
    log_report("reload warning", report);
    state_swap(r->state, next);
    if (!sign_desk_adopt(r->signer, adopted, &e))
        log_err(LOG_WARN, "since when keys are listed cannot be kept for a restart", &e);
    log_info("reloaded", LOG_STR("trigger", trigger_names[trigger]),
             LOG_U64("generation", state_generation(r->state)));
    tell_waiting_key(r, adopted);
}

static void attempt_unchanged(struct reloader *r)
{
    struct state_status *status = state_status(r->state);

    count(&status->reloads_unchanged);
    if (r->failure != NULL)
        log_info("the files are again as the running configuration",
                 LOG_U64("generation", state_generation(r->state)));
}

static bool is_unchanged(struct reloader *r, const struct snapshot *next)
{
    AUTO(snapshot) struct snapshot *running = state_current(r->state);

    return memcmp(running->fingerprint, next->fingerprint, FINGERPRINT_BYTES) == 0;
}

static bool
may_replace(struct reloader *r, const struct snapshot *next, struct sai_report *report)
{
    AUTO(snapshot) struct snapshot *running = state_current(r->state);
    struct sai_err e = { 0 };

    if (!conf_check_reload(running->conf, next->conf, report))
        return false;
    if (sign_desk_check(r->signer, next, &e))
        return true;
    report_add(report, SAI_ERROR, &e);
    return false;
}

/* The poll looks at files that may be large, and mostly in vain. */
static bool nothing_new(const struct reloader *r, enum reload_trigger trigger)
{
    const struct inputs *last = r->failed != NULL ? r->failed : r->inputs;

    return trigger == RELOAD_POLL && r->signature != 0 &&
           r->signature == inputs_signature(last);
}

void reloader_attempt(struct reloader *r, enum reload_trigger trigger, bool *again)
{
    struct state_status *status = state_status(r->state);
    AUTO(sai_report) struct sai_report *report = sai_report_new();
    AUTO(inputs) struct inputs *seen = inputs_new();
    AUTO(snapshot) struct snapshot *next = NULL;
    bool ok;

    if (nothing_new(r, trigger))
        return;
    if (report == NULL || seen == NULL) {
        log_error("reload failed: out of memory", LOG_STR("trigger", trigger_names[trigger]));
        count(&status->reloads_failed);
        return;
    }
    ok = snapshot_build(r->conf_file, seen, &next, report) && may_replace(r, next, report);
    watch_inputs(r, seen, !ok, again);
    r->signature = inputs_signature(seen);
    inputs_free(r->failed);
    r->failed = NULL;
    atomic_store(&status->last_reload_unix_s, clock_unix_s());
    if (!ok) {
        r->failed = TAKE(seen);
        attempt_failed(r, trigger, TAKE(report));
        return;
    }
    if (trigger != RELOAD_SIGHUP && is_unchanged(r, next))
        attempt_unchanged(r);
    else
        attempt_succeeded(r, trigger, TAKE(next), report);
    atomic_store(&status->last_reload_failed, false);
    sai_report_free(r->failure);
    r->failure = NULL;
    inputs_free(r->inputs);
    r->inputs = TAKE(seen);
}
