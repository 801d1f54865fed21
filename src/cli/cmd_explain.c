/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "cli/command.h"
#include "cli/issuing.h"
#include "conf/conf.h"
#include "rules/source.h"

#include <stdio.h>

static const struct option_row options[] = { ISSUING_OPTION_ROWS };

static const char *const outcome_texts[] = {
    [SAI_RULE_WRITTEN] = "written",
    [SAI_RULE_PRESET] = "written from its default, as the source is missing",
    [SAI_RULE_ABSENT] = "left out, as the source is missing",
    [SAI_RULE_NOT_HERE] = "not for this namespace or audience",
    [SAI_RULE_REFUSED] = "refuses the token",
};

static void print_target(const struct sai_claim_rule *rule)
{
    if (rule->session_tag != NULL) {
        (void)printf("session tag %s%s", rule->session_tag,
                     rule->transitive ? " (transitive)" : "");
        return;
    }
    (void)printf("claim ");
    for (size_t i = 0; i < rule->claim.count; i++)
        (void)printf("%s%s", i > 0 ? " > " : "", rule->claim.items[i]);
}

/* Two lines: what the rule is, and what became of it. */
static void print_rule(const struct sai_rule_report *report, void *data)
{
    const struct issuing *in = data;
    const struct sai_claim_rule *rule = &in->issuer->rules[report->rule];

    (void)printf("claims[%zu]: ", report->rule);
    print_target(rule);
    (void)printf(" from %s %s\n    %s", source_word(rule->source), rule->from,
                 outcome_texts[report->outcome]);
    if (report->reason != NULL)
        (void)printf(": %s", report->reason);
    else if (report->json != NULL)
        (void)printf(": %s", report->json);
    (void)printf("\n");
}

static int run(const struct arguments *args)
{
    AUTO(issuing) struct issuing in = { 0 };
    struct sai_err e = { 0 };
    struct sai_token token;
    char text[sizeof(struct sai_err)];
    int code = issuing_init(&in, "explain", args);

    if (code != CLI_OK)
        return code;
    (void)printf("account %s in namespace %s, uid %s\n", in.account.name,
                 in.account.namespace_name, in.account.uid);
    if (!sai_explain(in.minter, &in.request, print_rule, &in, &e) ||
        !sai_mint_claims(in.minter, &in.request, &token, &e)) {
        (void)printf("no token: %s\n", sai_err_format(&e, text, sizeof(text)));
        return CLI_FAILED;
    }
    (void)printf("token: algorithm %s, key %s, lifetime %llu s%s\nclaims: %s\n", token.alg,
                 token.kid, (unsigned long long)token.lifetime_s,
                 token.clamped ? " (shortened)" : "", token.claims);
    return CLI_OK;
}

const struct command command_explain = {
    .name = "explain",
    .operands = "",
    .summary = "show rule by rule which claims a service account's token would hold, and why",
    .options = options,
    .option_count = ARRAY_SIZE(options),
    .run = run,
};
