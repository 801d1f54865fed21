/* SPDX-License-Identifier: Apache-2.0 */

/* What became of each rule, for an administrator who misses a claim. */

#include "base/err.h"
#include "issue/minter.h"

static bool explain_one(struct sai_minter *m,
                        size_t i,
                        const struct rules_input *in,
                        struct sai_rule_report *out,
                        struct sai_err *reason)
{
    struct rule_result result;

    buf_reset(&m->text);
    rules_apply_one(m->policy->rules, i, in, m->run, &result, reason);
    if (reason->code == SAI_E_NOMEM || !buf_ok(&m->text, reason))
        return false;
    *out = (struct sai_rule_report){
        .rule = i,
        .outcome = result.outcome,
        .source = result.source,
        .json = result.json.len == 0 ? NULL : m->text.data,
        .reason = reason->code == SAI_OK ? NULL : reason->text,
    };
    return true;
}

bool sai_explain(struct sai_minter *m,
                 const struct sai_token_request *request,
                 sai_rule_report_fn *each,
                 void *data,
                 struct sai_err *e)
{
    struct grant g = { 0 };
    struct rules_input in;

    if (!grant_decide(m->policy, request, &g, e))
        return false;
    in = grant_rules_input(&g, request);
    for (size_t i = 0; i < rules_count(m->policy->rules); i++) {
        struct sai_rule_report report;
        struct sai_err reason = { 0 };

        if (!explain_one(m, i, &in, &report, &reason))
            return err_set(e, reason.code, "%s", reason.text);
        each(&report, data);
    }
    return true;
}
