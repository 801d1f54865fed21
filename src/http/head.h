/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The request's head as libmicrohttpd holds it, led through the admission check. */

#include "http/conn.h"

#include <microhttpd.h>

struct conf_limits;

/* Fills c->req; c->method, c->target_ok and c->target_len are set. */
enum head_fault head_admit(struct MHD_Connection *connection,
                           struct conn *c,
                           const char *version,
                           const struct conf_limits *limits);

/* Whether the library in use has the parser of 1.0, which knows bare LF, folded lines and NUL
 * for what they are. */
bool head_library_is_strict(void);
