/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of this room share of OpenSSL. No other room includes this header. */

#include "base/attr.h"
#include "base/err.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

/* Before work whose failure ossl_fail() is to explain: forgets what earlier work left, which is
 * rarely anything, while clearing walks over all that there is room for. */
static inline void ossl_begin(void)
{
    if (ERR_peek_error() != 0)
        ERR_clear_error();
    errno = 0;
}

/* Sets e after a failed call and empties this thread's error queue. Out of memory is told as
 * that whatever code says; errno knows it even where OpenSSL's decoders do not pass it on, and
 * would let a good key be called malformed. OpenSSL's own texts are left out: they differ
 * between versions and explain little. */
#define ossl_fail(e, code, text) (ossl_set_error(e, code, text), false)
void ossl_set_error(struct sai_err *e, enum sai_err_code code, const char *text);

/* AUTO(X509) X509 *cert = NULL; for OpenSSL's typedefs, as DEFINE_AUTO for our structs. */
#define OSSL_DEFINE_AUTO(type, release)                                                        \
    static inline void auto_##type##_(__typeof__(type) **p)                                    \
    {                                                                                          \
        release(*p);                                                                           \
    }

OSSL_DEFINE_AUTO(BIO, BIO_free_all)
OSSL_DEFINE_AUTO(BIGNUM, BN_free)
OSSL_DEFINE_AUTO(BN_CTX, BN_CTX_free)
OSSL_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free)
OSSL_DEFINE_AUTO(OSSL_DECODER_CTX, OSSL_DECODER_CTX_free)
OSSL_DEFINE_AUTO(PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
OSSL_DEFINE_AUTO(X509, X509_free)
OSSL_DEFINE_AUTO(X509_SIG, X509_SIG_free)
