/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Appends a valid JSON text with each member and item on its own line, two blanks a level, and
 * a newline at the end. Numbers keep their spelling; what is not printable ASCII in strings is
 * escaped, so that a document from a stranger cannot give orders to a terminal. */
void json_pretty(struct buf *b, const char *json, size_t len);
