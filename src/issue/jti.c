/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/jti.h"

#include "base/err.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static bool refill(struct jti_source *s, struct sai_err *e)
{
    size_t filled = 0;

    while (filled < sizeof(s->bytes)) {
        ssize_t n = getrandom(s->bytes + filled, sizeof(s->bytes) - filled, 0);

        if (n < 0 && errno != EINTR)
            return err_errno(e, errno, "random bytes");
        filled += n > 0 ? (size_t)n : 0;
    }
    s->left = JTI_BATCH;
    return true;
}

bool jti_next(struct jti_source *s, char out[JTI_LEN + 1], struct sai_err *e)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char *bytes;
    size_t n = 0;

    if (s->left == 0 && !refill(s, e))
        return false;
    bytes = s->bytes + --s->left * JTI_BYTES;
    bytes[6] = (unsigned char)(0x40 | (bytes[6] & 0x0f)); /* version 4 */
    bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3f)); /* variant of RFC 9562 */
    for (size_t i = 0; i < JTI_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[n++] = '-';
        out[n++] = hex[bytes[i] >> 4];
        out[n++] = hex[bytes[i] & 15];
    }
    out[n] = '\0';
    return true;
}
