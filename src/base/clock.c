/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t read_ns(clockid_t id)
{
    struct timespec ts;

    (void)clock_gettime(id, &ts); /* cannot fail for the ids below */
    return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

uint64_t clock_mono_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

uint64_t clock_mono_ms(void)
{
    return read_ns(CLOCK_MONOTONIC) / 1000000U;
}

uint64_t clock_coarse_ms(void)
{
    return read_ns(CLOCK_MONOTONIC_COARSE) / 1000000U;
}

int64_t clock_unix_s(void)
{
    return (int64_t)time(NULL);
}

int64_t clock_unix_ms(void)
{
    return (int64_t)(read_ns(CLOCK_REALTIME) / 1000000U);
}

const char *clock_format_ms(int64_t unix_ms, char buf[CLOCK_TEXT_SIZE])
{
    time_t s = (time_t)(unix_ms / 1000);
    struct tm tm;
    size_t used;

    (void)gmtime_r(&s, &tm);
    used = strftime(buf, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(buf + used, CLOCK_TEXT_SIZE - used, ".%03dZ", (int)(unix_ms % 1000));
    return buf;
}

const char *clock_format_s(int64_t unix_s, char buf[CLOCK_TEXT_SIZE])
{
    time_t s = (time_t)unix_s;
    struct tm tm;

    (void)gmtime_r(&s, &tm);
    (void)strftime(buf, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return buf;
}
