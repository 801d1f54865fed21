/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/sign.h"
#include "unit.h"
#include "vectors.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

static const char *const kinds[] = { "RSA", "P-256", "P-384", "P-521", "ED25519" };
static const size_t sizes[] = { 256, 64, 96, 132, 64 };

static void published_signatures_verify(void **state)
{
    (void)state;
    for (size_t i = 0; i < vector_count; i++) {
        const struct vector *v = &vectors[i];
        AUTO(buf) struct buf pem = { 0 };
        AUTO(buf) struct buf sig = { 0 };
        AUTO(pkey) struct pkey *k = NULL;
        AUTO(verifier) struct verifier *verifier = NULL;
        struct sai_err e = { 0 };

        if (v->signature == NULL)
            continue;
        buf_init(&pem, 4096);
        buf_init(&sig, 4096);
        vector_put_pem(&pem, v);
        vector_decode(&sig, v->signature);
        k = pkey_of_text(pem.data, pem.len);
        assert_true(verifier_new(k, alg_find(v->alg), &verifier, &e));
        /* twice: the contexts are used again */
        for (int round = 0; round < 2; round++)
            assert_true(verifier_check(verifier, v->input, strlen(v->input),
                                       (unsigned char *)sig.data, sig.len, &e));
        for (size_t bit = 0; bit < 8 * sig.len; bit += 37) {
            struct sai_err own = { 0 };

            sig.data[bit / 8] = (char)(sig.data[bit / 8] ^ (1 << bit % 8));
            assert_false(verifier_check(verifier, v->input, strlen(v->input),
                                        (unsigned char *)sig.data, sig.len, &own));
            assert_int_equal(own.code, SAI_E_INVALID);
            sig.data[bit / 8] = (char)(sig.data[bit / 8] ^ (1 << bit % 8));
        }
        assert_false(verifier_check(verifier, v->input, strlen(v->input) - 1,
                                    (unsigned char *)sig.data, sig.len, &e));
    }
}

/* JWS form to what OpenSSL's one-shot call checks. */
static void check_with_openssl(const struct buf *pem,
                               const struct alg *alg,
                               const char *message,
                               const unsigned char *sig,
                               size_t len)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char *der = NULL;
    size_t width = alg->coordinate_bytes;

    if (width != 0) {
        ECDSA_SIG *pair = ECDSA_SIG_new();

        assert_int_equal(len, 2 * width);
        assert_int_equal(ECDSA_SIG_set0(pair, BN_bin2bn(sig, (int)width, NULL),
                                        BN_bin2bn(sig + width, (int)width, NULL)),
                         1);
        len = (size_t)i2d_ECDSA_SIG(pair, &der);
        ECDSA_SIG_free(pair);
        sig = der;
    }
    assert_int_equal(EVP_DigestVerifyInit_ex(ctx, NULL, alg->digest, NULL, NULL, key, NULL), 1);
    assert_int_equal(
        EVP_DigestVerify(ctx, sig, len, (const unsigned char *)message, strlen(message)), 1);
    OPENSSL_free(der);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    BIO_free_all(bio);
}

static void signatures_satisfy_openssl(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_SIZE(kinds); i++) {
        AUTO(buf) struct buf pem = { 0 };
        AUTO(pkey) struct pkey *k = NULL;
        AUTO(signer) struct signer *s = NULL;
        unsigned char sig[SIGNATURE_MAX];
        struct sai_err e = { 0 };
        size_t len = 0;

        buf_init(&pem, 8192);
        generate_pem(&pem, kinds[i / 2]);
        k = pkey_of_text(pem.data, pem.len);
        assert_true(signer_new(k, i % 2 == 0, &s, &e));
        /* Often enough that numbers with leading zero bytes turn up. */
        for (int round = 0; round < 200; round++) {
            char message[32];

            (void)snprintf(message, sizeof(message), "message %d", round);
            assert_true(signer_sign(s, message, strlen(message), sig, &len, &e));
            assert_int_equal(len, sizes[i / 2]);
            if (round % 10 == 0)
                check_with_openssl(&pem, pkey_alg(k), message, sig, len);
        }
        assert_true(signer_prove(k, &e));
    }
}

static void lengths_are_checked_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        AUTO(buf) struct buf pem = { 0 };
        AUTO(pkey) struct pkey *k = NULL;
        AUTO(signer) struct signer *s = NULL;
        AUTO(verifier) struct verifier *v = NULL;
        unsigned char sig[SIGNATURE_MAX + 1] = { 0 };
        struct sai_err e = { 0 };
        size_t len = 0;

        buf_init(&pem, 8192);
        generate_pem(&pem, kinds[i]);
        k = pkey_of_text(pem.data, pem.len);
        assert_true(signer_new(k, true, &s, &e));
        assert_true(verifier_new(k, pkey_alg(k), &v, &e));
        assert_true(signer_sign(s, "m", 1, sig, &len, &e));
        for (size_t n = 0; n <= SIGNATURE_MAX + 1; n++) {
            struct sai_err own = { 0 };

            assert_int_equal(verifier_check(v, "m", 1, sig, n, &own), n == len);
            assert_int_equal(own.code, n == len ? SAI_OK : SAI_E_INVALID);
        }
    }
}

static void public_keys_do_not_sign(void **state)
{
    AUTO(buf) struct buf pem = { 0 };
    AUTO(pkey) struct pkey *k = NULL;
    struct signer *s = NULL;
    struct sai_err e = { 0 };

    (void)state;
    buf_init(&pem, 4096);
    vector_put_pem(&pem, &vectors[0]);
    k = pkey_of_text(pem.data, pem.len);
    assert_false(signer_new(k, true, &s, &e));
    assert_int_equal(e.code, SAI_E_INVALID);
    assert_string_equal(e.text, "a public key cannot sign");
    assert_null(s);
}

/* RFC 8725 section 3.1: a key is used for algorithms of its own kind and curve only. */
static void keys_and_algorithms_must_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < vector_count; i++) {
        AUTO(buf) struct buf pem = { 0 };
        AUTO(pkey) struct pkey *k = NULL;

        buf_init(&pem, 4096);
        vector_put_pem(&pem, &vectors[i]);
        k = pkey_of_text(pem.data, pem.len);
        for (size_t a = 0; alg_get(a) != NULL; a++) {
            const char *name = alg_get(a)->name;
            bool fits = strcmp(name, vectors[i].alg) == 0 ||
                        (vectors[i].n != NULL && strncmp(name, "RS", 2) == 0);
            AUTO(verifier) struct verifier *v = NULL;
            struct sai_err e = { 0 };

            assert_int_equal(verifier_new(k, alg_get(a), &v, &e), fits);
            assert_int_equal(e.code, fits ? SAI_OK : SAI_E_INVALID);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_signatures_verify),
        cmocka_unit_test(signatures_satisfy_openssl),
        cmocka_unit_test(lengths_are_checked_first),
        cmocka_unit_test(public_keys_do_not_sign),
        cmocka_unit_test(keys_and_algorithms_must_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
