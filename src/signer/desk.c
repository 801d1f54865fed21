/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/desk.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/metric.h"
#include "conf/conf.h"
#include "signer/listing.h"
#include "state/state.h"

#include <sa_issuer/keyset.h>
#include <stdio.h>
#include <string.h>

#define P "sa_issuerd_signer_"

enum { STATE_MAX_BYTES = 1 << 20 };

struct sign_desk {
    struct state *state;
    struct sign_listing *listing;
    struct sai_err warning; /* the first thing that went wrong with what is remembered */
    bool warned;
};

const struct issuer *sign_issuer(const struct snapshot *s)
{
    if (!s->conf->listeners.signer.present)
        return NULL;
    for (size_t i = 0; i < s->issuer_count; i++) {
        if (s->issuers[i].conf->role == CONF_CLUSTER)
            return &s->issuers[i];
    }
    return NULL;
}

/* A state file that is not there yet is that of a first start. */
static bool restore(struct sign_desk *d, const char *file, struct sai_err *e)
{
    AUTO(buf) struct buf text;

    buf_init(&text, STATE_MAX_BYTES);
    if (file == NULL)
        return true;
    if (!file_read(file, STATE_MAX_BYTES, &text, NULL, e)) {
        if (e->code != SAI_E_NOTFOUND)
            return false;
        *e = (struct sai_err){ 0 };
        return true;
    }
    if (!sign_listing_restore(d->listing, text.data == NULL ? "" : text.data, text.len, e)) {
        err_in_file(e, file, 0, 0);
        return false;
    }
    return true;
}

static bool store(struct sign_desk *d, const char *file, struct sai_err *e)
{
    AUTO(buf) struct buf text;

    buf_init(&text, STATE_MAX_BYTES);
    if (file == NULL)
        return true;
    sign_listing_put(d->listing, &text);
    return buf_ok(&text, e) && file_write_atomic(file, text.data, text.len, 0600, e);
}

static bool start(struct sign_desk *d, const struct issuer *issuer, struct sai_err *e)
{
    const char *file = issuer->conf->signer.state_file;
    int64_t now_s = clock_unix_s();
    bool ok = restore(d, file, &d->warning);

    if (d->warning.code == SAI_E_NOMEM)
        return err_nomem(e);
    ok = sign_listing_check(d->listing, issuer, now_s, &d->warning) && ok;
    if (!sign_listing_adopt(d->listing, issuer, now_s, e))
        return false;
    d->warned = !store(d, file, &d->warning) || !ok;
    return true;
}

bool sign_desk_new(struct state *st, struct sign_desk **out, struct sai_err *e)
{
    AUTO(sign_desk) struct sign_desk *d = calloc(1, sizeof(*d));
    AUTO(snapshot) struct snapshot *s = state_current(st);
    const struct issuer *issuer = sign_issuer(s);

    if (d != NULL) {
        d->state = st;
        d->listing = sign_listing_new();
    }
    if (d == NULL || d->listing == NULL)
        return err_nomem(e);
    if (issuer != NULL && !start(d, issuer, e))
        return false;
    *out = TAKE(d);
    return true;
}

void sign_desk_free(struct sign_desk *d)
{
    if (d == NULL)
        return;
    sign_listing_free(d->listing);
    free(d);
}

bool sign_desk_check(struct sign_desk *d, const struct snapshot *next, struct sai_err *e)
{
    const struct issuer *issuer = d == NULL ? NULL : sign_issuer(next);
    char path[64];

    if (issuer == NULL || sign_listing_check(d->listing, issuer, clock_unix_s(), e))
        return true;
    (void)snprintf(path, sizeof(path), "issuers[%zu].keys", (size_t)(issuer - next->issuers));
    conf_locate(next->conf, path, e);
    return false;
}

bool sign_desk_adopt(struct sign_desk *d, const struct snapshot *s, struct sai_err *e)
{
    const struct issuer *issuer = d == NULL ? NULL : sign_issuer(s);

    return issuer == NULL || (sign_listing_adopt(d->listing, issuer, clock_unix_s(), e) &&
                              store(d, issuer->conf->signer.state_file, e));
}

const char *
sign_desk_waiting_kid(struct sign_desk *d, const struct snapshot *s, int64_t *from_s)
{
    const struct issuer *issuer = d == NULL ? NULL : sign_issuer(s);
    const struct sai_key *k =
        issuer == NULL ? NULL
                       : sign_listing_waiting_key(d->listing, issuer, clock_unix_s(), from_s);

    return k == NULL ? NULL : sai_key_id(k);
}

const struct sai_err *sign_desk_warning(const struct sign_desk *d)
{
    return d->warned ? &d->warning : NULL;
}

struct state *sign_desk_state(struct sign_desk *d)
{
    return d->state;
}

struct sign_listing *sign_desk_listing(struct sign_desk *d)
{
    return d->listing;
}

static void put_keys(struct sign_desk *d, struct buf *b, const struct issuer *issuer)
{
    int64_t now_s = clock_unix_s();
    const struct sai_key *signing = sign_listing_signing_key(d->listing, issuer, now_s);

    metric_family(b, P "key_listed_timestamp_seconds", "gauge",
                  "Since when API servers are told of a key; 0: since before the first start. "
                  "One of them signs.");
    for (size_t i = 0; i < sai_keyset_count(issuer->keys); i++) {
        const struct sai_key *k = sai_keyset_get(issuer->keys, i);
        int64_t since_s = sign_listing_since_s(d->listing, sai_key_id(k));

        if (since_s >= 0)
            metric_u64(b, P "key_listed_timestamp_seconds",
                       METRIC_LABELS({ "kid", sai_key_id(k) }, { "alg", sai_key_alg(k) },
                                     { "signs", k == signing ? "true" : "false" }),
                       (uint64_t)since_s);
    }
}

void sign_desk_put_metrics(struct sign_desk *d, struct buf *b)
{
    AUTO(snapshot) struct snapshot *s = state_current(d->state);
    const struct issuer *issuer = sign_issuer(s);

    if (issuer == NULL)
        return;
    put_keys(d, b, issuer);
    metric_family(b, P "keys_changed_timestamp_seconds", "gauge",
                  "When what API servers are told of the keys last changed.");
    metric_u64(b, P "keys_changed_timestamp_seconds", NULL,
               (uint64_t)sign_listing_changed_s(d->listing));
}
