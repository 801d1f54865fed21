/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { REPORT_MAX = 100 };

struct problem {
    enum sai_severity severity;
    struct sai_err err;
};

struct sai_report {
    size_t count;
    size_t totals[2];
    struct problem problems[REPORT_MAX];
};

/* Keeps the tail of a name that is too long: its end tells more than its start. */
static void copy_tail(char *dst, size_t size, const char *src)
{
    size_t len = strlen(src);

    if (len < size)
        (void)snprintf(dst, size, "%s", src);
    else
        (void)snprintf(dst, size, "...%s", src + (len - (size - 4)));
}

void err_set_vtext(struct sai_err *e, enum sai_err_code code, const char *fmt, va_list ap)
{
    if (e->code != SAI_OK)
        return;
    e->code = code;
    (void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
}

void err_set_text(struct sai_err *e, enum sai_err_code code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    err_set_vtext(e, code, fmt, ap);
    va_end(ap);
}

static enum sai_err_code code_of_errno(int errnum)
{
    switch (errnum) {
    case ENOENT:
        return SAI_E_NOTFOUND;
    case EACCES:
    case EPERM:
        return SAI_E_DENIED;
    case ENOMEM:
        return SAI_E_NOMEM;
    default:
        return SAI_E_IO;
    }
}

void err_set_errno(struct sai_err *e, int errnum, const char *what)
{
    char text[128];

    err_set_text(e, code_of_errno(errnum), "%s: %s", what,
                 strerror_r(errnum, text, sizeof(text)));
}

void err_in_file(struct sai_err *e, const char *file, unsigned line, unsigned column)
{
    if (e->code == SAI_OK || e->file[0] != '\0')
        return;
    copy_tail(e->file, sizeof(e->file), file);
    e->line = line;
    e->column = column;
}

void err_at_path(struct sai_err *e, const char *path)
{
    if (e->code != SAI_OK && e->path[0] == '\0')
        copy_tail(e->path, sizeof(e->path), path);
}

const char *sai_err_format(const struct sai_err *e, char *buf, size_t size)
{
    char position[32] = "";

    if (e->line != 0)
        (void)snprintf(position, sizeof(position), ":%u:%u", e->line, e->column);
    (void)snprintf(buf, size, "%s%s%s%s%s%s", e->file, position, e->file[0] ? ": " : "",
                   e->path, e->path[0] ? ": " : "", e->text);
    return buf;
}

struct sai_report *sai_report_new(void)
{
    return calloc(1, sizeof(struct sai_report));
}

void sai_report_free(struct sai_report *r)
{
    free(r);
}

size_t sai_report_count(const struct sai_report *r)
{
    return r->count;
}

size_t sai_report_total(const struct sai_report *r, enum sai_severity severity)
{
    return r->totals[severity];
}

const struct sai_err *
sai_report_get(const struct sai_report *r, size_t i, enum sai_severity *severity)
{
    if (severity != NULL)
        *severity = r->problems[i].severity;
    return &r->problems[i].err;
}

void report_add(struct sai_report *r, enum sai_severity severity, const struct sai_err *e)
{
    r->totals[severity]++;
    if (r->count < REPORT_MAX)
        r->problems[r->count++] = (struct problem){ .severity = severity, .err = *e };
}

static bool is_before(const struct sai_err *a, const struct sai_err *b)
{
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

void report_sort(struct sai_report *r, size_t first)
{
    for (size_t i = first + 1; i < r->count; i++) {
        struct problem p = r->problems[i];
        size_t j = i;

        for (; j > first && is_before(&p.err, &r->problems[j - 1].err); j--)
            r->problems[j] = r->problems[j - 1];
        r->problems[j] = p;
    }
}
