/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* ECDSA signatures: OpenSSL's DER SEQUENCE of two INTEGERs to and from JWS' R || S, each as
 * wide as the curve (RFC 7518 section 3.4). Pure functions, strict DER. */

#include <stdbool.h>
#include <stddef.h>

enum {
    ECDSA_COORDINATE_MAX = 66,                             /* P-521 */
    ECDSA_DER_MAX = 3 + 2 * (2 + ECDSA_COORDINATE_MAX + 1) /* lengths up to 255 take 2 bytes */
};

/* out has 2 * coordinate_bytes. false: not a signature of that width; out is then undefined. */
bool ecdsa_raw_from_der(const unsigned char *der,
                        size_t len,
                        size_t coordinate_bytes,
                        unsigned char *out);

/* Returns the length written to out. */
size_t ecdsa_der_from_raw(const unsigned char *raw,
                          size_t coordinate_bytes,
                          unsigned char out[ECDSA_DER_MAX]);
