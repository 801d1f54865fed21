/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/key_type.h"
#include "jose/ossl.h"

enum { COORDINATE_MAX = 66 };

static bool check_group(const EVP_PKEY *key, const struct alg **alg, struct sai_err *e)
{
    char group[64];
    int explicit_parameters = 0;

    /* A curve spelled out by its numbers may have a generator of the attacker's choice
     * (CVE-2020-0601), and its encoding yields another kid. */
    (void)EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                 &explicit_parameters);
    if (explicit_parameters != 0)
        return ossl_fail(e, SAI_E_INVALID,
                         "EC key with explicit curve parameters: want a named curve (openssl "
                         "ec -param_enc named_curve)");
    if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
        return ossl_fail(e, SAI_E_INVALID, "EC key without a named curve");
    *alg = alg_of_key(&key_type_ec, group);
    if (*alg == NULL)
        return err_set(e, SAI_E_INVALID,
                       "EC curve %s is not supported (want P-256, P-384 or P-521)", group);
    return true;
}

static bool check_point(const EVP_PKEY *key, struct sai_err *e)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, (EVP_PKEY *)(uintptr_t)key, NULL);
    bool ok = ctx != NULL && EVP_PKEY_public_check_quick(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok || ossl_fail(e, SAI_E_INVALID, "EC public key is not a point of its curve");
}

static bool check(struct evp_pkey_st *key, const struct alg **alg, struct sai_err *e)
{
    if (!check_group(key, alg, e) || !check_point(key, e))
        return false;
    /* The form of the point goes into the SubjectPublicKeyInfo, and so into the kid; Go, and so
     * Kubernetes, always writes it uncompressed. */
    if (EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                       OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) != 1)
        return ossl_fail(e, SAI_E_CRYPTO, "cannot normalise the form of the EC point");
    return true;
}

/* Coordinates are left-padded to the size of the curve (RFC 7518 section 6.2.1.2). */
static bool put_coordinate(
    struct buf *b, const EVP_PKEY *key, const char *param, const char *member, size_t size)
{
    AUTO(BIGNUM) BIGNUM *v = NULL;
    unsigned char bytes[COORDINATE_MAX];

    if (EVP_PKEY_get_bn_param(key, param, &v) != 1 ||
        BN_bn2binpad(v, bytes, (int)size) != (int)size)
        return false;
    key_put_member(b, member, bytes, size);
    return true;
}

static bool put_members(struct buf *b,
                        const struct evp_pkey_st *key,
                        const struct alg *alg,
                        struct sai_err *e)
{
    if (!put_coordinate(b, key, OSSL_PKEY_PARAM_EC_PUB_X, "x", alg->coordinate_bytes) ||
        !put_coordinate(b, key, OSSL_PKEY_PARAM_EC_PUB_Y, "y", alg->coordinate_bytes))
        return ossl_fail(e, SAI_E_CRYPTO, "cannot read the coordinates of an EC key");
    return true;
}

const struct key_type key_type_ec = {
    .kty = "EC",
    .evp_name = "EC",
    .check = check,
    .put_members = put_members,
};
