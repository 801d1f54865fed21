/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of the UTF-8 sequence at s (RFC 3629: no overlong forms, no surrogates, at most
 * U+10FFFF), 0 if there is none within len bytes. rune may be NULL. */
size_t utf8_decode(const char *s, size_t len, uint32_t *rune);

/* Writes a code point (not a surrogate, at most U+10FFFF) as one to four bytes; returns how
 * many.
 */
size_t utf8_encode(uint32_t rune, char *out);

/* The number of characters; SIZE_MAX if it is not UTF-8. */
size_t utf8_count(const char *s, size_t len);

/* Whether it is UTF-8 without control characters and line ends of any kind. */
bool utf8_is_line(const char *s, size_t len);
