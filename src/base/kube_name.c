/* SPDX-License-Identifier: Apache-2.0 */
#include "base/kube_name.h"

#include <stddef.h>
#include <string.h>

enum { LABEL_MAX = 63, SUBDOMAIN_MAX = 253, NAME_MAX_BYTES = 63 };

/* Not <ctype.h>, which asks the locale. */
static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alphanumeric(char c)
{
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

/* [a-z0-9]([-a-z0-9]*[a-z0-9])? */
static bool is_label(const char *s, size_t len, bool any_case)
{
    for (size_t i = 0; i < len; i++) {
        bool inner = i > 0 && i < len - 1;

        if (!(any_case ? is_alphanumeric(s[i]) : is_lower_or_digit(s[i])) &&
            (s[i] != '-' || !inner))
            return false;
    }
    return len > 0;
}

static bool is_subdomain(const char *s, size_t len, bool any_case)
{
    size_t start = 0;

    if (len > SUBDOMAIN_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (s[i] != '.')
            continue;
        if (!is_label(s + start, i - start, any_case))
            return false;
        start = i + 1;
    }
    return is_label(s + start, len - start, any_case);
}

bool kube_is_label(const char *s)
{
    size_t len = strnlen(s, LABEL_MAX + 1);

    return len <= LABEL_MAX && is_label(s, len, false);
}

bool kube_is_subdomain(const char *s)
{
    return is_subdomain(s, strnlen(s, SUBDOMAIN_MAX + 1), false);
}

bool kube_is_qualified_name(const char *s)
{
    const char *slash = strchr(s, '/');
    const char *name = slash == NULL ? s : slash + 1;
    size_t len = strnlen(name, NAME_MAX_BYTES + 1);

    if (slash != NULL && !is_subdomain(s, (size_t)(slash - s), true))
        return false;
    if (len == 0 || len > NAME_MAX_BYTES || !is_alphanumeric(name[0]) ||
        !is_alphanumeric(name[len - 1]))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!is_alphanumeric(name[i]) && strchr("-_.", name[i]) == NULL)
            return false;
    }
    return true;
}
