/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Minting: account + audience + policy to a signed token, in the form of a Kubernetes projected
 * service-account token (members sorted at every level, aud an array, integer times) with the
 * policy's custom claims among them. */

#include <sa_issuer/account.h>
#include <sa_issuer/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the token is bound to; name NULL: nothing. */
struct sai_object_ref {
    const char *name;
    const char *uid; /* may be NULL only for a node that was not found */
};

struct sai_token_request {
    const struct sai_account *account;
    struct sai_strings audiences; /* 1 to 16, each configured, none twice */
    uint64_t duration_s;          /* 600 to 2^32 as in Kubernetes; 0: the default lifetime */
    struct sai_object_ref pod;
    struct sai_object_ref node;   /* with pod: where it runs; alone: bound to the node */
    struct sai_object_ref secret; /* excludes both */
    int64_t now_unix_s;           /* 0: the clock's */
};

struct sai_token {
    const char *text; /* the compact JWS; NUL after it */
    size_t len;
    const char *claims; /* the payload as JSON */
    size_t claims_len;
    const char *jti; /* 36 characters */
    const char *kid;
    const char *alg;
    int64_t iat;
    int64_t exp;
    uint64_t lifetime_s; /* what was granted: exp - now */
    bool clamped;        /* less than what was asked for */
};

/* Holds prepared signing contexts and scratch memory; belongs to one thread. The policy must
 * outlive it. */
struct sai_minter;
SAI_API bool
sai_minter_new(const struct sai_policy *policy, struct sai_minter **out, struct sai_err *e);
SAI_API void sai_minter_free(struct sai_minter *m); /* takes NULL */

/* *out is the minter's until its next call. Errors: SAI_E_DENIED (policy: audience not
 * configured, subject too long, a rule refused, ...; e->path names the rule: "claims[2]"),
 * SAI_E_INVALID (the request contradicts itself), SAI_E_LIMIT (the token would be larger than
 * the profile allows, or is for too many audiences), SAI_E_CRYPTO, SAI_E_NOMEM. */
SAI_API bool sai_mint(struct sai_minter *m,
                      const struct sai_token_request *request,
                      struct sai_token *out,
                      struct sai_err *e);
/* The same without signing: text and len stay zero. */
SAI_API bool sai_mint_claims(struct sai_minter *m,
                             const struct sai_token_request *request,
                             struct sai_token *out,
                             struct sai_err *e);

/* What became of one rule. */
enum sai_rule_outcome {
    SAI_RULE_WRITTEN,
    SAI_RULE_PRESET,   /* written from its preset */
    SAI_RULE_ABSENT,   /* the source is missing, the claim left out */
    SAI_RULE_NOT_HERE, /* not for this namespace or these audiences */
    SAI_RULE_REFUSED,  /* refuses the token: reason */
};

struct sai_rule_report {
    size_t rule; /* index */
    enum sai_rule_outcome outcome;
    const char *source; /* the text that was found; NULL: none */
    const char *json;   /* the claim's value as JSON; NULL: none */
    const char *reason; /* of a refusal; NULL otherwise */
};

/* Calls back once for each rule in order, also behind a refusal; strings live as long as the
 * call. data is the caller's. */
typedef void sai_rule_report_fn(const struct sai_rule_report *report, void *data);
/* Tells for each rule what sai_mint() would make of it. Errors: what sai_mint() refuses before
 * it comes to the rules; a rule that refuses is told, and is none. */
SAI_API bool sai_explain(struct sai_minter *m,
                         const struct sai_token_request *request,
                         sai_rule_report_fn *each,
                         void *data,
                         struct sai_err *e);

#ifdef __cplusplus
}
#endif
