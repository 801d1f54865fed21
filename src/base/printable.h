/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

/* A stranger's text for one of our messages: what is not printable ASCII becomes '?', what does
 * not fit ends in "...". Writes at most size (4 or more) bytes with the NUL, returns out. */
const char *printable(const char *s, size_t len, char *out, size_t size);
