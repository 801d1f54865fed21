/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "codec/yaml.h"
#include "unit.h"

#include <string.h>

static bool
parse(const char *text, struct arena *a, struct yaml_doc **doc, struct sai_report *r)
{
    const struct yaml_input in = {
        .file = "t.yaml", .text = text, .len = strlen(text), .max_depth = 4, .max_nodes = 20
    };

    return yaml_parse(&in, a, doc, r);
}

static void check_position(const struct yaml_node *n, unsigned line, unsigned column)
{
    assert_non_null(n);
    assert_int_equal(n->line, line);
    assert_int_equal(n->column, column);
}

static void builds_a_tree(void **state)
{
    static const char text[] = "# first\n"
                               "name: \"é\" # two bytes, one character\n"
                               "é: x\n"
                               "list:\n"
                               "- one\n"
                               "- {a: 1, b: [2, '3']}\n"
                               "block: |\n"
                               "  two\n"
                               "  lines\n"
                               "nothing:\n";
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO(arena) struct arena *a = arena_new();
    struct yaml_doc *doc = NULL;
    const struct yaml_node *list;
    const struct yaml_node *map;

    (void)state;
    assert_true(parse(text, a, &doc, r));
    assert_string_equal(doc->file, "t.yaml");
    assert_int_equal(doc->root->kind, YAML_MAP);
    assert_int_equal(doc->root->count, 5);
    assert_null(doc->root->parent);
    check_position(doc->root, 2, 1);
    check_position(yaml_get(doc->root, "name"), 2, 7);
    assert_true(yaml_get(doc->root, "name")->quoted);
    assert_int_equal(yaml_get(doc->root, "name")->len, 2);
    check_position(yaml_get(doc->root, "é"), 3, 4);
    list = yaml_get(doc->root, "list");
    assert_int_equal(list->kind, YAML_LIST);
    assert_int_equal(list->count, 2);
    assert_string_equal(list->first->text, "one");
    assert_false(list->first->quoted);
    map = list->last;
    check_position(map, 6, 3);
    assert_ptr_equal(map->parent, list);
    assert_int_equal(map->index, 1);
    assert_string_equal(map->first->key->text, "a");
    check_position(map->first->key, 6, 4);
    assert_string_equal(yaml_get(map, "b")->last->text, "3");
    assert_string_equal(yaml_get(doc->root, "block")->text, "two\nlines\n");
    assert_true(yaml_get(doc->root, "block")->quoted);
    assert_true(yaml_is_null(yaml_get(doc->root, "nothing")));
    assert_null(yaml_get(doc->root, "absent"));
    assert_null(yaml_get(list, "name"));
    assert_null(yaml_get(doc->root->first, "name"));
}

static void nulls(void **state)
{
    static const struct {
        const char *text;
        bool null;
    } rows[] = {
        { "~", true },     { "null", true },   { "Null", true },      { "NULL", true },
        { "''", false },   { "'~'", false },   { "\"null\"", false }, { "nil", false },
        { "none", false }, { "!!str", false }, { "[]", false },       { "{}", false },
        { "0", false },    { "nULL", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO(sai_report) struct sai_report *r = sai_report_new();
        AUTO(arena) struct arena *a = arena_new();
        struct yaml_doc *doc = NULL;

        print_message("%s\n", rows[i].text);
        assert_true(parse(rows[i].text, a, &doc, r));
        assert_int_equal(yaml_is_null(doc->root), rows[i].null);
    }
}

struct row {
    const char *text;
    const char *expected; /* every problem, a line each */
    bool has_tree;
};

static const char tag[] = ": a tag is not allowed here: only !!str, !!int, !!bool, !!map and "
                          "!!seq, and only where they fit\n";

/* {TAG} stands for the text above. */
static const struct row refused[] = {
    { "", "t.yaml:1:1: empty, there is no YAML document\n", false },
    { "a: 1\n---\nb: 2\n", "t.yaml:2:1: a second document starts here, only one is allowed\n",
      false },
    { "[[[[x]]]]", "", true },
    { "[[[[[x]]]]]", "t.yaml:1:5: nested deeper than 4 levels\n", false },
    { "a: {b: {c: {d: {e: 1}}}}", "t.yaml:1:16: nested deeper than 4 levels\n", false },
    { "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19]", "", true },
    { "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]",
      "t.yaml:1:50: more than 20 keys and values\n", false },
    { "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,*a]",
      "t.yaml:1:50: more than 20 keys and values\n", false },
    { "{a: 1, b: 2, a: 3, a: 4}",
      "t.yaml:1:14: a: duplicate key, first at 1:2\n"
      "t.yaml:1:20: a: duplicate key, first at 1:2\n",
      true },
    { "x: {a: {b: 1, \"b\": 2}}", "t.yaml:1:15: x.a.b: duplicate key, first at 1:9\n", true },
    { "{\"a\": 1, ? 'a' : 2}", "t.yaml:1:12: a: duplicate key, first at 1:2\n", true },
    { "[a, {b: [&x 1, *x]}]",
      "t.yaml:1:10: [1].b[0]: anchors (&name) are not allowed\n"
      "t.yaml:1:16: [1].b[1]: aliases (*name) are not allowed\n",
      true },
    { "&a [*a]",
      "t.yaml:1:1: anchors (&name) are not allowed\n"
      "t.yaml:1:5: [0]: aliases (*name) are not allowed\n",
      true },
    { "&k a: {}", "t.yaml:1:1: anchors (&name) are not allowed\n", true },
    { "*x : 1", "t.yaml:1:1: aliases (*name) are not allowed\n", true },
    { "<<: {a: 1}", "t.yaml:1:5: <<: merge keys (<<) are not allowed\n", true },
    { "\"<<\": 1", "", true },
    { "[a]: 1", "t.yaml:1:1: a key must be text, not a list or a map\n", false },
    { "{a: 1}: 1", "t.yaml:1:1: a key must be text, not a list or a map\n", false },
    { "a: \"x\\0y\"", "t.yaml:1:4: a: a NUL character is not allowed\n", true },
    { "\"x\\0y\": 1", "t.yaml:1:1: a NUL character is not allowed\n", true },
    { "!!str {}", "t.yaml:1:1{TAG}", true },
    { "!!map []", "t.yaml:1:1{TAG}", true },
    { "!!seq x", "t.yaml:1:1{TAG}", true },
    { "!!float 1.5", "t.yaml:1:1{TAG}", true },
    { "!!null ~", "t.yaml:1:1{TAG}", true },
    { "!local x", "t.yaml:1:1{TAG}", true },
    { "!!bool yes", "t.yaml:1:1{TAG}", true },
    { "!!int 010", "t.yaml:1:1{TAG}", true },
    { "!!int -7", "", true },
    { "!!set {a}", "t.yaml:1:1{TAG}", true },
    { "a: b: c", "t.yaml:1:5: not YAML: mapping values are not allowed in this context\n",
      false },
    { "a:\n\t- b", "t.yaml:2:1: a tab cannot indent YAML, use blanks\n", false },
    { "a: 1\nb: 2\n c: 3\n",
      "t.yaml:3:3: not YAML: mapping values are not allowed in this context\n", false },
    { "%YAML 2.0\n---\na: 1\n", "t.yaml:1:1: not YAML: found incompatible YAML document\n",
      false },
    { "a: \xff", "t.yaml:1:4: not UTF-8 text: invalid leading UTF-8 octet\n", false },
    { "é\r\né\r\néé\x07", "t.yaml:3:3: not UTF-8 text: control characters are not allowed\n",
      false },
    { "\xed\xa0\x80", "t.yaml:1:1: not UTF-8 text: invalid Unicode character\n", false },
    { "\xef\xbb\xbfx: \x01", "t.yaml:1:4: not UTF-8 text: control characters are not allowed\n",
      false },
};

static void put_expected(struct buf *b, const char *expected)
{
    const char *mark = strstr(expected, "{TAG}");

    if (mark == NULL)
        buf_str(b, expected);
    else
        buf_printf(b, "%.*s%s", (int)(mark - expected), expected, tag);
}

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        AUTO(sai_report) struct sai_report *r = sai_report_new();
        AUTO(arena) struct arena *a = arena_new();
        struct yaml_doc *doc = NULL;
        char line[sizeof(struct sai_err)];
        AUTO(buf) struct buf expected;
        AUTO(buf) struct buf found;
        bool ok;

        buf_init(&expected, 4096);
        buf_init(&found, 4096);
        put_expected(&expected, refused[i].expected);
        buf_str(&found, "");
        ok = parse(refused[i].text, a, &doc, r);
        for (size_t j = 0; j < sai_report_count(r); j++)
            buf_printf(&found, "%s\n",
                       sai_err_format(sai_report_get(r, j, NULL), line, sizeof(line)));
        print_message("%s\n", refused[i].text);
        assert_string_equal(found.data, expected.data);
        assert_int_equal(ok, refused[i].expected[0] == '\0');
        assert_int_equal(doc != NULL, refused[i].has_tree);
    }
}

/* A report that holds errors already does not make a good document bad. */
static void earlier_problems_do_not_count(void **state)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO(arena) struct arena *a = arena_new();
    struct sai_err e = { .code = SAI_E_IO, .text = "something else" };
    struct yaml_doc *doc = NULL;

    (void)state;
    report_add(r, SAI_ERROR, &e);
    assert_true(parse("a: 1", a, &doc, r));
}

static void long_paths_keep_their_end(void **state)
{
    static const char text[] =
        "a-key-that-is-rather-long-because-somebody-likes-to-explain-everything:\n"
        "  another-one-that-does-not-stop-where-a-reasonable-person-would:\n"
        "    - \"the\\nlast\": &x 1\n";
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO(arena) struct arena *a = arena_new();
    struct yaml_doc *doc = NULL;

    (void)state;
    assert_false(parse(text, a, &doc, r));
    assert_string_equal(
        sai_report_get(r, 0, NULL)->path,
        "...long-because-somebody-likes-to-explain-everything."
        "another-one-that-does-not-stop-where-a-reasonable-person-would[0].the?last");
}

/* Without a limit, libyaml takes time that grows with the square of the depth. */
static void deep_nesting_is_cheap(void **state)
{
    enum { DEPTH = 500000 };
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO(arena) struct arena *a = arena_new();
    AUTO_FREE char *text = malloc(DEPTH + 1);
    struct yaml_doc *doc = NULL;

    (void)state;
    assert_non_null(text);
    memset(text, '[', DEPTH);
    text[DEPTH] = '\0';
    assert_false(parse(text, a, &doc, r));
    assert_string_equal(sai_report_get(r, 0, NULL)->text, "nested deeper than 4 levels");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_a_tree),
        cmocka_unit_test(nulls),
        cmocka_unit_test(refuses),
        cmocka_unit_test(earlier_problems_do_not_count),
        cmocka_unit_test(long_paths_keep_their_end),
        cmocka_unit_test(deep_nesting_is_cheap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
