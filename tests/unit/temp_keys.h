/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Keys and certificates made for one test, by OpenSSL alone. */

#include "temp.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

enum temp_key_form { TEMP_PRIVATE, TEMP_PUBLIC };

/* type: "RSA", "EC" (P-256) or "ED25519". The caller frees it. */
static inline EVP_PKEY *temp_key_new(const char *type)
{
    EVP_PKEY *key;

    if (strcmp(type, "RSA") == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
    else if (strcmp(type, "EC") == 0)
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, type);
    assert_non_null(key);
    return key;
}

static inline FILE *temp_open(const struct temp *t, const char *name, mode_t mode)
{
    char path[TEMP_PATH_SIZE];
    int fd = open(temp_path(t, name, path), O_WRONLY | O_CREAT | O_TRUNC, mode);
    FILE *f;

    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    f = fdopen(fd, "w");
    assert_non_null(f);
    return f;
}

static inline void temp_key_write(const struct temp *t,
                                  const char *name,
                                  const EVP_PKEY *key,
                                  enum temp_key_form form,
                                  mode_t mode)
{
    FILE *f = temp_open(t, name, mode);

    if (form == TEMP_PRIVATE)
        assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    else
        assert_int_equal(PEM_write_PUBKEY(f, key), 1);
    assert_int_equal(fclose(f), 0);
}

/* A new private key, mode 0600. */
static inline void temp_key_make(const struct temp *t, const char *name, const char *type)
{
    EVP_PKEY *key = temp_key_new(type);

    temp_key_write(t, name, key, TEMP_PRIVATE, 0600);
    EVP_PKEY_free(key);
}

static inline void temp_add_basic_constraints(X509 *x, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, value);

    assert_non_null(extension);
    assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
    assert_int_equal(X509_add_ext(x, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* Self-signed, valid from begin_s to end_s after now; constraints: e.g. CA:TRUE, NULL: none. */
static inline void
temp_x509_write(FILE *f, EVP_PKEY *key, long begin_s, long end_s, const char *constraints)
{
    X509 *x = X509_new();

    assert_non_null(x);
    if (constraints != NULL)
        temp_add_basic_constraints(x, constraints);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(x), begin_s);
    (void)X509_gmtime_adj(X509_getm_notAfter(x), end_s);
    (void)X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                                     (const unsigned char *)"localhost", -1, -1, 0);
    (void)X509_set_issuer_name(x, X509_get_subject_name(x));
    (void)X509_set_pubkey(x, key);
    assert_true(X509_sign(x, key, EVP_sha256()) > 0);
    assert_int_equal(PEM_write_X509(f, x), 1);
    X509_free(x);
}

static inline void temp_certificate_write(
    const struct temp *t, const char *name, EVP_PKEY *key, long begin_s, long end_s)
{
    FILE *f = temp_open(t, name, 0644);

    temp_x509_write(f, key, begin_s, end_s, NULL);
    assert_int_equal(fclose(f), 0);
}
