/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens/counts.h"

#include "base/metric.h"

#include <string.h>

#define P "sa_issuerd_"

void counts_done(struct counts *c)
{
    struct issuer_counts *ic = atomic_load(&c->issuers);

    while (ic != NULL) {
        struct issuer_counts *next = ic->next;

        free(ic->issuer);
        free(ic);
        ic = next;
    }
}

static struct issuer_counts *find(struct issuer_counts *from, const char *url)
{
    while (from != NULL && strcmp(from->issuer, url) != 0)
        from = from->next;
    return from;
}

static struct issuer_counts *make(const char *url)
{
    struct issuer_counts *ic = calloc(1, sizeof(*ic));

    if (ic == NULL)
        return NULL;
    ic->issuer = strdup(url);
    if (ic->issuer != NULL)
        return ic;
    free(ic);
    return NULL;
}

struct issuer_counts *counts_of_issuer(struct counts *c, const char *url)
{
    struct issuer_counts *first = atomic_load(&c->issuers);
    struct issuer_counts *mine = NULL;
    struct issuer_counts *found = find(first, url);

    while (found == NULL) {
        if (mine == NULL)
            mine = make(url);
        if (mine == NULL)
            return NULL;
        mine->next = first;
        if (atomic_compare_exchange_weak(&c->issuers, &first, mine))
            return mine;
        found = find(first, url); /* another thread was faster, perhaps with this one */
    }
    if (mine != NULL)
        free(mine->issuer);
    free(mine);
    return found;
}

static uint64_t load(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static const char *const reasons[REFUSED_KINDS] = {
    [REFUSED_BAD_REQUEST] = "bad_request", [REFUSED_UNAUTHORIZED] = "unauthorized",
    [REFUSED_FORBIDDEN] = "forbidden",     [REFUSED_NOT_FOUND] = "not_found",
    [REFUSED_METHOD] = "method",           [REFUSED_CONFLICT] = "conflict",
    [REFUSED_TOO_LARGE] = "too_large",     [REFUSED_MEDIA_TYPE] = "media_type",
    [REFUSED_INVALID] = "invalid",         [REFUSED_TOO_MANY] = "too_many",
    [REFUSED_INTERNAL] = "internal",       [REFUSED_UNAVAILABLE] = "unavailable",
};

static void put_issuers(const struct counts *c, struct buf *b)
{
    const struct issuer_counts *first = atomic_load(&c->issuers);

    metric_family(b, P "tokens_issued_total", "counter", "Tokens issued.");
    for (const struct issuer_counts *ic = first; ic != NULL; ic = ic->next)
        metric_u64(b, P "tokens_issued_total", METRIC_LABELS({ "issuer", ic->issuer }),
                   load(&ic->by_kind[REFUSED_NOT]));
    metric_family(b, P "tokens_refused_total", "counter",
                  "Requests for tokens that were refused, by reason.");
    for (const struct issuer_counts *ic = first; ic != NULL; ic = ic->next) {
        for (size_t k = REFUSED_NOT + 1; k < REFUSED_KINDS; k++) {
            if (load(&ic->by_kind[k]) > 0)
                metric_u64(b, P "tokens_refused_total",
                           METRIC_LABELS({ "issuer", ic->issuer }, { "reason", reasons[k] }),
                           load(&ic->by_kind[k]));
        }
    }
}

static void put_reviews(const struct counts *c, struct buf *b)
{
    static const char *const reviews[] = { "token", "access" };
    static const char *const verdicts[] = { "unclear", "refused", "allowed" };

    metric_family(
        b, P "kubernetes_reviews_total", "counter",
        "Questions to Kubernetes who a caller is (token) and what he may (access), by "
        "answer.");
    for (size_t r = 0; r < REVIEW_IDS; r++) {
        for (size_t v = 0; v < KUBE_VERDICTS; v++)
            metric_u64(b, P "kubernetes_reviews_total",
                       METRIC_LABELS({ "review", reviews[r] }, { "verdict", verdicts[v] }),
                       load(&c->reviews[r][v]));
    }
    metric_family(b, P "kubernetes_review_cache_hits_total", "counter",
                  "Callers' tokens that were known from a review before.");
    metric_u64(b, P "kubernetes_review_cache_hits_total", NULL, load(&c->review_hits));
}

void counts_put(const struct counts *c, struct buf *b)
{
    put_issuers(c, b);
    metric_family(b, P "token_requests_waiting", "gauge",
                  "Requests for tokens that wait for Kubernetes.");
    metric_u64(b, P "token_requests_waiting", NULL, load(&c->waiting));
    metric_family(
        b, P "token_requests_limited_total", "counter",
        "Requests for tokens that came too often: of one caller, of all, or with tokens "
        "to be reviewed.");
    metric_u64(b, P "token_requests_limited_total", METRIC_LABELS({ "limit", "all" }),
               load(&c->limited_in_total));
    metric_u64(b, P "token_requests_limited_total", METRIC_LABELS({ "limit", "caller" }),
               load(&c->limited_callers));
    metric_u64(b, P "token_requests_limited_total", METRIC_LABELS({ "limit", "review" }),
               load(&c->limited_reviews));
    metric_family(b, P "audit_failures_total", "counter",
                  "Audit lines that could not be written; no token was issued without.");
    metric_u64(b, P "audit_failures_total", NULL, load(&c->audit_failures));
    put_reviews(c, b);
}
