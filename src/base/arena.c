/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 16384 };

struct block {
    struct block *next;
    size_t used;
    size_t size;
    max_align_t bytes[];
};

struct arena {
    struct block *blocks; /* the newest first */
};

struct arena *arena_new(void)
{
    return calloc(1, sizeof(struct arena));
}

static void drop_block(struct arena *a)
{
    struct block *next = a->blocks->next;

    free(a->blocks);
    a->blocks = next;
}

void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    while (a->blocks != NULL)
        drop_block(a);
    free(a);
}

void arena_reset(struct arena *a)
{
    while (a->blocks != NULL && (a->blocks->next != NULL || a->blocks->size > BLOCK_BYTES))
        drop_block(a);
    if (a->blocks == NULL)
        return;
    memset(a->blocks->bytes, 0, a->blocks->used);
    a->blocks->used = 0;
}

static struct block *add_block(struct arena *a, size_t least)
{
    size_t size = least > BLOCK_BYTES ? least : BLOCK_BYTES;
    struct block *b = calloc(1, sizeof(*b) + size);

    if (b == NULL)
        return NULL;
    b->size = size;
    b->next = a->blocks;
    a->blocks = b;
    return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    struct block *b = a->blocks;
    void *p;

    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + align - 1) / align * align;
    if (b == NULL || size > b->size - b->used)
        b = add_block(a, size);
    if (b == NULL)
        return NULL;
    p = (char *)b->bytes + b->used;
    b->used += size;
    return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
    char *copy = arena_alloc(a, len + 1);

    if (copy != NULL)
        memcpy(copy, s, len);
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}
