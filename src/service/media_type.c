/* SPDX-License-Identifier: Apache-2.0 */
#include "service/media_type.h"

#include <string.h>
#include <strings.h>

bool media_type_is(const char *content_type, const char *media_type)
{
    size_t len = strlen(media_type);
    const char *rest;

    content_type += strspn(content_type, " \t");
    if (strncasecmp(content_type, media_type, len) != 0)
        return false;
    rest = content_type + len + strspn(content_type + len, " \t");
    return *rest == '\0' || *rest == ';';
}
