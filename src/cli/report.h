/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sa_issuer/err.h>

/* Every problem on standard error, a line each; warnings are marked. */
void report_print(const struct sai_report *r);
