/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/listing.h"

#include "base/json_out.h"
#include "codec/base64url.h"
#include "codec/json.h"
#include "conf/conf.h"
#include "jose/digest.h"
#include "state/snapshot.h"

#include <pthread.h>
#include <sa_issuer/keyset.h>
#include <string.h>

enum { KID_LEN = 43, TEXT_MAX_BYTES = 1 << 20, KEYS_MAX = 2048 };

struct entry {
    char kid[KID_LEN + 1];
    int64_t since_s; /* 0: for ever */
};

struct sign_listing {
    pthread_mutex_t lock;
    struct entry *entries; /* of the keys that are listed */
    size_t count;
    int64_t changed_s;
    unsigned char sum[SHA256_BYTES]; /* over the list, to know whether it changes */
    char signing[KID_LEN + 1];       /* the key that signs; "": none yet */
    bool known;                      /* there have been lists before */
};

/* The algorithms of kube-apiserver's pkg/serviceaccount/externaljwt/plugin, best first: the
 * rest of the world takes RS256. */
static const char *const algs[] = { "RS256", "ES256", "ES384", "ES512" };

bool sign_listing_takes(const char *alg)
{
    for (size_t i = 0; i < ARRAY_SIZE(algs); i++) {
        if (strcmp(algs[i], alg) == 0)
            return true;
    }
    return false;
}

const struct sai_key *sign_listing_active_key(const struct issuer *issuer)
{
    const struct sai_key *k = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(algs) && k == NULL; i++)
        k = sai_keyset_active(issuer->keys, algs[i]);
    return k;
}

uint64_t sign_listing_wait_s(const struct issuer *issuer)
{
    uint64_t refresh_ms = issuer->conf->signer.refresh_hint_ms;
    uint64_t jwks_ms = issuer->conf->discovery.jwks_max_age_ms;

    return (refresh_ms > jwks_ms ? refresh_ms : jwks_ms) / 1000;
}

struct sign_listing *sign_listing_new(void)
{
    struct sign_listing *l = calloc(1, sizeof(*l));

    if (l != NULL)
        (void)pthread_mutex_init(&l->lock, NULL);
    return l;
}

void sign_listing_free(struct sign_listing *l)
{
    if (l == NULL)
        return;
    (void)pthread_mutex_destroy(&l->lock);
    free(l->entries);
    free(l);
}

static const struct entry *find(const struct sign_listing *l, const char *kid)
{
    for (size_t i = 0; i < l->count; i++) {
        if (strcmp(l->entries[i].kid, kid) == 0)
            return &l->entries[i];
    }
    return NULL;
}

/* The key that signs already goes on; another one has been listed for long enough. */
static bool may_sign(const struct sign_listing *l,
                     const struct issuer *issuer,
                     const struct sai_key *k,
                     int64_t now_s)
{
    const struct entry *entry = find(l, sai_key_id(k));

    if (strcmp(sai_key_id(k), l->signing) == 0)
        return true;
    /* Both times are whole seconds: a difference of so many can be almost one less. */
    return entry != NULL && now_s - entry->since_s > (int64_t)sign_listing_wait_s(issuer);
}

/* Any private key will do, active or not, if the active one has to wait: first of all the one
 * that signed until now. NULL: none may sign. */
static const struct sai_key *
choose(const struct sign_listing *l, const struct issuer *issuer, int64_t now_s)
{
    const struct sai_key *active = sign_listing_active_key(issuer);
    const struct sai_key *other = NULL;

    if (active != NULL && may_sign(l, issuer, active, now_s))
        return active;
    for (size_t i = 0; i < sai_keyset_count(issuer->keys); i++) {
        const struct sai_key *k = sai_keyset_get(issuer->keys, i);

        if (!sai_key_is_private(k) || !sign_listing_takes(sai_key_alg(k)))
            continue;
        if (strcmp(sai_key_id(k), l->signing) == 0)
            return k;
        if (other == NULL && may_sign(l, issuer, k, now_s))
            other = k;
    }
    return other;
}

/* The lock is held. */
static const struct sai_key *
appoint(struct sign_listing *l, const struct issuer *issuer, int64_t now_s)
{
    const struct sai_key *k = choose(l, issuer, now_s);

    if (k == NULL) /* nothing else is left, after a restart */
        k = sign_listing_active_key(issuer);
    if (k != NULL)
        memcpy(l->signing, sai_key_id(k), sizeof(l->signing));
    return k;
}

const struct sai_key *
sign_listing_signing_key(struct sign_listing *l, const struct issuer *issuer, int64_t now_s)
{
    const struct sai_key *k;

    (void)pthread_mutex_lock(&l->lock);
    k = appoint(l, issuer, now_s);
    (void)pthread_mutex_unlock(&l->lock);
    return k;
}

const struct sai_key *sign_listing_waiting_key(struct sign_listing *l,
                                               const struct issuer *issuer,
                                               int64_t now_s,
                                               int64_t *from_s)
{
    const struct sai_key *active = sign_listing_active_key(issuer);
    const struct entry *entry;

    (void)pthread_mutex_lock(&l->lock);
    entry = active == NULL ? NULL : find(l, sai_key_id(active));
    if (entry == NULL || appoint(l, issuer, now_s) == active)
        active = NULL;
    else
        *from_s = entry->since_s + (int64_t)sign_listing_wait_s(issuer) + 1;
    (void)pthread_mutex_unlock(&l->lock);
    return active;
}

bool sign_listing_check(struct sign_listing *l,
                        const struct issuer *next,
                        int64_t now_s,
                        struct sai_err *e)
{
    const struct sai_key *active = sign_listing_active_key(next);
    bool ok;

    (void)pthread_mutex_lock(&l->lock);
    ok = active == NULL || !l->known || choose(l, next, now_s) != NULL;
    if (!ok)
        err_set_text(e, SAI_E_DENIED,
                     "the key %.43s, which signed until now, is gone, and no other has been "
                     "listed for the %llu s that verifiers may take to see it: keep its file "
                     "that long",
                     l->signing, (unsigned long long)sign_listing_wait_s(next));
    (void)pthread_mutex_unlock(&l->lock);
    return ok;
}

/* One list of an issuer's keys: its own, then the legacy ones. */
static void add_to_sum(struct sha256_stream *sum, const struct sai_keyset *keys, bool excluded)
{
    for (size_t i = 0; keys != NULL && i < sai_keyset_count(keys); i++) {
        const struct sai_key *k = sai_keyset_get(keys, i);

        if (!sign_listing_takes(sai_key_alg(k)))
            continue;
        sha256_add_piece(sum, sai_key_id(k), KID_LEN);
        sha256_add_piece(sum, excluded ? "1" : "0", 1);
    }
}

static bool
sum_of(const struct issuer *issuer, unsigned char out[SHA256_BYTES], struct sai_err *e)
{
    AUTO(sha256_stream) struct sha256_stream sum;

    sha256_init(&sum);
    add_to_sum(&sum, issuer->keys, false);
    add_to_sum(&sum, issuer->legacy_keys, true);
    return sha256_final(&sum, out, e);
}

static size_t add_entries(const struct sign_listing *l,
                          const struct sai_keyset *keys,
                          int64_t now_s,
                          struct entry *out)
{
    size_t count = 0;

    for (size_t i = 0; i < sai_keyset_count(keys); i++) {
        const char *kid = sai_key_id(sai_keyset_get(keys, i));
        const struct entry *before = find(l, kid);
        struct entry *entry = &out[count++];

        memcpy(entry->kid, kid, sizeof(entry->kid));
        entry->since_s = !l->known ? 0 : now_s;
        /* A clock that was ahead must not hold a key back for ever. */
        if (before != NULL && before->since_s < now_s)
            entry->since_s = before->since_s;
    }
    return count;
}

bool sign_listing_adopt(struct sign_listing *l,
                        const struct issuer *issuer,
                        int64_t now_s,
                        struct sai_err *e)
{
    AUTO_FREE struct entry *entries =
        calloc(sai_keyset_count(issuer->keys) + 1, sizeof(*entries));
    unsigned char sum[SHA256_BYTES];
    struct entry *old;

    if (entries == NULL)
        return err_nomem(e);
    if (!sum_of(issuer, sum, e))
        return false;
    (void)pthread_mutex_lock(&l->lock);
    l->count = add_entries(l, issuer->keys, now_s, entries);
    old = l->entries;
    l->entries = TAKE(entries);
    if (!l->known || memcmp(sum, l->sum, sizeof(sum)) != 0) {
        /* Never the time of another list, even if the clock went back. */
        l->changed_s = now_s > l->changed_s ? now_s : l->changed_s + 1;
        memcpy(l->sum, sum, sizeof(sum));
    }
    l->known = true;
    (void)appoint(l, issuer, now_s);
    (void)pthread_mutex_unlock(&l->lock);
    free(old);
    return true;
}

int64_t sign_listing_changed_s(struct sign_listing *l)
{
    int64_t changed_s;

    (void)pthread_mutex_lock(&l->lock);
    changed_s = l->changed_s;
    (void)pthread_mutex_unlock(&l->lock);
    return changed_s;
}

int64_t sign_listing_since_s(struct sign_listing *l, const char *kid)
{
    const struct entry *entry;
    int64_t since_s;

    (void)pthread_mutex_lock(&l->lock);
    entry = find(l, kid);
    since_s = entry == NULL ? -1 : entry->since_s;
    (void)pthread_mutex_unlock(&l->lock);
    return since_s;
}

/* {"changed":1767225600,"list":"...","signing":"...","since":{"<kid>":0,...}} */
void sign_listing_put(struct sign_listing *l, struct buf *b)
{
    (void)pthread_mutex_lock(&l->lock);
    buf_str(b, "{\"changed\":");
    buf_i64(b, l->changed_s);
    buf_str(b, ",\"list\":\"");
    base64url_put(b, l->sum, sizeof(l->sum));
    buf_str(b, "\",\"signing\":");
    json_out_string(b, l->signing);
    buf_str(b, ",\"since\":{");
    for (size_t i = 0; i < l->count; i++) {
        buf_str(b, i == 0 ? "" : ",");
        json_out_string(b, l->entries[i].kid);
        buf_char(b, ':');
        buf_i64(b, l->entries[i].since_s);
    }
    buf_str(b, "}}\n");
    (void)pthread_mutex_unlock(&l->lock);
}

static bool malformed(struct sai_err *e)
{
    return err_set(e, SAI_E_INVALID, "is not what sa-issuerd writes there");
}

static bool read_kid(const char *text, char out[KID_LEN + 1], struct sai_err *e)
{
    AUTO(buf) struct buf sum;
    struct sai_err problem = { 0 };

    buf_init(&sum, SHA256_BYTES);
    if (strlen(text) != KID_LEN || !base64url_decode(&sum, text, KID_LEN, &problem))
        return malformed(e);
    memcpy(out, text, KID_LEN + 1);
    return true;
}

static bool read_since(struct sign_listing *l, json_t *since, struct sai_err *e)
{
    const char *kid;
    json_t *value;

    if (json_object_size(since) > KEYS_MAX)
        return malformed(e);
    l->entries = calloc(json_object_size(since) + 1, sizeof(*l->entries));
    if (l->entries == NULL)
        return err_nomem(e);
    json_object_foreach (since, kid, value) {
        struct entry *entry = &l->entries[l->count];

        if (!json_is_integer(value) || json_integer_value(value) < 0 ||
            !read_kid(kid, entry->kid, e))
            return malformed(e);
        entry->since_s = (int64_t)json_integer_value(value);
        l->count++;
    }
    return true;
}

static bool read_all(struct sign_listing *l, json_t *json, struct sai_err *e)
{
    AUTO(buf) struct buf sum;
    json_int_t changed_s;
    const char *signing;
    json_t *since;
    const char *list;

    buf_init(&sum, SHA256_BYTES);
    if (json_unpack_ex(json, NULL, JSON_STRICT, "{s:I,s:s,s:s,s:o}", "changed", &changed_s,
                       "list", &list, "signing", &signing, "since", &since) != 0 ||
        changed_s < 0 || !json_is_object(since))
        return malformed(e);
    if (!base64url_decode(&sum, list, strlen(list), e) || sum.len != sizeof(l->sum))
        return malformed(e);
    if (signing[0] != '\0' && !read_kid(signing, l->signing, e))
        return false;
    memcpy(l->sum, sum.data, sizeof(l->sum));
    l->changed_s = changed_s;
    return read_since(l, since, e);
}

bool sign_listing_restore(struct sign_listing *l,
                          const char *text,
                          size_t len,
                          struct sai_err *e)
{
    static const struct json_limits limits = { .max_bytes = TEXT_MAX_BYTES, .max_depth = 2 };
    AUTO(json_t) json_t *json = NULL;

    if (json_read_object(text, len, &limits, &json, e) && read_all(l, json, e)) {
        l->known = true;
        return true;
    }
    free(TAKE(l->entries));
    l->count = 0;
    l->changed_s = 0;
    l->signing[0] = '\0';
    return false;
}
