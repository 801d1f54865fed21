/* SPDX-License-Identifier: Apache-2.0 */

/* The way of a key file from bytes to a JWK: PEM reader, decoders, strength checks, proof. The
 * first byte chooses whether there is a passphrase. Every other mutation is made of the DER
 * inside the first block, which mutations of base64 text would hardly ever reach. */

#include "base/err.h"
#include "codec/base64url.h"
#include "jose/sign.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { JWK_MAX = 65536 };

/* assert() is compiled out where the corpus is replayed. */
static void require(bool holds)
{
    if (!holds)
        abort();
}

static void use(const struct pkey *k)
{
    AUTO(buf) struct buf jwk = { 0 };
    struct sai_err e = { 0 };

    require(strlen(pkey_kid(k)) == 43 && pkey_alg(k) != NULL);
    buf_init(&jwk, JWK_MAX);
    require(pkey_put_jwk(&jwk, k, &e));
    require(memmem(jwk.data, jwk.len, "\"d\":", 4) == NULL);
    if (pkey_is_private(k) && !signer_prove(k, &e))
        require(e.code != SAI_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf) struct buf passphrase = { 0 };
    struct pem_reader r;
    struct pem_block b;
    struct sai_err e = { 0 };
    unsigned blocks = 0;

    if (size == 0)
        return 0;
    buf_init(&passphrase, 100);
    buf_str(&passphrase, "right");
    pem_reader_init(&r, data + 1, size - 1);
    while (pem_next(&r, &b, &e) && blocks++ < 16) {
        AUTO(pkey) struct pkey *k = NULL;
        struct sai_err own = { 0 };

        require(b.text >= (const char *)data && b.text + b.len <= (const char *)data + size);
        if (pkey_from_pem(&b, data[0] == 'p' ? &passphrase : NULL, &k, &own))
            use(k);
        else
            require(own.code != SAI_OK && own.line == b.line);
    }
    return 0;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

/* base64 of one alphabet to the other, blanks and padding left out. */
static size_t to_base64url(const char *in, size_t len, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (in[i] == '+' || in[i] == '/')
            out[n++] = in[i] == '+' ? '-' : '_';
        else if (in[i] > ' ' && in[i] != '=')
            out[n++] = in[i];
    }
    return n;
}

static void put_base64(struct buf *out, const struct buf *bytes)
{
    AUTO(buf) struct buf text = { 0 };

    buf_init(&text, JWK_MAX);
    base64url_put(&text, bytes->data, bytes->len);
    while (text.len % 4 != 0)
        buf_char(&text, '=');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (i % 64 == 0)
            buf_char(out, '\n');
        buf_char(out, c == '-' ? '+' : c == '_' ? '/' : c);
    }
    buf_char(out, '\n');
}

/* Rewrites the block with its contents mutated; false if they are no base64. */
static bool mutate_block(const struct pem_block *b, struct buf *out)
{
    const char *body = memchr(b->text, '\n', b->len);
    const char *close = memmem(b->text, b->len, "\n-----END ", 10);
    AUTO(buf) struct buf text = { 0 };
    AUTO(buf) struct buf der = { 0 };
    struct sai_err e = { 0 };
    char *room;

    if (body == NULL || close == NULL || close < body)
        return false;
    buf_init(&text, JWK_MAX);
    buf_init(&der, JWK_MAX);
    room = buf_reserve(&text, (size_t)(close - body) + 1);
    if (room == NULL)
        return false;
    buf_commit(&text, to_base64url(body, (size_t)(close - body), room));
    if (!base64url_decode(&der, text.data, text.len, &e))
        return false;
    room = buf_reserve(&der, 64);
    if (room == NULL)
        return false;
    der.len = LLVMFuzzerMutate((uint8_t *)der.data, der.len, der.len + 64);
    buf_add(out, b->text, (size_t)(body - b->text));
    put_base64(out, &der);
    buf_add(out, close + 1, (size_t)(b->text + b->len - close) - 1);
    return !out->failed;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    AUTO(buf) struct buf out = { 0 };
    struct pem_reader r;
    struct pem_block b;
    struct sai_err e = { 0 };

    if (seed % 2 == 0 || size < 2)
        return LLVMFuzzerMutate(data, size, max_size);
    buf_init(&out, max_size);
    buf_char(&out, (char)data[0]);
    pem_reader_init(&r, data + 1, size - 1);
    if (!pem_next(&r, &b, &e) || !mutate_block(&b, &out))
        return LLVMFuzzerMutate(data, size, max_size);
    memcpy(data, out.data, out.len);
    return out.len;
}
