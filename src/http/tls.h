/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* GnuTLS settings of the listeners' sessions. */

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

/* TLS 1.2 and 1.3 (RFC 8996 ended the others), GnuTLS' own choice of the rest, and client
 * certificates from RSA 2048 or P-256 on. */
#define TLS_PRIORITIES                                                                         \
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE:%PROFILE_MEDIUM"

struct certificate;

/* Makes a session that has not begun its handshake present this certificate, and ask for the
 * client's if it has authorities for that: the client may show none. In a session that is under
 * way, client certificates are verified by these authorities from now on. The certificate must
 * outlive the session. */
void tls_use_certificate(gnutls_session_t session, const struct certificate *c);

/* Stands in for the certificate that libmicrohttpd wants to know when a daemon starts; no
 * session ever asks it, as each is given its own. */
gnutls_certificate_retrieve_function3 tls_no_certificate;
