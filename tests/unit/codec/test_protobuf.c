/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/protobuf.h"
#include "unit.h"

#include <string.h>

#define BYTES(s) s, sizeof(s) - 1

struct good_row {
    const char *bytes;
    size_t len;
    uint32_t number;
    enum pb_wire wire;
    uint64_t value;
    const char *text;
};

/* The first three are examples of the encoding's documentation. */
static const struct good_row good_rows[] = {
    { BYTES("\x08\x96\x01"), 1, PB_VARINT, 150, NULL },
    { BYTES("\x12\x07testing"), 2, PB_LEN, 0, "testing" },
    { BYTES("\x18\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 3, PB_VARINT, UINT64_MAX - 1,
      NULL },
    { BYTES("\x08\x80\x00"), 1, PB_VARINT, 0, NULL }, /* longer than needed is legal */
    { BYTES("\x0a\x00"), 1, PB_LEN, 0, "" },
    { BYTES("\x0d\x01\x02\x03\x84"), 1, PB_I32, 0x84030201, NULL },
    { BYTES("\x09\x01\x02\x03\x04\x05\x06\x07\x88"), 1, PB_I64, UINT64_C(0x8807060504030201),
      NULL },
    { BYTES("\xf8\xff\xff\xff\x0f\x01"), (1U << 29) - 1, PB_VARINT, 1, NULL },
};

static void reads_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good_rows); i++) {
        const struct good_row *row = &good_rows[i];
        struct sai_err e = { 0 };
        struct pb_reader r;
        struct pb_field f;

        pb_reader_init(&r, row->bytes, row->len);
        assert_true(pb_next(&r, &f, &e));
        assert_int_equal(f.number, row->number);
        assert_int_equal(f.wire, row->wire);
        if (row->text == NULL) {
            assert_true(f.value == row->value);
        } else {
            assert_int_equal(f.len, strlen(row->text));
            assert_memory_equal(f.bytes, row->text, f.len);
        }
        assert_true(pb_next(&r, &f, &e));
        assert_int_equal(f.number, 0);
    }
}

struct bad_row {
    const char *bytes;
    size_t len;
    const char *error;
};

static const struct bad_row bad_rows[] = {
    { BYTES("\x08"), "ends within a number" },
    { BYTES("\x08\x80"), "ends within a number" },
    { BYTES("\x80"), "ends within a number" },
    { BYTES("\x0d\x01\x02\x03"), "ends within a number" },
    { BYTES("\x09\x01\x02\x03\x04\x05\x06\x07"), "ends within a number" },
    { BYTES("\x12"), "ends within a number" },
    { BYTES("\x12\x08testing"), "field 2 ends beyond its message" },
    { BYTES("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x"),
      "field 2 ends beyond its message" },
    { BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), "a number of more than 64 bits" },
    { BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00"),
      "a number of more than 64 bits" },
    { BYTES("\x00\x01"), "a field number out of range" },
    { BYTES("\x80\x80\x80\x80\x10\x01"), "a field number out of range" },
    { BYTES("\x0b\x08\x01\x0c"), "field 1 has wire type 3, which is not taken" },
    { BYTES("\x0c"), "field 1 has wire type 4, which is not taken" },
    { BYTES("\x0e"), "field 1 has wire type 6, which is not taken" },
    { BYTES("\x0f"), "field 1 has wire type 7, which is not taken" },
};

static void refuses_what_is_no_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad_rows); i++) {
        struct sai_err e = { 0 };
        struct pb_reader r;
        struct pb_field f;

        pb_reader_init(&r, bad_rows[i].bytes, bad_rows[i].len);
        assert_false(pb_next(&r, &f, &e));
        assert_string_equal(e.text, bad_rows[i].error);
        assert_int_equal(e.code, SAI_E_SYNTAX);
    }
}

static void an_empty_message_has_no_fields(void **state)
{
    struct sai_err e = { 0 };
    struct pb_reader r;
    struct pb_field f;

    (void)state;
    pb_reader_init(&r, NULL, 0);
    assert_true(pb_next(&r, &f, &e));
    assert_int_equal(f.number, 0);
}

static void tells_text(void **state)
{
    (void)state;
    assert_true(pb_is_text("", 0));
    assert_true(pb_is_text(BYTES("h\xc3\xa9 \xe4\xb8\x96 \xf0\x9f\x98\x80")));
    assert_false(pb_is_text(BYTES("a\0b")));
    assert_false(pb_is_text(BYTES("\xff")));
    assert_false(pb_is_text(BYTES("\xc3")));
    assert_false(pb_is_text(BYTES("\xc0\x80")));     /* overlong */
    assert_false(pb_is_text(BYTES("\xed\xa0\x80"))); /* a surrogate */
}

static void writes_what_the_documentation_shows(void **state)
{
    AUTO(buf) struct buf b;

    (void)state;
    buf_init(&b, 100);
    pb_put_varint(&b, 1, 150);
    pb_put_bytes(&b, 2, "testing", 7);
    pb_put_varint(&b, (1U << 29) - 1, UINT64_MAX);
    assert_int_equal(b.len, 3 + 9 + 15);
    assert_memory_equal(b.data,
                        "\x08\x96\x01\x12\x07testing\xf8\xff\xff\xff\x0f"
                        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                        b.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_fields),
        cmocka_unit_test(refuses_what_is_no_message),
        cmocka_unit_test(an_empty_message_has_no_fields),
        cmocka_unit_test(tells_text),
        cmocka_unit_test(writes_what_the_documentation_shows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
