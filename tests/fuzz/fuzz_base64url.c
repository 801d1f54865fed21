/* SPDX-License-Identifier: Apache-2.0 */

/* base64url: one value has one spelling, so what is read is written back byte for byte; and any
 * bytes that are written are read back. */

#include "codec/base64url.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static bool same(const struct buf *b, const void *bytes, size_t len)
{
    return b->len == len && (len == 0 || memcmp(b->data, bytes, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf) struct buf decoded;
    AUTO(buf) struct buf again;
    struct sai_err e = { 0 };
    bool ok;

    buf_init(&decoded, 2 * size + 16);
    buf_init(&again, 2 * size + 16);
    ok = base64url_decode(&decoded, (const char *)data, size, &e);
    check(ok == (e.code == SAI_OK));
    if (ok) {
        base64url_put(&again, decoded.data, decoded.len);
        check(same(&again, data, size));
    } else {
        check(decoded.len == 0 && e.code == SAI_E_SYNTAX);
    }
    buf_reset(&decoded);
    buf_reset(&again);
    base64url_put(&again, data, size);
    check(again.len == base64url_size(size));
    e = (struct sai_err){ 0 };
    check(base64url_decode(&decoded, again.data, again.len, &e) && same(&decoded, data, size));
    return 0;
}
