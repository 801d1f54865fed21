/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Claim rules, compiled: from the attributes of an account to the JSON texts of claims.
 *
 * struct rules is immutable and may be used by any number of threads; what applying them needs
 * besides belongs to one. */

#include "base/arena.h"
#include "base/buf.h"
#include "rules/source.h"

#include <sa_issuer/policy.h>
#include <sa_issuer/token.h>
#include <stddef.h>

enum {
    RULES_MAX = 250,
    RULE_DEPTH_MAX = 8, /* names of one claim */
    RULE_NAME_MAX_BYTES = 128,
    RULE_TEXT_MAX_BYTES = 16384,
    RULE_TEXT_DEFAULT_BYTES = 1024,
};

/* A JSON text within a buffer, which may move while it grows; len 0: none. */
struct json_span {
    size_t at;
    size_t len;
};

struct rules;

/* Every mistake goes to the report, at "claims[i]...". The arena, which must outlive the rules,
 * owns their texts. false: out of memory; *out is set in any case and must be freed. Rules that
 * have mistakes are for nothing but being freed. */
bool rules_new(struct arena *arena,
               const struct sai_policy_options *options,
               struct rules **out,
               struct sai_report *r) MUST_USE;
void rules_free(struct rules *rules); /* takes NULL */

/* How many values the rules give: one each, and behind them the list of transitive session
 * tags. */
size_t rules_value_count(const struct rules *rules);
size_t rules_count(const struct rules *rules);
/* The claim of value i: names from the outermost object inwards. No rule's is the start of
 * another's. */
struct sai_strings rules_value_path(const struct rules *rules, size_t i);
/* Whether rule i can apply to a token for this audience (its index in the options). */
bool rules_for_audience(const struct rules *rules, size_t i, size_t audience);

struct rules_run;
/* Values are appended to text, which must outlive it. NULL when out of memory. */
struct rules_run *rules_run_new(struct buf *text) MUST_USE;
void rules_run_free(struct rules_run *run); /* takes NULL */

/* What one rule gave. */
struct rule_result {
    enum sai_rule_outcome outcome;
    const char *source;    /* the text that was found, NULL: none; until the next call */
    struct json_span json; /* in the run's text; len 0: none */
};

/* Applies rule i. e, in which there must be no error yet, is set if and only if the outcome is
 * SAI_RULE_REFUSED, with the path of the rule: SAI_E_DENIED, or SAI_E_NOMEM. Ask the text
 * whether it is ok in the end. */
void rules_apply_one(const struct rules *rules,
                     size_t i,
                     const struct rules_input *in,
                     struct rules_run *run,
                     struct rule_result *out,
                     struct sai_err *e);

/* Applies all; values has rules_value_count() places. false: the first rule that refuses. */
bool rules_apply(const struct rules *rules,
                 const struct rules_input *in,
                 struct rules_run *run,
                 struct json_span *values,
                 struct sai_err *e) MUST_USE;
