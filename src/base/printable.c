/* SPDX-License-Identifier: Apache-2.0 */
#include "base/printable.h"

#include <stdbool.h>
#include <string.h>

const char *printable(const char *s, size_t len, char *out, size_t size)
{
    bool cut = len > size - 1;
    size_t keep = cut ? size - 4 : len;

    for (size_t i = 0; i < keep; i++)
        out[i] = (char)(s[i] >= ' ' && s[i] <= '~' ? s[i] : '?');
    if (cut)
        memcpy(out + keep, "...", 3);
    out[cut ? keep + 3 : keep] = '\0';
    return out;
}
