/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/pem.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define B(label) "-----BEGIN " label "-----"
#define E(label) "-----END " label "-----"

static void blocks_and_their_lines(void **state)
{
    static const char text[] = "some words\n" B("A KEY") "\nAAAA\n" E(
        "A KEY") "\n\n"
                 "---- no block ----\n" B("B") "  \r\nBBBB\r\n" E("B");
    struct pem_reader r;
    struct pem_block b;
    struct sai_err e = { 0 };

    (void)state;
    pem_reader_init(&r, text, sizeof(text) - 1);
    assert_true(pem_next(&r, &b, &e));
    assert_string_equal(b.label, "A KEY");
    assert_int_equal(b.line, 2);
    assert_int_equal(b.len, strlen(B("A KEY") "\nAAAA\n" E("A KEY")));
    assert_memory_equal(b.text, B("A KEY") "\nAAAA\n" E("A KEY"), b.len);
    assert_true(pem_next(&r, &b, &e));
    assert_string_equal(b.label, "B");
    assert_int_equal(b.line, 7);
    assert_false(pem_next(&r, &b, &e));
    assert_int_equal(e.code, SAI_OK);
    assert_false(pem_next(&r, &b, &e));
}

static void texts_without_blocks(void **state)
{
    static const char *const rows[] = { "", "\n", "x", "-----", "----BEGIN A----", "BEGIN A" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct pem_reader r;
        struct pem_block b;
        struct sai_err e = { 0 };

        pem_reader_init(&r, rows[i], strlen(rows[i]));
        assert_false(pem_next(&r, &b, &e));
        assert_int_equal(e.code, SAI_OK);
    }
}

static void damage_is_an_error_with_its_line(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *error;
    } rows[] = {
        { "\n" B("A") "\nAAAA", 2,
          "-----BEGIN without -----END: the file was cut short or mangled" },
        { B("A"), 1, "-----BEGIN without -----END: the file was cut short or mangled" },
        { B("A") "\n" B("B") "\n" E("B"), 1,
          "-----BEGIN without -----END: the file was cut short or mangled" },
        { B("A") "\nAA" B("B") "\n" E("B"), 1,
          "-----BEGIN without -----END: the file was cut short or mangled" },
        { "x\n" E("A"), 2, "-----END without -----BEGIN" },
        { B("A") "\n" E("B"), 2, "the -----END line names another type than -----BEGIN" },
        { " " B("A") "\n" E("A"), 1,
          "-----BEGIN must be the first text of its line (blanks or a byte order mark before "
          "it?)" },
        { "-----BEGIN A\n" E("A"), 1, "malformed PEM line: it does not end in -----" },
        { "-----BEGIN -----\n", 1, "malformed PEM line: the label is empty or too long" },
        { "-----BEGIN A----- x\n", 1, "malformed PEM line: it does not end in -----" },
        { "-----BEGIN A-B-----\n", 1, "malformed PEM line: unexpected character in the label" },
        { B("A") "\n-----END A\n", 2, "malformed PEM line: it does not end in -----" },
        { "-----BEGIN \xc3\xa9-----\n", 1,
          "malformed PEM line: unexpected character in the label" },
        { "-----BEGIN ----", 1, "malformed PEM line: it does not end in -----" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct pem_reader r;
        struct pem_block b;
        struct sai_err e = { 0 };

        print_message("%s\n", rows[i].text);
        pem_reader_init(&r, rows[i].text, strlen(rows[i].text));
        assert_false(pem_next(&r, &b, &e));
        assert_int_equal(e.code, SAI_E_SYNTAX);
        assert_string_equal(e.text, rows[i].error);
        assert_int_equal(e.line, rows[i].line);
        assert_int_equal(e.column, 1);
    }
}

static void labels_have_a_longest(void **state)
{
    char text[400];
    char label[PEM_LABEL_SIZE + 1];

    (void)state;
    memset(label, 'A', sizeof(label));
    for (int len = PEM_LABEL_SIZE - 1; len <= PEM_LABEL_SIZE; len++) {
        struct pem_reader r;
        struct pem_block b;
        struct sai_err e = { 0 };

        (void)snprintf(text, sizeof(text), "-----BEGIN %.*s-----\n-----END %.*s-----", len,
                       label, len, label);
        pem_reader_init(&r, text, strlen(text));
        assert_int_equal(pem_next(&r, &b, &e), len < PEM_LABEL_SIZE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_and_their_lines),
        cmocka_unit_test(texts_without_blocks),
        cmocka_unit_test(damage_is_an_error_with_its_line),
        cmocka_unit_test(labels_have_a_longest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
