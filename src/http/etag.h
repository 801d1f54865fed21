/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* If-None-Match (RFC 9110 13.1.2): "*" or a list of entity tags, compared weakly. */

#include "http/request.h"

/* Whether the field value names etag (strong, with its quotes). A malformed list matches up to
 * its first mistake and no further, so that the worst outcome is a full answer. */
bool etag_matches(struct http_text field, const char *etag);
