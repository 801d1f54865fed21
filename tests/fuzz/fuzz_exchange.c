/* SPDX-License-Identifier: Apache-2.0 */

/* Forms of token exchanges: there is a token or an error, and the answer is one line of
 * JSON. */

#include "token_service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_issue(TOKEN_PATH_EXCHANGE, "application/x-www-form-urlencoded", data, size);
}
