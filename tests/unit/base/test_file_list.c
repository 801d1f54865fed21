/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file_list.h"
#include "temp.h"

#include <string.h>
#include <sys/stat.h>

static const char *const suffixes[] = { ".a", ".bb", NULL };

struct fixture {
    struct temp temp;
    struct arena *arena;
    struct sai_report *report;
    struct file_list list;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    temp_init(&f->temp);
    assert_int_equal(chdir(f->temp.dir), 0);
    f->arena = arena_new();
    f->report = sai_report_new();
    assert_true(f->arena != NULL && f->report != NULL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(chdir("/"), 0);
    temp_done(&f->temp);
    arena_free(f->arena);
    sai_report_free(f->report);
    free(f);
    return 0;
}

static void collect(struct fixture *f, const char *const *paths, size_t count, size_t max_files)
{
    const struct file_list_options o = {
        .paths = paths,
        .path_count = count,
        .max_files = max_files,
        .what = "word",
        .suffixes = suffixes,
        .suffix_text = ".a or .bb",
    };

    file_list_collect(&o, f->arena, &f->list, f->report);
}

static void check_problem(const struct fixture *f, size_t i, const char *expected)
{
    char line[sizeof(struct sai_err)];

    assert_true(i < sai_report_count(f->report));
    assert_string_equal(sai_err_format(sai_report_get(f->report, i, NULL), line, sizeof(line)),
                        expected);
}

static void files_in_order_none_twice(void **state)
{
    static const char *const paths[] = { "z", "d", "y.a", "d/2.a", "d///" };
    static const char *const expected[] = { "z",     "d/1.bb", "d/10.a", "d/2.a",
                                            "d/B.a", "d/b.a",  "y.a" };
    struct fixture *f = *state;
    const char **watched;
    size_t count;

    assert_int_equal(mkdir("d", 0755), 0);
    temp_write(&f->temp, "d/b.a", "");
    temp_write(&f->temp, "d/2.a", "");
    temp_write(&f->temp, "d/10.a", "");
    temp_write(&f->temp, "d/B.a", "");
    temp_write(&f->temp, "d/1.bb", "");
    temp_write(&f->temp, "d/..a", "");
    temp_write(&f->temp, "d/.a", "");
    collect(f, paths, ARRAY_SIZE(paths), 20);
    assert_int_equal(sai_report_count(f->report), 0);
    assert_int_equal(f->list.file_count, ARRAY_SIZE(expected));
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
        assert_string_equal(f->list.files[i], expected[i]);
    watched = file_list_paths(&f->list, 1, &count);
    assert_non_null(watched);
    assert_int_equal(count, 9);
    assert_string_equal(watched[0], "d");
    assert_string_equal(watched[1], "d///");
    assert_string_equal(watched[2], "z");
    assert_string_equal(watched[8], "y.a");
    watched[9] = "room for one more";
}

static void other_suffixes_are_a_warning(void **state)
{
    static const char *const paths[] = { "d" };
    struct fixture *f = *state;

    assert_int_equal(mkdir("d", 0755), 0);
    temp_write(&f->temp, "d/notes.txt", "");
    temp_write(&f->temp, "d/xbb", "");
    collect(f, paths, 1, 20);
    assert_int_equal(sai_report_total(f->report, SAI_ERROR), 0);
    assert_int_equal(sai_report_total(f->report, SAI_WARNING), 3);
    check_problem(f, 0, "d/notes.txt: not read: its name does not end in .a or .bb");
    check_problem(f, 1, "d/xbb: not read: its name does not end in .a or .bb");
    check_problem(f, 2, "d: no word files in the directory (names end in .a or .bb)");
}

static void too_many_files(void **state)
{
    static const char *const paths[] = { "d", "x" };
    struct fixture *f = *state;

    assert_int_equal(mkdir("d", 0755), 0);
    temp_write(&f->temp, "d/1.a", "");
    temp_write(&f->temp, "d/2.a", "");
    temp_write(&f->temp, "d/3.a", "");
    temp_write(&f->temp, "d/4.a", "");
    collect(f, paths, 1, 3);
    assert_int_equal(f->list.file_count, 3);
    check_problem(f, 0, "d: more than 3 word files");
    assert_int_equal(sai_report_count(f->report), 1);
    collect(f, paths, 2, 4);
    check_problem(f, 1, "x: more than 4 word files");
}

static void directories_that_others_can_write(void **state)
{
    static const char *const paths[] = { "open", "sticky" };
    struct fixture *f = *state;

    assert_int_equal(mkdir("open", 0755), 0);
    assert_int_equal(mkdir("sticky", 0755), 0);
    assert_int_equal(chmod("open", 0757), 0);
    assert_int_equal(chmod("sticky", 01777), 0);
    temp_write(&f->temp, "open/1.a", "");
    temp_write(&f->temp, "sticky/1.a", "");
    collect(f, paths, 2, 3);
    check_problem(f, 0,
                  "open: the directory is writable by others (mode 0757), who could replace "
                  "word files");
    assert_int_equal(sai_report_count(f->report), 1);
    assert_int_equal(f->list.file_count, 1);
}

static void unreadable_directory(void **state)
{
    enum { NOBODY = 65534 };
    static const char *const paths[] = { "d" };
    struct fixture *f = *state;
    bool root = geteuid() == 0; /* who may list everything */

    assert_int_equal(mkdir("d", 0), 0);
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(root ? seteuid(NOBODY) : 0, 0);
    collect(f, paths, 1, 3);
    assert_int_equal(root ? seteuid(0) : 0, 0);
    check_problem(f, 0, "d: cannot list: Permission denied");
}

/* The swap of a Kubernetes volume between listing and the end of reading. */
static void a_directory_that_changes_meanwhile(void **state)
{
    static const char *const paths[] = { "d", "d" };
    struct fixture *f = *state;

    assert_int_equal(mkdir("d", 0755), 0);
    temp_write(&f->temp, "d/1.a", "");
    collect(f, paths, 2, 10);
    file_list_check_unchanged(&f->list, f->report);
    assert_int_equal(sai_report_count(f->report), 0);
    (void)usleep(50000); /* more than the clock's tick, of which a file's time is made */
    assert_int_equal(symlink("gone", "d/..data"), 0);
    file_list_check_unchanged(&f->list, f->report);
    assert_int_equal(sai_report_total(f->report, SAI_ERROR), 2);
    assert_int_equal(sai_report_get(f->report, 0, NULL)->code, SAI_E_IO);
    check_problem(f, 0, "d: the directory changed while its word files were read");
    assert_int_equal(unlink("d/..data"), 0);
    assert_int_equal(unlink("d/1.a"), 0);
    assert_int_equal(rmdir("d"), 0);
    file_list_check_unchanged(&f->list, f->report);
    assert_int_equal(sai_report_total(f->report, SAI_ERROR), 4);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_in_order_none_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_suffixes_are_a_warning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(directories_that_others_can_write, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unreadable_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_directory_that_changes_meanwhile, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
