/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/configuration.h"

#include "base/err.h"
#include "cli/report.h"
#include "conf/conf.h"
#include "state/inputs.h"

#include <string.h>

bool configuration_load(const char *file, struct snapshot **out, struct sai_err *e)
{
    AUTO(sai_report) struct sai_report *report = sai_report_new();
    AUTO(inputs) struct inputs *inputs = inputs_new();

    if (report == NULL || inputs == NULL)
        return err_nomem(e);
    if (snapshot_build(file, inputs, out, report))
        return true;
    report_print(report);
    err_set_text(e, SAI_E_INVALID, "the configuration is refused");
    err_in_file(e, file, 0, 0);
    return false;
}

const struct issuer *configuration_issuer(const struct snapshot *s, const char *url)
{
    for (size_t i = 0; i < s->issuer_count; i++) {
        if (strcmp(s->issuers[i].conf->url, url) == 0)
            return &s->issuers[i];
    }
    return NULL;
}
