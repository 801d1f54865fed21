/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts/names.h"

#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum { QUALIFIED_MAX = 63 };

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* Begins and ends with a character of ends, only those of inner between. */
static bool has_form(const char *s, size_t len, const char *ends, const char *inner)
{
    return len > 0 && is_one_of(s[0], ends) && is_one_of(s[len - 1], ends) &&
           strspn(s, inner) >= len;
}

bool name_check_label(const char *s, struct sai_err *e)
{
    size_t len = strlen(s);

    if (len > DNS_LABEL_MAX)
        return err_set(e, SAI_E_LIMIT, "%zu characters, at most %d are allowed", len,
                       DNS_LABEL_MAX);
    if (!has_form(s, len, LOWER, LOWER "-"))
        return err_set(e, SAI_E_INVALID,
                       "must be a DNS label: a-z, 0-9 and -, a letter or digit at both ends");
    return true;
}

/* ends and inner are those of its labels. */
static bool is_subdomain(const char *s, size_t len, const char *ends, const char *inner)
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
    if (!is_subdomain(s, len, LOWER, LOWER "-"))
        return err_set(e, SAI_E_INVALID,
                       "must be a DNS name: a-z, 0-9, - and ., a letter or digit at both ends "
                       "and beside each dot");
    return true;
}

static bool is_qualified(const char *s)
{
    size_t len = strlen(s);

    return len <= QUALIFIED_MAX && has_form(s, len, LOWER UPPER, LOWER UPPER "-_.");
}

static bool check_key(const char *s, bool capitals, struct sai_err *e)
{
    const char *slash = strchr(s, '/');
    const char *ends = capitals ? LOWER UPPER : LOWER;
    const char *inner = capitals ? LOWER UPPER "-" : LOWER "-";

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
