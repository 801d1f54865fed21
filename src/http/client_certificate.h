/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Client certificates, mapped to users and groups as Kubernetes does
 * (k8s.io/apiserver/pkg/authentication/request/x509, CommonNameUserConversion). */

#include "http/client.h"

#include <gnutls/gnutls.h>

/* Fills c with what the session's client has shown. The chain must lead to the client CA of the
 * session's credentials, be for TLS clients (extended key usage) and be valid now; the subject
 * must have exactly one CN, which is the user, and each of its Os is a group. Anything else is
 * CLIENT_BAD_CERTIFICATE. What is good is so until then: a minute at most. */
void client_certificate_ask(struct client *c, gnutls_session_t session, int64_t now_unix_s);
