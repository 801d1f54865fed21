/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/profile.h"

#include "base/attr.h"

#include <sa_issuer/policy.h>
#include <string.h>

/* RS256 comes first everywhere: it is the only algorithm that every verifier takes. Figures
 * marked * are no verifier's but ours: where none is published, a token still has to fit the
 * headers it travels in. */
enum {
    DAY_S = 86400,
    HOUR_S = 3600,
    SUBJECT_KUBERNETES = 339, /* system:serviceaccount: + 63 + : + 253 */
    SUBJECT_OIDC = 255,       /* OpenID Connect Core 1.0 section 2 */
    TOKEN_HEADER = 8192,      /* * what common servers take as one header line */
    TOKEN_MAX = 16384,        /* * */
    AUDIENCE_MAX = 1024,      /* * */
    AUDIENCES_MAX = 8,        /* * several mean mutual trust; keep them few */
};

#define RSA_THEN_EC "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"

static const struct profile profiles[] = {
    /* kube-apiserver: --oidc-signing-algs and structured authentication know RS, ES and PS,
     * never EdDSA, which makes it refuse the whole key set; a token travels in Authorization.
     */
    { .name = "kubernetes",
      .algorithms = { RSA_THEN_EC },
      .max_subject_bytes = SUBJECT_KUBERNETES,
      .max_audience_bytes = AUDIENCE_MAX,
      .max_audiences = AUDIENCES_MAX,
      .max_token_bytes = TOKEN_HEADER },
    /* Microsoft Entra workload identity federation: RS256 documented, RS384 and RS512 named by
     * its error texts, ES* refused (AADSTS5002738); subject and audience of a federated
     * credential 600 characters, one audience each; longer than a day is refused in practice.
     */
    { .name = "entra",
      .algorithms = { "RS256", "RS384", "RS512" },
      .max_lifetime_s = DAY_S,
      .max_subject_bytes = 600,
      .max_audience_bytes = 600,
      .max_audiences = 1,
      .max_token_bytes = TOKEN_MAX },
    /* AWS STS AssumeRoleWithWebIdentity: RS and ES (API reference), 20,000 characters of token
     * (API reference), subject and client ID of 255 (IAM). azp replaces aud in conditions. */
    { .name = "aws",
      .algorithms = { RSA_THEN_EC },
      .max_subject_bytes = 255,
      .max_audience_bytes = 255,
      .max_audiences = 1,
      .max_token_bytes = 20000,
      .refused_claim = "azp",
      .refused_why = "AWS compares azp instead of aud where a token has it" },
    /* Google Cloud workload identity federation: RS256 or ES256; exp - iat of 24 h at most;
     * google.subject 127 bytes; allowedAudiences 256 characters each. */
    { .name = "gcp",
      .algorithms = { "RS256", "ES256" },
      .max_lifetime_s = DAY_S,
      .max_subject_bytes = 127,
      .max_audience_bytes = 256,
      .max_audiences = 1,
      .max_token_bytes = TOKEN_MAX },
    /* HashiCorp Vault and OpenBao JWT auth: all algorithms of go-jose, any of bound_audiences;
     * Ed25519 not with static PEM keys, hence last. */
    { .name = "vault",
      .algorithms = { RSA_THEN_EC, "EdDSA" },
      .max_subject_bytes = SUBJECT_KUBERNETES,
      .max_audience_bytes = AUDIENCE_MAX,
      .max_audiences = AUDIENCES_MAX,
      .max_token_bytes = TOKEN_MAX },
    /* Anthropic workload identity federation: RS, ES and PS; exp - iat of 1 h (the default cap
     * of an issuer there); token of 16 KiB. */
    { .name = "anthropic",
      .algorithms = { RSA_THEN_EC },
      .max_lifetime_s = HOUR_S,
      .max_subject_bytes = SUBJECT_OIDC,
      .max_audience_bytes = AUDIENCE_MAX,
      .max_audiences = 1,
      .max_token_bytes = 16384 },
    /* Any verifier that follows OpenID Connect. */
    { .name = "generic",
      .algorithms = { RSA_THEN_EC, "EdDSA" },
      .max_subject_bytes = SUBJECT_OIDC,
      .max_audience_bytes = AUDIENCE_MAX,
      .max_audiences = AUDIENCES_MAX,
      .max_token_bytes = TOKEN_MAX },
};

const struct profile *profile_get(size_t i)
{
    return i < ARRAY_SIZE(profiles) ? &profiles[i] : NULL;
}

const struct profile *profile_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    }
    return NULL;
}

int profile_rank(const struct profile *p, const char *alg)
{
    for (int i = 0; i < PROFILE_ALGORITHMS_MAX && p->algorithms[i] != NULL; i++) {
        if (strcmp(p->algorithms[i], alg) == 0)
            return i;
    }
    return -1;
}

const char *sai_profile_name(size_t i)
{
    return i < ARRAY_SIZE(profiles) ? profiles[i].name : NULL;
}
