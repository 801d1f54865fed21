/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/base64url.h"

#include <stdint.h>
#include <string.h>

/* The two characters of each 12 bits: half the look-ups of a table of single ones. */
#define PAIR(a, b)                                                                             \
    {                                                                                          \
        a, b                                                                                   \
    }
#define PAIRS_8(a, c, d, e, f, g, h, i, j)                                                     \
    PAIR(a, c), PAIR(a, d), PAIR(a, e), PAIR(a, f), PAIR(a, g), PAIR(a, h), PAIR(a, i),        \
        PAIR(a, j)
#define PAIRS(a)                                                                               \
    PAIRS_8(a, 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'),                                        \
        PAIRS_8(a, 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P'),                                    \
        PAIRS_8(a, 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X'),                                    \
        PAIRS_8(a, 'Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f'),                                    \
        PAIRS_8(a, 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n'),                                    \
        PAIRS_8(a, 'o', 'p', 'q', 'r', 's', 't', 'u', 'v'),                                    \
        PAIRS_8(a, 'w', 'x', 'y', 'z', '0', '1', '2', '3'),                                    \
        PAIRS_8(a, '4', '5', '6', '7', '8', '9', '-', '_')
#define PAIRS_OF_8(a, b, c, d, e, f, g, h)                                                     \
    PAIRS(a), PAIRS(b), PAIRS(c), PAIRS(d), PAIRS(e), PAIRS(f), PAIRS(g), PAIRS(h)

static const char pairs[4096][2] = {
    PAIRS_OF_8('A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'),
    PAIRS_OF_8('I', 'J', 'K', 'L', 'M', 'N', 'O', 'P'),
    PAIRS_OF_8('Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X'),
    PAIRS_OF_8('Y', 'Z', 'a', 'b', 'c', 'd', 'e', 'f'),
    PAIRS_OF_8('g', 'h', 'i', 'j', 'k', 'l', 'm', 'n'),
    PAIRS_OF_8('o', 'p', 'q', 'r', 's', 't', 'u', 'v'),
    PAIRS_OF_8('w', 'x', 'y', 'z', '0', '1', '2', '3'),
    PAIRS_OF_8('4', '5', '6', '7', '8', '9', '-', '_'),
};

void base64url_put(struct buf *b, const void *bytes, size_t len)
{
    const unsigned char *in = bytes;
    char *out = buf_reserve(b, base64url_size(len));
    size_t n = 0;
    size_t i;

    if (out == NULL)
        return;
    for (i = 0; i + 3 <= len; i += 3) {
        uint32_t v = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 | in[i + 2];

        memcpy(out + n, pairs[v >> 12], 2);
        memcpy(out + n + 2, pairs[v & 0xfff], 2);
        n += 4;
    }
    if (i + 1 == len) { /* 8 bits and 4 zeros */
        memcpy(out + n, pairs[(uint32_t)in[i] << 4], 2);
        n += 2;
    } else if (i + 2 == len) { /* 16 bits and 2 zeros */
        uint32_t v = (uint32_t)in[i] << 10 | (uint32_t)in[i + 1] << 2;

        memcpy(out + n, pairs[v >> 6], 2);
        out[n + 2] = pairs[v & 63][1];
        n += 3;
    }
    buf_commit(b, n);
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

/* Writes the bytes of the whole text to out, which has room for them. */
static bool decode(unsigned char *out, const char *text, size_t len, struct sai_err *e)
{
    uint32_t bits = 0;
    unsigned held = 0;

    for (size_t i = 0; i < len; i++) {
        int v = value_of(text[i]);

        if (v < 0)
            return err_set(e, SAI_E_SYNTAX, "not base64url: unexpected character at offset %zu",
                           i);
        bits = (bits << 6 | (uint32_t)v) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *out++ = (unsigned char)(bits >> held);
        }
    }
    if ((bits & ((1U << held) - 1)) != 0)
        return err_set(e, SAI_E_SYNTAX,
                       "not base64url: unused bits of the last character are set");
    return true;
}

bool base64url_decode(struct buf *out, const char *text, size_t len, struct sai_err *e)
{
    size_t size = len / 4 * 3 + (len % 4 == 0 ? 0 : len % 4 - 1);
    char *dst;

    if (len % 4 == 1)
        return err_set(e, SAI_E_SYNTAX, "not base64url: cut short");
    dst = buf_reserve(out, size);
    if (dst == NULL)
        return buf_ok(out, e);
    if (!decode((unsigned char *)dst, text, len, e))
        return false;
    buf_commit(out, size);
    return true;
}
