/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/table.h"

#include "accounts/account_key.h"
#include "base/hash_index.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* The pairs, then the texts, lie behind it. */
struct entry {
    _Atomic uint32_t refs;
    /* Of the list in which it was seen last; guarded by the table's lock. */
    uint32_t generation;
    uint32_t annotation_count;
    uint32_t label_count;
    uint64_t version;
    uint64_t seen_ms; /* when this very object was asked for and found; 0: never */
    const char *namespace_name;
    const char *name;
    const char *uid;
    struct sai_pair pairs[];
};

struct part {
    struct hash_index index;
    uint32_t generation; /* of the list that is being read, or was last */
    uint64_t as_of_ms;   /* 0: never listed */
    uint64_t version;    /* up to which all is known; 0: it does not compare */
};

struct table {
    pthread_rwlock_t lock; /* guards what follows */
    size_t max_objects;
    struct part parts[TABLE_KINDS];
};

static bool is_same(const void *item, const void *key)
{
    const struct entry *en = item;
    const struct account_key *k = key;

    return strcmp(en->name, k->name) == 0 && strcmp(en->namespace_name, k->namespace_name) == 0;
}

static const char *pack(char **to, const char *s)
{
    size_t size = strlen(s) + 1;
    const char *copy = memcpy(*to, s, size);

    *to += size;
    return copy;
}

static size_t entry_bytes(const struct meta *m)
{
    size_t count = m->annotation_count + m->label_count;
    size_t size = sizeof(struct entry) + count * sizeof(struct sai_pair) +
                  strlen(m->namespace_name) + strlen(m->name) + strlen(m->uid) + 3;

    for (size_t i = 0; i < count; i++)
        size += strlen(m->pairs[i].key) + strlen(m->pairs[i].value) + 2;
    return size;
}

bool table_keeps(const struct meta *m)
{
    return !m->deleting && !m->unusable && entry_bytes(m) <= TABLE_OBJECT_MAX_BYTES;
}

struct entry *entry_new(const struct meta *m, uint64_t seen_ms)
{
    size_t count = m->annotation_count + m->label_count;
    struct entry *en = malloc(entry_bytes(m));
    char *text;

    if (en == NULL)
        return NULL;
    text = (char *)(en->pairs + count);
    *en = (struct entry){
        .annotation_count = (uint32_t)m->annotation_count,
        .label_count = (uint32_t)m->label_count,
        .version = m->version,
        .seen_ms = seen_ms,
    };
    atomic_init(&en->refs, 1);
    en->namespace_name = pack(&text, m->namespace_name);
    en->name = pack(&text, m->name);
    en->uid = pack(&text, m->uid);
    for (size_t i = 0; i < count; i++) {
        en->pairs[i].key = pack(&text, m->pairs[i].key);
        en->pairs[i].value = pack(&text, m->pairs[i].value);
    }
    return en;
}

struct entry *entry_ref(struct entry *en)
{
    if (en != NULL)
        atomic_fetch_add_explicit(&en->refs, 1, memory_order_relaxed);
    return en;
}

void entry_unref(struct entry *en)
{
    if (en != NULL && atomic_fetch_sub_explicit(&en->refs, 1, memory_order_acq_rel) == 1)
        free(en);
}

static struct sai_pairs annotations_of(const struct entry *en)
{
    return (struct sai_pairs){ en->pairs, en->annotation_count };
}

static struct sai_pairs labels_of(const struct entry *en)
{
    return (struct sai_pairs){ en->pairs + en->annotation_count, en->label_count };
}

void entry_account(const struct entry *object, const struct entry *ns, struct sai_account *out)
{
    *out = (struct sai_account){
        .namespace_name = object->namespace_name,
        .name = object->name,
        .uid = object->uid,
        .annotations = annotations_of(object),
        .labels = labels_of(object),
        .namespace_annotations = annotations_of(ns),
        .namespace_labels = labels_of(ns),
    };
}

struct table *table_new(size_t max_objects)
{
    struct table *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return NULL;
    (void)pthread_rwlock_init(&t->lock, NULL);
    t->max_objects = max_objects;
    for (size_t i = 0; i < TABLE_KINDS; i++)
        hash_index_init(&t->parts[i].index);
    return t;
}

void table_free(struct table *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < TABLE_KINDS; i++) {
        struct hash_index *h = &t->parts[i].index;

        for (size_t j = 0; j < h->cap; j++)
            entry_unref(h->slots[j].item);
        hash_index_done(h);
    }
    (void)pthread_rwlock_destroy(&t->lock);
    free(t);
}

void table_begin(struct table *t, enum table_kind kind)
{
    (void)pthread_rwlock_wrlock(&t->lock);
    t->parts[kind].generation++;
    (void)pthread_rwlock_unlock(&t->lock);
}

/* Items move towards the front when one is removed: its slot is looked at again. */
static void sweep(struct part *p)
{
    struct hash_index *h = &p->index;
    size_t i = 0;

    while (i < h->cap) {
        struct entry *en = h->slots[i].item;

        if (en == NULL || en->generation == p->generation) {
            i++;
        } else {
            hash_index_remove(h, h->slots[i].hash, en);
            entry_unref(en);
        }
    }
}

void table_end(struct table *t, enum table_kind kind, uint64_t as_of_ms, uint64_t version)
{
    (void)pthread_rwlock_wrlock(&t->lock);
    sweep(&t->parts[kind]);
    t->parts[kind].as_of_ms = as_of_ms;
    t->parts[kind].version = version;
    (void)pthread_rwlock_unlock(&t->lock);
}

void table_alive(struct table *t, enum table_kind kind, uint64_t as_of_ms, uint64_t version)
{
    struct part *p = &t->parts[kind];

    (void)pthread_rwlock_wrlock(&t->lock);
    if (p->as_of_ms != 0) {
        p->as_of_ms = as_of_ms;
        p->version = version;
    }
    (void)pthread_rwlock_unlock(&t->lock);
}

/* Whether what is said to be of version may replace or remove what is there. Versions grow
 * over all objects of an API server; those that are no numbers cannot be compared. */
static bool is_newer(const struct entry *old, uint64_t version)
{
    return old == NULL || old->version == 0 || version == 0 || version >= old->version;
}

static bool may_put(const struct part *p,
                    const struct entry *old,
                    const struct entry *en,
                    enum table_source source)
{
    if (source == TABLE_LISTED)
        return true;
    if (source == TABLE_WATCHED || old != NULL)
        return is_newer(old, en->version);
    return p->version != 0 && en->version > p->version;
}

/* With the lock held. What is not needed any more goes to *dropped. */
static bool replace(struct part *p,
                    struct entry *en,
                    const struct account_key *k,
                    enum table_source source,
                    struct entry **dropped)
{
    uint64_t hash = hash_index_hash(&p->index, k->bytes, k->len);
    struct entry *old = hash_index_find(&p->index, hash, is_same, k);

    if (!may_put(p, old, en, source)) {
        *dropped = en;
        return true;
    }
    en->generation = p->generation;
    /* What the list that is being read does not show must not outlive it. */
    if (source == TABLE_ASKED)
        en->generation = old == NULL ? p->generation - 1 : old->generation;
    if (old != NULL)
        hash_index_remove(&p->index, hash, old);
    *dropped = old;
    return hash_index_add(&p->index, hash, en);
}

bool table_put(struct table *t,
               enum table_kind kind,
               struct entry *en,
               enum table_source source,
               struct sai_err *e)
{
    AUTO(entry) struct entry *dropped = NULL;
    struct part *p = &t->parts[kind];
    bool ok = false;
    bool full;
    struct account_key k;

    (void)pthread_rwlock_wrlock(&t->lock);
    if (account_key_make(&k, en->namespace_name, en->name))
        ok = replace(p, en, &k, source, &dropped);
    full = p->index.count > t->max_objects;
    (void)pthread_rwlock_unlock(&t->lock);
    if (!ok)
        entry_unref(en);
    if (full)
        return err_set(e, SAI_E_LIMIT, "more than %zu objects", t->max_objects);
    return ok || err_nomem(e);
}

void table_remove(struct table *t, enum table_kind kind, const struct meta *m)
{
    struct hash_index *h = &t->parts[kind].index;
    struct entry *found;
    uint64_t hash;
    struct account_key k;

    if (!account_key_make(&k, m->namespace_name, m->name))
        return;
    (void)pthread_rwlock_wrlock(&t->lock);
    hash = hash_index_hash(h, k.bytes, k.len);
    found = hash_index_find(h, hash, is_same, &k);
    if (found != NULL && is_newer(found, m->version))
        hash_index_remove(h, hash, found);
    else
        found = NULL;
    (void)pthread_rwlock_unlock(&t->lock);
    entry_unref(found);
}

/* With the lock held; NULL unless it is there and was so since then. */
static struct entry *find(struct part *p, const struct account_key *k, uint64_t since_ms)
{
    struct entry *en =
        hash_index_find(&p->index, hash_index_hash(&p->index, k->bytes, k->len), is_same, k);

    if (en == NULL || (p->as_of_ms < since_ms && en->seen_ms < since_ms))
        return NULL;
    return entry_ref(en);
}

bool table_find(struct table *t,
                const char *namespace_name,
                const char *name,
                uint64_t since_ms,
                struct entry *found[TABLE_KINDS])
{
    struct account_key object;
    struct account_key ns;

    if (!account_key_make(&object, namespace_name, name) ||
        !account_key_make(&ns, "", namespace_name))
        return false;
    (void)pthread_rwlock_rdlock(&t->lock);
    found[TABLE_ACCOUNTS] = find(&t->parts[TABLE_ACCOUNTS], &object, since_ms);
    found[TABLE_NAMESPACES] = find(&t->parts[TABLE_NAMESPACES], &ns, since_ms);
    (void)pthread_rwlock_unlock(&t->lock);
    if (found[TABLE_ACCOUNTS] != NULL && found[TABLE_NAMESPACES] != NULL)
        return true;
    for (size_t i = 0; i < TABLE_KINDS; i++) {
        entry_unref(found[i]);
        found[i] = NULL;
    }
    return false;
}

uint64_t table_as_of_ms(struct table *t)
{
    uint64_t as_of = UINT64_MAX;

    (void)pthread_rwlock_rdlock(&t->lock);
    for (size_t i = 0; i < TABLE_KINDS; i++) {
        if (t->parts[i].as_of_ms < as_of)
            as_of = t->parts[i].as_of_ms;
    }
    (void)pthread_rwlock_unlock(&t->lock);
    return as_of;
}

size_t table_count(struct table *t, enum table_kind kind)
{
    size_t count;

    (void)pthread_rwlock_rdlock(&t->lock);
    count = t->parts[kind].index.count;
    (void)pthread_rwlock_unlock(&t->lock);
    return count;
}
