/* SPDX-License-Identifier: Apache-2.0 */

/* Configuration files: whatever the bytes, there is either a configuration or an error, and
 * every problem is one printable line. */

#include "base/buf.h"
#include "conf/conf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_problems(const struct sai_report *r)
{
    char line[sizeof(struct sai_err)];

    for (size_t i = 0; i < sai_report_count(r); i++) {
        const struct sai_err *e = sai_report_get(r, i, NULL);

        check(e->code != SAI_OK && e->text[0] != '\0' && strcmp(e->file, "fuzz.yaml") == 0);
        for (const char *c = sai_err_format(e, line, sizeof(line)); *c != '\0'; c++)
            check(*c >= ' ' && *c <= '~');
    }
}

static void check_strings(const struct conf_strings *list)
{
    for (size_t i = 0; i < list->count; i++)
        check(list->items[i] != NULL && list->items[i][0] != '\0');
}

/* What the rest of the daemon relies on. */
static void check_conf(const struct conf *c)
{
    check(c->issuer_count > 0 && c->limits.max_connections > 0);
    check_strings(&c->listeners.discovery.addresses);
    check_strings(&c->listeners.admin.addresses);
    for (size_t i = 0; i < c->issuer_count; i++) {
        check(c->issuers[i].url != NULL && c->issuers[i].discovery.extra_json != NULL);
        check(c->issuers[i].keys.files.count > 0);
        check_strings(&c->issuers[i].keys.files);
        check_strings(&c->issuers[i].keys.signing);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO(conf) struct conf *c = NULL;
    struct sai_err e = { 0 };
    bool ok;

    check(r != NULL);
    ok = conf_parse("fuzz.yaml", (const char *)data, size, &c, r);
    check(ok == (sai_report_total(r, SAI_ERROR) == 0) && ok == (c != NULL));
    check_problems(r);
    if (!ok)
        return 0;
    check_conf(c);
    check(conf_check_reload(c, c, r));
    conf_locate(c, "issuers[0].keys.files[2]", &e);
    return 0;
}
