/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Tokens and JWKs made by OpenSSL and this file alone, so that what we read was not written by
 * what we test. */

#include "unit.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JWT_TEXT_SIZE = 8192 };

/* base64url without padding. */
static inline void jwt_base64(const void *bytes, size_t len, char *out)
{
    int n = EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);

    while (n > 0 && out[n - 1] == '=')
        out[--n] = '\0';
    for (char *c = out; *c != '\0'; c++)
        *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
}

static inline int jwt_coordinate_bytes(const EVP_PKEY *key)
{
    return EVP_PKEY_is_a(key, "EC") ? (EVP_PKEY_get_bits(key) + 7) / 8 : 0;
}

static inline const EVP_MD *jwt_digest(const char *alg)
{
    if (strcmp(alg, "EdDSA") == 0)
        return NULL;
    return strcmp(alg + 2, "512") == 0   ? EVP_sha512()
           : strcmp(alg + 2, "384") == 0 ? EVP_sha384()
                                         : EVP_sha256();
}

/* The JWS signature: ECDSA ones as R || S. */
static inline size_t jwt_sign(
    EVP_PKEY *key, const char *alg, const void *message, size_t len, unsigned char out[1024])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t out_len = 1024;
    int width = jwt_coordinate_bytes(key);

    assert_int_equal(EVP_DigestSignInit(ctx, NULL, jwt_digest(alg), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(ctx, out, &out_len, message, len), 1);
    EVP_MD_CTX_free(ctx);
    if (width > 0) {
        const unsigned char *at = out;
        ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)out_len);

        assert_non_null(sig);
        assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, width), width);
        assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + width, width), width);
        ECDSA_SIG_free(sig);
        out_len = 2 * (size_t)width;
    }
    return out_len;
}

/* header and claims are signed as they are, whatever they are. */
static inline void jwt_make_n(EVP_PKEY *key,
                              const char *alg,
                              const char *header,
                              const void *claims,
                              size_t claims_len,
                              char out[JWT_TEXT_SIZE])
{
    unsigned char signature[1024];
    size_t len;

    jwt_base64(header, strlen(header), out);
    (void)strcat(out, ".");
    jwt_base64(claims, claims_len, out + strlen(out));
    len = jwt_sign(key, alg, out, strlen(out), signature);
    (void)strcat(out, ".");
    jwt_base64(signature, len, out + strlen(out));
}

static inline void jwt_make(EVP_PKEY *key,
                            const char *alg,
                            const char *header,
                            const char *claims,
                            char out[JWT_TEXT_SIZE])
{
    jwt_make_n(key, alg, header, claims, strlen(claims), out);
}

static inline void jwt_put_number(char *out,
                                  size_t size,
                                  const char *member,
                                  const EVP_PKEY *key,
                                  const char *param,
                                  int width)
{
    unsigned char bytes[1024];
    char text[1400];
    BIGNUM *v = NULL;
    size_t used = strlen(out);

    assert_int_equal(EVP_PKEY_get_bn_param(key, param, &v), 1);
    if (width == 0)
        width = BN_num_bytes(v);
    assert_int_equal(BN_bn2binpad(v, bytes, width), width);
    jwt_base64(bytes, (size_t)width, text);
    (void)snprintf(out + used, size - used, ",\"%s\":\"%s\"", member, text);
    BN_free(v);
}

/* The members of the public key, with a comma before each but the first: "kty":"EC",... */
static inline void jwk_members(const EVP_PKEY *key, char *out, size_t size)
{
    unsigned char raw[64];
    size_t len = sizeof(raw);
    char text[100];
    int width = jwt_coordinate_bytes(key);

    if (EVP_PKEY_is_a(key, "RSA")) {
        (void)snprintf(out, size, "\"kty\":\"RSA\"");
        jwt_put_number(out, size, "n", key, OSSL_PKEY_PARAM_RSA_N, 0);
        jwt_put_number(out, size, "e", key, OSSL_PKEY_PARAM_RSA_E, 0);
    } else if (width > 0) {
        (void)snprintf(out, size, "\"kty\":\"EC\",\"crv\":\"P-%d\"", EVP_PKEY_get_bits(key));
        jwt_put_number(out, size, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, width);
        jwt_put_number(out, size, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, width);
    } else {
        assert_int_equal(EVP_PKEY_get_raw_public_key(key, raw, &len), 1);
        jwt_base64(raw, len, text);
        (void)snprintf(out, size, "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"", text);
    }
}
