/* SPDX-License-Identifier: Apache-2.0 */

/* Claims as JSON, before the signer's policy. */

#include "codec/base64url.h"
#include "sign_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf) struct buf segment;
    struct sai_err e = { 0 };

    buf_init(&segment, 4 << 20);
    base64url_put(&segment, data, size);
    if (buf_ok(&segment, &e))
        fuzz_claims(segment.data == NULL ? "" : segment.data, segment.len);
    return 0;
}
