/* SPDX-License-Identifier: Apache-2.0 */

/* Lines of a watch and pages of a list: what is accepted has proper names. */

#include "base/err.h"
#include "kube/event.h"
#include "kube/table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct resource accounts = { "ServiceAccount", "/api/v1/serviceaccounts", true };

static void one_line(const char *text, size_t len)
{
    AUTO(event) struct event ev = { 0 };
    AUTO(entry) struct entry *en = NULL;
    struct sai_err e = { 0 };

    if (!event_read(&accounts, text, len, &ev, &e))
        return;
    if (ev.type > EVENT_BOOKMARK)
        return;
    if (ev.version[0] == '\0' || strpbrk(ev.version, "&?# /") != NULL)
        abort();
    if (ev.type == EVENT_BOOKMARK)
        return;
    if (strchr(ev.meta.name, '/') != NULL || strchr(ev.meta.namespace_name, '/') != NULL)
        abort();
    en = entry_new(&ev.meta, 0);
}

static void one_page(const char *text, size_t len)
{
    AUTO(page) struct page p = { 0 };
    struct sai_err e = { 0 };

    if (!page_read(&accounts, text, len, &p, &e))
        return;
    for (size_t i = 0; i < json_array_size(p.items); i++) {
        AUTO(meta) struct meta m = { 0 };

        (void)!meta_read(json_array_get(p.items, i), true, &m, &e);
        e = (struct sai_err){ 0 };
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size == 0 ? "" : (const char *)data;

    one_line(text, size);
    one_page(text, size);
    return 0;
}
