/* SPDX-License-Identifier: Apache-2.0 */

/* Loading accounts while the n-th allocation fails, for every n: no crash, no leak
 * (AddressSanitizer's lane sees those), and an error that says what it was. libyaml's own
 * allocations are the configuration's concern (unit/conf/test_nomem.c). */

#include "accounts/store.h"
#include "base/buf.h"
#include "base/err.h"
#include "fail_alloc.h"
#include "temp.h"

#include <sys/stat.h>

enum { SWEEP_MAX = 100000, LEAST = 40 };

/* Enough for every table and memory block to be followed by another. */
enum { EACH = 60, ACCOUNTS = 2 * EACH };

static void put_yaml(struct buf *b)
{
    buf_str(b, "apiVersion: v1\nitems:\n");
    for (int i = 0; i < EACH; i++) {
        buf_printf(b, "- apiVersion: v1\n  kind: Namespace\n  metadata: {name: ns-%d}\n", i);
        buf_printf(b,
                   "- apiVersion: v1\n  kind: ServiceAccount\n"
                   "  metadata: {name: a, namespace: ns-%d, uid: u, annotations: {",
                   i);
        for (int j = 0; j < 50; j++)
            buf_printf(b, "k%d.%d: value, ", i, j);
        buf_str(b, "}}\n");
    }
    buf_str(b, "kind: List\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n");
}

static void put_json(struct buf *b)
{
    buf_str(b, "{\"kind\":\"ServiceAccountList\",\"apiVersion\":\"v1\",\"items\":[");
    for (int i = 0; i < EACH; i++)
        buf_printf(b, "%s{\"metadata\":{\"name\":\"b\",\"namespace\":\"ns-%d\",\"uid\":\"u\"}}",
                   i == 0 ? "" : ",", i);
    buf_str(b, "]}\n");
}

static void write_manifest(const struct temp *t, const char *name, void (*put)(struct buf *))
{
    AUTO(buf) struct buf b;

    buf_init(&b, 1 << 20);
    put(&b);
    assert_non_null(b.data);
    temp_write(t, name, b.data);
}

/* true: no allocation failed any more. */
static bool try_one(const struct sai_accounts_options *options, size_t n, bool valid)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO(sai_accounts) struct sai_accounts *a = NULL;
    bool nomem = false;
    bool failed;
    bool ok;

    assert_non_null(r);
    alloc_arm(n);
    ok = sai_accounts_load(options, &a, r);
    failed = alloc_disarm();
    assert_int_equal(ok, a != NULL);
    assert_int_equal(ok, sai_report_total(r, SAI_ERROR) == 0);
    for (size_t i = 0; i < sai_report_count(r); i++)
        nomem = nomem || sai_report_get(r, i, NULL)->code == SAI_E_NOMEM;
    assert_int_equal(nomem, failed);
    assert_int_equal(ok, valid && !failed);
    if (ok)
        assert_int_equal(sai_accounts_count(a), ACCOUNTS);
    return !failed;
}

static void sweep(const struct temp *t, bool valid)
{
    static const char *const paths[] = { "dir", "dir/a.yaml" };
    const struct sai_accounts_options options = { .paths = paths, .path_count = 2 };
    size_t n = 1;

    assert_int_equal(chdir(t->dir), 0);
    while (n < SWEEP_MAX && !try_one(&options, n, valid))
        n++;
    assert_int_equal(chdir("/"), 0);
    print_message("%zu allocations failed\n", n - 1);
    assert_true(n > LEAST && n < SWEEP_MAX);
}

static void manifests(void **state)
{
    struct temp t;

    (void)state;
    temp_init(&t);
    assert_int_equal(chdir(t.dir), 0);
    assert_int_equal(mkdir("dir", 0755), 0);
    write_manifest(&t, "dir/a.yaml", put_yaml);
    write_manifest(&t, "dir/b.json", put_json);
    sweep(&t, true);
    write_manifest(&t, "dir/c.yaml", put_yaml); /* everything twice */
    sweep(&t, false);
    temp_done(&t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(manifests),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
