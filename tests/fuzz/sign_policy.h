/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whatever is offered, what the signer's policy accepts is what kube-apiserver may write:
 * looked at anew, by other means. */

#include "base/err.h"
#include "signer/claims.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t fuzz_now_s = INT64_C(1767225600);

static inline void fuzz_check(bool ok)
{
    if (!ok)
        abort();
}

static inline const char *fuzz_text(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));

    fuzz_check(text != NULL);
    return text;
}

static inline void fuzz_check_accepted(const struct sign_claims *c)
{
    static const char *const known[] = { "aud", "exp", "iat",           "iss",
                                         "jti", "nbf", "kubernetes.io", "sub" };
    const json_t *k = json_object_get(c->json, "kubernetes.io");
    int64_t iat = json_integer_value(json_object_get(c->json, "iat"));
    int64_t exp = json_integer_value(json_object_get(c->json, "exp"));
    size_t found = 0;
    char sub[512];

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        found += json_object_get(c->json, known[i]) != NULL;
    fuzz_check(found == json_object_size(c->json));
    fuzz_check(strcmp(fuzz_text(c->json, "iss"), "https://i.example") == 0);
    (void)snprintf(sub, sizeof(sub), "system:serviceaccount:%s:%s", fuzz_text(k, "namespace"),
                   fuzz_text(json_object_get(k, "serviceaccount"), "name"));
    fuzz_check(strcmp(fuzz_text(c->json, "sub"), sub) == 0);
    fuzz_check(iat >= fuzz_now_s - 60 && iat <= fuzz_now_s + 60);
    fuzz_check(exp > iat && exp - iat <= (json_object_get(k, "pod") != NULL ? 31536000 : 7200));
    fuzz_check(json_array_size(json_object_get(c->json, "aud")) > 0);
}

static inline void fuzz_claims(const char *segment, size_t len)
{
    static const struct sign_policy policy = { "https://i.example", 7200, 1767225600, true };
    AUTO(sign_claims) struct sign_claims claims = { 0 };
    AUTO(buf) struct buf scratch;
    struct sai_err e = { 0 };
    char line[sizeof(struct sai_err)];

    buf_init(&scratch, 1 << 20);
    if (sign_claims_check(&policy, segment, len, &scratch, &claims, &e)) {
        fuzz_check_accepted(&claims);
        return;
    }
    fuzz_check(e.code != SAI_OK && e.text[0] != '\0');
    for (const char *p = sai_err_format(&e, line, sizeof(line)); *p != '\0'; p++)
        fuzz_check(*p >= ' ' && *p <= '~');
}
