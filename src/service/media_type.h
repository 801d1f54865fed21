/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* Whether the value of a Content-Type header names the media type (in lower case), whatever its
 * parameters; RFC 9110 section 8.3. */
bool media_type_is(const char *content_type, const char *media_type);
