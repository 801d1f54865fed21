/* SPDX-License-Identifier: Apache-2.0 */
#include "http/authorization.h"

#include <string.h>
#include <strings.h>

static bool in_token68(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~+/", c) != NULL);
}

/* RFC 9110 11.2: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=" */
static bool is_token68(struct http_text t)
{
    size_t i = 0;

    while (i < t.len && in_token68(t.at[i]))
        i++;
    if (i == 0)
        return false;
    while (i < t.len && t.at[i] == '=')
        i++;
    return i == t.len;
}

enum authorization authorization_read(struct http_text value, struct http_text *token)
{
    static const char scheme[] = "Bearer ";
    const size_t len = sizeof(scheme) - 1;
    struct http_text rest;

    if (value.at == NULL)
        return AUTHORIZATION_NONE;
    if (value.len < len || strncasecmp(value.at, scheme, len) != 0)
        return AUTHORIZATION_BAD;
    rest = (struct http_text){ value.at + len, value.len - len };
    while (rest.len > 0 && rest.at[0] == ' ') {
        rest.at++;
        rest.len--;
    }
    if (!is_token68(rest))
        return AUTHORIZATION_BAD;
    *token = rest;
    return AUTHORIZATION_BEARER;
}
