/* SPDX-License-Identifier: Apache-2.0 */
#include "http/etag.h"

#include <string.h>

/* The length of the entity tag at p, quotes included; 0 if there is none. */
static size_t tag_length(const char *p, const char *end)
{
    const char *close;

    if (p == end || *p != '"')
        return 0;
    close = memchr(p + 1, '"', (size_t)(end - p - 1));
    return close == NULL ? 0 : (size_t)(close - p + 1);
}

static const char *skip_separators(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == ','))
        p++;
    return p;
}

bool etag_matches(struct http_text field, const char *etag)
{
    size_t len = strlen(etag);
    const char *p = field.at;
    const char *end;

    if (p == NULL)
        return false;
    end = p + field.len;
    if (field.len == 1 && *p == '*')
        return true;
    for (;;) {
        size_t n;

        p = skip_separators(p, end);
        if (end - p > 2 && p[0] == 'W' && p[1] == '/')
            p += 2;
        n = tag_length(p, end);
        if (n == len && memcmp(p, etag, n) == 0)
            return true;
        p += n;
        if (n == 0 || (p < end && *p != ',' && *p != ' ' && *p != '\t'))
            return false;
    }
}
