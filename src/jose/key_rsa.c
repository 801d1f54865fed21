/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/key_type.h"
#include "jose/ossl.h"
#include "jose/rsa_weak.h"

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192, RSA_E_MIN = 65537, RSA_E_BITS_MAX = 31 };

static bool get_numbers(const EVP_PKEY *key, BIGNUM **n, BIGNUM **exponent, struct sai_err *e)
{
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
        return ossl_fail(e, SAI_E_INVALID, "RSA key without modulus or exponent");
    return true;
}

/* FIPS 186-5 section 5.4: odd and above 2^16. Go, and so kube-apiserver and many verifiers,
 * reads no exponent of more than 31 bits. */
static bool check_exponent(const BIGNUM *exponent, struct sai_err *e)
{
    if (!BN_is_odd(exponent))
        return err_set(e, SAI_E_INVALID, "RSA exponent is even");
    if (BN_num_bits(exponent) > RSA_E_BITS_MAX)
        return err_set(e, SAI_E_INVALID,
                       "RSA exponent has more than %d bits, which many verifiers cannot read "
                       "(want 65537)",
                       (int)RSA_E_BITS_MAX);
    if (BN_get_word(exponent) < RSA_E_MIN)
        return err_set(e, SAI_E_INVALID, "RSA exponent %lu is too small (want 65537)",
                       (unsigned long)BN_get_word(exponent));
    return true;
}

static bool check(struct evp_pkey_st *key, const struct alg **alg, struct sai_err *e)
{
    AUTO(BIGNUM) BIGNUM *n = NULL;
    AUTO(BIGNUM) BIGNUM *exponent = NULL;
    int bits;

    if (!get_numbers(key, &n, &exponent, e))
        return false;
    bits = BN_num_bits(n);
    if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        return err_set(e, SAI_E_INVALID, "RSA key of %d bits: want %d to %d", bits,
                       (int)RSA_BITS_MIN, (int)RSA_BITS_MAX);
    if (!BN_is_odd(n))
        return err_set(e, SAI_E_INVALID, "RSA modulus is even");
    if (!check_exponent(exponent, e) || !rsa_weak_check(n, e))
        return false;
    *alg = alg_of_key(&key_type_rsa, NULL);
    return true;
}

/* Base64urlUInt: big-endian without leading zero bytes (RFC 7518 section 2). */
static bool put_number(struct buf *b, const char *member, const BIGNUM *v)
{
    unsigned char bytes[RSA_BITS_MAX / 8];
    int len = BN_num_bytes(v);

    if (len > (int)sizeof(bytes) || BN_bn2bin(v, bytes) != len)
        return false;
    key_put_member(b, member, bytes, (size_t)len);
    return true;
}

static bool put_members(struct buf *b,
                        const struct evp_pkey_st *key,
                        const struct alg *alg,
                        struct sai_err *e)
{
    AUTO(BIGNUM) BIGNUM *n = NULL;
    AUTO(BIGNUM) BIGNUM *exponent = NULL;

    (void)alg;
    if (!get_numbers(key, &n, &exponent, e))
        return false;
    if (!put_number(b, "n", n) || !put_number(b, "e", exponent))
        return err_set(e, SAI_E_CRYPTO, "cannot read the numbers of an RSA key");
    return true;
}

const struct key_type key_type_rsa = {
    .kty = "RSA",
    .evp_name = "RSA",
    .check = check,
    .put_members = put_members,
};
