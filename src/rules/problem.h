/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Reporting the mistakes of a policy, each at its path. */

#include "base/attr.h"

#include <sa_issuer/err.h>

/* Adds an error (SAI_E_INVALID) at the path. */
void problem_add(struct sai_report *r, const char *path, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void problem_nomem(struct sai_report *r);

/* A text of others as printable() writes it, made for use as an argument:
 * err_set(e, code, "no %s", shown(text).text). */
struct shown {
    char text[64];
};
struct shown shown(const char *s);
