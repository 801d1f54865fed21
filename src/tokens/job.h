/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One request for a token, from its caller to the answer.
 *
 *     p = token_job_run(j);
 *     while (p == TOKEN_JOB_WAITS) { be ready to be woken; token_job_arm(j); ... woken;
 *                                    p = token_job_run(j); }
 *     token_job_answer(j)
 *
 * All of it happens in the thread of the job's clerk, but for the wake function, which any
 * thread may call: exactly once after each token_job_arm(), perhaps before that returns. A job
 * that is armed must not be freed before it is woken; one that waits and is not armed may be.
 */

#include "base/attr.h"
#include "base/buf.h"
#include "service/issuance.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct snapshot;
struct token_desk;

/* What one thread needs for minting: signing contexts of the current snapshot, the audit file,
 * scratch memory. */
struct token_clerk;
bool token_clerk_new(struct token_desk *d, struct token_clerk **out, struct sai_err *e)
    MUST_USE;
void token_clerk_free(struct token_clerk *c); /* takes NULL */
DEFINE_AUTO(token_clerk, token_clerk_free)
/* From now on jobs are answered from this snapshot; lets go of the one before, keys included.
 */
void token_clerk_use(struct token_clerk *c, struct snapshot *s);

enum token_caller_kind {
    CALLER_NONE,        /* has shown nothing */
    CALLER_BEARER,      /* Authorization: Bearer */
    CALLER_CERTIFICATE, /* verified against listeners.tokens.tls.clientCA */
    CALLER_PEER,        /* of a Unix socket (SO_PEERCRED) */
};

enum { CALLER_GROUPS_MAX = 32 };

/* Borrowed for the life of the job. Where more than one thing was shown, a token comes first,
 * then the certificate, then the peer: the kind is that of the first, which alone is looked at.
 * A token that is not believed is a refusal, whatever else was shown. */
struct token_caller {
    enum token_caller_kind kind;
    const char *token;         /* secret; NUL after it */
    const char *user;          /* the subject's CN, */
    struct sai_strings groups; /* and its Os, as Kubernetes maps them */
    uid_t uid;
    gid_t gid;
    pid_t pid; /* for the audit trail alone */
};

typedef void token_wake_fn(void *owner);

struct token_job_input {
    size_t issuer;            /* index in the clerk's snapshot, which the job keeps alive */
    struct token_path path;   /* copied */
    const char *query;        /* raw; NULL: none */
    const char *content_type; /* NULL: none */
    const char *body;
    size_t body_len;
    struct token_caller caller;
    token_wake_fn *wake;
    void *owner;
};

struct token_job;

/* Strings are borrowed as long as the job lives. NULL when out of memory. */
struct token_job *token_job_new(struct token_clerk *c, const struct token_job_input *in)
    MUST_USE;
void token_job_free(struct token_job *j); /* takes NULL */
DEFINE_AUTO(token_job, token_job_free)

enum token_progress { TOKEN_JOB_DONE, TOKEN_JOB_WAITS };
enum token_progress token_job_run(struct token_job *j);
void token_job_arm(struct token_job *j);

/* Of a job that is done: status and headers, and the body (JSON), which lives as long as the
 * job. */
const struct issuance_answer *token_job_answer(const struct token_job *j);
const struct buf *token_job_body(const struct token_job *j);
