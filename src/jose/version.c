/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/version.h"

#include "jose/ossl.h"

const char *jose_library_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
