/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts/store_rows.h"
#include "base/arena.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct accounts_builder {
    struct sai_accounts *result;
    struct hash_index keys; /* of annotations and labels */
    size_t max_accounts;
    struct sai_pair *scratch; /* for sorting */
    size_t scratch_cap;
};

struct accounts_builder *accounts_builder_new(size_t max_accounts)
{
    AUTO(accounts_builder) struct accounts_builder *b = calloc(1, sizeof(*b));

    if (b == NULL)
        return NULL;
    hash_index_init(&b->keys);
    b->max_accounts = max_accounts;
    b->result = calloc(1, sizeof(*b->result));
    if (b->result == NULL)
        return NULL;
    hash_index_init(&b->result->accounts);
    hash_index_init(&b->result->namespaces);
    b->result->arena = arena_new();
    return b->result->arena == NULL ? NULL : TAKE(b);
}

void accounts_builder_free(struct accounts_builder *b)
{
    if (b == NULL)
        return;
    hash_index_done(&b->keys);
    sai_accounts_free(b->result);
    free(b->scratch);
    free(b);
}

struct arena *accounts_builder_arena(struct accounts_builder *b)
{
    return b->result->arena;
}

struct sai_accounts *accounts_builder_finish(struct accounts_builder *b)
{
    struct sai_accounts *result = TAKE(b->result);

    accounts_builder_free(b);
    return result;
}

static bool is_same_text(const void *item, const void *key)
{
    return strcmp(item, key) == 0;
}

static bool is_kept(const char *key)
{
    return strcmp(key, "kubectl.kubernetes.io/last-applied-configuration") != 0;
}

static bool grow_scratch(struct accounts_builder *b, size_t count)
{
    struct sai_pair *scratch;

    if (count <= b->scratch_cap)
        return true;
    scratch = reallocarray(b->scratch, count, sizeof(*scratch));
    if (scratch == NULL)
        return false;
    b->scratch = scratch;
    b->scratch_cap = count;
    return true;
}

/* The one copy of a key; NULL when out of memory. */
static const char *intern(struct accounts_builder *b, const char *key)
{
    uint64_t hash = hash_index_hash(&b->keys, key, strlen(key));
    char *known = hash_index_find(&b->keys, hash, is_same_text, key);

    if (known != NULL)
        return known;
    known = arena_strdup(b->result->arena, key);
    return known != NULL && hash_index_add(&b->keys, hash, known) ? known : NULL;
}

/* Fills the scratch with what is kept of an object's pairs, sorted, and with our keys. Adds the
 * bytes that the values take to *bytes. */
static bool collect(struct accounts_builder *b,
                    const struct sai_account *a,
                    struct metadata *m,
                    size_t *bytes)
{
    const struct sai_pairs *const lists[] = { &a->annotations, &a->labels };
    size_t counts[ARRAY_SIZE(lists)];
    size_t n = 0;

    if (!grow_scratch(b, a->annotations.count + a->labels.count))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        size_t start = n;

        for (size_t j = 0; j < lists[i]->count; j++) {
            const struct sai_pair *p = &lists[i]->items[j];
            const char *key;

            if (!is_kept(p->key))
                continue;
            key = intern(b, p->key);
            if (key == NULL)
                return false;
            b->scratch[n++] = (struct sai_pair){ key, p->value };
            *bytes += strlen(p->value) + 1;
        }
        counts[i] = n - start;
        if (counts[i] > 1)
            qsort(b->scratch + start, counts[i], sizeof(*b->scratch), pair_compare);
    }
    m->annotation_count = (uint32_t)counts[0];
    m->label_count = (uint32_t)counts[1];
    return true;
}

/* Copies s to *to, which moves behind it. */
static const char *pack(char **to, const char *s)
{
    size_t size = strlen(s) + 1;
    const char *copy = memcpy(*to, s, size);

    *to += size;
    return copy;
}

/* Turns the scratch into the pairs of m, which lie at memory, their values after them. */
static void store_pairs(struct accounts_builder *b, struct metadata *m, void *memory)
{
    struct sai_pair *pairs = memory;
    size_t count = (size_t)m->annotation_count + m->label_count;
    char *text = (char *)(pairs + count);

    for (size_t i = 0; i < count; i++) {
        pairs[i].key = b->scratch[i].key;
        pairs[i].value = pack(&text, b->scratch[i].value);
    }
    m->pairs = pairs;
}

static size_t align_pair(size_t size)
{
    const size_t align = _Alignof(struct sai_pair);

    return (size + align - 1) / align * align;
}

static size_t pairs_size(const struct metadata *m)
{
    return ((size_t)m->annotation_count + m->label_count) * sizeof(struct sai_pair);
}

/* The row of a name, a new one if there is none; NULL when out of memory. */
static struct namespace_row *namespace_of(struct accounts_builder *b, const char *name)
{
    struct sai_accounts *all = b->result;
    uint64_t hash = hash_index_hash(&all->namespaces, name, strlen(name));
    struct namespace_row *row =
        hash_index_find(&all->namespaces, hash, namespace_is_same, name);

    if (row != NULL)
        return row;
    row = arena_alloc(all->arena, sizeof(*row));
    if (row == NULL)
        return NULL;
    row->name = arena_strdup(all->arena, name);
    return row->name != NULL && hash_index_add(&all->namespaces, hash, row) ? row : NULL;
}

/* what: ServiceAccount namespace/name, say. */
static bool twice(const char *what, const struct place *first, struct sai_err *e)
{
    if (first->file == NULL)
        return err_set(e, SAI_E_INVALID, "%s is there twice", what);
    return err_set(e, SAI_E_INVALID, "%s is there twice, first at %s:%u", what, first->file,
                   first->line);
}

static bool
twice_account(const struct account_key *k, const struct place *first, struct sai_err *e)
{
    char what[ACCOUNT_KEY_MAX + 32];

    (void)snprintf(what, sizeof(what), "ServiceAccount %s/%s", k->namespace_name, k->name);
    return twice(what, first, e);
}

static bool twice_namespace(const char *name, const struct place *first, struct sai_err *e)
{
    char what[DNS_LABEL_MAX + 32];

    (void)snprintf(what, sizeof(what), "Namespace %s", name);
    return twice(what, first, e);
}

bool accounts_builder_add(struct accounts_builder *b,
                          const struct sai_account *a,
                          struct sai_err *e)
{
    struct sai_accounts *all = b->result;
    struct account_row row = { .place = { a->file, a->line } };
    size_t names_size = align_pair(strlen(a->name) + 1 + strlen(a->uid) + 1);
    size_t bytes = names_size;
    const struct account_row *first;
    struct account_row *stored;
    struct account_key key;
    uint64_t hash;
    char *text;

    if (!account_key_make(&key, a->namespace_name, a->name))
        return err_set(e, SAI_E_LIMIT, "a name that is too long");
    hash = hash_index_hash(&all->accounts, key.bytes, key.len);
    first = hash_index_find(&all->accounts, hash, account_is_same, &key);
    if (first != NULL)
        return twice_account(&key, &first->place, e);
    if (all->accounts.count >= b->max_accounts)
        return err_set(e, SAI_E_LIMIT, "more than %zu accounts", b->max_accounts);
    row.ns = namespace_of(b, a->namespace_name);
    if (row.ns == NULL || !collect(b, a, &row.metadata, &bytes))
        return err_nomem(e);
    stored = arena_alloc(all->arena, sizeof(row) + pairs_size(&row.metadata) + bytes);
    if (stored == NULL)
        return err_nomem(e);
    /* Its names beside the row: a look-up needs these first. */
    text = (char *)(stored + 1);
    store_pairs(b, &row.metadata, text + names_size);
    row.name = pack(&text, a->name);
    row.uid = pack(&text, a->uid);
    *stored = row;
    return hash_index_add(&all->accounts, hash, stored) || err_nomem(e);
}

bool accounts_builder_add_namespace(struct accounts_builder *b,
                                    const struct sai_account *ns,
                                    struct sai_err *e)
{
    struct namespace_row *row = namespace_of(b, ns->namespace_name);
    struct metadata m = { 0 };
    size_t bytes = 0;
    void *memory;

    if (row == NULL)
        return err_nomem(e);
    if (row->declared)
        return twice_namespace(row->name, &row->place, e);
    if (b->result->namespace_count >= b->max_accounts)
        return err_set(e, SAI_E_LIMIT, "more than %zu Namespaces", b->max_accounts);
    if (!collect(b, ns, &m, &bytes))
        return err_nomem(e);
    memory = arena_alloc(b->result->arena, pairs_size(&m) + bytes);
    if (memory == NULL)
        return err_nomem(e);
    store_pairs(b, &m, memory);
    row->metadata = m;
    row->place = (struct place){ ns->file, ns->line };
    row->declared = true;
    b->result->namespace_count++;
    return true;
}
