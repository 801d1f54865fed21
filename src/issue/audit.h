/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The audit trail: one JSON line for each token that was issued or refused, never the token. */

#include "base/attr.h"
#include "base/buf.h"

#include <sa_issuer/token.h>

/* Texts may be NULL: not known, or none. */
struct audit_record {
    const char *issuer;
    const char *namespace_name; /* of the account that the token is for */
    const char *name;
    struct sai_strings audiences;
    const char *pod; /* names of what the token is bound to */
    const char *secret;
    const char *node;
    const struct sai_token *token; /* NULL: refused */
    const char *caller;            /* who asked, e.g. "unix:uid=0,gid=0,pid=1" */
    const char *reason;            /* of the refusal; NULL when issued */
};

/* The account, the audiences and what it is bound to. */
void audit_take_request(struct audit_record *r, const struct sai_token_request *request);

/* {"time":..,"event":"token","result":"issued","issuer":..,"sub":..,"aud":[..],"pod":..,
 *  "jti":..,"kid":..,"alg":..,"iat":..,"exp":..,"caller":..} and a newline; a refusal has a
 * reason and no jti, kid, alg, iat and exp. */
void audit_put(struct buf *b, const struct audit_record *r);

enum { AUDIT_LINE_MAX_BYTES = 65536 };

/* Appends the line to the file (created 0600) in one write(); file NULL: standard error. */
bool audit_write(const char *file, const struct audit_record *r, struct sai_err *e) MUST_USE;

/* How the file is opened for appending: -1 and errno when it cannot be. Never waits for the
 * reader of a FIFO. */
int audit_open(const char *file) MUST_USE;
