/* SPDX-License-Identifier: Apache-2.0 */

/* The steps of a token exchange: whoever presents the token of a pod gets one for the same
 * account, bound to the same pod, and for nothing and nobody else. Every name comes from the
 * API's review of the token and from its objects; the request only chooses an audience. */

#include "kube/review.h"
#include "service/steps.h"

#include <string.h>

static enum verdict decode(struct issuance *i)
{
    return exchange_decode(i->in.content_type, i->in.body, i->in.len, &i->exchange, &i->refusal)
               ? VERDICT_PASS
               : VERDICT_REFUSE;
}

static enum verdict check_audience(struct issuance *i)
{
    const char *audience = i->exchange.audience;

    if (step_check_audience(i, audience) != AUDIENCE_FINE)
        refuse_oauth(&i->refusal, "invalid_target", "\"%s\" is not an audience of this issuer",
                     audience);
    i->audience_list[0] = audience;
    i->request.audiences = (struct sai_strings){ i->audience_list, 1 };
    i->request.duration_s = i->exchange.duration_s;
    i->request.now_unix_s = i->in.now_unix_s;
    return step_verdict(i);
}

static enum verdict invalid_token(struct issuance *i, const char *why)
{
    refuse_oauth(&i->refusal, "invalid_request", "subject_token: %s", why);
    return VERDICT_REFUSE;
}

static bool is_set(const char *s)
{
    return s != NULL && s[0] != '\0';
}

/* A token that is bound to nothing, to a secret or to a node is refused: the new one would
 * outlive what the old one is bound to. */
static enum verdict review(struct issuance *i)
{
    enum verdict v = step_want(i, LOOKUP_REVIEW, NULL, NULL);
    const struct review_fact *r = &i->review;

    i->wanted.token = i->exchange.subject_token;
    if (v != VERDICT_PASS)
        return v;
    if (!r->authenticated)
        return invalid_token(i, "not a valid token for this service");
    if (!is_set(r->user) || !is_set(r->uid) ||
        !kube_user_account(r->user, i->path.namespace_name, i->path.name))
        return invalid_token(i, "not of a service account");
    if (!is_set(r->pod.name) || !is_set(r->pod.uid))
        return invalid_token(i, "not bound to a pod");
    return VERDICT_PASS;
}

static enum verdict check_account_uid(struct issuance *i)
{
    if (strcmp(i->review.uid, i->request.account->uid) != 0)
        return invalid_token(i, "of a service account that was deleted and recreated");
    return VERDICT_PASS;
}

static enum verdict check_pod(struct issuance *i)
{
    return step_check_pod(i, i->review.pod.name, i->review.pod.uid);
}

/* The review has already told the node, with its uid, of most pods. */
static enum verdict check_node(struct issuance *i)
{
    const struct sai_object_ref *n = &i->review.node;

    if (is_set(n->name) && is_set(n->uid) && i->pod.node != NULL &&
        strcmp(n->name, i->pod.node) == 0) {
        i->request.node = *n;
        return VERDICT_PASS;
    }
    return step_check_node_of_pod(i);
}

issuance_step_fn *const exchange_steps[] = {
    decode,
    check_audience,
    review,
    step_check_namespace,
    step_check_account,
    check_account_uid,
    check_pod,
    check_node,
    NULL,
};
