/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* base64url without padding (RFC 7515 section 2, RFC 4648 section 5). */

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Characters that len bytes become. */
static inline size_t base64url_size(size_t len)
{
    return len / 3 * 4 + (len % 3 == 0 ? 0 : len % 3 + 1);
}

/* Appends the text of the bytes. */
void base64url_put(struct buf *b, const void *bytes, size_t len);

/* Appends the bytes of the text. Strict, so that one value has one spelling: only the 64
 * characters, no padding, no blanks, unused bits zero. SAI_E_SYNTAX otherwise, with nothing
 * appended. */
bool base64url_decode(struct buf *out, const char *text, size_t len, struct sai_err *e)
    MUST_USE;
