/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "unit.h"

#include <string.h>

static void appends_everything(void **state)
{
    struct sai_err e = { 0 };
    AUTO(buf) struct buf b;

    (void)state;
    buf_init(&b, 1000);
    buf_str(&b, "a");
    buf_char(&b, '-');
    buf_add(&b, "b\0c", 3);
    buf_u64(&b, 0);
    buf_u64(&b, UINT64_MAX);
    buf_i64(&b, INT64_MIN);
    buf_i64(&b, 7);
    buf_printf(&b, "%s=%d", "x", -1);
    buf_add(&b, NULL, 0);
    assert_true(buf_ok(&b, &e));
    assert_int_equal(b.len, 1 + 1 + 3 + 1 + 20 + 20 + 1 + 4);
    assert_memory_equal(b.data, "a-b\0c018446744073709551615-92233720368547758087x=-1", b.len);
    assert_int_equal(b.data[b.len], 0);
}

static void holds_exactly_its_maximum(void **state)
{
    struct sai_err e = { 0 };
    AUTO(buf) struct buf b;

    (void)state;
    buf_init(&b, 5);
    buf_str(&b, "12345");
    assert_true(buf_ok(&b, &e));
    assert_string_equal(b.data, "12345");
    buf_reset(&b);
    assert_string_equal(b.data, "");
    buf_str(&b, "12345");
    buf_char(&b, '6');
    assert_false(buf_ok(&b, &e));
    assert_int_equal(e.code, SAI_E_LIMIT);
    assert_string_equal(e.text, "longer than 5 bytes");
}

static void failure_is_sticky(void **state)
{
    struct sai_err e = { 0 };
    AUTO(buf) struct buf b;

    (void)state;
    buf_init(&b, 3);
    buf_printf(&b, "%s", "1234");
    buf_str(&b, "1");
    assert_null(b.data);
    assert_int_equal(b.len, 0);
    assert_null(buf_take(&b, NULL));
    assert_false(buf_ok(&b, &e));
    buf_reset(&b);
    buf_str(&b, "1");
    e = (struct sai_err){ 0 };
    assert_true(buf_ok(&b, &e));
    assert_string_equal(b.data, "1");
}

static void grows_over_many_sizes(void **state)
{
    enum { COUNT = 100000 };
    struct sai_err e = { 0 };
    AUTO(buf) struct buf b;

    (void)state;
    buf_init(&b, COUNT);
    for (int i = 0; i < COUNT; i++)
        buf_char(&b, (char)('a' + i % 26));
    assert_true(buf_ok(&b, &e));
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(b.data[i], 'a' + i % 26);
}

static void take_hands_over(void **state)
{
    struct buf b;
    size_t len = 99;

    (void)state;
    buf_init(&b, 10);
    AUTO_FREE char *empty = buf_take(&b, &len);
    assert_string_equal(empty, "");
    assert_int_equal(len, 0);
    buf_str(&b, "abc");
    AUTO_FREE char *text = buf_take(&b, &len);
    assert_string_equal(text, "abc");
    assert_int_equal(len, 3);
    assert_null(b.data);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_everything), cmocka_unit_test(holds_exactly_its_maximum),
        cmocka_unit_test(failure_is_sticky),  cmocka_unit_test(grows_over_many_sizes),
        cmocka_unit_test(take_hands_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
