/* SPDX-License-Identifier: Apache-2.0 */

/* The implicit types of YAML 1.1 in the form that kubectl has them (go-yaml v2, resolve.go).
 * kubectl puts quotes round text that looks like one of them, and refuses a value that has
 * lost its quotes. */

#include "codec/yaml.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Longer ones than any that people write are taken as text: a mistake is missed at worst. */
enum { NUMBER_MAX = 512 };

static const char *const bool_words[] = {
    "y", "Y", "yes", "Yes", "YES", "true",  "True",  "TRUE",  "on",  "On",  "ON",
    "n", "N", "no",  "No",  "NO",  "false", "False", "FALSE", "off", "Off", "OFF",
};

static const char *const float_words[] = {
    ".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF",
    "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
};

static bool is_word(const char *text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

static const char decimal[] = "0123456789";

/* How many of the characters at s are among digits. */
static size_t run(const char *s, const char *digits)
{
    return strspn(s, digits);
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool has_float_form(const char *s)
{
    size_t before;
    size_t after = 0;

    s += *s == '+' || *s == '-' ? 1 : 0;
    before = run(s, decimal);
    s += before;
    if (*s == '.') {
        after = run(s + 1, decimal);
        s += after + 1;
    }
    if (before + after == 0)
        return false;
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '+' || *s == '-' ? 1 : 0;
        if (run(s, decimal) == 0)
            return false;
        s += run(s, decimal);
    }
    return *s == '\0';
}

/* What is beyond the range of a double is text. */
static bool is_float(const char *s)
{
    return has_float_form(s) && isfinite(strtod(s, NULL));
}

static const struct base {
    const char *prefix; /* its second character */
    const char *digits;
    unsigned bits; /* of a digit */
} bases[] = {
    { "xX", "0123456789abcdefABCDEF", 4 },
    { "oO", "01234567", 3 },
    { "bB", "01", 1 },
};

/* The whole of s, which must fit into 64 bits. */
static bool read_digits(const char *s, const struct base *b, uint64_t *out)
{
    uint64_t v = 0;

    if (*s == '\0')
        return false;
    for (; *s != '\0'; s++) {
        const char *d = strchr(b->digits, *s);

        if (d == NULL || v >> (64 - b->bits) != 0)
            return false;
        v = v << b->bits | (uint64_t)(d - b->digits < 16 ? d - b->digits : d - b->digits - 6);
    }
    *out = v;
    return true;
}

/* 0x1F, -0o17, 0b1. What is beyond 64 bits is text; so is a number with a sign that does not
 * fit into int64_t. Without a prefix both would be floats at least. */
static bool is_based(const char *s)
{
    bool negative = *s == '-';
    bool has_sign = negative || *s == '+';
    uint64_t v;

    s += has_sign ? 1 : 0;
    if (s[0] != '0' || s[1] == '\0')
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
        if (strchr(bases[i].prefix, s[1]) != NULL && read_digits(s + 2, &bases[i], &v))
            return !has_sign || v <= (uint64_t)INT64_MAX + (negative ? 1 : 0);
    }
    return false;
}

/* Underscores mean nothing, but in what begins with a dot they must stand between digits. */
static bool is_number(const char *text)
{
    char s[NUMBER_MAX + 1];
    size_t len = 0;

    if (strchr("+-.0123456789", *text) == NULL)
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '_' && *text == '.' &&
            (strchr(decimal, c[-1]) == NULL || run(c + 1, decimal) == 0))
            return false;
        if (*c == '_')
            continue;
        if (len == NUMBER_MAX)
            return false;
        s[len++] = *c;
    }
    s[len] = '\0';
    return is_based(s) || is_float(s);
}

const char *yaml_plain_type(const struct yaml_node *n)
{
    if (n->kind != YAML_SCALAR || n->quoted)
        return NULL;
    if (yaml_is_null(n))
        return "null";
    if (is_word(n->text, bool_words, ARRAY_SIZE(bool_words)))
        return "a boolean";
    if (is_word(n->text, float_words, ARRAY_SIZE(float_words)) || is_number(n->text))
        return "a number";
    return NULL;
}
