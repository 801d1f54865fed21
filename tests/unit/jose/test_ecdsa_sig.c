/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/ecdsa_sig.h"
#include "unit.h"

#include <openssl/ec.h>
#include <openssl/rand.h>
#include <string.h>

static const size_t widths[] = { 32, 48, 66 };

/* Both ways against OpenSSL's codec, with runs of zero bytes in front as they happen. */
static void random_pairs_against_openssl(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        size_t width = widths[round % ARRAY_SIZE(widths)];
        unsigned char raw[2 * ECDSA_COORDINATE_MAX];
        unsigned char back[2 * ECDSA_COORDINATE_MAX];
        unsigned char ours[ECDSA_DER_MAX];
        unsigned char *theirs = NULL;
        ECDSA_SIG *sig = ECDSA_SIG_new();
        size_t len;

        assert_int_equal(RAND_bytes(raw, (int)(2 * width)), 1);
        memset(raw, 0, round / 3 % (width + 1));
        memset(raw + width, 0, round / 7 % (width + 1));
        assert_int_equal(ECDSA_SIG_set0(sig, BN_bin2bn(raw, (int)width, NULL),
                                        BN_bin2bn(raw + width, (int)width, NULL)),
                         1);
        len = (size_t)i2d_ECDSA_SIG(sig, &theirs);
        assert_int_equal(ecdsa_der_from_raw(raw, width, ours), len);
        assert_memory_equal(ours, theirs, len);
        assert_true(ecdsa_raw_from_der(theirs, len, width, back));
        assert_memory_equal(back, raw, 2 * width);
        OPENSSL_free(theirs);
        ECDSA_SIG_free(sig);
    }
}

static void malformed_signatures_are_refused(void **state)
{
    static const struct {
        const char *what;
        const char *der;
        size_t len;
    } rows[] = {
        { "nothing", "", 0 },
        { "tag alone", "\x30", 1 },
        { "empty sequence", "\x30\x00", 2 },
        { "no sequence", "\x31\x06\x02\x01\x01\x02\x01\x01", 8 },
        { "one integer", "\x30\x03\x02\x01\x01", 5 },
        { "three integers", "\x30\x09\x02\x01\x01\x02\x01\x01\x02\x01\x01", 11 },
        { "bytes after", "\x30\x06\x02\x01\x01\x02\x01\x01\x00", 9 },
        { "sequence too long", "\x30\x07\x02\x01\x01\x02\x01\x01", 8 },
        { "sequence too short", "\x30\x05\x02\x01\x01\x02\x01\x01", 8 },
        { "integer without bytes", "\x30\x05\x02\x00\x02\x01\x01", 7 },
        { "negative", "\x30\x06\x02\x01\x80\x02\x01\x01", 8 },
        { "needless zero", "\x30\x07\x02\x02\x00\x01\x02\x01\x01", 9 },
        { "octet string", "\x30\x06\x04\x01\x01\x02\x01\x01", 8 },
        { "long length where short is due", "\x30\x81\x06\x02\x01\x01\x02\x01\x01", 9 },
        { "length of two bytes", "\x30\x82\x00\x06\x02\x01\x01\x02\x01\x01", 10 },
        { "length cut off", "\x30\x81", 2 },
        { "indefinite length", "\x30\x80\x02\x01\x01\x02\x01\x01\x00\x00", 10 },
    };
    unsigned char out[2 * ECDSA_COORDINATE_MAX];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        print_message("%s\n", rows[i].what);
        assert_false(
            ecdsa_raw_from_der((const unsigned char *)rows[i].der, rows[i].len, 32, out));
    }
}

static void a_number_wider_than_the_curve_is_refused(void **state)
{
    unsigned char raw[2 * 48];
    unsigned char der[ECDSA_DER_MAX];
    unsigned char out[2 * ECDSA_COORDINATE_MAX];
    size_t len;

    (void)state;
    memset(raw, 0x41, sizeof(raw));
    len = ecdsa_der_from_raw(raw, 48, der);
    assert_true(ecdsa_raw_from_der(der, len, 48, out));
    assert_false(ecdsa_raw_from_der(der, len, 32, out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_pairs_against_openssl),
        cmocka_unit_test(malformed_signatures_are_refused),
        cmocka_unit_test(a_number_wider_than_the_curve_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
