/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/stats.h"

#define P "sa_issuerd_signer_"

static const char *const refusal_names[GRPC_REFUSALS] = {
    [GRPC_NOT_ALLOWED] = "uid",
    [GRPC_TOO_MANY] = "connections",
    [GRPC_NO_MEMORY] = "memory",
};

static const char *method_name(size_t i)
{
    return i < SIGN_METHODS ? sign_methods[i].name : "other";
}

void grpc_shard_count(struct grpc_shard *s, int method, enum grpc_code code, uint64_t ns)
{
    size_t i = method < 0 ? SIGN_METHODS : (size_t)method;

    metric_bump(&s->calls[i][code], 1);
    histogram_observe(&s->latency[i], ns);
}

static uint64_t load(const _Atomic uint64_t *v)
{
    return atomic_load_explicit(v, memory_order_relaxed);
}

static uint64_t calls(const struct grpc_stats *s, size_t method, size_t code)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < s->shard_count; i++)
        sum += load(&s->shards[i].calls[method][code]);
    return sum;
}

static void put_calls(const struct grpc_stats *s, struct buf *b)
{
    metric_family(b, P "calls_total", "counter", "Calls answered, by method and gRPC code.");
    for (size_t m = 0; m < STATS_METHODS; m++) {
        for (unsigned code = 0; code < GRPC_CODES; code++) {
            uint64_t n = calls(s, m, code);

            if (n > 0 || (code == GRPC_OK && m < SIGN_METHODS))
                metric_u64(b, P "calls_total",
                           METRIC_LABELS({ "method", method_name(m) },
                                         { "code", grpc_code_name((enum grpc_code)code) }),
                           n);
        }
    }
}

static void put_latency(const struct grpc_stats *s, struct buf *b)
{
    metric_family(b, P "call_duration_seconds", "histogram",
                  "From the first header of a call to its answer.");
    for (size_t m = 0; m < SIGN_METHODS; m++) {
        struct histogram_sum sum = { 0 };

        for (size_t i = 0; i < s->shard_count; i++)
            histogram_add(&sum, &s->shards[i].latency[m]);
        metric_histogram(b, P "call_duration_seconds",
                         METRIC_LABELS({ "method", method_name(m) }), &sum);
    }
}

void grpc_stats_put(const struct grpc_stats *s, struct buf *b)
{
    put_calls(s, b);
    put_latency(s, b);
    metric_family(b, P "connections_open", "gauge", "Open connections.");
    metric_u64(b, P "connections_open", NULL, load(&s->open));
    metric_family(b, P "connections_accepted_total", "counter", "Connections let in.");
    metric_u64(b, P "connections_accepted_total", NULL, load(&s->accepted));
    metric_family(
        b, P "connections_refused_total", "counter",
        "Connections closed at once: of a user who is not allowed, over the limit, or "
        "for want of memory.");
    for (size_t i = GRPC_ADMITTED + 1; i < GRPC_REFUSALS; i++)
        metric_u64(b, P "connections_refused_total",
                   METRIC_LABELS({ "reason", refusal_names[i] }), load(&s->refused[i]));
    metric_family(b, P "connections_cut_total", "counter",
                  "Connections ended by us: past a deadline, or against the protocol.");
    metric_u64(b, P "connections_cut_total", NULL, load(&s->cut));
}
