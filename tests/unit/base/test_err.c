/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "unit.h"

#include <errno.h>
#include <string.h>

static void the_first_error_wins(void **state)
{
    struct sai_err e = { 0 };

    (void)state;
    assert_false(err_set(&e, SAI_E_LIMIT, "first %d", 1));
    assert_false(err_set(&e, SAI_E_IO, "second"));
    err_in_file(&e, "a.yaml", 3, 4);
    err_in_file(&e, "b.yaml", 5, 6);
    err_at_path(&e, "x.y");
    err_at_path(&e, "z");
    assert_int_equal(e.code, SAI_E_LIMIT);
    assert_string_equal(e.text, "first 1");
    assert_string_equal(e.file, "a.yaml");
    assert_int_equal(e.line, 3);
    assert_string_equal(e.path, "x.y");
}

static void without_an_error_there_is_no_place(void **state)
{
    struct sai_err e = { 0 };

    (void)state;
    err_in_file(&e, "a.yaml", 3, 4);
    err_at_path(&e, "x");
    assert_string_equal(e.file, "");
    assert_string_equal(e.path, "");
}

static void formats_what_is_there(void **state)
{
    struct sai_err e = { .line = 3, .column = 5, .file = "f", .path = "p", .text = "t" };
    char text[64];

    (void)state;
    assert_string_equal(sai_err_format(&e, text, sizeof(text)), "f:3:5: p: t");
    e.line = 0;
    assert_string_equal(sai_err_format(&e, text, sizeof(text)), "f: p: t");
    e.path[0] = '\0';
    assert_string_equal(sai_err_format(&e, text, sizeof(text)), "f: t");
    e.file[0] = '\0';
    assert_string_equal(sai_err_format(&e, text, sizeof(text)), "t");
    assert_string_equal(sai_err_format(&e, text, 1), "");
}

static void a_long_file_name_keeps_its_tail(void **state)
{
    struct sai_err e = { 0 };
    char name[1000];

    (void)state;
    memset(name, 'a', sizeof(name));
    memcpy(name + sizeof(name) - 10, "/tail.yml", 10);
    (void)err_set(&e, SAI_E_IO, "x");
    err_in_file(&e, name, 0, 0);
    assert_int_equal(strlen(e.file), sizeof(e.file) - 1);
    assert_memory_equal(e.file, "...aaa", 6);
    assert_string_equal(e.file + strlen(e.file) - 9, "/tail.yml");
}

static void errno_becomes_code_and_text(void **state)
{
    static const struct {
        int errnum;
        enum sai_err_code code;
        const char *text;
    } rows[] = {
        { ENOENT, SAI_E_NOTFOUND, "cannot open: No such file or directory" },
        { EACCES, SAI_E_DENIED, "cannot open: Permission denied" },
        { EPERM, SAI_E_DENIED, "cannot open: Operation not permitted" },
        { ENOMEM, SAI_E_NOMEM, "cannot open: Cannot allocate memory" },
        { EIO, SAI_E_IO, "cannot open: Input/output error" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sai_err e = { 0 };

        assert_false(err_errno(&e, rows[i].errnum, "cannot open"));
        assert_int_equal(e.code, rows[i].code);
        assert_string_equal(e.text, rows[i].text);
    }
}

static void a_report_keeps_a_hundred_and_counts_all(void **state)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    enum sai_severity severity;

    (void)state;
    assert_true(report_ok_since(r, 0));
    for (int i = 0; i < 150; i++) {
        struct sai_err e = { 0 };

        (void)err_set(&e, SAI_E_INVALID, "problem %d", i);
        report_add(r, i % 3 == 0 ? SAI_WARNING : SAI_ERROR, &e);
    }
    assert_int_equal(sai_report_count(r), 100);
    assert_int_equal(sai_report_total(r, SAI_WARNING), 50);
    assert_int_equal(sai_report_total(r, SAI_ERROR), 100);
    assert_string_equal(sai_report_get(r, 99, &severity)->text, "problem 99");
    assert_int_equal(severity, SAI_WARNING);
    assert_false(report_ok_since(r, 0));
    assert_true(report_ok_since(r, 100));
}

static void a_report_can_follow_its_document(void **state)
{
    static const struct sai_err found[] = {
        { .code = SAI_E_IO, .line = 9, .column = 9, .text = "earlier" },
        { .code = SAI_E_INVALID, .line = 3, .column = 1, .text = "d" },
        { .code = SAI_E_INVALID, .line = 1, .column = 7, .text = "b" },
        { .code = SAI_E_INVALID, .line = 3, .column = 1, .text = "e" },
        { .code = SAI_E_INVALID, .line = 2, .column = 1, .text = "c" },
        { .code = SAI_E_NOMEM, .text = "a" },
    };
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    enum sai_severity severity = SAI_ERROR;
    char order[ARRAY_SIZE(found)] = "";

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(found); i++)
        report_add(r, i == 4 ? SAI_WARNING : SAI_ERROR, &found[i]);
    report_sort(r, 1);
    assert_string_equal(sai_report_get(r, 0, NULL)->text, "earlier");
    for (size_t i = 1; i < ARRAY_SIZE(found); i++)
        order[i - 1] = sai_report_get(r, i, NULL)->text[0];
    assert_string_equal(order, "abcde");
    assert_string_equal(sai_report_get(r, 3, &severity)->text, "c");
    assert_int_equal(severity, SAI_WARNING);
    report_sort(r, 6);
    assert_int_equal(sai_report_count(r), 6);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_error_wins),
        cmocka_unit_test(without_an_error_there_is_no_place),
        cmocka_unit_test(formats_what_is_there),
        cmocka_unit_test(a_long_file_name_keeps_its_tail),
        cmocka_unit_test(errno_becomes_code_and_text),
        cmocka_unit_test(a_report_keeps_a_hundred_and_counts_all),
        cmocka_unit_test(a_report_can_follow_its_document),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
