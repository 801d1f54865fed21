/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One HTTP GET, as a careful verifier makes it. */

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends the body of url to out, whose max_bytes bounds it. The caller has checked the URL:
 * https, or http with a loopback host. TLS 1.2 or later, the certificate checked against
 * ca_file alone (PEM), or against the system's authorities if that is NULL. No redirects (an
 * issuer must answer itself), no proxy and no .netrc, whatever the environment says; 10 seconds
 * in all. Errors: SAI_E_IO (no answer, not to be trusted), SAI_E_NOTFOUND (404), SAI_E_INVALID
 * (another status than 200), SAI_E_LIMIT, SAI_E_NOMEM; the text begins with the URL. */
bool fetch(const char *url, const char *ca_file, struct buf *out, struct sai_err *e) MUST_USE;
