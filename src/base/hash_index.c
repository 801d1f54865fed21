/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash_index.h"

#include "base/clock.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { FIRST_CAP = 64, KEPT_CAP = 256 };

static uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

uint64_t siphash(const uint64_t seed[2], const void *bytes, size_t len)
{
    uint64_t v[4] = {
        seed[0] ^ 0x736f6d6570736575U,
        seed[1] ^ 0x646f72616e646f6dU,
        seed[0] ^ 0x6c7967656e657261U,
        seed[1] ^ 0x7465646279746573U,
    };
    const unsigned char *p = bytes;
    uint64_t word;

    for (size_t left = len; left >= 8; left -= 8) {
        memcpy(&word, p, 8);
        sip_word(v, le64toh(word));
        p += 8;
    }
    word = 0;
    if (len % 8 > 0)
        memcpy(&word, p, len % 8);
    sip_word(v, le64toh(word) | (uint64_t)len << 56);
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void hash_index_init(struct hash_index *h)
{
    *h = (struct hash_index){ 0 };
    /* So few bytes come whole or not at all, and the latter only where the call is forbidden.
     */
    if (getrandom(h->seed, sizeof(h->seed), 0) != (ssize_t)sizeof(h->seed)) {
        h->seed[0] = (uintptr_t)h;
        h->seed[1] = clock_mono_ns();
    }
}

void hash_index_done(struct hash_index *h)
{
    free(h->slots);
    h->slots = NULL;
    h->cap = 0;
    h->count = 0;
}

void hash_index_clear(struct hash_index *h)
{
    if (h->cap > KEPT_CAP)
        hash_index_done(h);
    else if (h->count > 0)
        memset(h->slots, 0, h->cap * sizeof(*h->slots));
    h->count = 0;
}

void *
hash_index_find(const struct hash_index *h, uint64_t hash, hash_same_fn *same, const void *key)
{
    if (h->cap == 0)
        return NULL;
    for (size_t i = (size_t)hash & (h->cap - 1);; i = (i + 1) & (h->cap - 1)) {
        const struct hash_slot *slot = &h->slots[i];

        if (slot->item == NULL)
            return NULL;
        if (slot->hash == hash && same(slot->item, key))
            return slot->item;
    }
}

/* There is a free slot. */
static void put(struct hash_index *h, const struct hash_slot *slot)
{
    size_t i = (size_t)slot->hash & (h->cap - 1);

    while (h->slots[i].item != NULL)
        i = (i + 1) & (h->cap - 1);
    h->slots[i] = *slot;
}

static bool grow(struct hash_index *h)
{
    size_t cap = h->cap == 0 ? FIRST_CAP : 2 * h->cap;
    struct hash_index bigger = { .slots = calloc(cap, sizeof(*bigger.slots)), .cap = cap };

    if (bigger.slots == NULL)
        return false;
    for (size_t i = 0; i < h->cap; i++) {
        if (h->slots[i].item != NULL)
            put(&bigger, &h->slots[i]);
    }
    free(h->slots);
    h->slots = bigger.slots;
    h->cap = cap;
    return true;
}

bool hash_index_add(struct hash_index *h, uint64_t hash, void *item)
{
    if (h->count >= h->cap / 4 * 3 && !grow(h))
        return false;
    put(h, &(struct hash_slot){ .hash = hash, .item = item });
    h->count++;
    return true;
}

/* Nothing must stand behind a free slot that would be looked for before it: what follows moves
 * up as far as its own place allows (Knuth, The Art of Computer Programming 3, 6.4 R). */
void hash_index_remove(struct hash_index *h, uint64_t hash, const void *item)
{
    size_t mask = h->cap - 1;
    size_t hole;

    if (h->cap == 0)
        return;
    for (hole = (size_t)hash & mask; h->slots[hole].item != item; hole = (hole + 1) & mask) {
        if (h->slots[hole].item == NULL)
            return;
    }
    for (size_t i = (hole + 1) & mask; h->slots[i].item != NULL; i = (i + 1) & mask) {
        size_t own = (size_t)h->slots[i].hash & mask;

        if (((i - own) & mask) >= ((i - hole) & mask)) {
            h->slots[hole] = h->slots[i];
            hole = i;
        }
    }
    h->slots[hole] = (struct hash_slot){ 0 };
    h->count--;
}
