/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens/desk.h"

#include "base/err.h"
#include "base/log.h"
#include "base/metric.h"
#include "conf/conf.h"
#include "kube/client.h"
#include "kube/config.h"
#include "state/state.h"
#include "tokens/inside.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define P "sa_issuerd_"

static bool
load_config(const struct conf_kubernetes *k, struct kube_config **out, struct sai_err *e)
{
    AUTO(sai_report) struct sai_report *report = sai_report_new();

    if (k->kubeconfig == NULL)
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment */
        return kube_config_in_pod(getenv("KUBERNETES_SERVICE_HOST"),
                                  /* NOLINTNEXTLINE(concurrency-mt-unsafe) */
                                  getenv("KUBERNETES_SERVICE_PORT"), KUBE_POD_DIR, out, e);
    if (report == NULL)
        return err_nomem(e);
    if (kube_config_load(k->kubeconfig, k->context, out, report))
        return true;
    *e = *sai_report_get(report, 0, NULL);
    return false;
}

static void on_note(void *owner, const char *kind, const struct sai_err *e)
{
    char text[sizeof(struct sai_err)];

    (void)owner;
    if (e == NULL)
        log_info("following the cluster", LOG_STR("kind", kind));
    else
        log_warn("cannot follow the cluster, asking for each object instead",
                 LOG_STR("kind", kind),
                 LOG_STR("error", sai_err_format(e, text, sizeof(text))));
}

static bool join_cluster(struct token_desk *d, const struct conf *c, struct sai_err *e)
{
    const struct conf_kubernetes *k = &c->accounts.kubernetes;
    const struct kube_client_options options = { 0 };
    const struct kube_accounts_options accounts = { .max_accounts =
                                                        (size_t)c->limits.max_accounts,
                                                    .ask_timeout_ms = k->timeout_ms,
                                                    .note = on_note };
    const struct kube_reviews_options reviews = { .timeout_ms = k->timeout_ms,
                                                  .cache_ms = c->callers.kubernetes.cache_ms };
    struct kube_config *config = NULL;

    d->max_age_ms = k->max_age_ms;
    d->timeout_ms = k->timeout_ms;
    if (c->callers.kubernetes.audience != NULL) {
        d->audience = strdup(c->callers.kubernetes.audience);
        if (d->audience == NULL)
            return err_nomem(e);
    }
    if (!load_config(k, &config, e) || !kube_client_new(config, &options, &d->client, e))
        return false;
    d->reviews = kube_reviews_new(d->client, &reviews);
    if (d->reviews == NULL)
        return err_nomem(e);
    return kube_accounts_new(d->client, &accounts, &d->accounts, e);
}

/* That lines can be written is better known at the start than with the first token. */
static bool check_trail(const char *file, struct sai_err *e)
{
    int fd = file == NULL ? -1 : audit_open(file);

    if (fd >= 0)
        (void)close(fd);
    if (fd >= 0 || file == NULL)
        return true;
    (void)err_errno(e, errno, "cannot open the audit file");
    err_in_file(e, file, 0, 0);
    return false;
}

bool token_desk_new(struct state *st, struct token_desk **out, struct sai_err *e)
{
    AUTO(snapshot) struct snapshot *s = state_current(st);
    AUTO(token_desk) struct token_desk *d = calloc(1, sizeof(*d));

    if (d == NULL)
        return err_nomem(e);
    d->rates = rates_new();
    if (d->rates == NULL)
        return err_nomem(e);
    if (!check_trail(s->conf->audit.file, e))
        return false;
    if (s->conf->accounts.kubernetes.present && !join_cluster(d, s->conf, e))
        return false;
    *out = TAKE(d);
    return true;
}

void token_desk_close(struct token_desk *d)
{
    if (d->client != NULL)
        kube_client_stop(d->client);
}

void token_desk_free(struct token_desk *d)
{
    if (d == NULL)
        return;
    kube_client_free(d->client);
    kube_accounts_free(d->accounts);
    kube_reviews_free(d->reviews);
    free(d->audience);
    rates_free(d->rates);
    counts_done(&d->counts);
    free(d);
}

struct row {
    const char *name;
    const char *type;
    const char *help;
    uint64_t value;
};

static void put_rows(struct buf *b, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        metric_family(b, rows[i].name, rows[i].type, rows[i].help);
        metric_u64(b, rows[i].name, NULL, rows[i].value);
    }
}

static void put_cluster(struct token_desk *d, struct buf *b)
{
    const struct kube_client_counts c = kube_client_counts(d->client);
    const struct kube_accounts_counts a = kube_accounts_counts(d->accounts);
    const uint64_t age_ms = kube_accounts_age_ms(d->accounts);
    const struct row rows[] = {
        { P "kubernetes_requests_total", "counter", "Requests sent to the Kubernetes API.",
          c.requests },
        { P "kubernetes_request_failures_total", "counter",
          "Requests to the Kubernetes API that had no answer of 2xx or 404.", c.failures },
        { P "kubernetes_request_retries_total", "counter",
          "Requests to the Kubernetes API that were sent once more.", c.retries },
        { P "kubernetes_requests_in_flight", "gauge",
          "Requests to the Kubernetes API without an answer yet, watches included.",
          c.in_flight },
        { P "kubernetes_accounts", "gauge", "ServiceAccounts in memory.", a.accounts },
        { P "kubernetes_namespaces", "gauge", "Namespaces in memory.", a.namespaces },
        { P "kubernetes_lists_total", "counter", "Lists begun.", a.lists },
        { P "kubernetes_watches_total", "counter", "Watches begun.", a.watches },
        { P "kubernetes_watch_events_total", "counter", "Events of watches.", a.events },
        { P "kubernetes_list_watch_failures_total", "counter", "Lists and watches that failed.",
          a.failures },
    };

    put_rows(b, rows, ARRAY_SIZE(rows));
    if (age_ms == UINT64_MAX)
        return;
    metric_family(b, P "kubernetes_accounts_age_seconds", "gauge",
                  "How long ago all accounts in memory were known to be so; missing before the "
                  "first list.");
    metric_ns(b, P "kubernetes_accounts_age_seconds", NULL, age_ms * 1000000);
}

void token_desk_put_metrics(struct token_desk *d, struct buf *b)
{
    counts_put(&d->counts, b);
    if (d->client != NULL)
        put_cluster(d, b);
}
