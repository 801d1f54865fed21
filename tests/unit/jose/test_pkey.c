/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/pkey.h"
#include "unit.h"
#include "vectors.h"

#include <string.h>

/* Public keys and key ids as kubernetes/kubernetes publishes them in
 * pkg/serviceaccount/jwt_test.go (rsaPublicKey, rsaKeyID, ecdsaPublicKey, ecdsaKeyID). */
static const struct {
    const char *pem;
    const char *alg;
    const char *kid;
} kubernetes_keys[] = {
    { "-----BEGIN PUBLIC KEY-----\n"
      "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA249XwEo9k4tM8fMxV7zx\n"
      "OhcrP+WvXn917koM5Qr2ZXs4vo26e4ytdlrV0bQ9SlcLpQVSYjIxNfhTZdDt+ecI\n"
      "zshKuv1gKIxbbLQMOuK1eA/4HALyEkFgmS/tleLJrhc65tKPMGD+pKQ/xhmzRuCG\n"
      "51RoiMgbQxaCyYxGfNLpLAZK9L0Tctv9a0mJmGIYnIOQM4kC1A1I1n3EsXMWmeJU\n"
      "j7OTh/AjjCnMnkgvKT2tpKxYQ59PgDgU8Ssc7RDSmSkLxnrv+OrN80j6xrw0OjEi\n"
      "B4Ycr0PqfzZcvy8efTtFQ/Jnc4Bp1zUtFXt7+QeevePtQ2EcyELXE0i63T1CujRM\n"
      "WwIDAQAB\n"
      "-----END PUBLIC KEY-----\n",
      "RS256", "JHJehTTTZlsspKHT-GaJxK7Kd1NQgZJu3fyK6K_QDYU" },
    { "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEH6cuzP8XuD5wal6wf9M6xDljTOPL\n"
      "X2i8uIp/C/ASqiIGUeeKQtX0/IR3qCXyThP/dbCiHrF3v1cuhBOHY8CLVg==\n"
      "-----END PUBLIC KEY-----",
      "ES256", "SoABiieYuNx4UdqYvZRVeuC6SihxgLrhLy9peHMHpTc" },
};

static void kids_are_those_of_kubernetes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(kubernetes_keys); i++) {
        AUTO(pkey)
        struct pkey *k = pkey_of_text(kubernetes_keys[i].pem, strlen(kubernetes_keys[i].pem));

        assert_string_equal(pkey_kid(k), kubernetes_keys[i].kid);
        assert_string_equal(pkey_alg(k)->name, kubernetes_keys[i].alg);
        assert_false(pkey_is_private(k));
        assert_false(pkey_is_of_ca(k));
    }
}

static void put_expected_jwk(struct buf *b, const struct vector *v, const char *kid)
{
    if (v->n != NULL)
        buf_printf(b,
                   "{\"use\":\"sig\",\"kty\":\"RSA\",\"kid\":\"%s\",\"alg\":\"%s\","
                   "\"n\":\"%s\",\"e\":\"%s\"}",
                   kid, v->alg, v->n, v->e);
    else if (v->y != NULL)
        buf_printf(b,
                   "{\"use\":\"sig\",\"kty\":\"EC\",\"kid\":\"%s\",\"crv\":\"%s\","
                   "\"alg\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"}",
                   kid, v->crv, v->alg, v->x, v->y);
    else
        buf_printf(b,
                   "{\"use\":\"sig\",\"kty\":\"OKP\",\"kid\":\"%s\",\"crv\":\"%s\","
                   "\"alg\":\"%s\",\"x\":\"%s\"}",
                   kid, v->crv, v->alg, v->x);
}

static void jwk_members_are_those_of_the_rfcs(void **state)
{
    (void)state;
    for (size_t i = 0; i < vector_count; i++) {
        AUTO(buf) struct buf pem = { 0 };
        AUTO(buf) struct buf expected = { 0 };
        AUTO(buf) struct buf jwk = { 0 };
        AUTO(pkey) struct pkey *k = NULL;
        struct sai_err e = { 0 };

        print_message("%s\n", vectors[i].source);
        buf_init(&pem, 4096);
        buf_init(&expected, 4096);
        buf_init(&jwk, 4096);
        vector_put_pem(&pem, &vectors[i]);
        k = pkey_of_text(pem.data, pem.len);
        put_expected_jwk(&expected, &vectors[i], pkey_kid(k));
        assert_true(pkey_put_jwk(&jwk, k, &e));
        assert_string_equal(jwk.data, expected.data);
    }
}

/* The halves of a pair are the same key, and a JWK shows nothing of the private one. */
static void private_members_are_never_shown(void **state)
{
    static const char *const kinds[] = { "RSA", "P-256", "P-384", "P-521", "ED25519" };
    static const char *const members[] = { "\"d\"",  "\"p\"",  "\"q\"",   "\"dp\"",
                                           "\"dq\"", "\"qi\"", "\"oth\"", "\"k\"" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        AUTO(buf) struct buf pem = { 0 };
        AUTO(buf) struct buf jwk = { 0 };
        AUTO(pkey) struct pkey *k = NULL;
        struct sai_err e = { 0 };

        buf_init(&pem, 8192);
        buf_init(&jwk, 8192);
        generate_pem(&pem, kinds[i]);
        k = pkey_of_text(pem.data, pem.len);
        assert_true(pkey_is_private(k));
        assert_int_equal(strlen(pkey_kid(k)), 43);
        assert_true(pkey_put_jwk(&jwk, k, &e));
        for (size_t m = 0; m < ARRAY_SIZE(members); m++)
            assert_null(strstr(jwk.data, members[m]));
    }
}

static void a_jwk_that_does_not_fit_is_an_error(void **state)
{
    AUTO(buf) struct buf jwk = { 0 };
    AUTO(pkey)
    struct pkey *k = pkey_of_text(kubernetes_keys[0].pem, strlen(kubernetes_keys[0].pem));
    struct sai_err e = { 0 };

    (void)state;
    buf_init(&jwk, 100);
    assert_false(pkey_put_jwk(&jwk, k, &e));
    assert_int_equal(e.code, SAI_E_LIMIT);
}

static void labels_tell_what_is_secret(void **state)
{
    (void)state;
    assert_int_equal(pkey_block_kind("PUBLIC KEY"), PKEY_BLOCK_PUBLIC);
    assert_int_equal(pkey_block_kind("CERTIFICATE"), PKEY_BLOCK_PUBLIC);
    assert_int_equal(pkey_block_kind("EC PRIVATE KEY"), PKEY_BLOCK_PRIVATE);
    assert_int_equal(pkey_block_kind("EC PARAMETERS"), PKEY_BLOCK_NOTHING);
    assert_int_equal(pkey_block_kind("OPENSSH PRIVATE KEY"), PKEY_BLOCK_UNKNOWN);
    assert_int_equal(pkey_block_kind("anything"), PKEY_BLOCK_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kids_are_those_of_kubernetes),
        cmocka_unit_test(jwk_members_are_those_of_the_rfcs),
        cmocka_unit_test(private_members_are_never_shown),
        cmocka_unit_test(a_jwk_that_does_not_fit_is_an_error),
        cmocka_unit_test(labels_tell_what_is_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
