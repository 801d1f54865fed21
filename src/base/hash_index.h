/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A hash table that finds things its owner keeps. It holds pointers only: how a thing compares
 * with a key is the owner's knowledge. Keyed with random bytes, as names often come from
 * strangers. Read by any number of threads once nothing is added any more. */

#include "base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash_slot {
    uint64_t hash;
    void *item; /* NULL: free */
};

struct hash_index {
    struct hash_slot *slots; /* cap of them, a power of two; NULL while empty */
    size_t cap;
    size_t count;
    uint64_t seed[2];
};

typedef bool hash_same_fn(const void *item, const void *key);

/* SipHash-2-4 (Aumasson and Bernstein 2012). */
uint64_t siphash(const uint64_t seed[2], const void *bytes, size_t len);

void hash_index_init(struct hash_index *h);
void hash_index_done(struct hash_index *h);
/* Forgets all items; the memory of a small table is kept for the next ones. */
void hash_index_clear(struct hash_index *h);

static inline uint64_t
hash_index_hash(const struct hash_index *h, const void *bytes, size_t len)
{
    return siphash(h->seed, bytes, len);
}

/* The item of that hash which is the same as key, NULL without one. */
void *
hash_index_find(const struct hash_index *h, uint64_t hash, hash_same_fn *same, const void *key);

/* Adds an item that is not in the table; false when out of memory. */
bool hash_index_add(struct hash_index *h, uint64_t hash, void *item) MUST_USE;

/* Takes an item out that is in the table under that hash; those behind it move to the front. */
void hash_index_remove(struct hash_index *h, uint64_t hash, const void *item);

DEFINE_AUTO_DONE(hash_index, hash_index_done)
