/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/keyset.h"

#include "base/arena.h"
#include "base/err.h"

#include <string.h>

struct sai_keyset *keyset_new(size_t max_keys)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct sai_keyset *ks = arena == NULL ? NULL : arena_alloc(arena, sizeof(*ks));

    if (ks == NULL)
        return NULL;
    ks->keys = arena_alloc(arena, max_keys * sizeof(*ks->keys));
    if (ks->keys == NULL)
        return NULL;
    ks->max_keys = max_keys;
    ks->arena = TAKE(arena);
    return ks;
}

void sai_keyset_free(struct sai_keyset *ks)
{
    if (ks == NULL)
        return;
    for (size_t i = 0; i < ks->count; i++)
        pkey_free(ks->keys[i].pkey);
    arena_free(ks->arena); /* ks itself is in it */
}

static struct sai_key *find(struct sai_keyset *ks, const char *kid)
{
    for (size_t i = 0; i < ks->count; i++) {
        if (strcmp(pkey_kid(ks->keys[i].pkey), kid) == 0)
            return &ks->keys[i];
    }
    return NULL;
}

static void merge(struct sai_key *k, struct pkey **pkey, const char *file, bool named)
{
    struct pkey *public_half = k->pkey;

    if (!pkey_is_private(*pkey))
        return;
    if (k->private_file == NULL) {
        k->pkey = *pkey;
        *pkey = public_half;
        k->private_file = file;
    }
    if (named && !k->named) {
        k->named = true;
        k->private_file = file;
    }
}

bool keyset_add(
    struct sai_keyset *ks, struct pkey *pkey, const char *file, bool named, struct sai_err *e)
{
    AUTO(pkey) struct pkey *own = pkey;
    struct sai_key *k = find(ks, pkey_kid(own));
    bool is_private = pkey_is_private(own);

    if (k != NULL) {
        merge(k, &own, file, named);
        return true;
    }
    if (ks->count == ks->max_keys)
        return err_set(e, SAI_E_LIMIT, "more than %zu keys", ks->max_keys);
    ks->keys[ks->count++] = (struct sai_key){
        .pkey = TAKE(own),
        .file = file,
        .private_file = is_private ? file : NULL,
        .named = named && is_private,
    };
    return true;
}

size_t sai_keyset_count(const struct sai_keyset *ks)
{
    return ks->count;
}

const struct sai_key *sai_keyset_get(const struct sai_keyset *ks, size_t i)
{
    return &ks->keys[i];
}

const struct sai_key *sai_keyset_active(const struct sai_keyset *ks, const char *alg)
{
    for (size_t i = 0; i < ks->count; i++) {
        if (ks->keys[i].active && strcmp(sai_key_alg(&ks->keys[i]), alg) == 0)
            return &ks->keys[i];
    }
    return NULL;
}

size_t sai_keyset_source_count(const struct sai_keyset *ks)
{
    return ks->source_count;
}

const char *sai_keyset_source(const struct sai_keyset *ks, size_t i)
{
    return ks->sources[i];
}

void sai_keyset_fingerprint(const struct sai_keyset *ks, unsigned char out[32])
{
    memcpy(out, ks->fingerprint, sizeof(ks->fingerprint));
}

const char *sai_key_id(const struct sai_key *k)
{
    return pkey_kid(k->pkey);
}

const char *sai_key_alg(const struct sai_key *k)
{
    return pkey_alg(k->pkey)->name;
}

const char *sai_key_file(const struct sai_key *k)
{
    return k->file;
}

bool sai_key_is_private(const struct sai_key *k)
{
    return k->private_file != NULL;
}

bool sai_key_is_active(const struct sai_key *k)
{
    return k->active;
}

const struct pkey *key_pkey(const struct sai_key *k)
{
    return k->pkey;
}
