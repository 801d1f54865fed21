/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Strict numbers: the whole text, no sign, no blanks, no leading zeros, no overflow. */

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits, e.g. "42". */
bool num_u64(const char *s, size_t len, uint64_t *out, struct sai_err *e) MUST_USE;

/* A duration of one or more terms in falling units: "90s", "1h30m", "250ms", "7d"; units d h m
 * s ms. */
bool num_duration_ms(const char *s, size_t len, uint64_t *out_ms, struct sai_err *e) MUST_USE;

/* A size in bytes: "65536", "64KiB", "1MiB", "2GiB". */
bool num_size_bytes(const char *s, size_t len, uint64_t *out_bytes, struct sai_err *e) MUST_USE;

/* An octal file mode up to 0777: "600" or "0600". */
bool num_mode(const char *s, size_t len, unsigned *out_mode, struct sai_err *e) MUST_USE;

/* Appends the shortest text that the parsers above read back to the same value. */
void num_put_duration(struct buf *b, uint64_t ms);
void num_put_size(struct buf *b, uint64_t bytes);
