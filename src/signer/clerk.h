/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What one thread answers API servers with: the three methods of ExternalJWTSigner, from the
 * bytes of a request to those of its response. No sockets, no HTTP/2. */

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/message.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct sign_clerk;
struct sign_desk;
struct conf;

bool sign_clerk_new(struct sign_desk *d, struct sign_clerk **out, struct sai_err *e) MUST_USE;
void sign_clerk_free(struct sign_clerk *c); /* takes NULL */
DEFINE_AUTO(sign_clerk, sign_clerk_free)

/* Takes up the current snapshot and lets go of the one before, keys included; one relaxed load
 * when it is the same. Returns its configuration, which lives until the next call. */
const struct conf *sign_clerk_refresh(struct sign_clerk *c);

/* The process at the other end (SO_PEERCRED), for the audit trail. */
struct sign_peer {
    uid_t uid;
    gid_t gid;
    pid_t pid;
};

enum sign_outcome {
    SIGN_DONE,
    SIGN_MALFORMED,   /* the request is none, or its claims are none */
    SIGN_REFUSED,     /* against the policy */
    SIGN_UNAVAILABLE, /* nobody's fault; may go away */
    SIGN_BROKEN,      /* our fault */
};

/* out, empty before, receives the response; without SIGN_DONE e says exactly what is wrong,
 * which is for the log, not for the caller. Each request to sign gets its audit line. */
typedef enum sign_outcome sign_method_fn(struct sign_clerk *c,
                                         const struct sign_peer *peer,
                                         struct field_bytes message,
                                         struct buf *out,
                                         struct sai_err *e);

struct sign_method {
    const char *name; /* NULL ends the list */
    sign_method_fn *call;
};

extern const struct sign_method sign_methods[];
enum { SIGN_METHODS = 3 };
