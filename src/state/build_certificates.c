/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/file.h"
#include "conf/conf.h"
#include "jose/digest.h"
#include "state/build.h"
#include "state/certificate.h"
#include "state/snapshot.h"

#include <stdio.h>

/* Holds any configured size; the limit itself is limits.maxCertificateFileBytes. */
enum { PEM_MAX_BYTES = 1 << 24 };

/* Reads a file of a listener's tls section into out and the fingerprint. */
static bool
read_pem(struct build *b, const char *path, const char *file, struct buf *out, struct stat *st)
{
    struct sai_err e = { 0 };

    if (!file_read(file, b->snapshot->conf->limits.max_certificate_file_bytes, out, st, &e))
        return build_error(b, path, &e);
    sha256_add_piece(b->digest, out->data, out->len);
    return true;
}

static bool
check_tls_key(struct build *b, const char *path, const char *file, const struct stat *st)
{
    struct sai_err e = { 0 };
    bool group_readable = false;
    bool ok = file_check_secret(st, &group_readable, &e);

    if (ok && group_readable)
        (void)err_set(&e, SAI_E_DENIED, "the private key is readable by its group");
    err_in_file(&e, file, 0, 0);
    if (!ok)
        return build_error(b, path, &e);
    if (group_readable)
        report_add(b->report, SAI_WARNING, &e);
    return true;
}

static void warn_of_dates(struct build *b, const char *file, const struct certificate *c)
{
    int64_t now = clock_unix_s();
    struct sai_err e = { 0 };

    if (certificate_expiry_unix_s(c) <= now)
        (void)err_set(&e, SAI_E_INVALID, "the certificate has expired");
    else if (certificate_begin_unix_s(c) > now)
        (void)err_set(&e, SAI_E_INVALID, "the certificate is not valid yet");
    err_in_file(&e, file, 0, 0);
    if (e.code != SAI_OK)
        report_add(b->report, SAI_WARNING, &e);
}

static bool load_certificate(struct build *b,
                             const char *listener,
                             const struct conf_tls *tls,
                             struct certificate **out)
{
    AUTO(buf) struct buf chain;
    AUTO(buf) struct buf key;
    char path[BUILD_PATH_MAX];
    char key_path[BUILD_PATH_MAX];
    struct sai_err e = { 0 };
    struct stat st;

    buf_init(&chain, PEM_MAX_BYTES);
    buf_init_secret(&key, PEM_MAX_BYTES);
    if (tls->certificate == NULL)
        return true;
    (void)snprintf(path, sizeof(path), "listeners.%s.tls.certificate", listener);
    (void)snprintf(key_path, sizeof(key_path), "listeners.%s.tls.key", listener);
    if (!read_pem(b, path, tls->certificate, &chain, &st) ||
        !read_pem(b, key_path, tls->key, &key, &st) ||
        !check_tls_key(b, key_path, tls->key, &st))
        return false;
    if (!certificate_new(&chain, &key, out, &e)) {
        err_in_file(&e, tls->certificate, 0, 0);
        return build_error(b, path, &e);
    }
    warn_of_dates(b, tls->certificate, *out);
    return true;
}

static bool load_client_ca(struct build *b, const char *file, struct certificate *c)
{
    static const char path[] = "listeners.tokens.tls.clientCA";
    AUTO(buf) struct buf authorities;
    struct sai_err e = { 0 };
    struct stat st;

    buf_init(&authorities, PEM_MAX_BYTES);
    if (file == NULL)
        return true;
    if (!read_pem(b, path, file, &authorities, &st))
        return false;
    if (c == NULL || certificate_trust(c, &authorities, &e))
        return true;
    err_in_file(&e, file, 0, 0);
    return build_error(b, path, &e);
}

bool build_certificates(struct build *b)
{
    struct snapshot *s = b->snapshot;
    const struct conf_listeners *l = &s->conf->listeners;
    bool ok = load_certificate(b, "discovery", &l->discovery.tls, &s->discovery_certificate);

    ok = load_certificate(b, "tokens", &l->tokens.tls, &s->tokens_certificate) && ok;
    ok = load_client_ca(b, l->tokens.tls.client_ca, s->tokens_certificate) && ok;
    return load_certificate(b, "admin", &l->admin.tls, &s->admin_certificate) && ok;
}
