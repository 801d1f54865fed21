/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What commands say: results on standard output, everything else on standard error. Each of
 * the functions with an int returns an exit code, which is the command's. */

#include "base/attr.h"
#include "base/buf.h"

#include <sa_issuer/err.h>

/* Every problem, a line each; warnings are marked. */
void report_print(const struct sai_report *r);
/* "sa-issuerd COMMAND: what", then the error. CLI_FAILED. */
int report_failure(const char *command, const char *what, const struct sai_err *e);
/* What is wrong with the command line, and where to read more. CLI_USAGE. */
int report_usage(const char *command, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The whole buffer, if it is ok. Whether all of it arrived is command_run()'s to check. */
int report_result(const char *command, const struct buf *text);
