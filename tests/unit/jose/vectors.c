/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"

#include "codec/base64url.h"
#include "unit.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#define JOE                                                                                    \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"     \
    "Ijp0cnVlfQ"

const struct vector vectors[] = {
    { .source = "RFC 7517 appendix A.1, RSA",
      .alg = "RS256",
      .n =
          "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tS"
          "oc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65"
          "YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyr"
          "dkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
          "nqDKgw",
      .e = "AQAB" },
    { .source = "RFC 7517 appendix A.1, EC",
      .alg = "ES256",
      .crv = "P-256",
      .x = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
      .y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM" },
    { .source = "RFC 7515 appendix A.2",
      .alg = "RS256",
      .n =
          "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEz"
          "P1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf6"
          "3kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5Zw"
          "Kh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRW"
          "yuXpoQ",
      .e = "AQAB",
      .input = "eyJhbGciOiJSUzI1NiJ9." JOE,
      .signature =
          "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc"
          "_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWz"
          "O75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
          "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIh"
          "WkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw" },
    { .source = "RFC 7515 appendix A.3",
      .alg = "ES256",
      .crv = "P-256",
      .x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
      .y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
      .input = "eyJhbGciOiJFUzI1NiJ9." JOE,
      .signature =
          "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP"
          "3-Kg6NU1Q" },
    { .source = "RFC 7515 appendix A.4",
      .alg = "ES512",
      .crv = "P-521",
      .x = "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_"
           "NjFZ6OvLFV1jSfS9tsz4qUxcWceqw"
           "QGk",
      .y = "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-"
           "x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3ky"
           "Mj2",
      .input = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA",
      .signature =
          "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB3"
          "4XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmx"
          "YbSW9ERBXukOXolLzeO_Jn" },
    { .source = "RFC 8037 appendix A.2 and A.4",
      .alg = "EdDSA",
      .crv = "Ed25519",
      .x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
      .input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
      .signature =
          "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpA"
          "r_MuM0KAg" },
};
const size_t vector_count = ARRAY_SIZE(vectors);

void vector_decode(struct buf *out, const char *text)
{
    struct sai_err e = { 0 };

    assert_true(base64url_decode(out, text, strlen(text), &e));
}

static BIGNUM *number(const char *text)
{
    AUTO(buf) struct buf b = { 0 };

    buf_init(&b, 2048);
    vector_decode(&b, text);
    return BN_bin2bn((const unsigned char *)b.data, (int)b.len, NULL);
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM_BLD *bld)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    return key;
}

static EVP_PKEY *rsa_key(const struct vector *v)
{
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    BIGNUM *n = number(v->n);
    BIGNUM *exponent = number(v->e);
    EVP_PKEY *key;

    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, exponent);
    key = from_params("RSA", bld);
    BN_free(n);
    BN_free(exponent);
    return key;
}

static EVP_PKEY *ec_key(const struct vector *v)
{
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    AUTO(buf) struct buf point = { 0 };

    buf_init(&point, 200);
    buf_char(&point, 4); /* uncompressed */
    vector_decode(&point, v->x);
    vector_decode(&point, v->y);
    OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, v->crv, 0);
    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point.data, point.len);
    return from_params("EC", bld);
}

static EVP_PKEY *ed25519_key(const struct vector *v)
{
    AUTO(buf) struct buf x = { 0 };

    buf_init(&x, 100);
    vector_decode(&x, v->x);
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)x.data,
                                       x.len);
}

static void put_pem(struct buf *out, EVP_PKEY *key, bool is_private)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long len;

    assert_non_null(key);
    if (is_private)
        assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    else
        assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    len = BIO_get_mem_data(bio, &text);
    buf_add(out, text, (size_t)len);
    BIO_free_all(bio);
    EVP_PKEY_free(key);
}

void vector_put_pem(struct buf *out, const struct vector *v)
{
    put_pem(out, v->n != NULL ? rsa_key(v) : v->y != NULL ? ec_key(v) : ed25519_key(v), false);
}

struct pkey *pkey_of_text(const char *text, size_t len)
{
    struct pem_reader r;
    struct pem_block b;
    struct sai_err e = { 0 };
    struct pkey *k = NULL;

    pem_reader_init(&r, text, len);
    assert_true(pem_next(&r, &b, &e));
    if (!pkey_from_pem(&b, NULL, &k, &e))
        fail_msg("%s", e.text);
    return k;
}

void generate_pem(struct buf *out, const char *kind)
{
    if (strcmp(kind, "RSA") == 0)
        put_pem(out, EVP_RSA_gen(2048), true);
    else if (strcmp(kind, "ED25519") == 0)
        put_pem(out, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), true);
    else
        put_pem(out, EVP_EC_gen(kind), true);
}
