/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts/names.h"

#include <string.h>

enum { QUALIFIED_MAX = 63 };

/* Sets of characters. */
enum { LOWER = 1, UPPER = 2, DASH = 4, DOT_OR_LINE = 8 };

static unsigned set_of(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
        return LOWER;
    if (c >= 'A' && c <= 'Z')
        return UPPER;
    if (c == '-')
        return DASH;
    return c == '_' || c == '.' ? DOT_OR_LINE : 0;
}

/* Begins and ends with a character of ends, only those of inner between. */
static bool has_form(const char *s, size_t len, unsigned ends, unsigned inner)
{
    if (len == 0 || (set_of(s[0]) & ends) == 0 || (set_of(s[len - 1]) & ends) == 0)
        return false;
    for (size_t i = 1; i + 1 < len; i++) {
        if ((set_of(s[i]) & inner) == 0)
            return false;
    }
    return true;
}

bool name_check_label(const char *s, struct sai_err *e)
{
    size_t len = strlen(s);

    if (len > DNS_LABEL_MAX)
        return err_set(e, SAI_E_LIMIT, "%zu characters, at most %d are allowed", len,
                       DNS_LABEL_MAX);
    if (!has_form(s, len, LOWER, LOWER | DASH))
        return err_set(e, SAI_E_INVALID,
                       "must be a DNS label: a-z, 0-9 and -, a letter or digit at both ends");
    return true;
}

/* ends and inner are those of its labels. */
static bool is_subdomain(const char *s, size_t len, unsigned ends, unsigned inner)
{
    const char *end = s + len;

    for (;;) {
        const char *dot = memchr(s, '.', (size_t)(end - s));
        const char *label_end = dot == NULL ? end : dot;

        if (!has_form(s, (size_t)(label_end - s), ends, inner))
            return false;
        if (dot == NULL)
            return true;
        s = dot + 1;
    }
}

bool name_check_subdomain(const char *s, struct sai_err *e)
{
    size_t len = strlen(s);

    if (len > DNS_SUBDOMAIN_MAX)
        return err_set(e, SAI_E_LIMIT, "%zu characters, at most %d are allowed", len,
                       DNS_SUBDOMAIN_MAX);
    if (!is_subdomain(s, len, LOWER, LOWER | DASH))
        return err_set(e, SAI_E_INVALID,
                       "must be a DNS name: a-z, 0-9, - and ., a letter or digit at both ends "
                       "and beside each dot");
    return true;
}

static bool is_qualified(const char *s)
{
    size_t len = strlen(s);

    return len <= QUALIFIED_MAX &&
           has_form(s, len, LOWER | UPPER, LOWER | UPPER | DASH | DOT_OR_LINE);
}

static bool check_key(const char *s, bool capitals, struct sai_err *e)
{
    const char *slash = strchr(s, '/');
    unsigned ends = capitals ? LOWER | UPPER : LOWER;
    unsigned inner = capitals ? LOWER | UPPER | DASH : LOWER | DASH;

    if (slash != NULL && ((size_t)(slash - s) > DNS_SUBDOMAIN_MAX ||
                          !is_subdomain(s, (size_t)(slash - s), ends, inner)))
        return err_set(e, SAI_E_INVALID,
                       "the part of a key before / must be a DNS name of at most %d characters",
                       DNS_SUBDOMAIN_MAX);
    if (!is_qualified(slash == NULL ? s : slash + 1))
        return err_set(e, SAI_E_INVALID,
                       "a key must be [prefix/]name, its name 1 to %d characters of "
                       "a-z A-Z 0-9 - _ . with a letter or digit at both ends",
                       QUALIFIED_MAX);
    return true;
}

bool name_check_label_key(const char *s, struct sai_err *e)
{
    return check_key(s, false, e);
}

bool name_check_annotation_key(const char *s, struct sai_err *e)
{
    return check_key(s, true, e);
}

bool name_check_label_value(const char *s, struct sai_err *e)
{
    return *s == '\0' || is_qualified(s) ||
           err_set(e, SAI_E_INVALID,
                   "a label's value must be empty or 1 to %d characters of a-z A-Z 0-9 - _ . "
                   "with a letter or digit at both ends",
                   QUALIFIED_MAX);
}
