/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts/store.h"
#include "base/buf.h"
#include "base/err.h"
#include "temp.h"

#include <string.h>
#include <sys/stat.h>

#define HEAD          "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  namespace: ns\n  uid: u\n"
#define ACCOUNT(name) HEAD "  name: " name "\n"

struct fixture {
    struct temp temp;
    struct sai_report *report;
    struct sai_accounts *accounts;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    temp_init(&f->temp);
    assert_int_equal(chdir(f->temp.dir), 0);
    f->report = sai_report_new();
    assert_non_null(f->report);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(chdir("/"), 0);
    temp_done(&f->temp);
    sai_report_free(f->report);
    sai_accounts_free(f->accounts);
    free(f);
    return 0;
}

static bool load(struct fixture *f, const struct sai_accounts_options *options)
{
    sai_report_free(f->report);
    f->report = sai_report_new();
    assert_non_null(f->report);
    sai_accounts_free(f->accounts);
    f->accounts = NULL;
    return sai_accounts_load(options, &f->accounts, f->report);
}

static bool load_path(struct fixture *f, const char *path)
{
    const struct sai_accounts_options o = { .paths = &path, .path_count = 1 };

    return load(f, &o);
}

static void check_problem(const struct fixture *f, size_t i, const char *expected)
{
    char line[sizeof(struct sai_err)];

    assert_true(i < sai_report_count(f->report));
    assert_string_equal(sai_err_format(sai_report_get(f->report, i, NULL), line, sizeof(line)),
                        expected);
}

static bool has(const struct fixture *f, const char *name)
{
    struct sai_account a;

    return sai_accounts_find(f->accounts, "ns", name, &a);
}

static void files_and_directories(void **state)
{
    static const char *const paths[] = { "one.yaml", "dir", "two.yaml" };
    const struct sai_accounts_options options = { .paths = paths, .path_count = 3 };
    struct fixture *f = *state;

    assert_int_equal(mkdir("dir", 0755), 0);
    temp_write(&f->temp, "one.yaml", ACCOUNT("one"));
    temp_write(&f->temp, "two.yaml", ACCOUNT("two"));
    temp_write(&f->temp, "dir/b.yml", ACCOUNT("b"));
    temp_write(&f->temp, "dir/a.yaml", ACCOUNT("a"));
    assert_true(load(f, &options));
    assert_int_equal(sai_report_count(f->report), 0);
    assert_int_equal(sai_accounts_count(f->accounts), 4);
    assert_true(has(f, "one") && has(f, "two") && has(f, "a") && has(f, "b"));
    assert_int_equal(sai_accounts_source_count(f->accounts), 5);
    assert_string_equal(sai_accounts_source(f->accounts, 0), "dir");
    assert_string_equal(sai_accounts_source(f->accounts, 1), "one.yaml");
    assert_string_equal(sai_accounts_source(f->accounts, 2), "dir/a.yaml");
    assert_string_equal(sai_accounts_source(f->accounts, 3), "dir/b.yml");
    assert_string_equal(sai_accounts_source(f->accounts, 4), "two.yaml");
}

/* How Kubernetes lays out a ConfigMap in a volume. */
static void a_kubernetes_volume(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(mkdir("vol", 0755), 0);
    assert_int_equal(mkdir("vol/..2025", 0755), 0);
    temp_write(&f->temp, "vol/..2025/a.yaml", ACCOUNT("a"));
    assert_int_equal(symlink("..2025", "vol/..data"), 0);
    assert_int_equal(symlink("..data/a.yaml", "vol/a.yaml"), 0);
    assert_true(load_path(f, "vol"));
    assert_int_equal(sai_accounts_count(f->accounts), 1);
    assert_int_equal(sai_report_count(f->report), 0);
}

static void no_paths_no_accounts(void **state)
{
    const struct sai_accounts_options options = { 0 };
    struct fixture *f = *state;

    assert_true(load(f, &options));
    assert_int_equal(sai_accounts_count(f->accounts), 0);
}

static void what_cannot_be_read(void **state)
{
    static const char *const paths[] = { "gone.yaml", "fifo", "gone/" };
    const struct sai_accounts_options options = { .paths = paths, .path_count = 3 };
    struct fixture *f = *state;

    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_false(load(f, &options));
    assert_null(f->accounts);
    assert_int_equal(sai_report_count(f->report), 3);
    check_problem(f, 0, "gone.yaml: cannot open: No such file or directory");
    check_problem(f, 1, "fifo: not a regular file but a FIFO");
    check_problem(f, 2, "gone/: cannot open: No such file or directory");
}

static void what_others_can_write_is_refused(void **state)
{
    struct fixture *f = *state;

    temp_write(&f->temp, "a.yaml", ACCOUNT("a"));
    assert_int_equal(chmod("a.yaml", 0664), 0);
    assert_true(load_path(f, "a.yaml"));
    assert_int_equal(chmod("a.yaml", 0646), 0);
    assert_false(load_path(f, "a.yaml"));
    check_problem(f, 0,
                  "a.yaml: writable by others (mode 0646), who could change what tokens say");
    assert_int_equal(sai_report_get(f->report, 0, NULL)->code, SAI_E_DENIED);
}

static void an_empty_directory_is_a_warning(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(mkdir("dir", 0755), 0);
    assert_true(load_path(f, "dir"));
    assert_int_equal(sai_accounts_count(f->accounts), 0);
    assert_int_equal(sai_report_total(f->report, SAI_WARNING), 1);
    check_problem(f, 0,
                  "dir: no manifest files in the directory (names end in .yaml, .yml or "
                  ".json)");
}

/* In a directory the suffix decides; a file that was named itself may be called anything. */
static void json_by_name_or_by_looks(void **state)
{
    static const char json[] = "\n {\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[]}";
    struct fixture *f = *state;

    temp_write(&f->temp, "accounts", json);
    temp_write(&f->temp, "accounts.yaml", "{apiVersion: v1, kind: List, items: []}");
    temp_write(&f->temp, "plain", ACCOUNT("a"));
    temp_write(&f->temp, "plain.json", ACCOUNT("a"));
    temp_write(&f->temp, "bad", "{apiVersion: v1}");
    assert_true(load_path(f, "accounts"));
    assert_true(load_path(f, "accounts.yaml"));
    assert_true(load_path(f, "plain"));
    assert_false(load_path(f, "plain.json"));
    check_problem(f, 0, "plain.json:1:1: not JSON: found 'a', wanted a value");
    assert_false(load_path(f, "bad"));
    check_problem(f, 0, "bad:1:2: not JSON: found 'a', wanted a member's name in quotes or }");
}

static void limits(void **state)
{
    static const char text[] = ACCOUNT("a") "---\n" ACCOUNT("b");
    static const char *const paths[] = { "a.yaml" };
    struct sai_accounts_options o = { .paths = paths, .path_count = 1 };
    struct fixture *f = *state;

    temp_write(&f->temp, "a.yaml", text);
    o.max_accounts = 2;
    o.max_file_bytes = strlen(text);
    assert_true(load(f, &o));
    o.max_file_bytes--;
    assert_false(load(f, &o));
    assert_int_equal(sai_report_count(f->report), 1);
    assert_int_equal(sai_report_get(f->report, 0, NULL)->code, SAI_E_LIMIT);
    o.max_file_bytes = 0;
    o.max_accounts = 1;
    assert_false(load(f, &o));
    check_problem(f, 0, "a.yaml:13:9: metadata.name: more than 1 accounts");
    assert_int_equal(sai_report_get(f->report, 0, NULL)->code, SAI_E_LIMIT);
}

/* One more than allowed ends the reading: a file of a million too many is one mistake. */
static void a_limit_ends_the_file(void **state)
{
    static const char *const paths[] = { "a.yaml" };
    const struct sai_accounts_options o = { .paths = paths,
                                            .path_count = 1,
                                            .max_accounts = 1 };
    struct fixture *f = *state;

    temp_write(&f->temp, "a.yaml",
               ACCOUNT("a") "---\n" ACCOUNT("b") "---\n" ACCOUNT("c") "---\n:::");
    assert_false(load(f, &o));
    assert_int_equal(sai_report_total(f->report, SAI_ERROR), 1);
}

/* Kubernetes' limit for the keys and values of one object's annotations, to the byte. */
static void annotations_of_262144_bytes(void **state)
{
    struct fixture *f = *state;
    struct sai_account a;
    AUTO(buf) struct buf b;

    for (int over = 0; over <= 1; over++) {
        buf_init(&b, 1 << 20);
        buf_str(&b, ACCOUNT("a") "  annotations:\n    abcde: ");
        for (int i = 0; i < 200000; i++)
            buf_char(&b, 'x');
        buf_str(&b, "\n    fghij: ");
        for (int i = 0; i < 262144 - 200010 + over; i++)
            buf_char(&b, 'y');
        buf_str(&b, "\n");
        assert_non_null(b.data);
        temp_write(&f->temp, "a.yaml", b.data);
        assert_int_equal(load_path(f, "a.yaml"), over == 0);
        if (over == 0) {
            assert_true(sai_accounts_find(f->accounts, "ns", "a", &a));
            assert_int_equal(strlen(sai_pairs_find(&a.annotations, "fghij")), 62134);
        }
        buf_done(&b);
    }
    check_problem(f, 0,
                  "a.yaml:8:5: metadata.annotations: 262145 bytes of keys and values, at most "
                  "262144 are allowed");
}

static void the_fingerprint_tells_changes(void **state)
{
    struct fixture *f = *state;
    unsigned char first[32];
    unsigned char again[32];

    temp_write(&f->temp, "a.yaml", ACCOUNT("a"));
    temp_write(&f->temp, "b.yaml", ACCOUNT("a"));
    assert_true(load_path(f, "a.yaml"));
    sai_accounts_fingerprint(f->accounts, first);
    assert_true(load_path(f, "a.yaml"));
    sai_accounts_fingerprint(f->accounts, again);
    assert_memory_equal(first, again, 32);
    assert_true(load_path(f, "b.yaml"));
    sai_accounts_fingerprint(f->accounts, again);
    assert_memory_not_equal(first, again, 32);
    temp_write(&f->temp, "a.yaml", ACCOUNT("a") "# a comment counts: the file changed\n");
    assert_true(load_path(f, "a.yaml"));
    sai_accounts_fingerprint(f->accounts, again);
    assert_memory_not_equal(first, again, 32);
}

/* A report that holds errors of others already does not fail a good load. */
static void earlier_errors_do_not_count(void **state)
{
    static const char *const paths[] = { "a.yaml" };
    const struct sai_accounts_options o = { .paths = paths, .path_count = 1 };
    struct fixture *f = *state;
    struct sai_err e = { 0 };

    temp_write(&f->temp, "a.yaml", ACCOUNT("a"));
    err_set_text(&e, SAI_E_INVALID, "earlier");
    report_add(f->report, SAI_ERROR, &e);
    assert_true(sai_accounts_load(&o, &f->accounts, f->report));
    assert_non_null(f->accounts);
}

/* 100 problems are kept, all are counted. */
static void a_file_of_mistakes(void **state)
{
    struct fixture *f = *state;
    AUTO(buf) struct buf b;

    buf_init(&b, 1 << 20);
    buf_str(&b, "apiVersion: v1\nkind: List\nitems:\n");
    for (int i = 0; i < 1000; i++)
        buf_str(&b, "- 1\n");
    temp_write(&f->temp, "a.yaml", b.data);
    assert_false(load_path(f, "a.yaml"));
    assert_int_equal(sai_report_total(f->report, SAI_ERROR), 1000);
    assert_int_equal(sai_report_count(f->report), 100);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(files_and_directories),
        TEST(a_kubernetes_volume),
        TEST(no_paths_no_accounts),
        TEST(what_cannot_be_read),
        TEST(what_others_can_write_is_refused),
        TEST(an_empty_directory_is_a_warning),
        TEST(json_by_name_or_by_looks),
        TEST(limits),
        TEST(a_limit_ends_the_file),
        TEST(annotations_of_262144_bytes),
        TEST(the_fingerprint_tells_changes),
        TEST(earlier_errors_do_not_count),
        TEST(a_file_of_mistakes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
