/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* A date with time and zone (RFC 3339 section 5.6), e.g. 2026-11-23T14:25:27Z or
 * 2026-11-23t15:25:27.5+01:00, in seconds since 1970; fractions are dropped, leap seconds
 * refused. Strict: the whole text. SAI_E_SYNTAX otherwise. */
bool rfc3339_parse(const char *text, int64_t *unix_s, struct sai_err *e) MUST_USE;
