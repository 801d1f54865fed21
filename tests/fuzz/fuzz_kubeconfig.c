/* SPDX-License-Identifier: Apache-2.0 */

/* Kubeconfig files: a configuration or at least one mistake, never both. */

#include "base/err.h"
#include "kube/config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO(kube_config) struct kube_config *c = NULL;
    bool ok = kube_config_parse("f", size == 0 ? "" : (const char *)data, size, NULL, &c, r);

    if (ok != (c != NULL) || ok != (sai_report_total(r, SAI_ERROR) == 0))
        abort();
    if (ok &&
        (strpbrk(c->host, "@/?# \r\n") != NULL || (c->ca.data == NULL && c->ca.path == NULL)))
        abort();
    return 0;
}
