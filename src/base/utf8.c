/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include "base/attr.h"

struct form {
    unsigned char mask;
    unsigned char lead;
    uint32_t least; /* smaller values have a shorter form */
};

static const struct form forms[] = {
    { 0x80, 0x00, 0 },
    { 0xe0, 0xc0, 0x80 },
    { 0xf0, 0xe0, 0x800 },
    { 0xf8, 0xf0, 0x10000 },
};

static size_t sequence_length(unsigned char lead)
{
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        if ((lead & forms[i].mask) == forms[i].lead)
            return i + 1;
    }
    return 0;
}

size_t utf8_decode(const char *s, size_t len, uint32_t *rune)
{
    const unsigned char *u = (const unsigned char *)s;
    size_t n = len == 0 ? 0 : sequence_length(u[0]);
    uint32_t v;

    if (n == 0 || n > len)
        return 0;
    v = u[0] & (uint32_t)(unsigned char)~forms[n - 1].mask;
    for (size_t i = 1; i < n; i++) {
        if ((u[i] & 0xc0) != 0x80)
            return 0;
        v = v << 6 | (u[i] & 0x3fU);
    }
    if (v < forms[n - 1].least || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
        return 0;
    if (rune != NULL)
        *rune = v;
    return n;
}

size_t utf8_encode(uint32_t rune, char *out)
{
    size_t n = 1;

    while (n < ARRAY_SIZE(forms) && rune >= forms[n].least)
        n++;
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (rune & 0x3f));
        rune >>= 6;
    }
    out[0] = (char)(forms[n - 1].lead | rune);
    return n;
}

size_t utf8_count(const char *s, size_t len)
{
    size_t count = 0;
    size_t i = 0;

    while (i < len) {
        size_t n = (unsigned char)s[i] < 0x80 ? 1 : utf8_decode(s + i, len - i, NULL);

        if (n == 0)
            return SIZE_MAX;
        i += n;
        count++;
    }
    return count;
}

bool utf8_is_line(const char *s, size_t len)
{
    size_t n;

    for (size_t i = 0; i < len; i += n) {
        uint32_t rune;

        n = utf8_decode(s + i, len - i, &rune);
        if (n == 0 || rune < ' ' || (rune >= 0x7f && rune < 0xa0) || rune == 0x2028 ||
            rune == 0x2029)
            return false;
    }
    return true;
}
