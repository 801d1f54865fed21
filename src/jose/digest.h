/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* SHA-256, for key ids, ETags and fingerprints. */

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { SHA256_BYTES = 32 };

/* One shot. Fails only for want of memory (or a broken crypto library). */
bool sha256(const void *bytes, size_t len, unsigned char out[SHA256_BYTES], struct sai_err *e)
    MUST_USE;

/* In pieces. Failure, which can only be for want of memory, is sticky and told by
 * sha256_final(). */
struct sha256_stream {
    void *ctx; /* NULL after a failure */
};

void sha256_init(struct sha256_stream *s);
void sha256_add(struct sha256_stream *s, const void *bytes, size_t len);
/* A piece with its length before it, so that no two sequences of pieces look the same. */
void sha256_add_piece(struct sha256_stream *s, const void *bytes, size_t len);
bool sha256_final(struct sha256_stream *s, unsigned char out[SHA256_BYTES], struct sai_err *e)
    MUST_USE;
void sha256_done(struct sha256_stream *s);

DEFINE_AUTO_DONE(sha256_stream, sha256_done)
