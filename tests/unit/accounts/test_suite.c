/* SPDX-License-Identifier: Apache-2.0 */

/* Runs tests/data/accounts: each directory is a case with a manifest, input.yaml or input.json,
 * or a directory of them, dir.
 *
 * bad/<case> must be refused with exactly the lines of expected. good/<case> must load, and its
 * expected is the whole of what is found: warnings, counts, then each account by namespace and
 * name with everything that is known of it. What the good files hold was told by PyYAML. */

#include "accounts/store_rows.h"
#include "base/json_out.h"
#include "data_cases.h"

#include <stdio.h>
#include <string.h>

enum { BAD_CASES_MIN = 60, GOOD_CASES_MIN = 15 };

static void put_report(struct buf *b, const struct sai_report *r)
{
    char line[sizeof(struct sai_err)];
    enum sai_severity severity;

    for (size_t i = 0; i < sai_report_count(r); i++) {
        const struct sai_err *e = sai_report_get(r, i, &severity);

        buf_printf(b, "%s%s\n", severity == SAI_WARNING ? "warning: " : "",
                   sai_err_format(e, line, sizeof(line)));
    }
}

static void put_pairs(struct buf *b, const char *what, const struct sai_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        buf_printf(b, "  %s %s = ", what, pairs->items[i].key);
        json_out_string(b, pairs->items[i].value);
        buf_char(b, '\n');
        assert_ptr_equal(sai_pairs_find(pairs, pairs->items[i].key), pairs->items[i].value);
    }
}

static void
put_account(struct buf *b, const struct sai_accounts *a, const struct account_row *row)
{
    struct sai_account found;

    assert_true(sai_accounts_find(a, row->ns->name, row->name, &found));
    buf_printf(b, "%s/%s %s %s:%u\n", found.namespace_name, found.name, found.uid, found.file,
               found.line);
    put_pairs(b, "annotation", &found.annotations);
    put_pairs(b, "label", &found.labels);
    put_pairs(b, "namespace annotation", &found.namespace_annotations);
    put_pairs(b, "namespace label", &found.namespace_labels);
}

static int by_name(const void *a, const void *b)
{
    const struct account_row *const *x = a;
    const struct account_row *const *y = b;
    int order = strcmp((*x)->ns->name, (*y)->ns->name);

    return order != 0 ? order : strcmp((*x)->name, (*y)->name);
}

static void put_accounts(struct buf *b, const struct sai_accounts *a)
{
    size_t count = sai_accounts_count(a);
    AUTO_FREE const struct account_row **rows = calloc(count + 1, sizeof(*rows));
    size_t n = 0;

    assert_non_null(rows);
    for (size_t i = 0; i < a->accounts.cap; i++) {
        if (a->accounts.slots[i].item != NULL)
            rows[n++] = a->accounts.slots[i].item;
    }
    assert_int_equal(n, count);
    qsort(rows, n, sizeof(*rows), by_name);
    buf_printf(b, "%zu accounts, %zu namespaces\n", count, sai_accounts_namespace_count(a));
    for (size_t i = 0; i < n; i++)
        put_account(b, a, rows[i]);
}

static const char *input_name(void)
{
    static const char *const names[] = { "input.yaml", "input.json", "dir" };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (access(names[i], F_OK) == 0)
            return names[i];
    }
    fail_msg("no input");
    return NULL;
}

static bool run_case(const char *expected, bool good)
{
    const char *const paths[] = { input_name() };
    const struct sai_accounts_options options = { .paths = paths, .path_count = 1 };
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO(sai_accounts) struct sai_accounts *a = NULL;
    AUTO(buf) struct buf found;
    bool loaded;

    assert_non_null(r);
    buf_init(&found, DATA_CASE_MAX_BYTES);
    loaded = sai_accounts_load(&options, &a, r);
    assert_true(loaded == (a != NULL) && loaded == (sai_report_total(r, SAI_ERROR) == 0));
    put_report(&found, r);
    if (loaded)
        put_accounts(&found, a);
    if (loaded == good && strcmp(found.data, expected) == 0)
        return true;
    (void)fprintf(stderr, "--- expected\n%s--- found\n%s", expected, found.data);
    return false;
}

static bool bad_case(const char *expected)
{
    return run_case(expected, false);
}

static bool good_case(const char *expected)
{
    return run_case(expected, true);
}

static void bad_cases(void **state)
{
    (void)state;
    data_cases(TEST_DATA "/accounts/bad", bad_case, BAD_CASES_MIN);
}

static void good_cases(void **state)
{
    (void)state;
    data_cases(TEST_DATA "/accounts/good", good_case, GOOD_CASES_MIN);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_cases),
        cmocka_unit_test(good_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
