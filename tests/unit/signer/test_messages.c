/* SPDX-License-Identifier: Apache-2.0 */

/* The messages against bytes that python3-protobuf wrote for k8s.io/externaljwt's api.proto. */

#include "signer/messages.h"
#include "unit.h"

#include <string.h>

#define BYTES(s)                                                                               \
    {                                                                                          \
        s, sizeof(s) - 1                                                                       \
    }

static void reads_sign_requests(void **state)
{
    static const struct {
        struct field_bytes message;
        const char *claims;
    } good[] = {
        { BYTES(""), "" },
        { BYTES("\x0a\x00"), "" },
        { BYTES("\x0a\x03"
                "e30"),
          "e30" },
        { BYTES("\x10\x05\x0a\x03"
                "e30\x1a\x01x"),
          "e30" }, /* fields of a later version */
    };
    static const struct field_bytes bad[] = {
        BYTES("\x0a"),
        BYTES("\x0a\x04"
              "e30"),
        BYTES("\x08\x01"),
        BYTES("\x0a\x03"
              "e30\x0a\x03"
              "e30"),
        BYTES("\x0b\x0c"),
        BYTES("\x00"),
        BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        struct field_bytes claims;
        struct sai_err e = { 0 };

        assert_true(sign_request_read(good[i].message, &claims, &e));
        assert_int_equal(claims.len, strlen(good[i].claims));
        assert_memory_equal(claims.at, good[i].claims, claims.len);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct field_bytes claims;
        struct sai_err e = { 0 };

        assert_false(sign_request_read(bad[i], &claims, &e));
        assert_true(e.code == SAI_E_SYNTAX || e.code == SAI_E_INVALID);
    }
}

static void empty_requests_are_messages_too(void **state)
{
    struct sai_err e = { 0 };

    (void)state;
    assert_true(empty_request_read((struct field_bytes){ "", 0 }, &e));
    assert_true(empty_request_read((struct field_bytes)BYTES("\x0a\x01x"), &e));
    assert_false(empty_request_read((struct field_bytes)BYTES("\x0a\x02x"), &e));
    assert_int_equal(e.code, SAI_E_SYNTAX);
}

static void expect(const struct buf *b, const void *bytes, size_t len)
{
    struct sai_err e = { 0 };

    assert_true(buf_ok(b, &e));
    assert_int_equal(b->len, len);
    assert_memory_equal(b->data, bytes, len);
}

static void writes_responses(void **state)
{
    static const char sign[] = "\x0a\x02he\x12\x03sig";
    static const char keys[] = "\x0a\x0a\x0a\x04kid1\x12\x02\x30\x00"
                               "\x0a\x0c\x0a\x04kid2\x12\x02\x30\x00\x18\x01"
                               "\x12\x06\x08\x80\x97\xd7\xca\x06\x18\xac\x02";
    static const char metadata[] = "\x08\x80\xe7\x84\x0f";
    AUTO(buf) struct buf b;
    struct sai_err e = { 0 };

    (void)state;
    buf_init(&b, 1024);
    sign_response_put(&b, (struct field_bytes){ "he", 2 }, (struct field_bytes){ "sig", 3 });
    expect(&b, sign, sizeof(sign) - 1);
    buf_reset(&b);
    assert_true(fetch_keys_response_put_key(
        &b, &(struct listed_key){ "kid1", { "\x30\x00", 2 }, false }, &e));
    assert_true(fetch_keys_response_put_key(
        &b, &(struct listed_key){ "kid2", { "\x30\x00", 2 }, true }, &e));
    assert_true(fetch_keys_response_put_end(&b, 1767230336, 300, &e));
    expect(&b, keys, sizeof(keys) - 1);
    buf_reset(&b);
    metadata_response_put(&b, 31536000);
    expect(&b, metadata, sizeof(metadata) - 1);
}

static void a_response_has_a_limit(void **state)
{
    AUTO(buf) struct buf b;
    struct sai_err e = { 0 };

    (void)state;
    buf_init(&b, 16);
    assert_false(fetch_keys_response_put_key(
        &b, &(struct listed_key){ "a key id that is too long", { "\x30\x00", 2 }, false }, &e));
    assert_int_equal(e.code, SAI_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_sign_requests),
        cmocka_unit_test(empty_requests_are_messages_too),
        cmocka_unit_test(writes_responses),
        cmocka_unit_test(a_response_has_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
