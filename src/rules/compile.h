/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the steps of compiling rules share. Of this room only. */

#include "rules/rule.h"

struct compile {
    struct arena *arena;
    const struct sai_policy_options *options;
    struct rules *rules;
    struct pattern_run *run;
    struct sai_report *report;
    size_t i;   /* the rule in hand */
    bool nomem; /* sticky */
};

/* Adds a mistake at claims[i].member, or at claims[i] for NULL. */
void complain(struct compile *c, const char *member, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Adds what e says at claims[i].member, or marks the lack of memory. */
void complain_err(struct compile *c, const char *member, const struct sai_err *e);
/* "claims[i].member[j]": for members that are lists. */
struct item_member {
    char text[48];
};
struct item_member item_member(const char *member, size_t j);

/* A copy in the arena; on a lack of memory marks it and returns "". */
const char *copy_text(struct compile *c, const char *s);
struct sai_strings copy_list(struct compile *c, const struct sai_strings *list);

/* rules/target.c: sets path, tag and transitive of the rule in hand from its options. */
void compile_target(struct compile *c, const struct sai_claim_rule *from, struct rule *rule);
/* Checks the targets of all rules against each other and orders the transitive tags. */
void compile_targets_together(struct compile *c);
