/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The policy of one issuer: which audiences it mints for, for how long, and which claims it
 * makes of an account's annotations and labels. */

#include <sa_issuer/keyset.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sai_strings {
    const char *const *items;
    size_t count;
};

enum sai_claim_source {
    SAI_SOURCE_ANNOTATION, /* of the ServiceAccount: written by namespace users */
    SAI_SOURCE_LABEL,
    SAI_SOURCE_NAMESPACE_ANNOTATION, /* of the Namespace: written by administrators */
    SAI_SOURCE_NAMESPACE_LABEL,
    SAI_SOURCE_FIELD,    /* namespace, serviceAccount, uid, pod or node */
    SAI_SOURCE_VALUE,    /* a constant */
    SAI_SOURCE_TEMPLATE, /* text with {namespace} {serviceAccount} {uid} {pod} {node}
                            {annotation:KEY} {label:KEY} {namespaceAnnotation:KEY}
                            {namespaceLabel:KEY}; {{ and }} are braces; missing if any of
                            these is */
};

enum sai_claim_type {
    SAI_TYPE_STRING,
    SAI_TYPE_INTEGER, /* within +-(2^53 - 1), as JSON readers are sure to keep it */
    SAI_TYPE_NUMBER,
    SAI_TYPE_BOOLEAN, /* exactly true or false */
    SAI_TYPE_STRINGS, /* items between commas, blanks around them dropped */
    SAI_TYPE_JSON,    /* at most 16 levels; members are sorted */
};

/* One row of the administrator's mapping. A rule that applies (namespaces, audiences) and
 * cannot be carried out refuses the token; it never yields one without its claim. */
struct sai_claim_rule {
    enum sai_claim_source source;
    const char *from; /* the key, the field's name, the constant or the template */
    /* Target: the names from the outermost object inwards ("a", "b": {"a":{"b":...}}), or */
    struct sai_strings claim;
    const char *session_tag; /* the key of an AWS session tag; type string */
    bool transitive;         /* of a session tag */
    enum sai_claim_type type;
    /* Texts must be UTF-8; control characters are escaped. */
    const char *pattern;           /* PCRE2 that must match the whole text; NULL: any */
    struct sai_strings one_of;     /* empty: any */
    uint64_t max_length;           /* of the text in bytes, at most 16384; 0: 1024 */
    struct sai_strings namespaces; /* empty: all */
    struct sai_strings audiences;  /* for tokens with any of these; empty: all */
    bool required;                 /* refuse the token if the source is missing */
    const char *preset;            /* instead of a missing source; NULL: leave the claim out */
};

struct sai_audience {
    const char *name;        /* as in aud, byte for byte */
    const char *profile;     /* of sai_profile_name() */
    const char *algorithm;   /* only this one; NULL: the first of the profile that has a key */
    uint64_t max_lifetime_s; /* 60 to 2^32; 0: the profile's */
};

struct sai_policy_options {
    const char *issuer;
    const struct sai_keyset *keys; /* must outlive the policy */
    const struct sai_audience *audiences;
    size_t audience_count;
    const struct sai_claim_rule *claims;
    size_t claim_count;
    uint64_t default_lifetime_s; /* 600 to max_lifetime_s; 0: 3600 or the maximum */
    uint64_t max_lifetime_s;     /* 600 to 2^32; 0: 86400 */
    uint64_t backdate_s;         /* iat and nbf lie so far in the past; at most 600 */
    /* ServiceAccount annotation with a duration ("2h") that limits this account's tokens
     * further; a malformed one refuses. NULL: none. */
    const char *lifetime_annotation;
    /* Check each signature with the public key before it leaves. OpenSSL does so itself for the
     * one fault that gives an RSA key away; this costs 3 % of an RSA signature, and an ECDSA or
     * Ed25519 signature takes three times as long. */
    bool verify_signatures;
};

/* Immutable; for any number of threads. */
struct sai_policy;

/* Compiles and checks. The report's problems name their place as path, in the words of the
 * configuration's issuers[i]: "claims[3].pattern", "audiences[0].maxLifetime",
 * "tokens.backdate". Copies what it needs of the options. */
SAI_API bool sai_policy_new(const struct sai_policy_options *options,
                            struct sai_policy **out,
                            struct sai_report *r);
SAI_API void sai_policy_free(struct sai_policy *p); /* takes NULL */

/* All names that tokens of this policy can hold at the top level, sorted: claims_supported. */
SAI_API struct sai_strings sai_policy_claim_names(const struct sai_policy *p);

/* The profiles: "kubernetes", "entra", ...; NULL behind the last. */
SAI_API const char *sai_profile_name(size_t i);

#ifdef __cplusplus
}
#endif
