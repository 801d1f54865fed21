/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where a rule's text comes from: what is known of the account and of what the token is bound
 * to. */

#include "base/attr.h"

#include <sa_issuer/account.h>
#include <sa_issuer/policy.h>
#include <stdbool.h>

/* What the rules see of a request. */
struct rules_input {
    const struct sai_account *account;
    const char *pod;         /* NULL: not bound to one */
    const char *node;        /* NULL: not known */
    const size_t *audiences; /* of the token, as indices into the policy's options */
    size_t audience_count;
};

/* One attribute, e.g. the annotation of some key. Zeroed to begin with. */
struct source {
    enum sai_claim_source kind; /* neither SAI_SOURCE_VALUE nor SAI_SOURCE_TEMPLATE */
    const char *key;            /* borrowed */
    size_t field;               /* which, of SAI_SOURCE_FIELD */
};

/* The configuration's word for a source: "namespaceLabel"; NULL for a number that is none. */
const char *source_word(enum sai_claim_source kind);
/* Checks the key; the source borrows it. */
bool source_set(struct source *s,
                enum sai_claim_source kind,
                const char *key,
                struct sai_err *e) MUST_USE;
/* NULL: missing. Borrowed from the input. */
const char *source_find(const struct source *s, const struct rules_input *in);
