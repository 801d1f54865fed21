/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Setting errors and filling reports; the types and rules are in <sa_issuer/err.h>. */

#include "base/attr.h"

#include <sa_issuer/err.h>
#include <stdarg.h>

/* Sets code and text unless e already carries an error. A false expression, visibly so to the
 * compiler: a function ends with  return err_set(e, SAI_E_LIMIT, "more than %d keys", n); */
#define err_set(e, ...) (err_set_text(e, __VA_ARGS__), false)
void err_set_text(struct sai_err *e, enum sai_err_code code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void err_set_vtext(struct sai_err *e, enum sai_err_code code, const char *fmt, va_list ap)
    PRINTF_LIKE(3, 0);

/* The text is "what: strerror(errnum)"; the code is SAI_E_NOTFOUND for ENOENT, SAI_E_DENIED for
 * EACCES and EPERM, SAI_E_NOMEM for ENOMEM, otherwise SAI_E_IO. */
#define err_errno(e, errnum, what) (err_set_errno(e, errnum, what), false)
void err_set_errno(struct sai_err *e, int errnum, const char *what);

#define err_nomem(e) err_set(e, SAI_E_NOMEM, "out of memory")

/* As err_set(), at a path. */
#define err_set_at(e, at, ...) (err_set_text(e, __VA_ARGS__), err_at_path(e, at), false)

/* Adds where the error is, if e does not say so yet. A no-op without an error. */
void err_in_file(struct sai_err *e, const char *file, unsigned line, unsigned column);
void err_at_path(struct sai_err *e, const char *path);

/* Appends one problem, which the report copies. */
void report_add(struct sai_report *r, enum sai_severity severity, const struct sai_err *e);

/* Puts the problems from the first-th on into the order of their lines and columns; those at
 * one place stay as they were found. For a document whose checks do not follow its text. */
void report_sort(struct sai_report *r, size_t first);

/* Whether nothing has been added to the errors that were there when the caller began. */
static inline bool report_ok_since(const struct sai_report *r, size_t errors_before)
{
    return sai_report_total(r, SAI_ERROR) == errors_before;
}

DEFINE_AUTO(sai_report, sai_report_free)
