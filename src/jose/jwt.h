/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The form of a signed JWT (RFC 7519) in the compact serialisation (RFC 7515 section 7.1),
 * taken apart as RFC 8725 wants it: nothing of it is believed yet. */

#include "base/attr.h"
#include "base/buf.h"
#include "jose/alg.h"

#include <sa_issuer/err.h>
#include <stdbool.h>
#include <stddef.h>

enum { JWT_MAX_BYTES = 65536 };

struct jwt {
    const struct alg *alg;
    char *kid;               /* NULL: the header names none */
    const char *signed_text; /* header and claims as they were signed; borrowed */
    size_t signed_len;
    struct buf claims; /* decoded, not parsed */
    struct buf signature;
};

/* Exactly three parts of canonical base64url. The header is a JSON object of alg, kid and typ
 * and nothing else: typ, if it is there (kube-apiserver's own tokens have none), is JWT in
 * whatever case, and alg is one of ours, so never "none" and never HMAC. text must outlive
 * *out. Errors: SAI_E_SYNTAX, SAI_E_LIMIT, SAI_E_DENIED (a form that is refused on purpose),
 * with e->path "header", "header.alg", "claims" or "signature". */
bool jwt_parse(const char *text, size_t len, struct jwt *out, struct sai_err *e) MUST_USE;
void jwt_done(struct jwt *t);
DEFINE_AUTO_DONE(jwt, jwt_done)
