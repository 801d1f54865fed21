/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A policy from the inside; what it promises is in <sa_issuer/policy.h>. */

#include "base/attr.h"
#include "issue/layout.h"
#include "issue/profile.h"
#include "jose/pkey.h"

#include <sa_issuer/policy.h>
#include <stdbool.h>
#include <stdint.h>

struct arena;

enum {
    POLICY_KEYS_MAX = PROFILE_ALGORITHMS_MAX, /* one active key of each algorithm */
    POLICY_AUDIENCES_MAX = 1000,
};

/* Bounds of lifetimes. 600 s and 2^32 s are those of Kubernetes' TokenRequest; a limit may go
 * below, since tokens that are cut short are in its contract. */
static const uint64_t LIFETIME_MIN_S = 600;
static const uint64_t LIFETIME_MAX_S = UINT64_C(1) << 32;
static const uint64_t LIFETIME_LIMIT_MIN_S = 60;
static const uint64_t BACKDATE_MAX_S = 600;

/* The places of the values that every token has, in the order of the names; those of the rules
 * follow. */
enum claim_value {
    VALUE_AUD,
    VALUE_EXP,
    VALUE_IAT,
    VALUE_ISS,
    VALUE_JTI,
    VALUE_KUBERNETES,
    VALUE_NBF,
    VALUE_SUB,
    VALUE_FIRST_RULE,
};

/* Their names. */
extern const char *const claim_names[VALUE_FIRST_RULE];

/* A text that is written as it is. */
struct fragment {
    const char *bytes;
    size_t len;
};

/* A key that signs. */
struct policy_key {
    const struct pkey *pkey;
    const char *alg;
    const char *kid;
    struct fragment head; /* of its tokens: base64url of the JOSE header, and the dot */
};

struct policy_audience {
    const char *name;
    struct fragment json; /* in quotes */
    const struct profile *profile;
    uint64_t max_lifetime_s; /* exp - now: the least of issuer, audience and profile */
    size_t index;            /* in the options */
    unsigned char keys[POLICY_KEYS_MAX]; /* that may sign for it, best first */
    size_t key_count;
    unsigned key_mask; /* the same as bits */
};

struct sai_policy {
    struct arena *arena;    /* owns all of it but the rules, this struct too */
    struct fragment issuer; /* in quotes */
    struct policy_key keys[POLICY_KEYS_MAX];
    size_t key_count;
    struct policy_audience *audiences; /* sorted by name */
    size_t audience_count;
    uint64_t default_lifetime_s;
    uint64_t max_lifetime_s;
    uint64_t backdate_s;
    bool verify_signatures;
    const char *lifetime_annotation;
    struct rules *rules;
    struct layout *layout;
    size_t value_count; /* that the layout places */
    struct sai_strings claim_names;
};

DEFINE_AUTO(sai_policy, sai_policy_free)

/* Copies what the buffer holds. false: out of memory, here or in the buffer. */
bool policy_fragment(struct sai_policy *p, struct fragment *out, const struct buf *b) MUST_USE;

/* NULL if it is not configured. */
const struct policy_audience *policy_audience_find(const struct sai_policy *p,
                                                   const char *name);
