/* SPDX-License-Identifier: Apache-2.0 */
#include "state/routes.h"

#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* One document of one issuer, or the issuer itself. */
struct entry {
    const char *path;
    size_t path_len;
    const char *authority; /* host[:port] of the issuer's URL */
    struct route route;
    const struct entry *next;
};

/* A hash table with chains in arrays that never grow: all entries are known when it is built.
 */
struct route_table {
    struct arena *arena;
    const struct entry **slots;
    size_t mask; /* slot count - 1, a power of two minus one */
};

/* In place of a document: the issuer's own path. */
enum { ITSELF = DOCUMENT_COUNT, KINDS };

static const char *const suffixes[KINDS] = {
    [DOCUMENT_DISCOVERY] = "/.well-known/openid-configuration",
    [DOCUMENT_JWKS] = "/openid/v1/jwks",
    [ITSELF] = "",
};

const char *routes_suffix(enum document_id document)
{
    return suffixes[document];
}

/* FNV-1a, 64 bit. */
static uint64_t hash_of(const char *s, size_t len)
{
    uint64_t h = 0xcbf29ce484222325ULL;

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)s[i]) * 0x100000001b3ULL;
    return h;
}

static size_t slots_for(size_t entries)
{
    size_t n = 8;

    while (n < 2 * entries)
        n *= 2;
    return n;
}

static bool add(struct route_table *t, const char *url, struct route route)
{
    const char *authority = strstr(url, "://") + 3;
    size_t authority_len = strcspn(authority, "/");
    const char *suffix = suffixes[route.document];
    size_t path_size = strlen(authority + authority_len) + strlen(suffix) + 1;
    struct entry *entry = arena_alloc(t->arena, sizeof(*entry));
    char *path = arena_alloc(t->arena, path_size);
    const struct entry **slot;

    if (entry == NULL || path == NULL)
        return false;
    (void)snprintf(path, path_size, "%s%s", authority + authority_len, suffix);
    entry->path = path;
    entry->path_len = path_size - 1;
    entry->authority = arena_strndup(t->arena, authority, authority_len);
    entry->route = route;
    slot = &t->slots[hash_of(path, entry->path_len) & t->mask];
    entry->next = *slot;
    *slot = entry;
    return entry->authority != NULL;
}

struct route_table *routes_new(const char *const *urls, size_t count)
{
    AUTO(route_table) struct route_table *t = calloc(1, sizeof(*t));
    size_t slots = slots_for(count * KINDS);

    if (t == NULL)
        return NULL;
    t->arena = arena_new();
    if (t->arena == NULL)
        return NULL;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers it is */
    t->slots = arena_alloc(t->arena, slots * sizeof(*t->slots));
    if (t->slots == NULL)
        return NULL;
    t->mask = slots - 1;
    for (size_t i = 0; i < count * KINDS; i++) {
        struct route route = { .issuer = i / KINDS, .document = (enum document_id)(i % KINDS) };

        if (!add(t, urls[route.issuer], route))
            return NULL;
    }
    return TAKE(t);
}

void routes_free(struct route_table *t)
{
    if (t == NULL)
        return;
    arena_free(t->arena);
    free(t);
}

/* The length of the host name in host[:port] or [v6][:port]. */
static size_t name_length(const char *authority)
{
    const char *bracket = authority[0] == '[' ? strchr(authority, ']') : NULL;

    return bracket == NULL ? strcspn(authority, ":") : (size_t)(bracket + 1 - authority);
}

static bool same_name(const char *a, const char *b)
{
    size_t len = name_length(a);

    return len == name_length(b) && strncasecmp(a, b, len) == 0;
}

/* A path of the request, and which kind of entry it is to lead to. */
struct wanted {
    const char *path;
    size_t len;
    bool itself;
};

static bool is_wanted(const struct entry *e, const struct wanted *w)
{
    return e->path_len == w->len &&
           (e->route.document == (enum document_id)ITSELF) == w->itself &&
           memcmp(e->path, w->path, w->len) == 0;
}

static bool
find(const struct route_table *t, const struct wanted *w, const char *host, struct route *out)
{
    const struct entry *by_path = NULL;
    const struct entry *by_name = NULL;
    size_t paths = 0;
    size_t names = 0;

    for (const struct entry *i = t->slots[hash_of(w->path, w->len) & t->mask]; i != NULL;
         i = i->next) {
        if (!is_wanted(i, w))
            continue;
        if (host != NULL && strcasecmp(i->authority, host) == 0) {
            *out = i->route;
            return true;
        }
        if (host != NULL && same_name(i->authority, host)) {
            by_name = i;
            names++;
        }
        by_path = i;
        paths++;
    }
    if (names == 1)
        by_path = by_name;
    else if (paths != 1)
        return false;
    *out = by_path->route;
    return true;
}

bool routes_find(const struct route_table *t,
                 const char *path,
                 const char *host,
                 struct route *out)
{
    struct wanted w = { .path = path, .len = strlen(path) };

    return find(t, &w, host, out);
}

bool routes_find_issuer(
    const struct route_table *t, const char *path, size_t len, const char *host, size_t *issuer)
{
    struct wanted w = { .path = path, .len = len, .itself = true };
    struct route found;

    if (!find(t, &w, host, &found))
        return false;
    *issuer = found.issuer;
    return true;
}
