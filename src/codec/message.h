/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Messages from strangers, filled into structs by tables of their fields. One table serves JSON
 * and Protocol Buffers, as Kubernetes' types have both forms, so that the two cannot differ.
 *
 * Unknown fields are passed over. A field that stands there twice is an error in both forms:
 * readers disagree on which one counts. */

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_type {
    FIELD_TEXT,  /* const char *: NULL when absent, null or empty, as Go's types cannot tell */
    FIELD_BYTES, /* struct field_bytes; Protocol Buffers only */
    FIELD_TEXTS, /* struct field_texts */
    FIELD_INTEGER, /* struct field_integer */
    FIELD_MESSAGE, /* a struct that begins with  bool present;  */
    FIELD_EXISTS,  /* bool: there is something, and it is neither null nor empty */
};

struct field_bytes {
    const char *at; /* within the message */
    size_t len;
};

enum { FIELD_TEXTS_MAX = 16 };

struct field_texts {
    const char *items[FIELD_TEXTS_MAX];
    size_t count; /* may be more: those are not kept */
};

struct field_integer {
    bool present;
    int64_t value;
};

enum { FIELD_ROWS_MAX = 64 };

struct field_row {
    const char *name; /* in JSON; NULL: not there */
    const char *path; /* for messages: "spec.audiences" */
    uint32_t number;  /* in Protocol Buffers, below FIELD_ROWS_MAX; 0: not there */
    enum field_type type;
    size_t offset;
    const struct message_type *message; /* of FIELD_MESSAGE */
};

struct message_type {
    const struct field_row *rows;
    size_t count; /* at most FIELD_ROWS_MAX */
};

/* Where texts go: room for as many bytes as the message has is always enough, since each text
 * takes up two more in either form than its characters do. */
struct message_texts {
    char *at;
    size_t left;
};

/* Into the zeroed struct out. Errors: SAI_E_INVALID with the field's path for a value of
 * another type, SAI_E_SYNTAX and SAI_E_LIMIT for what cannot be read.
 *
 * JSON is an object, and as strict as that of codec/json.h: what is passed over may not be
 * ambiguous either. At most MESSAGE_NAMES_MAX members are taken of an object and those around
 * it, as each is compared with the others. It is read to its end even if a value is of another
 * type, and the values that are right are filled in. */
enum { MESSAGE_JSON_DEPTH = 32, MESSAGE_NAMES_MAX = 128 };
bool message_from_json(const struct message_type *type,
                       struct field_bytes json,
                       struct message_texts *texts,
                       void *out,
                       struct sai_err *e) MUST_USE;
bool message_from_protobuf(const struct message_type *type,
                           struct field_bytes bytes,
                           struct message_texts *texts,
                           void *out,
                           struct sai_err *e) MUST_USE;
