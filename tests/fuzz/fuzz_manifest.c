/* SPDX-License-Identifier: Apache-2.0 */

/* Manifests: whatever the bytes, there are either errors, each a printable line in the order of
 * the file, or accounts that keep what the store promises. Bytes that begin with { or [ are
 * JSON. */

#include "accounts/manifest.h"
#include "accounts/names.h"
#include "accounts/store_rows.h"
#include "base/err.h"

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
    unsigned last = 0;

    for (size_t i = 0; i < sai_report_count(r); i++) {
        const struct sai_err *e = sai_report_get(r, i, NULL);

        check(e->code != SAI_OK && e->text[0] != '\0' && strcmp(e->file, "fuzz") == 0);
        check(e->line >= last && e->line > 0 && e->column > 0);
        last = e->line;
        for (const char *c = sai_err_format(e, line, sizeof(line)); *c != '\0'; c++)
            check(*c >= ' ' && *c <= '~');
    }
}

static void check_pairs(const struct sai_pairs *p,
                        bool (*check_key)(const char *, struct sai_err *))
{
    struct sai_err e = { 0 };

    for (size_t i = 0; i < p->count; i++) {
        check(check_key(p->items[i].key, &e));
        check(i == 0 || strcmp(p->items[i - 1].key, p->items[i].key) < 0);
        check(sai_pairs_find(p, p->items[i].key) == p->items[i].value);
    }
}

static void check_account(const struct sai_accounts *all, const struct account_row *row)
{
    struct sai_err e = { 0 };
    struct sai_account a;

    check(sai_accounts_find(all, row->ns->name, row->name, &a) && a.name == row->name);
    check(name_check_label(a.namespace_name, &e) && name_check_subdomain(a.name, &e));
    check(a.uid[0] != '\0' && a.line > 0);
    check_pairs(&a.annotations, name_check_annotation_key);
    check_pairs(&a.namespace_annotations, name_check_annotation_key);
    check_pairs(&a.labels, name_check_label_key);
    check_pairs(&a.namespace_labels, name_check_label_key);
}

static void check_store(const struct sai_accounts *all)
{
    size_t count = 0;

    for (size_t i = 0; i < all->accounts.cap; i++) {
        if (all->accounts.slots[i].item == NULL)
            continue;
        check_account(all, all->accounts.slots[i].item);
        count++;
    }
    check(count == sai_accounts_count(all));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct manifest_input in = {
        .file = "fuzz",
        .text = (const char *)data,
        .len = size,
        .json = size > 0 && (data[0] == '{' || data[0] == '['),
    };
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO(sai_accounts) struct sai_accounts *all = NULL;
    struct accounts_builder *b = accounts_builder_new(1000);

    check(r != NULL && b != NULL);
    manifest_read(&in, b, r);
    check_problems(r);
    all = accounts_builder_finish(b);
    check_store(all);
    return 0;
}
