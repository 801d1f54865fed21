/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Beside sai_issuer_url_problem(), in the same way: "" if url may stand as jwks_uri. The rules
 * are an issuer's, but for a query, a trailing slash and percent-encoding, which are allowed.
 */
const char *jwks_uri_problem(const char *url);
