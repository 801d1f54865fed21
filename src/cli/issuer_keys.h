/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where the public keys come from that a token is verified with. The caller owns the result;
 * errors begin with the URL or file that they are about. */

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

#include <sa_issuer/verify.h>
#include <stdbool.h>
#include <stddef.h>

/* From the issuer itself: its discovery document, which must name exactly this issuer (OpenID
 * Connect Discovery 1.0 section 4.3), then the JWK Set that it points to. issuer was found good
 * by sai_issuer_url_problem(). */
bool issuer_keys_fetch(const char *issuer,
                       const char *ca_file,
                       struct sai_jwks **out,
                       struct sai_err *e) MUST_USE;

bool issuer_keys_read(const char *file, struct sai_jwks **out, struct sai_err *e) MUST_USE;

/* What a configuration would publish for an issuer of it. A configuration that is refused has
 * its mistakes printed. */
bool issuer_keys_configured(const char *config,
                            const char *issuer,
                            struct sai_jwks **out,
                            struct sai_err *e) MUST_USE;

/* Appends what a token says of its issuer. Good for choosing whom to ask, never for trust. */
bool issuer_claimed(const char *token, size_t len, struct buf *out, struct sai_err *e) MUST_USE;
