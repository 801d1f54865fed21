/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/jwk.h"

#include "base/buf.h"
#include "codec/base64url.h"
#include "jose/key_type.h"
#include "jose/ossl.h"
#include "jose/pkey.h"

#include <jansson.h>
#include <openssl/param_build.h>

enum { MEMBER_BYTES_MAX = 2048, ED25519_BYTES = 32 };

OSSL_DEFINE_AUTO(OSSL_PARAM, OSSL_PARAM_free)
OSSL_DEFINE_AUTO(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
OSSL_DEFINE_AUTO(EVP_PKEY_CTX, EVP_PKEY_CTX_free)

#define refuse(e, member, ...) err_set_at(e, member, SAI_E_INVALID, __VA_ARGS__)

/* A member that is a string, NULL if it is missing; an error if it is something else. */
static bool
get_string(const json_t *json, const char *name, const char **out, struct sai_err *e)
{
    const json_t *v = json_object_get(json, name);

    if (v != NULL && !json_is_string(v))
        return refuse(e, name, "must be a string");
    *out = json_string_value(v);
    return true;
}

static bool
need_string(const json_t *json, const char *name, const char **out, struct sai_err *e)
{
    if (!get_string(json, name, out, e))
        return false;
    return *out != NULL || refuse(e, name, "missing");
}

/* Appends the bytes of a base64url member. */
static bool get_bytes(const json_t *json, const char *name, struct buf *out, struct sai_err *e)
{
    const char *text = NULL;

    if (!need_string(json, name, &text, e))
        return false;
    if (text[0] == '\0')
        return refuse(e, name, "empty");
    if (base64url_decode(out, text, strlen(text), e))
        return true;
    err_at_path(e, name);
    return false;
}

/* Base64urlUInt: without leading zero bytes (RFC 7518 section 2). */
static bool get_number(const json_t *json, const char *name, BIGNUM **out, struct sai_err *e)
{
    AUTO(buf) struct buf bytes;

    buf_init(&bytes, MEMBER_BYTES_MAX);
    if (!get_bytes(json, name, &bytes, e))
        return false;
    if (bytes.data[0] == '\0')
        return refuse(e, name, "begins with a zero byte");
    *out = BN_bin2bn((const unsigned char *)bytes.data, (int)bytes.len, NULL);
    return *out != NULL || err_nomem(e);
}

/* problem: what is wrong with numbers that OpenSSL does not take. */
static bool import_key(const char *type,
                       OSSL_PARAM_BLD *parts,
                       const char *problem,
                       EVP_PKEY **out,
                       struct sai_err *e)
{
    AUTO(OSSL_PARAM) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(parts);
    AUTO(EVP_PKEY_CTX) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
        return ossl_fail(e, SAI_E_CRYPTO, "cannot set up the import of a key");
    if (EVP_PKEY_fromdata(ctx, out, EVP_PKEY_PUBLIC_KEY, params) != 1)
        return ossl_fail(e, SAI_E_INVALID, problem);
    return true;
}

/* Leaves *out NULL for a curve that is not ours. */
typedef bool read_fn(const json_t *json, EVP_PKEY **out, struct sai_err *e);

static bool read_rsa(const json_t *json, EVP_PKEY **out, struct sai_err *e)
{
    AUTO(BIGNUM) BIGNUM *n = NULL;
    AUTO(BIGNUM) BIGNUM *exponent = NULL;
    AUTO(OSSL_PARAM_BLD) OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();

    if (!get_number(json, "n", &n, e) || !get_number(json, "e", &exponent, e))
        return false;
    if (parts == NULL || OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
        OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
        return err_nomem(e);
    return import_key("RSA", parts, "n and e make no RSA key", out, e);
}

static const struct alg *alg_of_curve(const char *crv)
{
    const struct alg *a;

    for (size_t i = 0; (a = alg_get(i)) != NULL; i++) {
        if (a->type == &key_type_ec && strcmp(a->crv, crv) == 0)
            return a;
    }
    return NULL;
}

/* Appends a coordinate, which has the full size of the curve (RFC 7518 section 6.2.1.2). */
static bool get_coordinate(
    const json_t *json, const char *name, size_t size, struct buf *out, struct sai_err *e)
{
    size_t before = out->len;

    if (!get_bytes(json, name, out, e))
        return false;
    if (out->len - before != size)
        return refuse(e, name, "%zu bytes: a coordinate of this curve has %zu",
                      out->len - before, size);
    return true;
}

static bool read_ec(const json_t *json, EVP_PKEY **out, struct sai_err *e)
{
    AUTO(OSSL_PARAM_BLD) OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
    AUTO(buf) struct buf point;
    const char *crv = NULL;
    const struct alg *alg;

    buf_init(&point, MEMBER_BYTES_MAX);
    if (!need_string(json, "crv", &crv, e))
        return false;
    alg = alg_of_curve(crv);
    if (alg == NULL)
        return true;
    buf_char(&point, POINT_CONVERSION_UNCOMPRESSED);
    if (!get_coordinate(json, "x", alg->coordinate_bytes, &point, e) ||
        !get_coordinate(json, "y", alg->coordinate_bytes, &point, e))
        return false;
    if (parts == NULL ||
        OSSL_PARAM_BLD_push_utf8_string(parts, OSSL_PKEY_PARAM_GROUP_NAME, alg->group, 0) !=
            1 ||
        OSSL_PARAM_BLD_push_octet_string(parts, OSSL_PKEY_PARAM_PUB_KEY, point.data,
                                         point.len) != 1)
        return err_nomem(e);
    return import_key("EC", parts, "x and y are no point of the curve", out, e);
}

static bool read_okp(const json_t *json, EVP_PKEY **out, struct sai_err *e)
{
    AUTO(buf) struct buf x;
    const char *crv = NULL;

    buf_init(&x, MEMBER_BYTES_MAX);
    if (!need_string(json, "crv", &crv, e))
        return false;
    if (strcmp(crv, "Ed25519") != 0)
        return true;
    if (!get_bytes(json, "x", &x, e))
        return false;
    if (x.len != ED25519_BYTES)
        return refuse(e, "x", "%zu bytes: an Ed25519 key has %d", x.len, (int)ED25519_BYTES);
    *out = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, (const unsigned char *)x.data,
                                          x.len);
    return *out != NULL || ossl_fail(e, SAI_E_INVALID, "not an Ed25519 key");
}

struct jwk_type {
    const char *kty;
    read_fn *read;
};

static const struct jwk_type jwk_types[] = {
    { "RSA", read_rsa },
    { "EC", read_ec },
    { "OKP", read_okp },
};

static const struct jwk_type *find_type(const char *kty)
{
    for (size_t i = 0; i < ARRAY_SIZE(jwk_types); i++) {
        if (strcmp(jwk_types[i].kty, kty) == 0)
            return &jwk_types[i];
    }
    return NULL;
}

/* Whoever publishes one has lost the key: worth stopping for, whatever its type. */
static bool has_no_secret(const json_t *json, struct sai_err *e)
{
    static const char *const secrets[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };

    for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
        if (json_object_get(json, secrets[i]) != NULL)
            return refuse(e, secrets[i], "a private member, in a set of public keys");
    }
    return true;
}

/* RFC 7517 sections 4.2 and 4.3. */
static bool is_to_verify(const json_t *json, bool *yes, struct sai_err *e)
{
    const json_t *ops = json_object_get(json, "key_ops");
    const char *use = NULL;
    bool listed = ops == NULL;

    if (!get_string(json, "use", &use, e))
        return false;
    if (ops != NULL && !json_is_array(ops))
        return refuse(e, "key_ops", "must be a list of strings");
    for (size_t i = 0; i < json_array_size(ops); i++) {
        const char *op = json_string_value(json_array_get(ops, i));

        if (op == NULL)
            return refuse(e, "key_ops", "must be a list of strings");
        listed = listed || strcmp(op, "verify") == 0;
    }
    *yes = listed && (use == NULL || strcmp(use, "sig") == 0);
    return true;
}

static bool read_kid(const json_t *json, char **out, struct sai_err *e)
{
    const char *kid = NULL;

    if (!get_string(json, "kid", &kid, e))
        return false;
    if (kid == NULL)
        return true;
    if (kid[0] == '\0' || strlen(kid) > JWK_KID_MAX)
        return refuse(e, "kid", "must have 1 to %d bytes", (int)JWK_KID_MAX);
    *out = strdup(kid);
    return *out != NULL || err_nomem(e);
}

/* Settles which algorithm the key is for; alg is what it says of itself, or NULL. */
static bool pin_alg(struct jwk *k, const struct alg *alg, struct sai_err *e)
{
    const struct alg *own = pkey_alg(k->pkey);

    if (alg != NULL &&
        (alg->type != own->type || alg->coordinate_bytes != own->coordinate_bytes))
        return refuse(e, "alg", "%s does not fit this key, which is one for %s", alg->name,
                      own->name);
    k->alg = alg != NULL ? alg : own;
    return true;
}

static bool
read_key(const json_t *json, const struct jwk_type *type, struct jwk *k, struct sai_err *e)
{
    AUTO(EVP_PKEY) EVP_PKEY *evp = NULL;
    const struct alg *alg = NULL;
    const char *name = NULL;

    if (!get_string(json, "alg", &name, e))
        return false;
    if (name != NULL && (alg = alg_find(name)) == NULL)
        return true;
    if (!type->read(json, &evp, e))
        return false;
    if (evp == NULL)
        return true;
    return pkey_from_evp(TAKE(evp), &k->pkey, e) && pin_alg(k, alg, e) &&
           read_kid(json, &k->kid, e);
}

bool jwk_read(const struct json_t *json, struct jwk *out, struct sai_err *e)
{
    AUTO(jwk) struct jwk k = { 0 };
    const struct jwk_type *type;
    const char *kty = NULL;
    bool ours = false;

    if (!json_is_object(json))
        return err_set(e, SAI_E_INVALID, "must be an object");
    if (!need_string(json, "kty", &kty, e) || !has_no_secret(json, e) ||
        !is_to_verify(json, &ours, e))
        return false;
    type = find_type(kty);
    if (ours && type != NULL && !read_key(json, type, &k, e))
        return false;
    *out = k;
    k = (struct jwk){ 0 };
    return true;
}

void jwk_done(struct jwk *k)
{
    pkey_free(k->pkey);
    free(k->kid);
    *k = (struct jwk){ 0 };
}
