/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Published keys and signatures, and how to come from them to PEM. */

#include "base/buf.h"
#include "jose/pkey.h"

struct vector {
    const char *source;
    const char *alg;
    const char *n, *e; /* RSA, as in the JWK */
    const char *crv, *x, *y;
    const char *input;     /* signed bytes; NULL: the vector is a key only */
    const char *signature; /* base64url */
};
extern const struct vector vectors[];
extern const size_t vector_count;

/* Appends the SubjectPublicKeyInfo PEM of the key, made by OpenSSL from its numbers. */
void vector_put_pem(struct buf *out, const struct vector *v);
/* base64url, by the code under test: its own test has other references. */
void vector_decode(struct buf *out, const char *text);

/* The key of the first block of the text; fails the test on errors. */
struct pkey *pkey_of_text(const char *text, size_t len);
/* A new private key as PKCS#8 PEM: kind is "RSA" (2048 bits), "P-256", ..., "ED25519". */
void generate_pem(struct buf *out, const char *kind);
