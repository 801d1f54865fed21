/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash_index.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

/* From the authors' reference implementation (vectors.h): key 00 01 ... 0f, message 00 01 ...,
 * the hash read as a little-endian number; 15 bytes are the example of the paper. */
static void siphash_of_the_reference(void **state)
{
    static const struct {
        size_t len;
        uint64_t hash;
    } rows[] = {
        { 0, 0x726fdb47dd0e0e31 },  { 1, 0x74f839c593dc67fd }, { 2, 0x0d6c8009d9a94f5a },
        { 3, 0x85676696d7fb7e2d },  { 4, 0xcf2794e0277187b7 }, { 5, 0x18765564cd99a68d },
        { 6, 0xcbc9466e58fee3ce },  { 7, 0xab0200f58b01d137 }, { 8, 0x93f5f5799a932462 },
        { 15, 0xa129ca6149be45e5 },
    };
    uint64_t seed[2];
    unsigned char bytes[16];

    (void)state;
    for (unsigned char i = 0; i < sizeof(bytes); i++)
        bytes[i] = i;
    memcpy(seed, bytes, sizeof(seed));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(siphash(seed, bytes, rows[i].len), rows[i].hash);
}

static bool is_same(const void *item, const void *key)
{
    return strcmp(item, key) == 0;
}

static void *find(const struct hash_index *h, const char *key)
{
    return hash_index_find(h, hash_index_hash(h, key, strlen(key)), is_same, key);
}

static void finds_what_was_added(void **state)
{
    enum { COUNT = 5000, SIZE = 16 };
    AUTO_FREE char *names = calloc(COUNT, SIZE);
    AUTO(hash_index) struct hash_index h;

    (void)state;
    assert_non_null(names);
    hash_index_init(&h);
    assert_null(find(&h, "name-0"));
    for (size_t i = 0; i < COUNT; i++) {
        char *name = names + i * SIZE;

        (void)snprintf(name, SIZE, "name-%zu", i);
        assert_null(find(&h, name));
        assert_true(hash_index_add(&h, hash_index_hash(&h, name, strlen(name)), name));
        assert_ptr_equal(find(&h, name), name);
    }
    assert_int_equal(h.count, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        assert_ptr_equal(find(&h, names + i * SIZE), names + i * SIZE);
    assert_null(find(&h, "name-5000"));
    hash_index_clear(&h);
    assert_null(find(&h, "name-1"));
    assert_int_equal(h.count, 0);
}

/* Items of one hash are told apart by what they are, and a free slot ends the search. */
static void collisions(void **state)
{
    static char a[] = "a";
    static char b[] = "b";
    AUTO(hash_index) struct hash_index h;

    (void)state;
    hash_index_init(&h);
    assert_true(hash_index_add(&h, UINT64_MAX, a));
    assert_true(hash_index_add(&h, UINT64_MAX, b));
    assert_ptr_equal(hash_index_find(&h, UINT64_MAX, is_same, "a"), a);
    assert_ptr_equal(hash_index_find(&h, UINT64_MAX, is_same, "b"), b);
    assert_null(hash_index_find(&h, UINT64_MAX, is_same, "c"));
    assert_null(hash_index_find(&h, 0, is_same, "a"));
    hash_index_clear(&h);
    assert_null(hash_index_find(&h, UINT64_MAX, is_same, "a"));
    assert_true(hash_index_add(&h, 1, b));
    assert_ptr_equal(hash_index_find(&h, 1, is_same, "b"), b);
}

static void seeds_differ(void **state)
{
    AUTO(hash_index) struct hash_index a;
    AUTO(hash_index) struct hash_index b;

    (void)state;
    hash_index_init(&a);
    hash_index_init(&b);
    assert_int_not_equal(hash_index_hash(&a, "x", 1), hash_index_hash(&b, "x", 1));
}

/* Against a plain array of what should be there, with hashes that collide and wrap around. */
static void removes(void **state)
{
    enum { COUNT = 64, SIZE = 16, STEPS = 20000 };
    char names[COUNT][SIZE];
    bool present[COUNT] = { false };
    AUTO(hash_index) struct hash_index h;
    uint32_t random = 1;
    size_t count = 0;

    (void)state;
    hash_index_init(&h);
    hash_index_remove(&h, 1, names[0]); /* of an empty table */
    for (size_t i = 0; i < COUNT; i++)
        (void)snprintf(names[i], SIZE, "name-%zu", i);
    for (size_t step = 0; step < STEPS; step++) {
        size_t i = (random = random * 1664525U + 1013904223U) >> 26;
        uint64_t hash = UINT64_MAX - i / 4;

        if (present[i])
            hash_index_remove(&h, hash, names[i]);
        else
            assert_true(hash_index_add(&h, hash, names[i]));
        present[i] = !present[i];
        count = present[i] ? count + 1 : count - 1;
        assert_int_equal(h.count, count);
        for (size_t j = 0; j < COUNT; j++) {
            assert_ptr_equal(hash_index_find(&h, UINT64_MAX - j / 4, is_same, names[j]),
                             present[j] ? names[j] : NULL);
        }
    }
    hash_index_remove(&h, 5, "not there");
    assert_int_equal(h.count, count);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(siphash_of_the_reference),
        cmocka_unit_test(finds_what_was_added),
        cmocka_unit_test(collisions),
        cmocka_unit_test(removes),
        cmocka_unit_test(seeds_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
