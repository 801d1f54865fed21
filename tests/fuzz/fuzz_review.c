/* SPDX-License-Identifier: Apache-2.0 */

/* Answers to reviews: allowed only with a user, and never for a text without "true". */

#include "base/err.h"
#include "kube/review.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *body = size == 0 ? "" : (const char *)data;
    AUTO(kube_user) struct kube_user *user = NULL;
    bool says_true = memmem(body, size, "true", 4) != NULL;
    struct sai_err e = { 0 };
    enum kube_verdict verdict = kube_judge_token(201, body, size, "sa-issuerd", &user, &e);

    if ((verdict == KUBE_ALLOWED) != (user != NULL) ||
        (verdict == KUBE_ALLOWED && !says_true) ||
        (verdict == KUBE_ALLOWED) != (e.code == SAI_OK))
        abort();
    e = (struct sai_err){ 0 };
    verdict = kube_judge_access(201, body, size, &e);
    if ((verdict == KUBE_ALLOWED && !says_true) ||
        (verdict == KUBE_ALLOWED) != (e.code == SAI_OK))
        abort();
    return 0;
}
