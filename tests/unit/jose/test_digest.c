/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/digest.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static void check_hex(const unsigned char digest[SHA256_BYTES], const char *hex)
{
    char text[2 * SHA256_BYTES + 1];

    for (size_t i = 0; i < SHA256_BYTES; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(text, hex);
}

/* FIPS 180-4 examples. */
static void known_answers(void **state)
{
    static const struct {
        const char *text;
        const char *hex;
    } rows[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        unsigned char digest[SHA256_BYTES];
        struct sai_err e = { 0 };

        assert_true(sha256(rows[i].text, strlen(rows[i].text), digest, &e));
        check_hex(digest, rows[i].hex);
    }
}

static void a_million_times_a_in_pieces(void **state)
{
    AUTO(sha256_stream) struct sha256_stream s;
    unsigned char digest[SHA256_BYTES];
    struct sai_err e = { 0 };
    char piece[1000];

    (void)state;
    memset(piece, 'a', sizeof(piece));
    sha256_init(&s);
    for (int i = 0; i < 1000; i++)
        sha256_add(&s, piece, sizeof(piece));
    assert_true(sha256_final(&s, digest, &e));
    check_hex(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void digest_pieces(const char *a, const char *b, unsigned char out[SHA256_BYTES])
{
    AUTO(sha256_stream) struct sha256_stream s;
    struct sai_err e = { 0 };

    sha256_init(&s);
    sha256_add_piece(&s, a, strlen(a));
    sha256_add_piece(&s, b, strlen(b));
    assert_true(sha256_final(&s, out, &e));
}

static void pieces_do_not_run_together(void **state)
{
    unsigned char one[SHA256_BYTES];
    unsigned char other[SHA256_BYTES];

    (void)state;
    digest_pieces("ab", "c", one);
    digest_pieces("a", "bc", other);
    assert_memory_not_equal(one, other, sizeof(one));
    digest_pieces("ab", "c", other);
    assert_memory_equal(one, other, sizeof(one));
}

static void a_failed_stream_says_so(void **state)
{
    struct sha256_stream s = { NULL };
    unsigned char digest[SHA256_BYTES];
    struct sai_err e = { 0 };

    (void)state;
    sha256_add(&s, "x", 1);
    assert_false(sha256_final(&s, digest, &e));
    assert_int_equal(e.code, SAI_E_NOMEM);
    sha256_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(a_million_times_a_in_pieces),
        cmocka_unit_test(pieces_do_not_run_together),
        cmocka_unit_test(a_failed_stream_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
