/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include <stdio.h>

void report_print(const struct sai_report *r)
{
    char text[sizeof(struct sai_err)];
    size_t kept = sai_report_count(r);
    size_t total = sai_report_total(r, SAI_ERROR) + sai_report_total(r, SAI_WARNING);

    for (size_t i = 0; i < kept; i++) {
        enum sai_severity severity;
        const struct sai_err *e = sai_report_get(r, i, &severity);

        (void)fprintf(stderr, "%s%s\n", sai_err_format(e, text, sizeof(text)),
                      severity == SAI_WARNING ? " (warning)" : "");
    }
    if (total > kept)
        (void)fprintf(stderr, "... and %zu more\n", total - kept);
}
