/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the signer signs: the claims that kube-apiserver writes into a service account's token
 * and nothing else, since whoever reaches the socket could otherwise have any token. Members
 * are taken byte for byte and never twice: readers in Go fold case and believe the last. */

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sign_policy {
    const char *issuer;
    uint64_t max_lifetime_s;
    int64_t now_s; /* the time, seconds since 1970 */
    bool extended; /* tokens of pods may be extended to a year */
};

enum {
    SIGN_CLAIMS_MAX_BYTES = 32768, /* of the JSON; that of kube-apiserver has some 600 */
    SIGN_AUDIENCES_MAX = 64,
    /* kube-apiserver writes iat just before it calls, waits 34 s at most, and may be another
     * machine's clock off. It allows its own tokens as much. */
    SIGN_SKEW_S = 60,
    /* ExpirationExtensionSeconds and WarnOnlyBoundTokenExpirationPeriod of kube-apiserver. */
    SIGN_EXTENDED_S = 365 * 86400,
    SIGN_WARN_AFTER_S = 3607,
};

/* All texts are the JSON's; NULL: not there, or of another type. */
struct sign_claims {
    json_t *json;
    const char *iss;
    const char *sub;
    const char *jti;
    const char *namespace_name;
    const char *name;
    const char *pod;
    const char *secret;
    const char *node;
    const char *audiences[SIGN_AUDIENCES_MAX];
    size_t audience_count;
    int64_t iat;
    int64_t nbf;
    int64_t exp;
    int64_t warn_after; /* 0: none */
};

/* Reads and checks a claims segment. out, all zero before, holds what could
 * be read on failure too, for the audit trail; the caller gives it to sign_claims_done().
 * Errors: SAI_E_SYNTAX, SAI_E_INVALID, SAI_E_LIMIT (not the form of such claims), SAI_E_DENIED
 * (well-formed, and against the policy), SAI_E_NOMEM; e->path is the claim. scratch is for the
 * decoded text. */
bool sign_claims_check(const struct sign_policy *policy,
                       const char *segment,
                       size_t len,
                       struct buf *scratch,
                       struct sign_claims *out,
                       struct sai_err *e) MUST_USE;
void sign_claims_done(struct sign_claims *c);
DEFINE_AUTO_DONE(sign_claims, sign_claims_done)
