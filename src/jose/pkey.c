/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/pkey.h"

#include "codec/base64url.h"
#include "jose/digest.h"
#include "jose/key_type.h"
#include "jose/pkey_decode.h"

#include <stdlib.h>

enum { KID_LEN = 43 };

struct pkey {
    EVP_PKEY *evp;
    const struct key_type *type;
    const struct alg *alg;
    char kid[KID_LEN + 1];
    bool is_private;
    bool of_ca;
};

/* Also what says whether the key can be published at all. */
static bool set_kid(struct pkey *k, struct sai_err *e)
{
    unsigned char digest[SHA256_BYTES];
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(k->evp, &der);
    AUTO(buf) struct buf b = { 0 };
    bool ok;

    if (len <= 0)
        return ossl_fail(e, SAI_E_CRYPTO, "cannot encode the public key");
    ok = sha256(der, (size_t)len, digest, e);
    OPENSSL_free(der);
    if (!ok)
        return false;
    buf_init(&b, KID_LEN);
    base64url_put(&b, digest, sizeof(digest));
    if (!buf_ok(&b, e))
        return false;
    memcpy(k->kid, b.data, sizeof(k->kid));
    return true;
}

static bool examine(struct pkey *k, struct sai_err *e)
{
    k->type = key_type_of(k->evp, e);
    return k->type != NULL && k->type->check(k->evp, &k->alg, e) && set_kid(k, e);
}

bool pkey_from_pem(const struct pem_block *block,
                   const struct buf *passphrase,
                   struct pkey **out,
                   struct sai_err *e)
{
    AUTO(pkey) struct pkey *k = calloc(1, sizeof(*k));
    bool ok = k != NULL || err_nomem(e);

    ossl_begin();
    if (ok) {
        k->is_private = pkey_block_kind(block->label) == PKEY_BLOCK_PRIVATE;
        ok = pkey_decode(block, passphrase, &k->evp, &k->of_ca, e) && examine(k, e);
    }
    if (!ok) {
        e->line = block->line;
        e->column = 1;
        return false;
    }
    *out = TAKE(k);
    return true;
}

bool pkey_from_evp(struct evp_pkey_st *evp, struct pkey **out, struct sai_err *e)
{
    AUTO(pkey) struct pkey *k = calloc(1, sizeof(*k));

    if (k == NULL) {
        EVP_PKEY_free(evp);
        return err_nomem(e);
    }
    k->evp = evp;
    if (!examine(k, e))
        return false;
    *out = TAKE(k);
    return true;
}

void pkey_use_rsa_alg(struct pkey *k, const struct alg *alg)
{
    if (k->type == alg->type)
        k->alg = alg;
}

void pkey_free(struct pkey *k)
{
    if (k == NULL)
        return;
    EVP_PKEY_free(k->evp);
    free(k);
}

const char *pkey_kid(const struct pkey *k)
{
    return k->kid;
}

const struct alg *pkey_alg(const struct pkey *k)
{
    return k->alg;
}

bool pkey_is_private(const struct pkey *k)
{
    return k->is_private;
}

bool pkey_is_of_ca(const struct pkey *k)
{
    return k->of_ca;
}

struct evp_pkey_st *pkey_evp(const struct pkey *k)
{
    return k->evp;
}

bool pkey_put_jwk(struct buf *b, const struct pkey *k, struct sai_err *e)
{
    ossl_begin();
    buf_printf(b, "{\"use\":\"sig\",\"kty\":\"%s\",\"kid\":\"%s\"", k->type->kty, k->kid);
    if (k->alg->crv != NULL)
        buf_printf(b, ",\"crv\":\"%s\"", k->alg->crv);
    buf_printf(b, ",\"alg\":\"%s\"", k->alg->name);
    if (!k->type->put_members(b, k->evp, k->alg, e))
        return false;
    buf_char(b, '}');
    return buf_ok(b, e);
}

bool pkey_put_spki(struct buf *b, const struct pkey *k, struct sai_err *e)
{
    unsigned char *der = NULL;
    int len;

    ossl_begin();
    len = i2d_PUBKEY(k->evp, &der);
    if (len <= 0)
        return ossl_fail(e, SAI_E_CRYPTO, "cannot encode the public key");
    buf_add(b, der, (size_t)len);
    OPENSSL_free(der);
    return buf_ok(b, e);
}
