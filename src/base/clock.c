/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

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

/* At least count digits. */
static char *put_number(char *at, uint64_t v, int count)
{
    char digits[20];
    int n = 0;

    while (v > 0 || n < count) {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    }
    while (n > 0)
        *at++ = digits[--n];
    return at;
}

/* What stands before it, and two digits. */
static char *put_two(char *at, char mark, unsigned v)
{
    at[0] = mark;
    at[1] = (char)('0' + v / 10);
    at[2] = (char)('0' + v % 10);
    return at + 3;
}

enum { DAY_S = 86400, DAYS_TO_1970 = 719468, DAYS_PER_ERA = 146097, YEARS_PER_ERA = 400 };

/* The Gregorian calendar, counted from 1 March of the year 0: so a leap day is the last of its
 * year, and 400 years, an era, are always as long (Howard Hinnant, "chrono-Compatible Low-Level
 * Date Algorithms"). gmtime_r() would take the lock of the time zone. */
static char *put_date(char *at, int64_t days)
{
    int64_t era;
    unsigned day;
    unsigned year;
    unsigned month;

    days += DAYS_TO_1970;
    era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    day = (unsigned)(days - era * DAYS_PER_ERA);
    year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    month = (5 * day + 2) / 153; /* 0: March */
    day -= (153 * month + 2) / 5;
    era = era * YEARS_PER_ERA + year + (month >= 10);
    if (era < 0)
        *at++ = '-';
    at = put_number(at, (uint64_t)(era < 0 ? -era : era), 4);
    at = put_two(at, '-', month >= 10 ? month - 9 : month + 3);
    return put_two(at, '-', day + 1);
}

static char *put_date_and_time(char *at, int64_t unix_s)
{
    int64_t days = unix_s / DAY_S - (unix_s % DAY_S < 0);
    unsigned s = (unsigned)(unix_s - days * DAY_S);

    at = put_date(at, days);
    at = put_two(at, 'T', s / 3600);
    at = put_two(at, ':', s / 60 % 60);
    return put_two(at, ':', s % 60);
}

const char *clock_format_ms(int64_t unix_ms, char buf[CLOCK_TEXT_SIZE])
{
    int64_t s = unix_ms / 1000 - (unix_ms % 1000 < 0);
    char *at = put_date_and_time(buf, s);

    *at++ = '.';
    at = put_number(at, (uint64_t)(unix_ms - s * 1000), 3);
    *at++ = 'Z';
    *at = '\0';
    return buf;
}

const char *clock_format_s(int64_t unix_s, char buf[CLOCK_TEXT_SIZE])
{
    char *at = put_date_and_time(buf, unix_s);

    *at++ = 'Z';
    *at = '\0';
    return buf;
}
