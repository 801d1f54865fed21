/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The audit trail: one JSON line for each token that was issued or refused, never the token. */

#include "base/attr.h"
#include "base/buf.h"

#include <sa_issuer/token.h>

struct audit_record {
    const char *issuer;
    const struct sai_token_request *request;
    const struct sai_token *token; /* NULL: refused */
    const char *caller;            /* who asked, e.g. "local user 0" */
    const char *reason;            /* of the refusal; NULL when issued */
};

/* {"time":..,"event":"token","result":"issued","issuer":..,"sub":..,"aud":[..],"jti":..,
 *  "kid":..,"alg":..,"iat":..,"exp":..,"caller":..} and a newline; a refusal has a reason and
 * no jti, kid, alg, iat and exp. */
void audit_put(struct buf *b, const struct audit_record *r);

/* Appends the line to the file (created 0600) in one write(); file NULL: standard error. */
bool audit_write(const char *file, const struct audit_record *r, struct sai_err *e) MUST_USE;
