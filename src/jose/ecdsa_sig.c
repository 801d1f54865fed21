/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/ecdsa_sig.h"

#include <string.h>

enum { DER_SEQUENCE = 0x30, DER_INTEGER = 0x02, DER_LONG_1 = 0x81, DER_SHORT_MAX = 0x7f };

struct cursor {
    const unsigned char *at;
    size_t left;
};

/* Opens a value of that tag: *inner is its contents, c moves behind it. */
static bool open_value(struct cursor *c, unsigned char tag, struct cursor *inner)
{
    size_t head = 2;
    size_t len;

    if (c->left < 2 || c->at[0] != tag)
        return false;
    len = c->at[1];
    if (len == DER_LONG_1) {
        head = 3;
        if (c->left < head || c->at[2] <= DER_SHORT_MAX)
            return false;
        len = c->at[2];
    } else if (len > DER_SHORT_MAX) {
        return false;
    }
    if (len > c->left - head)
        return false;
    *inner = (struct cursor){ c->at + head, len };
    c->at += head + len;
    c->left -= head + len;
    return true;
}

static bool read_integer(struct cursor *c, unsigned char *out, size_t width)
{
    struct cursor v;

    if (!open_value(c, DER_INTEGER, &v) || v.left == 0 || (v.at[0] & 0x80) != 0)
        return false;
    if (v.at[0] == 0 && v.left > 1) {
        if ((v.at[1] & 0x80) == 0)
            return false; /* a zero that nothing asks for */
        v.at++;
        v.left--;
    }
    if (v.left > width)
        return false;
    memset(out, 0, width - v.left);
    memcpy(out + (width - v.left), v.at, v.left);
    return true;
}

bool ecdsa_raw_from_der(const unsigned char *der,
                        size_t len,
                        size_t coordinate_bytes,
                        unsigned char *out)
{
    struct cursor all = { der, len };
    struct cursor both;

    return open_value(&all, DER_SEQUENCE, &both) && all.left == 0 &&
           read_integer(&both, out, coordinate_bytes) &&
           read_integer(&both, out + coordinate_bytes, coordinate_bytes) && both.left == 0;
}

static size_t write_integer(const unsigned char *v, size_t width, unsigned char *out)
{
    size_t pad;

    while (width > 1 && v[0] == 0) {
        v++;
        width--;
    }
    pad = (v[0] & 0x80) != 0 ? 1 : 0;
    out[0] = DER_INTEGER;
    out[1] = (unsigned char)(width + pad);
    out[2] = 0;
    memcpy(out + 2 + pad, v, width);
    return 2 + pad + width;
}

size_t ecdsa_der_from_raw(const unsigned char *raw,
                          size_t coordinate_bytes,
                          unsigned char out[ECDSA_DER_MAX])
{
    unsigned char both[ECDSA_DER_MAX];
    size_t len = write_integer(raw, coordinate_bytes, both);
    size_t head = 0;

    len += write_integer(raw + coordinate_bytes, coordinate_bytes, both + len);
    out[head++] = DER_SEQUENCE;
    if (len > DER_SHORT_MAX)
        out[head++] = DER_LONG_1;
    out[head++] = (unsigned char)len;
    memcpy(out + head, both, len);
    return head + len;
}
