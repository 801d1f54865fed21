/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/base64url.h"
#include "unit.h"

#include <openssl/evp.h>
#include <string.h>

/* RFC 4648 section 10, without padding; RFC 7515 appendix C; the two characters that differ. */
static const struct {
    const char *bytes;
    size_t len;
    const char *text;
} vectors[] = {
    { "", 0, "" },
    { "f", 1, "Zg" },
    { "fo", 2, "Zm8" },
    { "foo", 3, "Zm9v" },
    { "foob", 4, "Zm9vYg" },
    { "fooba", 5, "Zm9vYmE" },
    { "foobar", 6, "Zm9vYmFy" },
    { "\x03\xec\xff\xe0\xc1", 5, "A-z_4ME" },
    { "\xff\xff\xff", 3, "____" },
    { "\xfb\xef\xbe", 3, "----" },
};

static void known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        AUTO(buf) struct buf text = { 0 };
        AUTO(buf) struct buf bytes = { 0 };
        struct sai_err e = { 0 };

        buf_init(&text, 100);
        buf_init(&bytes, 100);
        base64url_put(&text, vectors[i].bytes, vectors[i].len);
        assert_true(buf_ok(&text, &e));
        assert_int_equal(text.len, strlen(vectors[i].text));
        assert_int_equal(text.len, base64url_size(vectors[i].len));
        assert_memory_equal(text.data, vectors[i].text, text.len);
        assert_true(base64url_decode(&bytes, vectors[i].text, strlen(vectors[i].text), &e));
        assert_int_equal(bytes.len, vectors[i].len);
        assert_memory_equal(bytes.data, vectors[i].bytes, bytes.len);
    }
}

/* Against OpenSSL's encoder, with the alphabet changed by hand. */
static void every_length_against_openssl(void **state)
{
    unsigned char bytes[100];
    unsigned char reference[200];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 151 + 7);
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        AUTO(buf) struct buf text = { 0 };
        AUTO(buf) struct buf back = { 0 };
        struct sai_err e = { 0 };
        size_t n = (size_t)EVP_EncodeBlock(reference, bytes, (int)len);

        while (n > 0 && reference[n - 1] == '=')
            n--;
        for (size_t i = 0; i < n; i++) {
            if (reference[i] == '+')
                reference[i] = '-';
            else if (reference[i] == '/')
                reference[i] = '_';
        }
        buf_init(&text, 200);
        buf_init(&back, 200);
        base64url_put(&text, bytes, len);
        assert_int_equal(text.len, n);
        assert_memory_equal(text.data, reference, n);
        assert_true(base64url_decode(&back, text.data, text.len, &e));
        assert_int_equal(back.len, len);
        assert_memory_equal(back.data, bytes, len);
    }
}

static void other_spellings_are_refused(void **state)
{
    static const struct {
        const char *text;
        const char *error;
    } rows[] = {
        { "Zg==", "not base64url: unexpected character at offset 2" },
        { "Zm8=", "not base64url: unexpected character at offset 3" },
        { "Zm9v\n", "not base64url: cut short" },
        { "Zm 9v1", "not base64url: unexpected character at offset 2" },
        { "A+z_", "not base64url: unexpected character at offset 1" },
        { "A/z_", "not base64url: unexpected character at offset 1" },
        { "Zh", "not base64url: unused bits of the last character are set" },
        { "Zm9", "not base64url: unused bits of the last character are set" },
        { "A", "not base64url: cut short" },
        { "AAAAA", "not base64url: cut short" },
        { "AA\xc3\xa9", "not base64url: unexpected character at offset 2" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO(buf) struct buf out = { 0 };
        struct sai_err e = { 0 };

        buf_init(&out, 100);
        buf_str(&out, "x");
        assert_false(base64url_decode(&out, rows[i].text, strlen(rows[i].text), &e));
        assert_int_equal(e.code, SAI_E_SYNTAX);
        assert_string_equal(e.text, rows[i].error);
        assert_int_equal(out.len, 1);
    }
}

static void limits_hold(void **state)
{
    AUTO(buf) struct buf out = { 0 };
    struct sai_err e = { 0 };

    (void)state;
    buf_init(&out, 3);
    base64url_put(&out, "abc", 3);
    assert_false(buf_ok(&out, &e));
    assert_int_equal(e.code, SAI_E_LIMIT);
    buf_done(&out);
    buf_init(&out, 2);
    e = (struct sai_err){ 0 };
    assert_false(base64url_decode(&out, "Zm9v", 4, &e));
    assert_int_equal(e.code, SAI_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(every_length_against_openssl),
        cmocka_unit_test(other_spellings_are_refused),
        cmocka_unit_test(limits_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
