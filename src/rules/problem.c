/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/problem.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void problem_add(struct sai_report *r, const char *path, const char *fmt, ...)
{
    struct sai_err e = { .code = SAI_E_INVALID };
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(e.text, sizeof(e.text), fmt, ap);
    va_end(ap);
    err_at_path(&e, path);
    report_add(r, SAI_ERROR, &e);
}

void problem_nomem(struct sai_report *r)
{
    struct sai_err e = { 0 };

    err_set_text(&e, SAI_E_NOMEM, "out of memory");
    report_add(r, SAI_ERROR, &e);
}

struct shown shown(const char *s)
{
    enum { SHOWN_MAX = 60 };
    struct shown out;
    size_t i;

    for (i = 0; i < SHOWN_MAX && s[i] != '\0'; i++) {
        out.text[i] = s[i];
        if (s[i] < ' ' || s[i] > '~')
            out.text[i] = '?';
    }
    memcpy(out.text + i, s[i] == '\0' ? "" : "...", s[i] == '\0' ? 1 : 4);
    return out;
}
