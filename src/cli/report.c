/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include "cli/command.h"

#include <stdarg.h>
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

int report_failure(const char *command, const char *what, const struct sai_err *e)
{
    char text[sizeof(struct sai_err)];

    (void)fprintf(stderr, "sa-issuerd %s: %s%s\n", command, what,
                  sai_err_format(e, text, sizeof(text)));
    return CLI_FAILED;
}

int report_usage(const char *command, const char *fmt, ...)
{
    va_list ap;

    (void)fprintf(stderr, "sa-issuerd %s: ", command);
    va_start(ap, fmt);
    (void)vfprintf(stderr, fmt, ap);
    va_end(ap);
    (void)fprintf(stderr, "\ntry: sa-issuerd help %s\n", command);
    return CLI_USAGE;
}

int report_result(const char *command, const struct buf *text)
{
    struct sai_err e = { 0 };

    if (!buf_ok(text, &e))
        return report_failure(command, "", &e);
    (void)fwrite(text->data, 1, text->len, stdout);
    return CLI_OK;
}
