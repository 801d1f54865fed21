/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_CAP = 256 };

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){ .max_bytes = max_bytes };
}

void buf_init_secret(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){ .max_bytes = max_bytes, .secret = true };
}

static void release(struct buf *b)
{
    if (b->secret && b->data != NULL)
        explicit_bzero(b->data, b->cap);
    free(b->data);
    b->data = NULL;
    b->len = 0;
    b->cap = 0;
}

void buf_done(struct buf *b)
{
    release(b);
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    b->too_long = false;
    if (b->data != NULL)
        b->data[0] = '\0';
}

static char *fail(struct buf *b, bool too_long)
{
    release(b);
    b->failed = true;
    b->too_long = too_long;
    return NULL;
}

static size_t grown_cap(const struct buf *b, size_t need)
{
    size_t cap = b->cap == 0 ? FIRST_CAP : b->cap;

    while (cap < need)
        cap *= 2;
    return cap < b->max_bytes + 1 ? cap : b->max_bytes + 1;
}

char *buf_reserve(struct buf *b, size_t len)
{
    char *data;
    size_t cap;

    if (b->failed)
        return NULL;
    if (len > b->max_bytes - b->len)
        return fail(b, true);
    if (b->data != NULL && len < b->cap - b->len)
        return b->data + b->len;
    cap = grown_cap(b, b->len + len + 1);
    data = malloc(cap); /* not realloc: it may leave a copy of a secret behind */
    if (data == NULL)
        return fail(b, false);
    if (b->data != NULL)
        memcpy(data, b->data, b->len);
    len = b->len;
    release(b);
    b->data = data;
    b->len = len;
    b->cap = cap;
    return data + len;
}

void buf_commit(struct buf *b, size_t len)
{
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_add_slowly(struct buf *b, const void *bytes, size_t len)
{
    char *dst = buf_reserve(b, len);

    if (dst == NULL)
        return;
    if (len > 0 && bytes != NULL)
        memcpy(dst, bytes, len);
    buf_commit(b, len);
}

void buf_u64(struct buf *b, uint64_t v)
{
    char digits[20];
    size_t i = sizeof(digits);

    do {
        digits[--i] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    buf_add(b, digits + i, sizeof(digits) - i);
}

void buf_i64(struct buf *b, int64_t v)
{
    if (v < 0)
        buf_char(b, '-');
    buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_list again;
    char *dst;
    int len;

    va_start(ap, fmt);
    va_copy(again, ap);
    len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    dst = len < 0 ? fail(b, false) : buf_reserve(b, (size_t)len);
    if (dst != NULL) {
        (void)vsnprintf(dst, (size_t)len + 1, fmt, again);
        buf_commit(b, (size_t)len);
    }
    va_end(again);
}

bool buf_ok(const struct buf *b, struct sai_err *e)
{
    if (!b->failed)
        return true;
    if (b->too_long)
        return err_set(e, SAI_E_LIMIT, "longer than %zu bytes", b->max_bytes);
    return err_nomem(e);
}

char *buf_take(struct buf *b, size_t *len)
{
    char *data;

    if (buf_reserve(b, 0) == NULL)
        return NULL;
    b->data[b->len] = '\0';
    if (len != NULL)
        *len = b->len;
    data = TAKE(b->data);
    b->len = 0;
    b->cap = 0;
    return data;
}
