/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/pkey_decode.h"

#include "jose/pkey.h"

#include <limits.h>

/* The contents of one block. */
struct der {
    const unsigned char *bytes;
    long len;
    const struct buf *passphrase;
    bool of_ca;
};

/* NULL with an error, or NULL without one for bytes that cannot be read. */
typedef EVP_PKEY *decode_fn(struct der *d, struct sai_err *e);

/* What EVP_PKCS82PKEY() does, told beforehand which key type it is: that tries the decoders of
 * all of them, which takes four times as long. */
static EVP_PKEY *decode_pkcs8(struct der *d, struct sai_err *e)
{
    const unsigned char *at = d->bytes;
    size_t left = (size_t)d->len;
    AUTO(PKCS8_PRIV_KEY_INFO)
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, d->len);
    AUTO(OSSL_DECODER_CTX) OSSL_DECODER_CTX *ctx = NULL;
    AUTO(EVP_PKEY) EVP_PKEY *key = NULL;
    const ASN1_OBJECT *type;
    char oid[64];

    (void)e;
    if (info == NULL || at != d->bytes + d->len ||
        PKCS8_pkey_get0(&type, NULL, NULL, NULL, info) != 1 ||
        OBJ_obj2txt(oid, sizeof(oid), type, 1) >= (int)sizeof(oid))
        return NULL;
    ctx = OSSL_DECODER_CTX_new_for_pkey(&key, "DER", "PrivateKeyInfo", oid, EVP_PKEY_KEYPAIR,
                                        NULL, NULL);
    at = d->bytes;
    if (ctx == NULL || OSSL_DECODER_from_data(ctx, &at, &left) != 1)
        return NULL;
    return TAKE(key);
}

static EVP_PKEY *decode_encrypted_pkcs8(struct der *d, struct sai_err *e)
{
    const unsigned char *at = d->bytes;
    AUTO(X509_SIG) X509_SIG *sealed = d2i_X509_SIG(NULL, &at, d->len);
    AUTO(PKCS8_PRIV_KEY_INFO) PKCS8_PRIV_KEY_INFO *info = NULL;

    if (sealed == NULL || at != d->bytes + d->len)
        return NULL;
    if (d->passphrase == NULL) {
        err_set_text(e, SAI_E_DENIED, "the key is encrypted and no passphrase file is set");
        return NULL;
    }
    info = PKCS8_decrypt(sealed, d->passphrase->data, (int)d->passphrase->len);
    if (info == NULL) {
        ossl_set_error(
            e, SAI_E_DENIED,
            "the key cannot be decrypted: wrong passphrase, or a cipher that OpenSSL "
            "no longer offers");
        return NULL;
    }
    return EVP_PKCS82PKEY(info);
}

static EVP_PKEY *decode_own(struct der *d, int type)
{
    const unsigned char *at = d->bytes;
    AUTO(EVP_PKEY) EVP_PKEY *key = d2i_PrivateKey(type, NULL, &at, d->len);

    return key == NULL || at != d->bytes + d->len ? NULL : TAKE(key);
}

static EVP_PKEY *decode_pkcs1(struct der *d, struct sai_err *e)
{
    (void)e;
    return decode_own(d, EVP_PKEY_RSA);
}

static EVP_PKEY *decode_sec1(struct der *d, struct sai_err *e)
{
    (void)e;
    return decode_own(d, EVP_PKEY_EC);
}

static EVP_PKEY *decode_spki(struct der *d, struct sai_err *e)
{
    const unsigned char *at = d->bytes;
    AUTO(EVP_PKEY) EVP_PKEY *key = d2i_PUBKEY(NULL, &at, d->len);

    (void)e;
    return key == NULL || at != d->bytes + d->len ? NULL : TAKE(key);
}

static EVP_PKEY *decode_pkcs1_public(struct der *d, struct sai_err *e)
{
    const unsigned char *at = d->bytes;
    AUTO(EVP_PKEY) EVP_PKEY *key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, d->len);

    (void)e;
    return key == NULL || at != d->bytes + d->len ? NULL : TAKE(key);
}

/* Self-signed certificates say CA:TRUE too, but not that they sign certificates. */
static bool is_authority(X509 *cert)
{
    uint32_t usage = X509_get_key_usage(cert);

    return X509_check_ca(cert) == 1 && usage != UINT32_MAX && (usage & KU_KEY_CERT_SIGN) != 0;
}

static EVP_PKEY *decode_certificate(struct der *d, struct sai_err *e)
{
    const unsigned char *at = d->bytes;
    AUTO(X509) X509 *cert = d2i_X509(NULL, &at, d->len);

    (void)e;
    if (cert == NULL || at != d->bytes + d->len)
        return NULL;
    d->of_ca = is_authority(cert);
    return X509_get_pubkey(cert);
}

struct block_type {
    const char *label;
    enum pkey_block kind;
    decode_fn *decode; /* NULL: refused, or nothing in it */
    const char *hint;  /* how to turn it into something that is read */
};

static const struct block_type block_types[] = {
    { "PRIVATE KEY", PKEY_BLOCK_PRIVATE, decode_pkcs8, NULL },
    { "ENCRYPTED PRIVATE KEY", PKEY_BLOCK_PRIVATE, decode_encrypted_pkcs8, NULL },
    { "RSA PRIVATE KEY", PKEY_BLOCK_PRIVATE, decode_pkcs1, NULL },
    { "EC PRIVATE KEY", PKEY_BLOCK_PRIVATE, decode_sec1, NULL },
    { "PUBLIC KEY", PKEY_BLOCK_PUBLIC, decode_spki, NULL },
    { "RSA PUBLIC KEY", PKEY_BLOCK_PUBLIC, decode_pkcs1_public, NULL },
    { "CERTIFICATE", PKEY_BLOCK_PUBLIC, decode_certificate, NULL },
    { "EC PARAMETERS", PKEY_BLOCK_NOTHING, NULL, NULL },
    { "OPENSSH PRIVATE KEY", PKEY_BLOCK_UNKNOWN, NULL,
      " (convert it with ssh-keygen -p -m PKCS8 -f FILE)" },
    { "SSH2 PUBLIC KEY", PKEY_BLOCK_UNKNOWN, NULL,
      " (convert it with ssh-keygen -i -m RFC4716 -f FILE, then -e -m PKCS8)" },
    { "CERTIFICATE REQUEST", PKEY_BLOCK_UNKNOWN, NULL,
      " (extract its key with openssl req -pubkey -noout)" },
    { "TRUSTED CERTIFICATE", PKEY_BLOCK_UNKNOWN, NULL, " (convert it with openssl x509)" },
};

static const struct block_type *type_of(const char *label)
{
    for (size_t i = 0; i < ARRAY_SIZE(block_types); i++) {
        if (strcmp(block_types[i].label, label) == 0)
            return &block_types[i];
    }
    return NULL;
}

enum pkey_block pkey_block_kind(const char *label)
{
    const struct block_type *t = type_of(label);

    return t == NULL ? PKEY_BLOCK_UNKNOWN : t->kind;
}

bool pkey_block_is_secret(const char *label)
{
    return strstr(label, "PRIVATE KEY") != NULL;
}

/* Without a callback of ours OpenSSL would ask on the terminal. */
static int give_passphrase(char *out, int size, int for_writing, void *arg)
{
    const struct buf *passphrase = arg;

    (void)for_writing;
    if (passphrase == NULL || passphrase->len > (size_t)size)
        return -1;
    memcpy(out, passphrase->data, passphrase->len);
    return (int)passphrase->len;
}

/* The base64 and headers of a block, as OpenSSL's PEM reader hands them out. */
struct opened {
    char *name;
    char *header;
    unsigned char *bytes;
    long len;
    bool was_encrypted;
};

static void opened_done(struct opened *o)
{
    OPENSSL_free(o->name);
    OPENSSL_free(o->header);
    OPENSSL_clear_free(o->bytes, o->len > 0 ? (size_t)o->len : 0);
}
DEFINE_AUTO_DONE(opened, opened_done)

/* The encryption of before PKCS#8, told by headers inside the block (RFC 1421). */
static bool decrypt_legacy(struct opened *o, const struct buf *passphrase, struct sai_err *e)
{
    EVP_CIPHER_INFO cipher;
    long size = o->len;

    if (PEM_get_EVP_CIPHER_INFO(o->header, &cipher) != 1)
        return ossl_fail(e, SAI_E_SYNTAX,
                         "the encryption headers of the block are malformed or "
                         "name a cipher that OpenSSL no longer offers");
    if (cipher.cipher == NULL)
        return true;
    if (passphrase == NULL)
        return err_set(e, SAI_E_DENIED, "the key is encrypted and no passphrase file is set");
    o->was_encrypted = true;
    if (PEM_do_header(&cipher, o->bytes, &size, give_passphrase,
                      (void *)(uintptr_t)passphrase) != 1)
        return ossl_fail(e, SAI_E_DENIED,
                         "the key cannot be decrypted: wrong passphrase, or a "
                         "cipher that OpenSSL no longer offers");
    o->len = size;
    return true;
}

static bool open_block(const struct pem_block *block,
                       const struct buf *passphrase,
                       struct opened *o,
                       struct sai_err *e)
{
    AUTO(BIO) BIO *bio = NULL;

    if (block->len > INT_MAX)
        return err_set(e, SAI_E_LIMIT, "PEM block too large");
    bio = BIO_new_mem_buf(block->text, (int)block->len);
    if (bio == NULL)
        return ossl_fail(e, SAI_E_NOMEM, "out of memory");
    if (PEM_read_bio(bio, &o->name, &o->header, &o->bytes, &o->len) != 1)
        return ossl_fail(e, SAI_E_SYNTAX, "the base64 text of the block is malformed");
    return decrypt_legacy(o, passphrase, e);
}

static bool fail_decode(const struct block_type *t, bool was_encrypted, struct sai_err *e)
{
    char text[sizeof(e->text)];

    /* A wrong passphrase passes the padding check of the old encryption once in 256 times. */
    if (was_encrypted)
        return ossl_fail(e, SAI_E_DENIED,
                         "the key cannot be decrypted: wrong passphrase, or a "
                         "cipher that OpenSSL no longer offers");
    (void)snprintf(text, sizeof(text),
                   "the %s block is malformed, or of a key type that OpenSSL does not know",
                   t->label);
    return ossl_fail(e, SAI_E_SYNTAX, text);
}

bool pkey_decode(const struct pem_block *block,
                 const struct buf *passphrase,
                 EVP_PKEY **out,
                 bool *of_ca,
                 struct sai_err *e)
{
    const struct block_type *t = type_of(block->label);
    AUTO(opened) struct opened o = { 0 };
    struct der d = { .passphrase = passphrase };
    EVP_PKEY *key;

    if (t == NULL || t->decode == NULL)
        return err_set(e, SAI_E_INVALID, "%s blocks are not read%s", block->label,
                       t == NULL || t->hint == NULL ? "" : t->hint);
    if (!open_block(block, passphrase, &o, e))
        return false;
    d.bytes = o.bytes;
    d.len = o.len;
    key = t->decode(&d, e);
    if (key == NULL)
        return fail_decode(t, o.was_encrypted, e);
    ERR_clear_error(); /* decoders that were tried before the right one leave texts behind */
    *out = key;
    *of_ca = d.of_ca;
    return true;
}
