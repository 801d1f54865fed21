/* SPDX-License-Identifier: Apache-2.0 */
#include "state/certificate.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdatomic.h>

struct certificate {
    _Atomic unsigned refs;
    gnutls_certificate_credentials_t credentials;
    int64_t begin_unix_s;
    int64_t expiry_unix_s;
    bool has_client_ca;
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
    c->refs = 1;
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

/* A server's own certificate in the list would be trusted as it stands. */
static bool check_authorities(const gnutls_datum_t *pem, struct sai_err *e)
{
    gnutls_x509_crt_t *list = NULL;
    unsigned count = 0;
    unsigned other = 0;
    int code = gnutls_x509_crt_list_import2(&list, &count, pem, GNUTLS_X509_FMT_PEM, 0);

    if (code == GNUTLS_E_MEMORY_ERROR)
        return err_nomem(e);
    if (code < 0)
        return err_set(e, SAI_E_SYNTAX, "not PEM certificates: %s", gnutls_strerror(code));
    for (unsigned i = count; i-- > 0;) {
        if (gnutls_x509_crt_get_ca_status(list[i], NULL) <= 0)
            other = i + 1;
        gnutls_x509_crt_deinit(list[i]);
    }
    gnutls_free(list);
    if (other != 0)
        return err_set(e, SAI_E_INVALID, "certificate %u is not one of an authority (CA:TRUE)",
                       other);
    return true;
}

bool certificate_trust(struct certificate *c, const struct buf *ca_pem, struct sai_err *e)
{
    gnutls_datum_t authorities = datum_of(ca_pem);

    if (!check_authorities(&authorities, e))
        return false;
    if (gnutls_certificate_set_x509_trust_mem(c->credentials, &authorities,
                                              GNUTLS_X509_FMT_PEM) <= 0)
        return err_nomem(e);
    c->has_client_ca = true;
    return true;
}

bool certificate_has_client_ca(const struct certificate *c)
{
    return c->has_client_ca;
}

struct certificate *certificate_ref(struct certificate *c)
{
    (void)atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

void certificate_unref(struct certificate *c)
{
    if (c == NULL || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
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
