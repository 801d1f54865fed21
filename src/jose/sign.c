/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/sign.h"

#include "jose/ecdsa_sig.h"
#include "jose/key_type.h"
#include "jose/ossl.h"

#include <openssl/rsa.h>
#include <stdlib.h>

/* RSA and ECDSA sign a digest: hash and ctx are prepared once, and used again without being
 * set up anew. Ed25519 hashes the message itself (ctx is NULL): only the one-shot call on a
 * hash that is set up again each time works there. */
struct verifier {
    const struct alg *alg;
    EVP_PKEY *key;
    EVP_MD *md;
    EVP_MD_CTX *hash;
    EVP_PKEY_CTX *ctx;
    size_t signature_bytes;
};

struct signer {
    struct verifier *check; /* its hash is the signer's too */
    EVP_PKEY_CTX *ctx;
    EVP_MD_CTX *one_shot;
    bool verify;
};

static bool fail_setup(struct sai_err *e)
{
    return ossl_fail(e, SAI_E_CRYPTO, "cannot set up the signature algorithm");
}

static EVP_PKEY_CTX *
prepare(EVP_PKEY *key, const struct alg *alg, const EVP_MD *md, int (*init)(EVP_PKEY_CTX *))
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    if (ctx == NULL || init(ctx) != 1 ||
        (alg->type == &key_type_rsa &&
         EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1) ||
        EVP_PKEY_CTX_set_signature_md(ctx, md) != 1) {
        EVP_PKEY_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

static bool verifier_setup(struct verifier *v, const struct pkey *k)
{
    /* An own copy: the blinding of an RSA key is behind a lock. Keys of other providers cannot
     * be copied and are shared. */
    v->key = EVP_PKEY_dup(pkey_evp(k));
    if (v->key == NULL && EVP_PKEY_up_ref(pkey_evp(k)) == 1)
        v->key = pkey_evp(k);
    v->hash = EVP_MD_CTX_new();
    if (v->key == NULL || v->hash == NULL)
        return false;
    v->signature_bytes = v->alg->coordinate_bytes != 0 ? 2 * v->alg->coordinate_bytes
                                                       : (size_t)EVP_PKEY_get_size(v->key);
    if (v->alg->digest == NULL)
        return EVP_DigestVerifyInit_ex(v->hash, NULL, NULL, NULL, NULL, v->key, NULL) == 1;
    v->md = EVP_MD_fetch(NULL, v->alg->digest, NULL);
    if (v->md != NULL)
        v->ctx = prepare(v->key, v->alg, v->md, EVP_PKEY_verify_init);
    return v->ctx != NULL;
}

bool verifier_new(const struct pkey *k,
                  const struct alg *alg,
                  struct verifier **out,
                  struct sai_err *e)
{
    AUTO(verifier) struct verifier *v = NULL;

    ossl_begin();
    if (alg->type != pkey_alg(k)->type ||
        alg->coordinate_bytes != pkey_alg(k)->coordinate_bytes)
        return err_set(e, SAI_E_INVALID, "a key for %s cannot be used for %s",
                       pkey_alg(k)->name, alg->name);
    v = calloc(1, sizeof(*v));
    if (v == NULL)
        return err_nomem(e);
    v->alg = alg;
    if (!verifier_setup(v, k) || v->signature_bytes > SIGNATURE_MAX)
        return fail_setup(e);
    *out = TAKE(v);
    return true;
}

void verifier_free(struct verifier *v)
{
    if (v == NULL)
        return;
    EVP_PKEY_CTX_free(v->ctx);
    EVP_MD_CTX_free(v->hash);
    EVP_MD_free(v->md);
    EVP_PKEY_free(v->key);
    free(v);
}

static bool digest_message(struct verifier *v,
                           const void *message,
                           size_t len,
                           unsigned char out[EVP_MAX_MD_SIZE],
                           unsigned *out_len)
{
    return EVP_DigestInit_ex2(v->hash, v->md, NULL) == 1 &&
           EVP_DigestUpdate(v->hash, message, len) == 1 &&
           EVP_DigestFinal_ex(v->hash, out, out_len) == 1;
}

static bool check_digest(struct verifier *v,
                         const unsigned char *digest,
                         size_t digest_len,
                         const unsigned char *signature)
{
    unsigned char der[ECDSA_DER_MAX];
    size_t len = v->signature_bytes;

    if (v->alg->coordinate_bytes != 0) {
        len = ecdsa_der_from_raw(signature, v->alg->coordinate_bytes, der);
        signature = der;
    }
    return EVP_PKEY_verify(v->ctx, signature, len, digest, digest_len) == 1;
}

/* signature has signature_bytes. */
static bool check_message(struct verifier *v,
                          const void *message,
                          size_t len,
                          const unsigned char *signature)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len;

    if (v->ctx == NULL)
        return EVP_DigestVerifyInit_ex(v->hash, NULL, NULL, NULL, NULL, NULL, NULL) == 1 &&
               EVP_DigestVerify(v->hash, signature, v->signature_bytes, message, len) == 1;
    return digest_message(v, message, len, digest, &digest_len) &&
           check_digest(v, digest, digest_len, signature);
}

bool verifier_check(struct verifier *v,
                    const void *message,
                    size_t len,
                    const unsigned char *signature,
                    size_t signature_len,
                    struct sai_err *e)
{
    ossl_begin();
    if (signature_len != v->signature_bytes)
        return err_set(e, SAI_E_INVALID, "%s signature of %zu bytes: want %zu", v->alg->name,
                       signature_len, v->signature_bytes);
    if (!check_message(v, message, len, signature))
        return ossl_fail(e, SAI_E_INVALID, "the signature does not fit the message and key");
    return true;
}

static bool signer_setup(struct signer *s)
{
    struct verifier *v = s->check;

    if (v->alg->digest != NULL) {
        s->ctx = prepare(v->key, v->alg, v->md, EVP_PKEY_sign_init);
        return s->ctx != NULL;
    }
    s->one_shot = EVP_MD_CTX_new();
    return s->one_shot != NULL &&
           EVP_DigestSignInit_ex(s->one_shot, NULL, NULL, NULL, NULL, v->key, NULL) == 1;
}

bool signer_new(const struct pkey *k, bool verify, struct signer **out, struct sai_err *e)
{
    AUTO(signer) struct signer *s = NULL;

    if (!pkey_is_private(k))
        return err_set(e, SAI_E_INVALID, "a public key cannot sign");
    s = calloc(1, sizeof(*s));
    if (s == NULL)
        return err_nomem(e);
    s->verify = verify;
    if (!verifier_new(k, pkey_alg(k), &s->check, e))
        return false;
    if (!signer_setup(s))
        return fail_setup(e);
    *out = TAKE(s);
    return true;
}

void signer_free(struct signer *s)
{
    if (s == NULL)
        return;
    EVP_PKEY_CTX_free(s->ctx);
    EVP_MD_CTX_free(s->one_shot);
    verifier_free(s->check);
    free(s);
}

/* Signs a digest and brings the signature into JWS form. */
static bool
sign_digest(struct signer *s, const unsigned char *digest, size_t len, unsigned char *out)
{
    const struct verifier *v = s->check;
    unsigned char der[ECDSA_DER_MAX];
    size_t der_len = sizeof(der);
    size_t out_len = SIGNATURE_MAX;

    if (v->alg->coordinate_bytes == 0)
        return EVP_PKEY_sign(s->ctx, out, &out_len, digest, len) == 1 &&
               out_len == v->signature_bytes;
    return EVP_PKEY_sign(s->ctx, der, &der_len, digest, len) == 1 && der_len <= sizeof(der) &&
           ecdsa_raw_from_der(der, der_len, v->alg->coordinate_bytes, out);
}

static bool sign_one_shot(struct signer *s, const void *message, size_t len, unsigned char *out)
{
    size_t out_len = SIGNATURE_MAX;

    return EVP_DigestSignInit_ex(s->one_shot, NULL, NULL, NULL, NULL, NULL, NULL) == 1 &&
           EVP_DigestSign(s->one_shot, out, &out_len, message, len) == 1 &&
           out_len == s->check->signature_bytes &&
           (!s->verify || check_message(s->check, message, len, out));
}

size_t signer_signature_bytes(const struct signer *s)
{
    return s->check->signature_bytes;
}

bool signer_sign(struct signer *s,
                 const void *message,
                 size_t len,
                 unsigned char out[SIGNATURE_MAX],
                 size_t *out_len,
                 struct sai_err *e)
{
    struct verifier *v = s->check;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;
    bool ok;

    ossl_begin();
    if (s->ctx == NULL)
        ok = sign_one_shot(s, message, len, out);
    else
        ok = digest_message(v, message, len, digest, &digest_len) &&
             sign_digest(s, digest, digest_len, out) &&
             (!s->verify || check_digest(v, digest, digest_len, out));
    if (!ok) {
        OPENSSL_cleanse(out, SIGNATURE_MAX); /* a faulty one can give the key away */
        return ossl_fail(e, SAI_E_CRYPTO, "no valid signature could be made");
    }
    *out_len = v->signature_bytes;
    return true;
}

bool signer_prove(const struct pkey *k, struct sai_err *e)
{
    static const char message[] = "sa-issuerd proves this key";
    AUTO(signer) struct signer *s = NULL;
    unsigned char signature[SIGNATURE_MAX];
    struct sai_err own = { 0 };
    size_t len;

    if (!signer_new(k, true, &s, e))
        return false;
    if (signer_sign(s, message, sizeof(message) - 1, signature, &len, &own))
        return true;
    if (own.code == SAI_E_NOMEM)
        return err_nomem(e);
    return err_set(e, SAI_E_INVALID,
                   "the private key does not fit its public key: a signature made with it does "
                   "not verify");
}
