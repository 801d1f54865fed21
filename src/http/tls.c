/* SPDX-License-Identifier: Apache-2.0 */
#include "http/tls.h"

#include "state/certificate.h"

void tls_use_certificate(gnutls_session_t session, const struct certificate *c)
{
    /* Out of memory leaves the session without a certificate: its handshake fails. */
    (void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, certificate_credentials(c));
    if (certificate_has_client_ca(c))
        gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
}

/* NOLINTNEXTLINE(readability-function-size,readability-non-const-parameter): GnuTLS' type */
int tls_no_certificate(gnutls_session_t session,
                       const struct gnutls_cert_retr_st *info,
                       gnutls_pcert_st **certs,
                       unsigned int *certs_length,
                       gnutls_ocsp_data_st **ocsp,
                       unsigned int *ocsp_length,
                       gnutls_privkey_t *key,
                       unsigned int *flags) /* NOLINT(readability-non-const-parameter) */
{
    (void)session;
    (void)info;
    (void)flags;
    *certs = NULL;
    *certs_length = 0;
    *ocsp = NULL;
    *ocsp_length = 0;
    *key = NULL;
    return GNUTLS_E_NO_CERTIFICATE_FOUND;
}
