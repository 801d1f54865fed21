/* SPDX-License-Identifier: Apache-2.0 */
#include "state/certificate.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

struct certificate {
    gnutls_certificate_credentials_t credentials;
    int64_t begin_unix_s;
    int64_t expiry_unix_s;
};

static bool refused(int code, struct sai_err *e)
{
    switch (code) {
    case GNUTLS_E_MEMORY_ERROR:
        return err_nomem(e);
    case GNUTLS_E_CERTIFICATE_KEY_MISMATCH:
        return err_set(e, SAI_E_INVALID,
                       "the private key does not belong to the first certificate "
                       "(the server's own certificate comes first)");
    case GNUTLS_E_DECRYPTION_FAILED:
    case GNUTLS_E_PK_INVALID_PRIVKEY:
        return err_set(e, SAI_E_INVALID, "the private key is encrypted or damaged");
    default:
        return err_set(e, SAI_E_SYNTAX, "not a PEM certificate chain with its private key: %s",
                       gnutls_strerror(code));
    }
}

static gnutls_datum_t datum_of(const struct buf *b)
{
    return (gnutls_datum_t){ .data = (unsigned char *)b->data, .size = (unsigned)b->len };
}

static bool read_dates(struct certificate *c, const gnutls_datum_t *pem, struct sai_err *e)
{
    gnutls_x509_crt_t *chain = NULL;
    unsigned count = 0;
    int code = gnutls_x509_crt_list_import2(&chain, &count, pem, GNUTLS_X509_FMT_PEM, 0);

    if (code < 0)
        return refused(code, e);
    c->begin_unix_s = gnutls_x509_crt_get_activation_time(chain[0]);
    c->expiry_unix_s = gnutls_x509_crt_get_expiration_time(chain[0]);
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    return true;
}

bool certificate_new(const struct buf *certificate_pem,
                     const struct buf *key_pem,
                     struct certificate **out,
                     struct sai_err *e)
{
    AUTO(certificate) struct certificate *c = calloc(1, sizeof(*c));
    gnutls_datum_t chain = datum_of(certificate_pem);
    gnutls_datum_t key = datum_of(key_pem);
    int code;

    if (c == NULL)
        return err_nomem(e);
    if (!read_dates(c, &chain, e))
        return false;
    code = gnutls_certificate_allocate_credentials(&c->credentials);
    if (code == 0)
        code = gnutls_certificate_set_x509_key_mem(c->credentials, &chain, &key,
                                                   GNUTLS_X509_FMT_PEM);
    if (code < 0)
        return refused(code, e);
    *out = TAKE(c);
    return true;
}

void certificate_free(struct certificate *c)
{
    if (c == NULL)
        return;
    if (c->credentials != NULL)
        gnutls_certificate_free_credentials(c->credentials);
    free(c);
}

int64_t certificate_expiry_unix_s(const struct certificate *c)
{
    return c->expiry_unix_s;
}

int64_t certificate_begin_unix_s(const struct certificate *c)
{
    return c->begin_unix_s;
}

void *certificate_credentials(const struct certificate *c)
{
    return c->credentials;
}
