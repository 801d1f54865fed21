/* SPDX-License-Identifier: Apache-2.0 */
#include "base/metric.h"

#include <assert.h>
#include <stdio.h>

/* 50 us to 5 s: an answer from memory is the first bucket, a client that reads slowly the
 * last. */
static const struct {
    uint64_t ns;
    const char *text;
} bounds[HISTOGRAM_BOUNDS] = {
    { 50000, "5e-05" },   { 100000, "0.0001" },  { 250000, "0.00025" }, { 500000, "0.0005" },
    { 1000000, "0.001" }, { 2500000, "0.0025" }, { 5000000, "0.005" },  { 10000000, "0.01" },
    { 50000000, "0.05" }, { 250000000, "0.25" }, { 1000000000, "1" },   { 5000000000, "5" },
};

void metric_family(struct buf *b, const char *name, const char *type, const char *help)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_escaped(struct buf *b, const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s == '\n')
            buf_str(b, "\\n");
        else if (*s == '"' || *s == '\\')
            buf_printf(b, "\\%c", *s);
        else
            buf_char(b, *s);
    }
}

static void put_name(struct buf *b, const char *name, const struct metric_label *labels)
{
    char before = '{';

    buf_str(b, name);
    for (; labels != NULL && labels->name != NULL; labels++) {
        buf_char(b, before);
        buf_str(b, labels->name);
        buf_str(b, "=\"");
        put_escaped(b, labels->value);
        buf_char(b, '"');
        before = ',';
    }
    buf_str(b, before == ',' ? "} " : " ");
}

void metric_u64(struct buf *b, const char *name, const struct metric_label *labels, uint64_t v)
{
    put_name(b, name, labels);
    buf_u64(b, v);
    buf_char(b, '\n');
}

void metric_ns(struct buf *b, const char *name, const struct metric_label *labels, uint64_t ns)
{
    put_name(b, name, labels);
    buf_printf(b, "%llu.%09llu\n", (unsigned long long)(ns / 1000000000U),
               (unsigned long long)(ns % 1000000000U));
}

void histogram_observe(struct histogram *h, uint64_t ns)
{
    size_t i = 0;

    while (i < HISTOGRAM_BOUNDS && ns > bounds[i].ns)
        i++;
    metric_bump(&h->buckets[i], 1);
    metric_bump(&h->sum_ns, ns);
}

void histogram_add(struct histogram_sum *into, const struct histogram *h)
{
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        into->buckets[i] += atomic_load_explicit(&h->buckets[i], memory_order_relaxed);
    into->sum_ns += atomic_load_explicit(&h->sum_ns, memory_order_relaxed);
}

enum { LABELS_MAX = 3, NAME_MAX_BYTES = 128 };

void metric_histogram(struct buf *b,
                      const char *name,
                      const struct metric_label *labels,
                      const struct histogram_sum *h)
{
    struct metric_label all[LABELS_MAX + 2] = { 0 };
    char part[NAME_MAX_BYTES];
    uint64_t count = 0;
    size_t n = 0;

    for (; labels != NULL && labels[n].name != NULL; n++) {
        assert(n < LABELS_MAX);
        all[n] = labels[n];
    }
    (void)snprintf(part, sizeof(part), "%s_bucket", name);
    all[n].name = "le";
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        count += h->buckets[i];
        all[n].value = i < HISTOGRAM_BOUNDS ? bounds[i].text : "+Inf";
        metric_u64(b, part, all, count);
    }
    (void)snprintf(part, sizeof(part), "%s_sum", name);
    metric_ns(b, part, labels, h->sum_ns);
    (void)snprintf(part, sizeof(part), "%s_count", name);
    metric_u64(b, part, labels, count);
}
