/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/problem.h"

#include "base/err.h"
#include "base/printable.h"

#include <stdarg.h>
#include <string.h>

void problem_add(struct sai_report *r, const char *path, const char *fmt, ...)
{
    struct sai_err e = { 0 };
    va_list ap;

    va_start(ap, fmt);
    err_set_vtext(&e, SAI_E_INVALID, fmt, ap);
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
    struct shown out = { 0 };

    (void)printable(s, strlen(s), out.text, sizeof(out.text));
    return out;
}
