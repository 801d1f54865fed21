/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From a PEM block to an OpenSSL key, unchecked. Of this room only. */

#include "base/buf.h"
#include "jose/ossl.h"
#include "jose/pem.h"

/* *of_ca tells whether it came from the certificate of a certificate authority. */
bool pkey_decode(const struct pem_block *block,
                 const struct buf *passphrase,
                 EVP_PKEY **out,
                 bool *of_ca,
                 struct sai_err *e) MUST_USE;
