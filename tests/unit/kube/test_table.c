/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "kube/table.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static void put(struct table *t, const char *uid, uint64_t version, enum table_source source)
{
    const struct meta account = {
        .namespace_name = "shop", .name = "cart", .uid = uid, .version = version
    };
    struct sai_err e = { 0 };

    assert_true(table_put(t, TABLE_ACCOUNTS, entry_new(&account, 500), source, &e));
}

static void drop(struct table *t, uint64_t version)
{
    const struct meta account = {
        .namespace_name = "shop", .name = "cart", .uid = "u", .version = version
    };

    table_remove(t, TABLE_ACCOUNTS, &account);
}

/* The Namespace is always there; of the account there is what was put since. */
static struct table *table_at(uint64_t version)
{
    const struct meta ns = { .namespace_name = "", .name = "shop", .uid = "n", .version = 1 };
    struct table *t = table_new(3);
    struct sai_err e = { 0 };

    assert_non_null(t);
    for (size_t i = 0; i < TABLE_KINDS; i++)
        table_begin(t, (enum table_kind)i);
    assert_true(table_put(t, TABLE_NAMESPACES, entry_new(&ns, 0), TABLE_LISTED, &e));
    for (size_t i = 0; i < TABLE_KINDS; i++)
        table_end(t, (enum table_kind)i, 1000, version);
    return t;
}

static const char *uid_since(struct table *t, uint64_t since_ms, char out[16])
{
    struct entry *found[TABLE_KINDS] = { NULL };
    struct sai_account a = { .uid = "none" };

    if (table_find(t, "shop", "cart", since_ms, found))
        entry_account(found[TABLE_ACCOUNTS], found[TABLE_NAMESPACES], &a);
    (void)snprintf(out, 16, "%s", a.uid);
    for (size_t i = 0; i < TABLE_KINDS; i++)
        entry_unref(found[i]);
    return out;
}

#define assert_uid(t, uid)                                                                     \
    do {                                                                                       \
        char text_[16];                                                                        \
        assert_string_equal(uid_since(t, 1, text_), uid);                                      \
    } while (0)

static void later_versions_win(void **state)
{
    AUTO(table) struct table *t = table_at(10);

    (void)state;
    put(t, "a", 11, TABLE_WATCHED);
    put(t, "b", 13, TABLE_WATCHED);
    put(t, "c", 12, TABLE_WATCHED);
    assert_uid(t, "b");
    put(t, "d", 12, TABLE_ASKED);
    assert_uid(t, "b");
    put(t, "e", 14, TABLE_ASKED);
    assert_uid(t, "e");
    drop(t, 13);
    assert_uid(t, "e");
    drop(t, 15);
    assert_uid(t, "none");
    drop(t, 16); /* is gone already */
}

static void versions_that_do_not_compare(void **state)
{
    AUTO(table) struct table *t = table_at(0);

    (void)state;
    put(t, "a", 0, TABLE_ASKED); /* nobody could tell when it goes */
    assert_uid(t, "none");
    put(t, "b", 0, TABLE_WATCHED);
    assert_uid(t, "b");
    put(t, "c", 0, TABLE_WATCHED);
    assert_uid(t, "c");
    drop(t, 0);
    assert_uid(t, "none");
}

/* A GET that was answered before a deletion, and whose answer comes after it. */
static void what_was_deleted_does_not_come_back(void **state)
{
    AUTO(table) struct table *t = table_at(10);

    (void)state;
    put(t, "a", 9, TABLE_LISTED);
    drop(t, 11);
    table_alive(t, TABLE_ACCOUNTS, 2000, 11);
    put(t, "a", 9, TABLE_ASKED);
    assert_uid(t, "none");
    put(t, "b", 12, TABLE_ASKED); /* the watch will tell when it goes */
    assert_uid(t, "b");
    drop(t, 13);
    assert_uid(t, "none");
}

static void a_list_shows_all_there_is(void **state)
{
    AUTO(table) struct table *t = table_at(10);

    (void)state;
    put(t, "a", 9, TABLE_LISTED);
    table_begin(t, TABLE_ACCOUNTS);
    assert_uid(t, "a"); /* until the list is complete */
    table_end(t, TABLE_ACCOUNTS, 3000, 20);
    assert_uid(t, "none");
    put(t, "b", 21, TABLE_WATCHED);
    table_begin(t, TABLE_ACCOUNTS);
    put(t, "c", 5, TABLE_LISTED); /* restored from a backup */
    table_end(t, TABLE_ACCOUNTS, 4000, 6);
    assert_uid(t, "c");
    /* Found while a list is read that does not show it: gone with the list's end. */
    drop(t, 0);
    table_begin(t, TABLE_ACCOUNTS);
    put(t, "d", 30, TABLE_ASKED);
    assert_uid(t, "d");
    table_end(t, TABLE_ACCOUNTS, 5000, 40);
    assert_uid(t, "none");
    /* Found while a list is read that does. */
    table_begin(t, TABLE_ACCOUNTS);
    put(t, "e", 41, TABLE_LISTED);
    put(t, "f", 42, TABLE_ASKED);
    table_end(t, TABLE_ACCOUNTS, 6000, 41);
    assert_uid(t, "f");
}

static void ages(void **state)
{
    AUTO(table) struct table *t = table_at(10);
    AUTO(table) struct table *empty = table_new(1);
    char text[16];

    (void)state;
    assert_int_equal(table_as_of_ms(empty), 0);
    table_alive(empty, TABLE_ACCOUNTS, 77, 1); /* says nothing before a list */
    assert_int_equal(table_as_of_ms(empty), 0);
    put(t, "a", 9, TABLE_LISTED);
    assert_string_equal(uid_since(t, 1000, text), "a");
    assert_string_equal(uid_since(t, 1001, text), "none");
    table_alive(t, TABLE_ACCOUNTS, 1500, 10);
    assert_int_equal(table_as_of_ms(t), 1000);
    assert_string_equal(uid_since(t, 1500, text), "none"); /* as old as its Namespace */
    table_alive(t, TABLE_NAMESPACES, 1600, 10);
    assert_int_equal(table_as_of_ms(t), 1500);
    assert_string_equal(uid_since(t, 1500, text), "a");
}

static void is_bounded(void **state)
{
    AUTO(table) struct table *t = table_at(10);
    struct sai_err e = { 0 };
    char name[16];

    (void)state;
    for (int i = 0; i < 4; i++) {
        const struct meta m = { .namespace_name = "shop", .name = name, .uid = "u" };

        (void)snprintf(name, sizeof(name), "a%d", i);
        assert_int_equal(table_put(t, TABLE_ACCOUNTS, entry_new(&m, 0), TABLE_WATCHED, &e),
                         i < 3);
    }
    assert_int_equal(e.code, SAI_E_LIMIT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_versions_win),
        cmocka_unit_test(versions_that_do_not_compare),
        cmocka_unit_test(what_was_deleted_does_not_come_back),
        cmocka_unit_test(a_list_shows_all_there_is),
        cmocka_unit_test(ages),
        cmocka_unit_test(is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
