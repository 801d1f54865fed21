/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts/store.h"

#include "accounts/store_rows.h"
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

bool account_is_same(const void *item, const void *key)
{
    const struct account_row *row = item;
    const struct account_key *k = key;

    return strcmp(row->name, k->name) == 0 && strcmp(row->ns->name, k->namespace_name) == 0;
}

bool namespace_is_same(const void *item, const void *key)
{
    const struct namespace_row *row = item;

    return strcmp(row->name, key) == 0;
}

int pair_compare(const void *a, const void *b)
{
    return strcmp(((const struct sai_pair *)a)->key, ((const struct sai_pair *)b)->key);
}

static struct sai_pairs annotations_of(const struct metadata *m)
{
    return (struct sai_pairs){ m->pairs, m->annotation_count };
}

static struct sai_pairs labels_of(const struct metadata *m)
{
    return (struct sai_pairs){ m->pairs + m->annotation_count, m->label_count };
}

const char *sai_pairs_find(const struct sai_pairs *pairs, const char *key)
{
    const struct sai_pair wanted = { .key = key };
    const struct sai_pair *found = NULL;

    if (pairs->count > 0)
        found = bsearch(&wanted, pairs->items, pairs->count, sizeof(wanted), pair_compare);
    return found == NULL ? NULL : found->value;
}

void sai_accounts_free(struct sai_accounts *a)
{
    if (a == NULL)
        return;
    hash_index_done(&a->accounts);
    hash_index_done(&a->namespaces);
    arena_free(a->arena);
    free(a);
}

size_t sai_accounts_count(const struct sai_accounts *a)
{
    return a->accounts.count;
}

size_t sai_accounts_namespace_count(const struct sai_accounts *a)
{
    return a->namespace_count;
}

bool sai_accounts_find(const struct sai_accounts *a,
                       const char *namespace_name,
                       const char *name,
                       struct sai_account *out)
{
    const struct account_row *row;
    struct account_key key;

    if (!account_key_make(&key, namespace_name, name))
        return false;
    row = hash_index_find(&a->accounts, hash_index_hash(&a->accounts, key.bytes, key.len),
                          account_is_same, &key);
    if (row == NULL)
        return false;
    *out = (struct sai_account){
        .namespace_name = row->ns->name,
        .name = row->name,
        .uid = row->uid,
        .annotations = annotations_of(&row->metadata),
        .labels = labels_of(&row->metadata),
        .namespace_annotations = annotations_of(&row->ns->metadata),
        .namespace_labels = labels_of(&row->ns->metadata),
        .file = row->place.file,
        .line = row->place.line,
    };
    return true;
}

size_t sai_accounts_source_count(const struct sai_accounts *a)
{
    return a->source_count;
}

const char *sai_accounts_source(const struct sai_accounts *a, size_t i)
{
    return a->sources[i];
}

void sai_accounts_fingerprint(const struct sai_accounts *a, unsigned char out[32])
{
    memcpy(out, a->fingerprint, sizeof(a->fingerprint));
}
