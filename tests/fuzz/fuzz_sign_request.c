/* SPDX-License-Identifier: Apache-2.0 */

/* SignJWTRequests from strangers, and the claims segment within. */

#include "sign_policy.h"
#include "signer/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct field_bytes message = { (const char *)data, size };
    struct field_bytes claims;
    struct sai_err e = { 0 };

    if (!sign_request_read(message, &claims, &e)) {
        fuzz_check(e.code != SAI_OK);
        return 0;
    }
    fuzz_check(claims.len <= size);
    fuzz_check(claims.len == 0 ||
               (claims.at >= message.at && claims.at + claims.len <= message.at + size));
    fuzz_claims(claims.at, claims.len);
    return 0;
}
