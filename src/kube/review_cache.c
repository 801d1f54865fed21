/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/review_cache.h"

#include <pthread.h>
#include <string.h>

enum { WAYS = 4 };

struct entry {
    unsigned char key[SHA256_BYTES];
    struct kube_user *user; /* NULL: free */
    uint64_t asked_ms;
};

/* Sets of a few entries each: what a hash may take is bounded, and the oldest of a set goes. */
struct review_cache {
    pthread_mutex_t lock;
    uint64_t ttl_ms;
    size_t sets; /* a power of two */
    struct entry *entries;
};

struct review_cache *review_cache_new(size_t entries, uint64_t ttl_ms)
{
    struct review_cache *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->ttl_ms = ttl_ms;
    c->sets = 1;
    while (c->sets * 2 * WAYS <= entries)
        c->sets *= 2;
    c->entries = calloc(c->sets * WAYS, sizeof(*c->entries));
    if (c->entries == NULL) {
        free(c);
        return NULL;
    }
    (void)pthread_mutex_init(&c->lock, NULL);
    return c;
}

void review_cache_free(struct review_cache *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->sets * WAYS; i++)
        kube_user_unref(c->entries[i].user);
    free(c->entries);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}

static struct entry *set_of(struct review_cache *c, const unsigned char *key)
{
    size_t n;

    memcpy(&n, key, sizeof(n));
    return c->entries + (n & (c->sets - 1)) * WAYS;
}

static bool is_live(const struct review_cache *c, const struct entry *en, uint64_t now_ms)
{
    return en->user != NULL && now_ms - en->asked_ms < c->ttl_ms;
}

struct kube_user *
review_cache_get(struct review_cache *c, const unsigned char key[SHA256_BYTES], uint64_t now_ms)
{
    struct kube_user *found = NULL;
    struct entry *set = set_of(c, key);

    (void)pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < WAYS && found == NULL; i++) {
        if (is_live(c, &set[i], now_ms) && memcmp(set[i].key, key, SHA256_BYTES) == 0)
            found = kube_user_ref(set[i].user);
    }
    (void)pthread_mutex_unlock(&c->lock);
    return found;
}

/* The same key's, a free or expired one, or the oldest. */
static struct entry *
choose(struct review_cache *c, const unsigned char key[SHA256_BYTES], uint64_t now_ms)
{
    struct entry *set = set_of(c, key);
    struct entry *chosen = &set[0];

    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].user != NULL && memcmp(set[i].key, key, SHA256_BYTES) == 0)
            return &set[i];
        if (!is_live(c, chosen, now_ms))
            continue;
        if (!is_live(c, &set[i], now_ms) || set[i].asked_ms < chosen->asked_ms)
            chosen = &set[i];
    }
    return chosen;
}

void review_cache_put(struct review_cache *c,
                      const unsigned char key[SHA256_BYTES],
                      struct kube_user *user,
                      uint64_t asked_ms,
                      uint64_t now_ms)
{
    struct kube_user *old;
    struct entry *en;

    if (now_ms - asked_ms >= c->ttl_ms)
        return;
    (void)pthread_mutex_lock(&c->lock);
    en = choose(c, key, now_ms);
    old = en->user;
    memcpy(en->key, key, SHA256_BYTES);
    en->user = kube_user_ref(user);
    en->asked_ms = asked_ms;
    (void)pthread_mutex_unlock(&c->lock);
    kube_user_unref(old);
}
