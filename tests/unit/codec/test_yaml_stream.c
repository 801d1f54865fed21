/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_text.h"

static void check(const char *text, const char *expected)
{
    check_stream(yaml_stream, text, false, expected);
}

static void items_come_one_by_one(void **state)
{
    (void)state;
    check("a: 1\nitems:\n- x\n- {b: '2'}\n- [3, [4]]\nz: end\n",
          "items[0] x\n"
          "items[1] {b: \"2\"}\n"
          "items[2] [3, [4]]\n"
          "document {a: 1, items: [], z: end}\n");
    check("items: []\n", "document {items: []}\n");
}

static void positions(void **state)
{
    (void)state;
    check_stream(yaml_stream, "items:\n- é: x\n  k: [y]\nz:\n", true,
                 "items[0] 2:3 {2:3 é: 2:6 x, 3:3 k: 3:6 [3:7 y]}\n"
                 "document 1:1 {1:1 items: 2:1 [], 4:1 z: 4:3 }\n");
}

/* Only a list, only of the root, only under that name. */
static void other_lists_stay_in_the_document(void **state)
{
    (void)state;
    check("items: {a: [b]}\n", "document {items: {a: [b]}}\n");
    check("a: {items: [b]}\n", "document {a: {items: [b]}}\n");
    check("[items, [b]]\n", "document [items, [b]]\n");
    check("item: [b]\n", "document {item: [b]}\n");
    check("items: text\n", "document {items: text}\n");
    check("items: [{items: [b]}]\n", "items[0] {items: [b]}\ndocument {items: []}\n");
}

static void several_documents(void **state)
{
    (void)state;
    check("a: 1\n---\nitems: [b]\n---\n# nothing\n---\nitems: [c]\n...\n",
          "document {a: 1}\n"
          "items[0] b\n"
          "document {items: []}\n"
          "document \n"
          "items[0] c\n"
          "document {items: []}\n");
    check("", "");
    check("# only a comment\n", "");
    check("---\n---\n", "document \ndocument \n");
}

/* 20 nodes for each item, and for the rest of the document; its keys count. */
static void limits_hold_for_each_item(void **state)
{
#define NINE "1,2,3,4,5,6,7,8,9"
    (void)state;
    check("items: [[" NINE "," NINE ",0], [" NINE "," NINE ",0]]\nx: [" NINE ",1,2,3,4,5,6]",
          "items[0] [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n"
          "items[1] [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n"
          "document {items: [], x: [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6]}\n");
    check("items: [x, [" NINE "," NINE ",0,1]]",
          "items[0] x\nt:1:51: more than 20 keys and values\n");
    check("items: []\nx: [" NINE ",1,2,3,4,5,6,7]", "t:2:35: more than 20 keys and values\n");
    check("items: [[[[x]]]]", "items[0] [[[x]]]\ndocument {items: []}\n");
    check("items: [[[[[x]]]]]", "t:1:12: nested deeper than 5 levels\n");
}

static void duplicates(void **state)
{
    (void)state;
    check("items: [{a: 1, a: 2}, {a: 1}, {b: {a: 1, a: 2}}]\n",
          "items[0] {a: 1, a: 2}\n"
          "items[1] {a: 1}\n"
          "items[2] {b: {a: 1, a: 2}}\n"
          "document {items: []}\n"
          "t:1:16: items[0].a: duplicate key, first at 1:10\n"
          "t:1:42: items[2].b.a: duplicate key, first at 1:36\n");
    check("items: [a]\nx: 1\nitems: [b]\n", "items[0] a\n"
                                            "document {items: [], x: 1, items: [b]}\n"
                                            "t:3:1: items: duplicate key, first at 1:1\n");
    check("a: 1\n---\na: 2\n", "document {a: 1}\ndocument {a: 2}\n");
}

static void mistakes_within_items(void **state)
{
    (void)state;
    check("items:\n- &a x\n- *a\n- !local y\n- z\n",
          "items[0] x\n"
          "items[1] \n"
          "items[2] y\n"
          "items[3] z\n"
          "document {items: []}\n"
          "t:2:3: items[0]: anchors (&name) are not allowed\n"
          "t:3:3: items[1]: aliases (*name) are not allowed\n"
          "t:4:3: items[2]: a tag is not allowed here: only !!str, !!int, !!bool, !!map and "
          "!!seq, and only where they fit\n");
}

/* What was complete before a syntax error has been passed on; nothing after it is. */
static void syntax_errors_end_it(void **state)
{
    (void)state;
    check("items:\n- a\n- b: c: d\n- e\n",
          "items[0] a\n"
          "t:3:7: not YAML: mapping values are not allowed in this context\n");
    check("items:\n- a\n---\nb: \xff\n",
          "t:4:4: not UTF-8 text: invalid leading UTF-8 octet\n");
}

static void the_sink_can_end_it(void **state)
{
    static const char text[] = "items: [a, b]\n---\nc\n";
    static const char *const expected[] = {
        "items[0] a\n",
        "items[0] a\nitems[1] b\n",
        "items[0] a\nitems[1] b\ndocument {items: []}\n",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        struct found f = { .stop_after = i + 1 };

        read_stream(yaml_stream, text, strlen(text), &f);
        assert_string_equal(f.text.data, expected[i]);
        buf_done(&f.text);
    }
}

static bool count_item(void *ctx, const struct yaml_doc *doc, const struct yaml_node *item)
{
    (void)doc;
    assert_int_equal(item->index, *(size_t *)ctx);
    ++*(size_t *)ctx;
    return true;
}

static bool count_document(void *ctx, const struct yaml_doc *doc)
{
    (void)doc;
    *(size_t *)ctx += 1000000;
    return true;
}

/* 50,000 members take six seconds if each is compared with each. */
static void many_members_are_no_problem(void **state)
{
    enum { MEMBERS = 50000 };
    const struct yaml_sink sink = {
        .list = "items", .item = count_item, .document = count_document, .ctx = &(size_t){ 0 }
    };
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    struct yaml_input in = { .file = "t", .max_depth = 5, .max_nodes = 4 * MEMBERS };
    AUTO(buf) struct buf b;

    (void)state;
    buf_init(&b, 64 << 20);
    buf_str(&b, "items:\n- first\n-\n");
    for (int i = 0; i < MEMBERS; i++)
        buf_printf(&b, "  k%d: v\n", i);
    buf_str(&b, "  k7: v\n- last\n");
    assert_non_null(b.data);
    in.text = b.data;
    in.len = b.len;
    assert_false(yaml_stream(&in, &sink, r));
    assert_int_equal(sai_report_count(r), 1);
    assert_string_equal(sai_report_get(r, 0, NULL)->text, "duplicate key, first at 11:3");
    assert_int_equal(*(size_t *)sink.ctx, 1000003);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_one_by_one),
        cmocka_unit_test(positions),
        cmocka_unit_test(other_lists_stay_in_the_document),
        cmocka_unit_test(several_documents),
        cmocka_unit_test(limits_hold_for_each_item),
        cmocka_unit_test(duplicates),
        cmocka_unit_test(mistakes_within_items),
        cmocka_unit_test(syntax_errors_end_it),
        cmocka_unit_test(the_sink_can_end_it),
        cmocka_unit_test(many_members_are_no_problem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
