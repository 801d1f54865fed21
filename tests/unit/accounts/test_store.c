/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts/store.h"
#include "base/err.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static void add(struct accounts_builder *b, const struct sai_account *a)
{
    struct sai_err e = { 0 };

    assert_true(accounts_builder_add(b, a, &e));
    assert_int_equal(e.code, SAI_OK);
}

static void add_refused(struct accounts_builder *b,
                        const struct sai_account *a,
                        enum sai_err_code code,
                        const char *text)
{
    struct sai_err e = { 0 };

    assert_false(accounts_builder_add(b, a, &e));
    assert_int_equal(e.code, code);
    assert_string_equal(e.text, text);
}

static void add_namespace(struct accounts_builder *b, const struct sai_account *ns)
{
    struct sai_err e = { 0 };

    assert_true(accounts_builder_add_namespace(b, ns, &e));
}

static struct sai_account account(const char *ns, const char *name)
{
    return (struct sai_account){ .namespace_name = ns, .name = name, .uid = "uid" };
}

/* What was passed in may be gone. */
static void everything_is_copied(void **state)
{
    static const char last_applied[] = "kubectl.kubernetes.io/last-applied-configuration";
    char key[] = "key";
    char value[] = "value";
    char name[] = "name";
    char ns[] = "ns";
    char uid[] = "uid";
    struct sai_pair annotations[] = {
        { "z", "1" }, { last_applied, "{}" }, { key, value }, { "a", "" }
    };
    struct sai_pair labels[] = { { key, value } };
    struct sai_account a = {
        .namespace_name = ns,
        .name = name,
        .uid = uid,
        .annotations = { annotations, ARRAY_SIZE(annotations) },
        .labels = { labels, ARRAY_SIZE(labels) },
    };
    struct accounts_builder *b = accounts_builder_new(10);
    AUTO(sai_accounts) struct sai_accounts *all = NULL;
    struct sai_account found;

    (void)state;
    assert_non_null(b);
    add(b, &a);
    all = accounts_builder_finish(b);
    key[0] = value[0] = name[0] = ns[0] = uid[0] = '?';
    memset(annotations, 0, sizeof(annotations));
    assert_true(sai_accounts_find(all, "ns", "name", &found));
    assert_string_equal(found.namespace_name, "ns");
    assert_string_equal(found.name, "name");
    assert_string_equal(found.uid, "uid");
    assert_int_equal(found.annotations.count, 3);
    assert_string_equal(found.annotations.items[0].key, "a");
    assert_string_equal(found.annotations.items[1].key, "key");
    assert_string_equal(found.annotations.items[2].key, "z");
    assert_string_equal(sai_pairs_find(&found.annotations, "key"), "value");
    assert_string_equal(sai_pairs_find(&found.annotations, "a"), "");
    assert_null(sai_pairs_find(&found.annotations, last_applied));
    assert_null(sai_pairs_find(&found.annotations, "b"));
    assert_int_equal(found.labels.count, 1);
    assert_string_equal(sai_pairs_find(&found.labels, "key"), "value");
    /* one copy of a key for all */
    assert_ptr_equal(found.labels.items[0].key, found.annotations.items[1].key);
    assert_int_equal(found.namespace_annotations.count, 0);
    assert_null(sai_pairs_find(&found.namespace_labels, "key"));
    assert_null(found.file);
}

static void namespaces_before_and_after(void **state)
{
    const struct sai_pair pair = { "k", "v" };
    const struct sai_account one = { .namespace_name = "one", .annotations = { &pair, 1 } };
    const struct sai_account two = { .namespace_name = "two", .labels = { &pair, 1 } };
    struct accounts_builder *b = accounts_builder_new(10);
    AUTO(sai_accounts) struct sai_accounts *all = NULL;
    struct sai_account a = account("one", "x");
    struct sai_account found;
    struct sai_account other;

    (void)state;
    assert_non_null(b);
    add_namespace(b, &one);
    add(b, &a);
    a = account("two", "x");
    add(b, &a);
    a = account("two", "y");
    add(b, &a);
    a = account("three", "x");
    add(b, &a);
    add_namespace(b, &two);
    all = accounts_builder_finish(b);
    assert_int_equal(sai_accounts_count(all), 4);
    assert_int_equal(sai_accounts_namespace_count(all), 2);
    assert_true(sai_accounts_find(all, "one", "x", &found));
    assert_string_equal(sai_pairs_find(&found.namespace_annotations, "k"), "v");
    assert_int_equal(found.namespace_labels.count, 0);
    assert_true(sai_accounts_find(all, "two", "x", &found));
    assert_string_equal(sai_pairs_find(&found.namespace_labels, "k"), "v");
    assert_true(sai_accounts_find(all, "two", "y", &other));
    assert_ptr_equal(found.namespace_labels.items, other.namespace_labels.items);
    assert_true(sai_accounts_find(all, "three", "x", &found));
    assert_int_equal(found.namespace_labels.count, 0);
}

static void finds_the_right_one_only(void **state)
{
    static const struct {
        const char *ns;
        const char *name;
        bool found;
    } rows[] = {
        { "a", "b.c", true },   { "a", "b", false },   { "b.c", "a", false },
        { "a/b", "c", false },  { "a", "b/c", false }, { "", "", false },
        { "", "a/b.c", false }, { "a", "", false },    { "A", "b.c", false },
        { "a", "b.c ", false }, { "ab", "c", true },   { "a", "bc", false },
    };
    struct accounts_builder *b = accounts_builder_new(10);
    AUTO(sai_accounts) struct sai_accounts *all = NULL;
    struct sai_account a = account("a", "b.c");
    struct sai_account untouched = { .uid = "mine" };
    char longest[400];

    (void)state;
    assert_non_null(b);
    add(b, &a);
    a = account("ab", "c");
    add(b, &a);
    all = accounts_builder_finish(b);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(sai_accounts_find(all, rows[i].ns, rows[i].name, &untouched),
                         rows[i].found);
    untouched.uid = "mine";
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_false(sai_accounts_find(all, "a", longest, &untouched));
    assert_false(sai_accounts_find(all, longest, "c", &untouched));
    assert_false(sai_accounts_find(all, longest, longest, &untouched));
    assert_string_equal(untouched.uid, "mine");
}

static void an_empty_store_finds_nothing(void **state)
{
    struct accounts_builder *b = accounts_builder_new(0);
    AUTO(sai_accounts) struct sai_accounts *all = NULL;
    struct sai_account found;

    (void)state;
    assert_non_null(b);
    all = accounts_builder_finish(b);
    assert_int_equal(sai_accounts_count(all), 0);
    assert_int_equal(sai_accounts_source_count(all), 0);
    assert_false(sai_accounts_find(all, "a", "b", &found));
    sai_accounts_free(NULL);
    accounts_builder_free(NULL);
}

static void twice(void **state)
{
    AUTO(accounts_builder) struct accounts_builder *b = accounts_builder_new(10);
    struct sai_account a = account("ns", "in-file");
    struct sai_account ns = { .namespace_name = "ns" };
    struct sai_err e = { 0 };

    (void)state;
    assert_non_null(b);
    a.file = "some/file.yaml";
    a.line = 17;
    add(b, &a);
    add_refused(b, &a, SAI_E_INVALID,
                "ServiceAccount ns/in-file is there twice, first at some/file.yaml:17");
    a = account("ns", "elsewhere");
    add(b, &a);
    add_refused(b, &a, SAI_E_INVALID, "ServiceAccount ns/elsewhere is there twice");
    add_namespace(b, &ns);
    assert_false(accounts_builder_add_namespace(b, &ns, &e));
    assert_string_equal(e.text, "Namespace ns is there twice");
}

static void limits(void **state)
{
    AUTO(accounts_builder) struct accounts_builder *b = accounts_builder_new(2);
    struct sai_account a = account("ns", "1");
    struct sai_account ns = { .namespace_name = "ns" };
    struct sai_err e = { 0 };
    char name[255];

    (void)state;
    assert_non_null(b);
    add(b, &a);
    a.name = "2";
    add(b, &a);
    a.name = "3";
    add_refused(b, &a, SAI_E_LIMIT, "more than 2 accounts");
    add_namespace(b, &ns);
    ns.namespace_name = "ns2";
    add_namespace(b, &ns);
    ns.namespace_name = "ns3";
    assert_false(accounts_builder_add_namespace(b, &ns, &e));
    assert_int_equal(e.code, SAI_E_LIMIT);
    assert_string_equal(e.text, "more than 2 Namespaces");
    memset(name, 'a', 254);
    name[254] = '\0';
    a.name = name;
    add_refused(b, &a, SAI_E_LIMIT, "a name that is too long");
}

/* Enough for the tables to grow many times. */
static void many(void **state)
{
    enum { NAMESPACES = 300, EACH = 40 };
    struct accounts_builder *b = accounts_builder_new((size_t)NAMESPACES * EACH);
    AUTO(sai_accounts) struct sai_accounts *all = NULL;
    char ns[32];
    char name[32];
    struct sai_pair pair = { "name", name };
    struct sai_account a = {
        .namespace_name = ns, .name = name, .uid = ns, .annotations = { &pair, 1 }
    };

    (void)state;
    assert_non_null(b);
    for (int i = 0; i < NAMESPACES * EACH; i++) {
        (void)snprintf(ns, sizeof(ns), "ns-%d", i % NAMESPACES);
        (void)snprintf(name, sizeof(name), "name-%d", i / NAMESPACES);
        add(b, &a);
    }
    all = accounts_builder_finish(b);
    assert_int_equal(sai_accounts_count(all), NAMESPACES * EACH);
    for (int i = 0; i < NAMESPACES * EACH; i++) {
        struct sai_account found;

        (void)snprintf(ns, sizeof(ns), "ns-%d", i % NAMESPACES);
        (void)snprintf(name, sizeof(name), "name-%d", i / NAMESPACES);
        assert_true(sai_accounts_find(all, ns, name, &found));
        assert_string_equal(found.uid, ns);
        assert_string_equal(sai_pairs_find(&found.annotations, "name"), name);
    }
    assert_false(sai_accounts_find(all, "ns-0", "name-40", &a));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_copied),
        cmocka_unit_test(namespaces_before_and_after),
        cmocka_unit_test(finds_the_right_one_only),
        cmocka_unit_test(an_empty_store_finds_nothing),
        cmocka_unit_test(twice),
        cmocka_unit_test(limits),
        cmocka_unit_test(many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
