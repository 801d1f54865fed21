/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The Authorization field (RFC 9110 11.6.2) of callers that show a bearer token (RFC 6750 2.1).
 */

#include "http/request.h"

enum authorization {
    AUTHORIZATION_NONE,
    AUTHORIZATION_BEARER,
    AUTHORIZATION_BAD /* another scheme, or no token */
};

/* *token is the part of value that is the token, for AUTHORIZATION_BEARER only. */
enum authorization authorization_read(struct http_text value, struct http_text *token);
