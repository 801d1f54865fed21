/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Time. Intervals come from the monotonic clock, dates from the real-time clock. */

#include <stddef.h>
#include <stdint.h>

uint64_t clock_mono_ns(void);
uint64_t clock_mono_ms(void);
/* Milliseconds of a tick of the kernel old at most, and cheaper: for deadlines. */
uint64_t clock_coarse_ms(void);
/* Seconds since 1970-01-01T00:00:00Z. */
int64_t clock_unix_s(void);
/* Milliseconds since 1970-01-01T00:00:00Z. */
int64_t clock_unix_ms(void);

/* 9999-12-31T23:59:59Z, in seconds: the last that RFC 3339 can write. */
static const int64_t CLOCK_LAST_S = INT64_C(253402300799);

/* RFC 3339 in UTC with milliseconds, e.g. 2026-11-23T14:25:27.123Z; CLOCK_TEXT_SIZE bytes. */
enum { CLOCK_TEXT_SIZE = 32 };
const char *clock_format_ms(int64_t unix_ms, char buf[CLOCK_TEXT_SIZE]);
/* The same without milliseconds. */
const char *clock_format_s(int64_t unix_s, char buf[CLOCK_TEXT_SIZE]);
