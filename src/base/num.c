/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"

#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* Falling order: a duration names each at most once, the larger ones first. */
static const struct unit duration_units[] = {
    { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
};

static const struct unit size_units[] = {
    { "GiB", 1ULL << 30 },
    { "MiB", 1ULL << 20 },
    { "KiB", 1ULL << 10 },
};

static size_t digits_at(const char *s, size_t len)
{
    size_t n = 0;

    while (n < len && s[n] >= '0' && s[n] <= '9')
        n++;
    return n;
}

bool num_u64(const char *s, size_t len, uint64_t *out, struct sai_err *e)
{
    uint64_t v = 0;

    if (len == 0 || digits_at(s, len) != len)
        return err_set(e, SAI_E_SYNTAX, "not a whole number");
    if (len > 1 && s[0] == '0')
        return err_set(e, SAI_E_SYNTAX, "a number does not start with 0");
    for (size_t i = 0; i < len; i++) {
        if (__builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v))
            return err_set(e, SAI_E_LIMIT, "number too large");
    }
    *out = v;
    return true;
}

static const struct unit *
unit_at(const struct unit *units, size_t count, const char *s, size_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(units[i].name) == len && memcmp(units[i].name, s, len) == 0)
            return &units[i];
    }
    return NULL;
}

static bool add_term(uint64_t *sum, uint64_t n, uint64_t factor, struct sai_err *e)
{
    if (__builtin_mul_overflow(n, factor, &n) || __builtin_add_overflow(*sum, n, sum))
        return err_set(e, SAI_E_LIMIT, "number too large");
    return true;
}

bool num_duration_ms(const char *s, size_t len, uint64_t *out_ms, struct sai_err *e)
{
    static const char expected[] = "not a duration such as 30s, 5m, 1h30m, 250ms or 7d";
    const struct unit *last = NULL;
    uint64_t sum = 0;
    size_t i = 0;

    if (len == 0)
        return err_set(e, SAI_E_SYNTAX, "%s", expected);
    while (i < len) {
        size_t digits = digits_at(s + i, len - i);
        size_t letters = 0;
        const struct unit *unit;
        uint64_t n;

        while (i + digits + letters < len && s[i + digits + letters] >= 'a' &&
               s[i + digits + letters] <= 'z')
            letters++;
        unit = unit_at(duration_units, ARRAY_SIZE(duration_units), s + i + digits, letters);
        if (digits == 0 || unit == NULL || (last != NULL && unit <= last))
            return err_set(e, SAI_E_SYNTAX, "%s", expected);
        if (!num_u64(s + i, digits, &n, e) || !add_term(&sum, n, unit->factor, e))
            return false;
        last = unit;
        i += digits + letters;
    }
    *out_ms = sum;
    return true;
}

bool num_size_bytes(const char *s, size_t len, uint64_t *out_bytes, struct sai_err *e)
{
    size_t digits = digits_at(s, len);
    const struct unit *unit =
        unit_at(size_units, ARRAY_SIZE(size_units), s + digits, len - digits);
    uint64_t sum = 0;
    uint64_t n;

    if (digits == 0 || (digits < len && unit == NULL))
        return err_set(e, SAI_E_SYNTAX, "not a size such as 65536, 64KiB or 1MiB");
    if (!num_u64(s, digits, &n, e) || !add_term(&sum, n, unit == NULL ? 1 : unit->factor, e))
        return false;
    *out_bytes = sum;
    return true;
}

bool num_mode(const char *s, size_t len, unsigned *out_mode, struct sai_err *e)
{
    unsigned v = 0;

    for (size_t i = 0; i < len; i++) {
        if (len > 4 || s[i] < '0' || s[i] > '7')
            return err_set(e, SAI_E_SYNTAX, "not an octal file mode such as \"0660\"");
        v = v * 8 + (unsigned)(s[i] - '0');
    }
    if (len < 3 || v > 0777)
        return err_set(e, SAI_E_SYNTAX, "not an octal file mode such as \"0660\"");
    *out_mode = v;
    return true;
}

void num_put_duration(struct buf *b, uint64_t ms)
{
    if (ms == 0)
        buf_str(b, "0s");
    for (size_t i = 0; i < ARRAY_SIZE(duration_units); i++) {
        uint64_t n = ms / duration_units[i].factor;

        if (n > 0) {
            buf_u64(b, n);
            buf_str(b, duration_units[i].name);
        }
        ms -= n * duration_units[i].factor;
    }
}

void num_put_size(struct buf *b, uint64_t bytes)
{
    for (size_t i = 0; i < ARRAY_SIZE(size_units); i++) {
        uint64_t n = bytes / size_units[i].factor;

        if (n > 0 && n * size_units[i].factor == bytes) {
            buf_u64(b, n);
            buf_str(b, size_units[i].name);
            return;
        }
    }
    buf_u64(b, bytes);
}
