/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Numbers of JSON (RFC 8259 section 6) that every reader keeps. One that keeps doubles changes
 * whole numbers beyond 53 bits (RFC 7493 section 2.2), and one that keeps integers may refuse
 * the whole text for them. */

#include <stddef.h>

enum json_number {
    JSON_NO_NUMBER,
    JSON_WHOLE, /* no fraction, no exponent */
    JSON_FRACTION,
    JSON_BEYOND, /* JSON_NUMBER_BOUNDS */
};

#define JSON_WHOLE_RANGE "-9007199254740991 to 9007199254740991"
#define JSON_NUMBER_BOUNDS                                                                     \
    "40 characters, an exponent of 2 digits, without fraction and exponent " JSON_WHOLE_RANGE

enum json_number json_number(const char *s, size_t len);
