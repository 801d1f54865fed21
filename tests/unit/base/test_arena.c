/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "unit.h"

#include <string.h>

static void check_zeroed(const unsigned char *p, size_t size)
{
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(p[i], 0);
}

/* Sizes around those of a block, twice, with what the first round left behind in between. */
static void memory_is_zeroed_again_after_a_reset(void **state)
{
    static const size_t sizes[] = { 1, 15, 16, 17, 1000, 16383, 16384, 16385, 100000, 1 };
    AUTO(arena) struct arena *a = arena_new();

    (void)state;
    assert_non_null(a);
    arena_reset(a);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
            unsigned char *p = arena_alloc(a, sizes[i]);

            check_zeroed(p, sizes[i]);
            memset(p, 0xff, sizes[i]);
        }
        arena_reset(a);
    }
}

static void strings(void **state)
{
    AUTO(arena) struct arena *a = arena_new();

    (void)state;
    assert_string_equal(arena_strdup(a, "text"), "text");
    assert_string_equal(arena_strndup(a, "text", 2), "te");
    assert_string_equal(arena_strndup(a, "", 0), "");
    assert_null(arena_alloc(a, SIZE_MAX));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_again_after_a_reset),
        cmocka_unit_test(strings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
