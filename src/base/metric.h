/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The Prometheus text format 0.0.4, and a latency histogram. */

#include "base/buf.h"

#include <stdatomic.h>
#include <stdint.h>

struct metric_label {
    const char *name; /* NULL ends the list */
    const char *value;
};

#define METRIC_LABELS(...) ((const struct metric_label[]){ __VA_ARGS__, { NULL, NULL } })

/* The two lines that precede the samples of a family; type is "counter", "gauge" or
 * "histogram". */
void metric_family(struct buf *b, const char *name, const char *type, const char *help);
/* A sample; labels may be NULL, their values are escaped. */
void metric_u64(struct buf *b, const char *name, const struct metric_label *labels, uint64_t v);
/* In seconds, from a count of nanoseconds. */
void metric_ns(struct buf *b, const char *name, const struct metric_label *labels, uint64_t ns);

/* A part of the page that another room writes. */
struct metric_source {
    void (*put)(void *owner, struct buf *b);
    void *owner;
};

/* Adds to a counter that one thread writes and any thread reads: a plain addition, where an
 * atomic one would lock the bus on every request. */
static inline void metric_bump(_Atomic uint64_t *counter, uint64_t by)
{
    uint64_t v = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, v + by, memory_order_relaxed);
}

enum { HISTOGRAM_BOUNDS = 12 };

/* One thread observes, any thread reads; buckets are not cumulative. */
struct histogram {
    _Atomic uint64_t buckets[HISTOGRAM_BOUNDS + 1];
    _Atomic uint64_t sum_ns;
};

void histogram_observe(struct histogram *h, uint64_t ns);

/* The sum over several, taken without a lock: a sample may miss the newest observations. */
struct histogram_sum {
    uint64_t buckets[HISTOGRAM_BOUNDS + 1];
    uint64_t sum_ns;
};

void histogram_add(struct histogram_sum *into, const struct histogram *h);
/* The samples <name>_bucket, <name>_sum and <name>_count; at most three labels. */
void metric_histogram(struct buf *b,
                      const char *name,
                      const struct metric_label *labels,
                      const struct histogram_sum *h);
