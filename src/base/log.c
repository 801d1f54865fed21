/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json_out.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 16384, VALUE_MAX_BYTES = 1024 };

static const char *const level_names[] = { "debug", "info", "warn", "error" };

static _Atomic enum log_format current_format = LOG_TEXT;
static _Atomic enum log_level least_level = LOG_INFO;

void log_setup(enum log_format format, enum log_level least)
{
    atomic_store(&current_format, format);
    atomic_store(&least_level, least);
}

bool log_enabled(enum log_level level)
{
    return level >= atomic_load_explicit(&least_level, memory_order_relaxed);
}

static size_t value_length(const char *s)
{
    return strnlen(s, VALUE_MAX_BYTES);
}

static bool is_bare(const char *s)
{
    size_t n = value_length(s);

    for (size_t i = 0; i < n; i++) {
        if (s[i] <= ' ' || s[i] >= 0x7f || s[i] == '"' || s[i] == '\\' || s[i] == '=')
            return false;
    }
    return n > 0;
}

static void put_value(struct buf *b, const struct log_field *f, enum log_format format)
{
    if (f->text == NULL)
        buf_i64(b, f->number);
    else if (format == LOG_TEXT && is_bare(f->text))
        buf_add(b, f->text, value_length(f->text));
    else
        json_out_string_n(b, f->text, value_length(f->text));
}

static void put_json(struct buf *b,
                     const char *time,
                     enum log_level level,
                     const char *msg,
                     const struct log_field *fields)
{
    buf_printf(b, "{\"time\":\"%s\",\"level\":\"%s\",\"msg\":", time, level_names[level]);
    json_out_string(b, msg);
    for (const struct log_field *f = fields; f->name != NULL; f++) {
        buf_char(b, ',');
        json_out_string(b, f->name);
        buf_char(b, ':');
        put_value(b, f, LOG_JSON);
    }
    buf_str(b, "}\n");
}

static void put_text(struct buf *b,
                     const char *time,
                     enum log_level level,
                     const char *msg,
                     const struct log_field *fields)
{
    buf_printf(b, "%s %-5s %s", time, level_names[level], msg);
    for (const struct log_field *f = fields; f->name != NULL; f++) {
        buf_char(b, ' ');
        buf_str(b, f->name);
        buf_char(b, '=');
        put_value(b, f, LOG_TEXT);
    }
    buf_char(b, '\n');
}

void log_write(enum log_level level, const char *msg, const struct log_field *fields)
{
    char time[CLOCK_TEXT_SIZE];
    struct sai_err e = { 0 };
    AUTO(buf) struct buf line;

    buf_init(&line, LINE_MAX_BYTES);
    if (!log_enabled(level))
        return;
    (void)clock_format_ms(clock_unix_ms(), time);
    if (atomic_load(&current_format) == LOG_JSON)
        put_json(&line, time, level, msg, fields);
    else
        put_text(&line, time, level, msg, fields);
    if (buf_ok(&line, &e) && write(STDERR_FILENO, line.data, line.len) < 0)
        return; /* nowhere left to say so */
}

void log_err(enum log_level level, const char *msg, const struct sai_err *e)
{
    char text[sizeof(struct sai_err)];

    log_event(level, msg, LOG_STR("error", sai_err_format(e, text, sizeof(text))),
              (struct log_field){ 0 });
}

void log_report(const char *msg, const struct sai_report *r)
{
    enum sai_severity severity = SAI_ERROR;

    for (size_t i = 0; i < sai_report_count(r); i++) {
        const struct sai_err *e = sai_report_get(r, i, &severity);

        log_err(severity == SAI_ERROR ? LOG_ERROR : LOG_WARN, msg, e);
    }
}
