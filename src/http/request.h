/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A request that passed the admission check, and the answer to it: plain data, so that handlers
 * need no socket and no HTTP library. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One bit each, for the method sets of routes; any other method is in none. */
enum http_method {
    HTTP_OTHER = 0,
    HTTP_GET = 1,
    HTTP_HEAD = 2,
    HTTP_OPTIONS = 4,
    HTTP_POST = 8
};

struct http_text {
    const char *at; /* NULL: absent */
    size_t len;
};

/* Borrowed from the connection for the time of the request. */
struct http_req {
    enum http_method method;
    const char *path;               /* raw: nothing decoded, the query cut off */
    const char *query;              /* raw, behind the '?'; NULL: none, or of no interest */
    struct http_text host;          /* absent in HTTP/1.0 only */
    struct http_text if_none_match; /* absent also when sent more than once */
    struct http_text authorization; /* secret */
    struct http_text content_type;
    uint64_t content_length; /* of a chunked body: the most it may have */
    bool has_body;
    bool chunked;
    bool expects_continue; /* the body comes when it is asked for */
};

enum { HTTP_HOST_BYTES = 264 }; /* a DNS name, a port and room to spare */

/* The Host field as a string of its own: the value ends where blanks after it begin, which need
 * not be the end of the string it was found in. *host is NULL if it is absent; false: it is
 * longer than any that could be ours. */
bool http_host(const struct http_req *req, char copy[HTTP_HOST_BYTES], const char **host);

enum { HTTP_REPLY_HEADERS = 8 };

struct http_header {
    const char *name;
    const char *value;
};

/* All strings are constants, or belong to the snapshot the request was answered from or to what
 * is kept of the request until the answer is sent. */
struct http_reply {
    unsigned status;
    const char *body;
    size_t size;
    bool body_owned; /* malloc'ed, the reply's to free */
    /* Nonzero: an index for keeping the finished answer as long as the snapshot lives; equal
     * indices mean equal answers. */
    size_t keep;
    struct http_header headers[HTTP_REPLY_HEADERS];
    size_t header_count;
};

void http_reply_header(struct http_reply *r, const char *name, const char *value);

/* A Kubernetes Status object: what kubectl and client-go show their users, and one form for
 * all listeners. Knows 400, 401, 404, 405, 413, 417, 431, 500, 505. */
void http_reply_status(struct http_reply *r, unsigned status);

/* 200 with plain text. */
void http_reply_text(struct http_reply *r, const char *text);
