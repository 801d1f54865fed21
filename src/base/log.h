/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The log: one line per event on standard error, written by one write() each, so that lines
 * of several threads never mix. Only the rooms above state/ log; libraries return errors.
 *
 *     log_info("reloaded", LOG_U64("generation", g), LOG_STR("trigger", "SIGHUP"));
 *
 * gives  {"time":"...","level":"info","msg":"reloaded","generation":7,"trigger":"SIGHUP"}
 * or     2026-11-23T14:25:27.123Z info  reloaded generation=7 trigger=SIGHUP
 *
 * Values are escaped, so input cannot forge a line, and cut at 1024 bytes. Safe from any
 * thread; log_setup() may be called again while others log. */

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_field {
    const char *name; /* NULL ends the list */
    const char *text; /* NULL: number counts */
    int64_t number;
};

#define LOG_STR(n, v) ((struct log_field){ .name = (n), .text = (v) })
#define LOG_I64(n, v) ((struct log_field){ .name = (n), .number = (v) })
#define LOG_U64(n, v) LOG_I64(n, (int64_t)(v))

#define log_debug(...) log_event(LOG_DEBUG, __VA_ARGS__, (struct log_field){ 0 })
#define log_info(...)  log_event(LOG_INFO, __VA_ARGS__, (struct log_field){ 0 })
#define log_warn(...)  log_event(LOG_WARN, __VA_ARGS__, (struct log_field){ 0 })
#define log_error(...) log_event(LOG_ERROR, __VA_ARGS__, (struct log_field){ 0 })

#define log_event(level, msg, ...) log_write(level, msg, (struct log_field[]){ __VA_ARGS__ })

void log_setup(enum log_format format, enum log_level least);
bool log_enabled(enum log_level level);
void log_write(enum log_level level, const char *msg, const struct log_field *fields);

/* An error as one line: msg, then the formatted error as the field "error". */
void log_err(enum log_level level, const char *msg, const struct sai_err *e);
/* Every problem of a report, a line each, at its own severity. */
void log_report(const char *msg, const struct sai_report *r);
