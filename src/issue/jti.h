/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Token identifiers: version 4 UUIDs (RFC 9562 section 5.4), from the kernel's random bytes,
 * which are fetched for many at once. */

#include "base/attr.h"

#include <sa_issuer/err.h>
#include <stdbool.h>
#include <stddef.h>

enum { JTI_LEN = 36, JTI_BYTES = 16, JTI_BATCH = 32 };

/* Zeroed to begin with; of one thread, and of one process: a copy made by fork() would give
 * the same identifiers. */
struct jti_source {
    unsigned char bytes[JTI_BATCH * JTI_BYTES];
    size_t left;
};

/* Lower case with hyphens, and a NUL. */
bool jti_next(struct jti_source *s, char out[JTI_LEN + 1], struct sai_err *e) MUST_USE;
