/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rfc3339.h"

#include <string.h>
#include <time.h>

/* Reads count digits of a value from least to most and moves *s behind them. */
static bool read_field(const char **s, int count, int least, int most, int *out)
{
    int v = 0;

    for (int i = 0; i < count; i++) {
        char c = (*s)[i];

        if (c < '0' || c > '9')
            return false;
        v = v * 10 + (c - '0');
    }
    *s += count;
    *out = v;
    return v >= least && v <= most;
}

static bool read_char(const char **s, const char *any_of)
{
    if (**s == '\0' || strchr(any_of, **s) == NULL)
        return false;
    (*s)++;
    return true;
}

static bool read_date_time(const char **s, struct tm *tm)
{
    int year;
    int month;

    if (!read_field(s, 4, 1, 9999, &year) || !read_char(s, "-") ||
        !read_field(s, 2, 1, 12, &month) || !read_char(s, "-") ||
        !read_field(s, 2, 1, 31, &tm->tm_mday) || !read_char(s, "Tt") ||
        !read_field(s, 2, 0, 23, &tm->tm_hour) || !read_char(s, ":") ||
        !read_field(s, 2, 0, 59, &tm->tm_min) || !read_char(s, ":") ||
        !read_field(s, 2, 0, 59, &tm->tm_sec))
        return false;
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    return true;
}

static bool skip_fraction(const char **s)
{
    size_t digits;

    if (!read_char(s, "."))
        return true;
    digits = strspn(*s, "0123456789");
    *s += digits;
    return digits > 0;
}

static bool read_zone(const char **s, int *offset_s)
{
    int hours;
    int minutes;
    int sign = **s == '-' ? -1 : 1;

    *offset_s = 0;
    if (read_char(s, "Zz"))
        return true;
    if (!read_char(s, "+-") || !read_field(s, 2, 0, 23, &hours) || !read_char(s, ":") ||
        !read_field(s, 2, 0, 59, &minutes))
        return false;
    *offset_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool rfc3339_parse(const char *text, int64_t *unix_s, struct sai_err *e)
{
    struct tm tm = { 0 };
    int offset_s = 0;
    int day;
    time_t t;

    if (!read_date_time(&text, &tm) || !skip_fraction(&text) || !read_zone(&text, &offset_s) ||
        *text != '\0')
        return err_set(e, SAI_E_SYNTAX,
                       "not a date with time and zone like 2026-11-23T14:25:27Z");
    day = tm.tm_mday;
    t = timegm(&tm);
    if (tm.tm_mday != day) /* it has made 30 February the second of March */
        return err_set(e, SAI_E_SYNTAX, "that month has no day %d", day);
    *unix_s = (int64_t)t - offset_s;
    return true;
}
