/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/protobuf.h"

#include "base/utf8.h"

#include <string.h>

enum { VARINT_MAX_BYTES = 10 };

static const uint64_t number_max = (UINT64_C(1) << 29) - 1;

void pb_reader_init(struct pb_reader *r, const void *bytes, size_t len)
{
    /* An empty message may come without an address. */
    static const unsigned char nothing[1];

    r->at = len == 0 ? nothing : bytes;
    r->end = r->at + len;
}

static bool read_varint(struct pb_reader *r, uint64_t *out, struct sai_err *e)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < VARINT_MAX_BYTES; i++) {
        unsigned char c;

        if (r->at == r->end)
            return err_set(e, SAI_E_SYNTAX, "ends within a number");
        c = *r->at++;
        /* The tenth byte holds the 64th bit and nothing else. */
        if (i == VARINT_MAX_BYTES - 1 && c > 1)
            break;
        v |= (uint64_t)(c & 0x7f) << (7 * i);
        if (c < 0x80) {
            *out = v;
            return true;
        }
    }
    return err_set(e, SAI_E_SYNTAX, "a number of more than 64 bits");
}

static bool read_word(struct pb_reader *r, unsigned size, uint64_t *out, struct sai_err *e)
{
    uint64_t v = 0;

    if ((size_t)(r->end - r->at) < size)
        return err_set(e, SAI_E_SYNTAX, "ends within a number");
    for (unsigned i = 0; i < size; i++)
        v |= (uint64_t)r->at[i] << (8 * i);
    r->at += size;
    *out = v;
    return true;
}

static bool read_bytes(struct pb_reader *r, struct pb_field *f, struct sai_err *e)
{
    uint64_t len;

    if (!read_varint(r, &len, e))
        return false;
    if (len > (uint64_t)(r->end - r->at))
        return err_set(e, SAI_E_SYNTAX, "field %u ends beyond its message", f->number);
    f->bytes = (const char *)r->at;
    f->len = (size_t)len;
    r->at += len;
    return true;
}

bool pb_next(struct pb_reader *r, struct pb_field *out, struct sai_err *e)
{
    struct pb_field f = { 0 };
    uint64_t tag;
    bool ok;

    if (r->at == r->end) {
        *out = f;
        return true;
    }
    if (!read_varint(r, &tag, e))
        return false;
    if (tag >> 3 == 0 || tag >> 3 > number_max)
        return err_set(e, SAI_E_SYNTAX, "a field number out of range");
    f.number = (uint32_t)(tag >> 3);
    switch (tag & 7) {
    case PB_VARINT:
        f.wire = PB_VARINT;
        ok = read_varint(r, &f.value, e);
        break;
    case PB_I64:
        f.wire = PB_I64;
        ok = read_word(r, 8, &f.value, e);
        break;
    case PB_LEN:
        f.wire = PB_LEN;
        ok = read_bytes(r, &f, e);
        break;
    case PB_I32:
        f.wire = PB_I32;
        ok = read_word(r, 4, &f.value, e);
        break;
    default:
        return err_set(e, SAI_E_SYNTAX, "field %u has wire type %u, which is not taken",
                       f.number, (unsigned)(tag & 7));
    }
    if (ok)
        *out = f;
    return ok;
}

bool pb_is_text(const char *bytes, size_t len)
{
    size_t i = 0;

    while (i < len) {
        unsigned char c = (unsigned char)bytes[i];
        size_t n = c < 0x80 ? c != 0 : utf8_decode(bytes + i, len - i, NULL);

        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

static void put_number(struct buf *b, uint64_t v)
{
    char bytes[VARINT_MAX_BYTES];
    size_t len = 0;

    while (v >= 0x80) {
        bytes[len++] = (char)(unsigned char)(v | 0x80);
        v >>= 7;
    }
    bytes[len++] = (char)v;
    buf_add(b, bytes, len);
}

void pb_put_varint(struct buf *b, uint32_t number, uint64_t value)
{
    put_number(b, (uint64_t)number << 3 | PB_VARINT);
    put_number(b, value);
}

void pb_put_bytes(struct buf *b, uint32_t number, const void *bytes, size_t len)
{
    put_number(b, (uint64_t)number << 3 | PB_LEN);
    put_number(b, len);
    buf_add(b, bytes, len);
}
