/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Appends JSON text to a buffer, escaped byte for byte as Go's encoding/json does, so that
 * documents equal kube-apiserver's: < > & U+2028 U+2029 as \uXXXX, \b and \f as \u0008 and
 * \u000c, invalid UTF-8 as \ufffd. Punctuation is the caller's. */

#include "base/buf.h"

void json_out_string_n(struct buf *b, const char *s, size_t len);
void json_out_string(struct buf *b, const char *s);
/* A list of strings. */
void json_out_strings(struct buf *b, const char *const *items, size_t count);
/* A part of a string, without quotes. */
void json_out_text(struct buf *b, const char *s, size_t len);
