/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/alg.h"
#include "jose/key_type.h"
#include "unit.h"

#include <string.h>

/* RFC 7518 sections 3.1 and 6.2.1, RFC 8037 section 3.1. */
static void rows_are_those_of_the_registry(void **state)
{
    static const struct {
        const char *name, *kty, *crv, *digest;
        size_t coordinate_bytes;
    } rows[] = {
        { "RS256", "RSA", NULL, "SHA256", 0 },    { "RS384", "RSA", NULL, "SHA384", 0 },
        { "RS512", "RSA", NULL, "SHA512", 0 },    { "ES256", "EC", "P-256", "SHA256", 32 },
        { "ES384", "EC", "P-384", "SHA384", 48 }, { "ES512", "EC", "P-521", "SHA512", 66 },
        { "EdDSA", "OKP", "Ed25519", NULL, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct alg *a = alg_find(rows[i].name);

        assert_non_null(a);
        assert_ptr_equal(a, alg_get(i));
        assert_string_equal(a->name, rows[i].name);
        assert_string_equal(a->type->kty, rows[i].kty);
        assert_int_equal(a->crv == NULL, rows[i].crv == NULL);
        if (a->crv != NULL)
            assert_string_equal(a->crv, rows[i].crv);
        assert_int_equal(a->digest == NULL, rows[i].digest == NULL);
        if (a->digest != NULL)
            assert_string_equal(a->digest, rows[i].digest);
        assert_int_equal(a->coordinate_bytes, rows[i].coordinate_bytes);
    }
    assert_null(alg_get(ARRAY_SIZE(rows)));
}

static void names_are_exact(void **state)
{
    static const char *const others[] = { "",      "none",  "rs256", "RS256 ",
                                          "HS256", "PS256", "ES256K" };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        assert_null(alg_find(others[i]));
}

static void one_algorithm_for_each_key(void **state)
{
    (void)state;
    assert_string_equal(alg_of_key(&key_type_rsa, NULL)->name, "RS256");
    assert_string_equal(alg_of_key(&key_type_ec, "prime256v1")->name, "ES256");
    assert_string_equal(alg_of_key(&key_type_ec, "secp384r1")->name, "ES384");
    assert_string_equal(alg_of_key(&key_type_ec, "secp521r1")->name, "ES512");
    assert_string_equal(alg_of_key(&key_type_ed25519, NULL)->name, "EdDSA");
    assert_null(alg_of_key(&key_type_ec, "secp256k1"));
    assert_null(alg_of_key(&key_type_ec, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_those_of_the_registry),
        cmocka_unit_test(names_are_exact),
        cmocka_unit_test(one_algorithm_for_each_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
