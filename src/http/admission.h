/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Decides from its head whether a request may reach a handler (RFC 9112).
 *
 * The HTTP library parses leniently: two Host or Content-Length fields, Transfer-Encoding
 * beside Content-Length, any byte in a field name and more reach its caller. What two parsers
 * may read differently is refused here, always with the end of the connection, as the bytes
 * that follow cannot be trusted to be a request. Pure: no socket, no allocation. */

#include "http/request.h"

enum head_fault {
    FAULT_NONE,
    FAULT_METHOD,          /* not a token */
    FAULT_TARGET,          /* not an origin-form of URI characters */
    FAULT_VERSION,         /* neither HTTP/1.0 nor HTTP/1.1 */
    FAULT_FIELD_NAME,      /* not a token */
    FAULT_FIELD_VALUE,     /* a control byte */
    FAULT_HOST,            /* missing, repeated or malformed */
    FAULT_CONTENT_LENGTH,  /* repeated or not a number */
    FAULT_TRANSFER_CODING, /* other than chunked, or one where no body is of use */
    FAULT_REPEATED,        /* a field that must be there at most once */
    FAULT_EXPECTATION,     /* other than 100-continue */
    FAULT_FRAMING,         /* bare LF, folded line or NUL, seen by the distance of fields */
    FAULT_HEAD_SIZE,
    FAULT_BODY_SIZE,
    FAULT_COUNT
};

/* A short name for logs and metrics, and the status that answers it. */
const char *head_fault_name(enum head_fault f);
unsigned head_fault_status(enum head_fault f);

/* The check as it goes through the head; the first refusal stands. */
struct admission {
    struct http_req *req;
    enum head_fault fault;
    bool http_1_0;
    bool takes_chunks; /* the caller's to set behind admission_begin() */
    bool blank_behind; /* the value in hand, which the library takes with it */
    unsigned seen;     /* bits of the known fields */
};

/* Whether target is the origin-form of RFC 9112 3.2.1, in characters of RFC 3986 only. */
bool admission_target_ok(const char *target, size_t len);

/* Starts with the request line; target_ok tells of the raw target. Fills req->method. */
void admission_begin(struct admission *a,
                     const char *method,
                     bool target_ok,
                     const char *version,
                     struct http_req *req);
/* One field as the library found it; the value is borrowed into req for known names. */
void admission_field(struct admission *a, struct http_text name, struct http_text value);
/* After the last field. */
enum head_fault admission_end(struct admission *a, uint64_t max_body_bytes);
