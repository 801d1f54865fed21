/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* An append-only byte buffer with a mandatory maximum.
 *
 * Failure is sticky: append as often as needed and ask buf_ok() once. A buffer
 * that has failed holds nothing. The bytes are always followed by a NUL that is
 * not counted. Owned by one thread. */

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
    char *data; /* NULL while empty */
    size_t len;
    size_t cap;
    size_t max_bytes;
    bool failed;
    bool too_long; /* failed because of max_bytes, not of memory */
    bool secret;   /* overwrite the bytes before they are freed */
};

void buf_init(struct buf *b, size_t max_bytes);
/* For key material: every copy is overwritten when it is given up. */
void buf_init_secret(struct buf *b, size_t max_bytes);
void buf_done(struct buf *b);
/* Empties without giving up the memory. */
void buf_reset(struct buf *b);

static inline void buf_add(struct buf *b, const void *bytes, size_t len);
static inline void buf_str(struct buf *b, const char *s);
static inline void buf_char(struct buf *b, char c);
void buf_u64(struct buf *b, uint64_t v);
void buf_i64(struct buf *b, int64_t v);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Makes room for len more bytes and returns where they go, NULL on failure;
 * buf_commit() then counts those that were written. */
char *buf_reserve(struct buf *b, size_t len) MUST_USE;
void buf_commit(struct buf *b, size_t len);

/* False, with SAI_E_LIMIT or SAI_E_NOMEM, if any call since buf_init() failed. */
bool buf_ok(const struct buf *b, struct sai_err *e) MUST_USE;

/* Hands over the bytes (malloc'ed, NUL after them; never NULL for a buffer that
 * is ok) and leaves the buffer empty. len may be NULL. */
char *buf_take(struct buf *b, size_t *len) MUST_USE;

DEFINE_AUTO_DONE(buf, buf_done)

/* The short way of appending, in the header because a token is made of a hundred pieces: there
 * is room, and so no failure. A buffer that failed has no data. */
static inline bool buf_has_room(const struct buf *b, size_t len)
{
    return b->data != NULL && len < b->cap - b->len;
}

void buf_add_slowly(struct buf *b, const void *bytes, size_t len);

static inline void buf_add(struct buf *b, const void *bytes, size_t len)
{
    if (!buf_has_room(b, len) || bytes == NULL) {
        buf_add_slowly(b, bytes, len);
        return;
    }
    memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
}

static inline void buf_str(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

static inline void buf_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}
