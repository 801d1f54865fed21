/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_number.h"

#include <stdbool.h>
#include <stdint.h>

enum { BYTES_MAX = 40, EXPONENT_DIGITS_MAX = 2 };
static const uint64_t WHOLE_MAX = (UINT64_C(1) << 53) - 1;

static size_t count_digits(const char *s, size_t len)
{
    size_t n = 0;

    while (n < len && s[n] >= '0' && s[n] <= '9')
        n++;
    return n;
}

/* Of digits without leading zeros. */
static bool is_kept(const char *digits, size_t len)
{
    enum { DIGITS_MAX = 16 };
    uint64_t v = 0;

    if (len > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        v = v * 10 + (uint64_t)(digits[i] - '0');
    return v <= WHOLE_MAX;
}

/* Bytes of a fraction at s; 0: none. */
static size_t fraction(const char *s, size_t len)
{
    size_t digits = len > 0 && s[0] == '.' ? count_digits(s + 1, len - 1) : 0;

    return digits > 0 ? 1 + digits : 0;
}

/* Bytes of an exponent at s, and its digits; 0: none. */
static size_t exponent(const char *s, size_t len, size_t *digits)
{
    size_t sign;

    *digits = 0;
    if (len < 2 || (s[0] != 'e' && s[0] != 'E'))
        return 0;
    sign = s[1] == '+' || s[1] == '-' ? 1 : 0;
    *digits = count_digits(s + 1 + sign, len - 1 - sign);
    return *digits > 0 ? 1 + sign + *digits : 0;
}

enum json_number json_number(const char *s, size_t len)
{
    size_t sign = len > 0 && s[0] == '-' ? 1 : 0;
    size_t digits = count_digits(s + sign, len - sign);
    size_t at = sign + digits;
    size_t exponent_digits;

    if (digits == 0 || (digits > 1 && s[sign] == '0'))
        return JSON_NO_NUMBER;
    if (at == len)
        return is_kept(s + sign, digits) ? JSON_WHOLE : JSON_BEYOND;
    at += fraction(s + at, len - at);
    at += exponent(s + at, len - at, &exponent_digits);
    if (at != len)
        return JSON_NO_NUMBER;
    return len > BYTES_MAX || exponent_digits > EXPONENT_DIGITS_MAX ? JSON_BEYOND
                                                                    : JSON_FRACTION;
}
