/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/digest.h"

#include "jose/ossl.h"

#include <stdint.h>

bool sha256(const void *bytes, size_t len, unsigned char out[SHA256_BYTES], struct sai_err *e)
{
    unsigned char digest[SHA256_BYTES];

    ossl_begin();
    if (EVP_Q_digest(NULL, "SHA256", NULL, bytes, len, digest, NULL) != 1)
        return ossl_fail(e, SAI_E_CRYPTO, "SHA-256 failed");
    memcpy(out, digest, sizeof(digest));
    return true;
}

static void give_up(struct sha256_stream *s)
{
    EVP_MD_CTX_free(s->ctx);
    s->ctx = NULL;
}

void sha256_init(struct sha256_stream *s)
{
    s->ctx = EVP_MD_CTX_new();
    if (s->ctx != NULL && EVP_DigestInit_ex2(s->ctx, EVP_sha256(), NULL) != 1)
        give_up(s);
}

void sha256_add(struct sha256_stream *s, const void *bytes, size_t len)
{
    if (s->ctx != NULL && EVP_DigestUpdate(s->ctx, bytes, len) != 1)
        give_up(s);
}

void sha256_add_piece(struct sha256_stream *s, const void *bytes, size_t len)
{
    unsigned char size[8];

    for (size_t i = 0; i < sizeof(size); i++)
        size[i] = (unsigned char)((uint64_t)len >> (56 - 8 * i));
    sha256_add(s, size, sizeof(size));
    sha256_add(s, bytes, len);
}

bool sha256_final(struct sha256_stream *s, unsigned char out[SHA256_BYTES], struct sai_err *e)
{
    unsigned char digest[SHA256_BYTES];

    if (s->ctx == NULL)
        return err_nomem(e);
    ossl_begin();
    if (EVP_DigestFinal_ex(s->ctx, digest, NULL) != 1)
        return ossl_fail(e, SAI_E_CRYPTO, "SHA-256 failed");
    memcpy(out, digest, sizeof(digest));
    return true;
}

void sha256_done(struct sha256_stream *s)
{
    give_up(s);
}
