/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* JSON from strangers (RFC 8259), read so that every other reader that accepts the same bytes
 * sees the same values: no duplicate members at any level, nothing behind the end, no NUL in
 * strings, no invalid UTF-8, integers of at most 64 bits. Jansson does the parsing. */

#include "base/attr.h"
#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

DEFINE_AUTO(json_t, json_decref)

struct json_limits {
    size_t max_bytes;
    size_t max_depth; /* of objects and arrays within each other; {} has 1 */
    bool allow_nul;   /* \u0000 in strings; json_string_length() tells */
};

/* From now on Jansson's failed allocations are noticed: where one fails within a string, 2.14
 * drops characters and reads on, so that a value is not what stood there. Call once, before any
 * thread and before Jansson is used; not for a library, as it is for the whole process. */
void json_watch_memory(void);

/* The caller owns *out, an object. Errors: SAI_E_SYNTAX, SAI_E_LIMIT, SAI_E_NOMEM; no text
 * repeats any of the document. */
bool json_read_object(const char *text,
                      size_t len,
                      const struct json_limits *limits,
                      json_t **out,
                      struct sai_err *e) MUST_USE;
