/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One call of a gRPC method (PROTOCOL-HTTP2.md), from the header fields and the bytes of its
 * request to the answer. Knows no HTTP/2. */

#include "base/attr.h"
#include "base/buf.h"
#include "grpc/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CALL_PREFIX_BYTES = 5, /* compressed flag and length before a message */
    CALL_HEAD_MAX_BYTES = 8192,
    CALL_METHOD_NONE = -1,
};

struct call_answer {
    unsigned http_status; /* other than 200: no gRPC, as who sent it may speak none */
    enum grpc_code code;
    const char *message; /* of a code that is not OK; a constant */
    bool name_encodings; /* tell which grpc-encoding is taken */
    struct buf body;     /* the response's message with its prefix, of GRPC_OK */
};

struct call {
    /* For the connection: the list of all calls, and of those to be answered. */
    struct call *prev;
    struct call *next;
    struct call *next_ready;
    int32_t stream;
    bool headed; /* the head of the request is complete */
    bool ended;  /* the request is complete */
    bool queued; /* waits to be answered */
    bool answered;
    size_t sent; /* of the answer's body */

    uint64_t start_ns;
    uint64_t due_ms; /* monotonic: given up then */

    size_t head_bytes;
    bool post;
    bool grpc;    /* the content type is */
    bool encoded; /* with a grpc-encoding that is not identity */
    bool bad_timeout;
    uint64_t timeout_ms; /* UINT64_MAX: none was given */
    int method;          /* of sign_methods, or CALL_METHOD_NONE */
    struct buf request;  /* prefix and message */
    struct call_answer answer;
};

/* NULL when out of memory. */
struct call *call_new(int32_t stream, uint64_t start_ns, uint64_t due_ms) MUST_USE;
void call_free(struct call *c); /* takes NULL */
DEFINE_AUTO(call, call_free)

/* A field of the head, names in lower case. false: the head has become too large. */
bool call_header(struct call *c,
                 const char *name,
                 size_t name_len,
                 const char *value,
                 size_t value_len) MUST_USE;

/* Fills the answer; call_check_head() and call_check_message() return false if they did. */
void call_refuse(struct call *c, enum grpc_code code, const char *message);
/* The head is complete. */
bool call_check_head(struct call *c) MUST_USE;
/* Part of the body has come; max_bytes is for the message. false: refused. */
bool call_data(struct call *c, const void *bytes, size_t len, size_t max_bytes) MUST_USE;
/* The request is complete: exactly one message, uncompressed. */
bool call_check_message(struct call *c, size_t max_bytes) MUST_USE;

/* grpc-timeout: up to 8 digits and a unit, rounded up; false: malformed. */
bool call_parse_timeout(const char *text, size_t len, uint64_t *out_ms) MUST_USE;
