/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The server's side of one HTTP/2 connection (RFC 9113), by nghttp2, from bytes to calls and
 * back. No sockets; one thread. nghttp2 itself acknowledges SETTINGS and PING, keeps to flow
 * control, and gives a connection up that floods it with resets, settings, acknowledgements to
 * be sent, or CONTINUATION frames. */

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "grpc/call.h"
#include "grpc/stats.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    H2_STREAMS_MAX = 250,
    H2_HELD_MAX_BYTES = 1 << 20, /* of requests that one connection may have here at a time */
};

struct h2;

/* May change between any two calls. */
struct h2_limits {
    size_t max_message_bytes;
    uint64_t call_timeout_ms; /* for a request to be complete, and for its answer to be taken */
};

/* stats: the thread's, outlives the connection. */
bool h2_new(struct grpc_shard *stats, struct h2 **out, struct sai_err *e) MUST_USE;
void h2_free(struct h2 *h); /* takes NULL */
DEFINE_AUTO(h2, h2_free)

void h2_set_limits(struct h2 *h, const struct h2_limits *limits);

/* Takes what the client sent. false: the connection is beyond help, and what h2_send() has is
 * the last of it. */
bool h2_receive(struct h2 *h, const void *bytes, size_t len) MUST_USE;
/* Appends what there is to send, until out has at least enough bytes. false: broken. */
bool h2_send(struct h2 *h, struct buf *out, size_t enough) MUST_USE;

/* The oldest call whose request is complete and that waits for its answer; NULL: none. */
struct call *h2_ready(const struct h2 *h);
/* Sends the answer that has been filled in. */
void h2_answer(struct h2 *h, struct call *c);
/* Gives up calls that are past their deadline. false: the head of one has never become
 * complete, which stops all others. */
bool h2_expire(struct h2 *h, uint64_t now_ms) MUST_USE;

bool h2_greeted(const struct h2 *h); /* the client's first frame has come */
size_t h2_calls(const struct h2 *h); /* open ones */

/* Stopping (RFC 9113 section 6.8): first a notice; a round trip later no new calls are taken.
 */
void h2_notice(struct h2 *h);
void h2_close(struct h2 *h);
const char *h2_library_version(void);

/* Nothing more is to be read or written. */
bool h2_is_done(const struct h2 *h);
