/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is sent to the token endpoint and what it answers: RFC 8693 sections 2.1 and 2.2. Pure.
 */

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TRADE_TOKEN_MAX_BYTES = 65536,
    TRADE_FORM_MAX_BYTES = TRADE_TOKEN_MAX_BYTES + 4096,
    TRADE_ANSWER_MAX_BYTES = TRADE_TOKEN_MAX_BYTES + 4096,
};

/* Cuts line ends and blanks off the end of a token that was read from a file, in place.
 * SAI_E_INVALID if what is left is no token: letters, digits and  -._~+/=  only (RFC 6750
 * section 2.1). */
bool trade_trim(struct buf *token, struct sai_err *e) MUST_USE;

/* Appends the form of the request. duration_s 0: as long as the server sees fit. */
void trade_put_form(struct buf *form,
                    const struct buf *subject_token,
                    const char *audience,
                    uint64_t duration_s);

struct traded {
    struct buf token;
    int64_t issued_s; /* iat and exp of the token */
    int64_t expires_s;
};

void traded_done(struct traded *g);
DEFINE_AUTO_DONE(traded, traded_done)

/* Reads the answer of a status into *out, zeroed. It must be a JWT of our issuers' form for
 * that audience; its signature is not checked, as the server is trusted by its certificate.
 * What the server says is wrong becomes e->text, on one line and without any token.
 * SAI_E_DENIED: it refused; SAI_E_IO: it could not; SAI_E_SYNTAX, SAI_E_INVALID: its answer
 * makes no sense. */
bool trade_read(unsigned status,
                const struct buf *answer,
                const char *audience,
                struct traded *out,
                struct sai_err *e) MUST_USE;
