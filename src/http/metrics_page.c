/* SPDX-License-Identifier: Apache-2.0 */
#include "http/metrics_page.h"

#include "base/clock.h"
#include "base/metric.h"
#include "base/version.h"
#include "conf/conf.h"
#include "http/listener.h"
#include "http/stats.h"
#include "state/certificate.h"
#include "tokens/desk.h"

#include <sa_issuer/keyset.h>
#include <string.h>

#define P "sa_issuerd_"

static uint64_t load(const _Atomic uint64_t *v)
{
    return atomic_load_explicit(v, memory_order_relaxed);
}

static uint64_t not_negative(int64_t v)
{
    return v > 0 ? (uint64_t)v : 0;
}

static void put_state(struct buf *b, const struct http_env *env)
{
    const struct snapshot *s = env->snapshot;
    const struct state_status *status = state_status(env->state);

    metric_family(b, P "build_info", "gauge", "Always 1; the version is in the label.");
    metric_u64(b, P "build_info", METRIC_LABELS({ "version", SA_ISSUERD_VERSION }), 1);
    metric_family(b, P "snapshot_generation", "gauge",
                  "Number of the snapshot that requests are answered from.");
    metric_u64(b, P "snapshot_generation", NULL, s->generation);
    metric_family(b, P "snapshot_built_timestamp_seconds", "gauge",
                  "When that snapshot was built.");
    metric_u64(b, P "snapshot_built_timestamp_seconds", NULL,
               not_negative(s->built_unix_ms / 1000));
    metric_family(b, P "reloads_total", "counter", "Reloads by result.");
    metric_u64(b, P "reloads_total", METRIC_LABELS({ "result", "ok" }),
               load(&status->reloads_ok));
    metric_u64(b, P "reloads_total", METRIC_LABELS({ "result", "failed" }),
               load(&status->reloads_failed));
    metric_u64(b, P "reloads_total", METRIC_LABELS({ "result", "unchanged" }),
               load(&status->reloads_unchanged));
    metric_family(b, P "last_reload_failed", "gauge",
                  "1 if the last reload failed and an older snapshot is served.");
    metric_u64(b, P "last_reload_failed", NULL, atomic_load(&status->last_reload_failed));
    metric_family(b, P "last_reload_timestamp_seconds", "gauge",
                  "When a reload was last tried; 0: never.");
    metric_u64(b, P "last_reload_timestamp_seconds", NULL,
               not_negative(atomic_load(&status->last_reload_unix_s)));
    metric_family(b, P "draining", "gauge", "1 while the daemon is shutting down.");
    metric_u64(b, P "draining", NULL, atomic_load(&status->draining));
}

/* Keys are told apart by algorithm and by what they are for; one sample counts each kind. */
static void put_issuer_keys(struct buf *b, const char *url, const struct sai_keyset *keys)
{
    static const char *const states[] = { "published", "active" };
    size_t n = sai_keyset_count(keys);

    for (size_t i = 0; i < n; i++) {
        const struct sai_key *k = sai_keyset_get(keys, i);
        bool active = sai_key_is_active(k);
        bool first = true;
        uint64_t count = 0;

        for (size_t j = 0; j < n; j++) {
            const struct sai_key *other = sai_keyset_get(keys, j);

            if (sai_key_is_active(other) != active ||
                strcmp(sai_key_alg(other), sai_key_alg(k)) != 0)
                continue;
            first = first && j >= i;
            count++;
        }
        if (first)
            metric_u64(b, P "keys",
                       METRIC_LABELS({ "issuer", url }, { "alg", sai_key_alg(k) },
                                     { "state", states[active] }),
                       count);
    }
}

static void put_keys(struct buf *b, const struct snapshot *s)
{
    metric_family(b, P "issuers", "gauge", "Number of issuers.");
    metric_u64(b, P "issuers", NULL, s->issuer_count);
    metric_family(b, P "keys", "gauge",
                  "Keys in the JWKS by issuer, algorithm and state; active ones sign.");
    for (size_t i = 0; i < s->issuer_count; i++)
        put_issuer_keys(b, s->issuers[i].conf->url, s->issuers[i].keys);
}

static void put_certificates(struct buf *b, const struct http_env *env)
{
    metric_family(b, P "certificate_expiry_timestamp_seconds", "gauge",
                  "When the serving certificate of a listener expires.");
    for (size_t i = 0; i < LISTENER_COUNT; i++) {
        const struct certificate *c = listener_certificate(env->snapshot, (enum listener_id)i);

        if (c != NULL)
            metric_u64(b, P "certificate_expiry_timestamp_seconds",
                       METRIC_LABELS({ "listener", env->stats->listeners[i].name }),
                       not_negative(certificate_expiry_unix_s(c)));
    }
}

static void put_connections(struct buf *b, const struct stats *s)
{
    metric_family(b, P "http_connections_open", "gauge", "Open connections.");
    for (size_t i = 0; i < LISTENER_COUNT; i++)
        metric_u64(b, P "http_connections_open",
                   METRIC_LABELS({ "listener", s->listeners[i].name }),
                   load(&s->listeners[i].open));
    metric_family(b, P "http_connections_accepted_total", "counter", "Connections let in.");
    for (size_t i = 0; i < LISTENER_COUNT; i++)
        metric_u64(b, P "http_connections_accepted_total",
                   METRIC_LABELS({ "listener", s->listeners[i].name }),
                   load(&s->listeners[i].accepted));
    metric_family(b, P "http_connections_refused_total", "counter",
                  "Connections closed at once, by the limit they met.");
    for (size_t i = 0; i < LISTENER_COUNT; i++) {
        for (size_t r = CONN_ADMITTED + 1; r < CONN_REFUSAL_COUNT; r++)
            metric_u64(b, P "http_connections_refused_total",
                       METRIC_LABELS({ "listener", s->listeners[i].name },
                                     { "reason", conn_refusal_name((enum conn_refusal)r) }),
                       load(&s->listeners[i].refused[r]));
    }
    metric_family(b, P "http_connections_cut_total", "counter",
                  "Connections ended at their deadline, by what they were waiting for.");
    for (size_t i = 0; i < LISTENER_COUNT; i++) {
        for (size_t p = PHASE_HEADER; p <= PHASE_IDLE; p++)
            metric_u64(b, P "http_connections_cut_total",
                       METRIC_LABELS({ "listener", s->listeners[i].name },
                                     { "phase", conn_phase_name((enum conn_phase)p) }),
                       load(&s->listeners[i].cut[p]));
    }
}

/* Sums over the shards of a listener. */
struct totals {
    uint64_t requests[ROUTE_COUNT][STATUS_SLOTS];
    uint64_t refusals[FAULT_COUNT];
    uint64_t library_errors;
    uint64_t tls_fruitless;
    struct histogram_sum latency[ROUTE_COUNT];
};

static void add_shard(struct totals *t, const struct stats_shard *s)
{
    for (size_t r = 0; r < ROUTE_COUNT; r++) {
        for (size_t c = 0; c < STATUS_SLOTS; c++)
            t->requests[r][c] += load(&s->requests[r][c]);
        histogram_add(&t->latency[r], &s->latency[r]);
    }
    for (size_t i = 0; i < FAULT_COUNT; i++)
        t->refusals[i] += load(&s->refusals[i]);
    t->library_errors += load(&s->library_errors);
    t->tls_fruitless += load(&s->tls_fruitless);
}

static void put_request_counts(struct buf *b, const char *listener, const struct totals *t)
{
    for (size_t r = 0; r < ROUTE_COUNT; r++) {
        for (size_t c = 0; c < STATUS_SLOTS; c++) {
            if (t->requests[r][c] > 0)
                metric_u64(b, P "http_requests_total",
                           METRIC_LABELS({ "listener", listener },
                                         { "route", route_name((enum route_id)r) },
                                         { "code", status_slot_name(c) }),
                           t->requests[r][c]);
        }
    }
}

static void put_latencies(struct buf *b, const char *listener, const struct totals *t)
{
    for (size_t r = 0; r < ROUTE_COUNT; r++) {
        if (t->latency[r].sum_ns > 0)
            metric_histogram(b, P "http_request_duration_seconds",
                             METRIC_LABELS({ "listener", listener },
                                           { "route", route_name((enum route_id)r) }),
                             &t->latency[r]);
    }
}

static void put_requests(struct buf *b, const struct stats *s, const struct totals *all)
{
    metric_family(b, P "http_requests_total", "counter", "Requests answered.");
    for (size_t l = 0; l < LISTENER_COUNT; l++)
        put_request_counts(b, s->listeners[l].name, &all[l]);
    metric_family(b, P "http_request_duration_seconds", "histogram",
                  "From the end of a request's head to the end of its answer.");
    for (size_t l = 0; l < LISTENER_COUNT; l++)
        put_latencies(b, s->listeners[l].name, &all[l]);
}

static void put_refusals(struct buf *b, const struct stats *s, const struct totals *all)
{
    metric_family(b, P "http_requests_refused_total", "counter",
                  "Requests refused by the admission check, by reason; library: those that "
                  "libmicrohttpd refused.");
    for (size_t l = 0; l < LISTENER_COUNT; l++) {
        for (size_t r = FAULT_NONE + 1; r < FAULT_COUNT; r++)
            metric_u64(b, P "http_requests_refused_total",
                       METRIC_LABELS({ "listener", s->listeners[l].name },
                                     { "reason", head_fault_name((enum head_fault)r) }),
                       all[l].refusals[r]);
        metric_u64(b, P "http_requests_refused_total",
                   METRIC_LABELS({ "listener", s->listeners[l].name }, { "reason", "library" }),
                   all[l].library_errors);
    }
    metric_family(b, P "tls_connections_without_request_total", "counter",
                  "TLS connections that ended before a request, mostly failed handshakes.");
    for (size_t l = 0; l < LISTENER_COUNT; l++)
        metric_u64(b, P "tls_connections_without_request_total",
                   METRIC_LABELS({ "listener", s->listeners[l].name }), all[l].tls_fruitless);
}

void metrics_page(struct buf *b, const struct http_env *env)
{
    struct totals all[LISTENER_COUNT] = { 0 };

    for (size_t i = 0; i < env->stats->shard_count; i++)
        add_shard(&all[env->stats->shards[i].listener], &env->stats->shards[i]);
    put_state(b, env);
    put_keys(b, env->snapshot);
    put_certificates(b, env);
    put_connections(b, env->stats);
    put_requests(b, env->stats, all);
    put_refusals(b, env->stats, all);
    if (env->desk != NULL)
        token_desk_put_metrics(env->desk, b);
    if (env->more_metrics != NULL)
        env->more_metrics->put(env->more_metrics->owner, b);
    process_metrics(b, env->stats->start_unix_ms);
}
