/* SPDX-License-Identifier: Apache-2.0 */

/* What a job wants to know: from the configuration, from memory, or from Kubernetes. Only a
 * clear answer is told; whatever is unclear is a refusal, and who was at fault decides which.
 */

#include "base/clock.h"
#include "base/log.h"
#include "conf/conf.h"
#include "state/snapshot.h"
#include "tokens/allow.h"
#include "tokens/ask.h"
#include "tokens/inside.h"

#include <string.h>

enum { RETRY_SOON_S = 1, RETRY_LATER_S = 5, WARN_EVERY_MS = 1000 };

static const struct conf *conf_of(const struct token_job *j)
{
    return j->book->snapshot->conf;
}

/* When the API fails, it does so for every request: a line each second will do. */
static void warn(struct token_desk *d, const struct question *q)
{
    uint64_t now = clock_mono_ms();
    uint64_t last = atomic_load(&d->warned_ms);
    char text[sizeof(struct sai_err)];

    if (now - last < WARN_EVERY_MS ||
        !atomic_compare_exchange_strong(&d->warned_ms, &last, now)) {
        count(&d->unwarned);
        return;
    }
    log_warn("no clear answer of Kubernetes, so no token", LOG_STR("question", q->about),
             LOG_STR("error", sai_err_format(&q->why, text, sizeof(text))),
             LOG_U64("not_logged", atomic_exchange(&d->unwarned, 0)));
}

static void tell_unclear(struct token_job *j)
{
    const struct question *q = &j->question;

    warn(j->desk, q);
    issuance_tell_unclear(&j->issuance,
                          q->why.code == SAI_E_LIMIT ? RETRY_SOON_S : RETRY_LATER_S);
}

/* Whether the caller, who is known now, may go on. His own limit first: what it holds back must
 * not count against the others. */
static bool is_in_time(struct token_job *j)
{
    const struct conf_limits *limits = &conf_of(j)->limits;
    struct rates *rates = j->desk->rates;
    uint64_t now_ns = clock_mono_ns();
    unsigned wait_s = 0;

    if (!rates_take(rates, j->who.text, j->who.key_len, limits->tokens_per_second_per_caller,
                    now_ns, &wait_s))
        count(&j->desk->counts.limited_callers);
    else if (!rates_take_shared(rates, RATES_TOKENS, limits->tokens_per_second, now_ns,
                                &wait_s))
        count(&j->desk->counts.limited_in_total);
    else
        return true;
    issuance_tell_limited(&j->issuance, wait_s);
    return false;
}

/* Whoever shows a token that is not known is nobody yet. */
static void ask_for_bearer(struct token_job *j, const char *token, job_answer_fn *on_answer)
{
    unsigned wait_s = 0;

    if (ask_known(j, token)) {
        j->on_answer = on_answer;
    } else if (rates_take_shared(j->desk->rates, RATES_REVIEWS,
                                 conf_of(j)->limits.tokens_per_second, clock_mono_ns(),
                                 &wait_s)) {
        j->on_answer = on_answer;
        ask_who(j, token);
    } else {
        count(&j->desk->counts.limited_reviews);
        issuance_tell_limited(&j->issuance, wait_s);
    }
}

static void on_access(struct token_job *j)
{
    const struct question *q = &j->question;
    const struct access_fact fact = {
        .allowed = q->verdict == KUBE_ALLOWED,
        .caller = j->user != NULL ? j->user->username : j->caller.user,
    };

    if (q->verdict == KUBE_UNCLEAR)
        tell_unclear(j);
    else
        issuance_tell_access(&j->issuance, &fact);
}

static bool is_node(const struct kube_user *u)
{
    static const char prefix[] = "system:node:";

    for (size_t i = 0; i < u->group_count; i++) {
        if (strcmp(u->groups[i], "system:nodes") == 0)
            return true;
    }
    return strncmp(u->username, prefix, strlen(prefix)) == 0;
}

/* kube-apiserver holds nodes to tokens of their own pods by admission (NodeRestriction), of
 * which a SubjectAccessReview knows nothing: it would allow them more than they may. */
static void ask_access_for(struct token_job *j, const struct kube_user *user)
{
    const struct access_fact no = { .caller = user->username,
                                    .reason = "nodes ask kube-apiserver, which restricts them "
                                              "to their pods" };

    if (is_node(user)) {
        issuance_tell_access(&j->issuance, &no);
        return;
    }
    j->on_answer = on_access;
    ask_access(j, user, j->issuance.path.namespace_name, j->issuance.path.name);
}

static void on_bearer(struct token_job *j)
{
    struct question *q = &j->question;

    if (q->verdict == KUBE_UNCLEAR) {
        tell_unclear(j);
    } else if (q->verdict == KUBE_REFUSED || q->user == NULL) {
        issuance_tell_unknown(&j->issuance);
    } else {
        j->user = TAKE(q->user);
        who_set_user(&j->who, j->user);
        if (is_in_time(j))
            ask_access_for(j, j->user);
    }
}

static void look_at_bearer(struct token_job *j)
{
    if (j->desk->audience == NULL) {
        issuance_tell_unknown(&j->issuance);
        return;
    }
    ask_for_bearer(j, j->caller.token, on_bearer);
}

static void tell_row(struct token_job *j, const struct conf_caller *row, const char *name)
{
    struct access_fact fact = { .allowed = row != NULL, .caller = name };

    if (row != NULL)
        fact.audiences = (struct sai_strings){ row->audiences.items, row->audiences.count };
    issuance_tell_access(&j->issuance, &fact);
}

static void look_at_peer(struct token_job *j)
{
    const struct conf_callers *conf = &conf_of(j)->callers;
    const struct token_path *path = &j->issuance.path;

    who_set_peer(&j->who, &j->caller);
    if (is_in_time(j))
        tell_row(j,
                 allow_find(conf->peers, conf->peer_count, &j->caller, path->namespace_name,
                            path->name),
                 j->who.text);
}

/* As kube-apiserver sees the bearer of a client certificate. */
static void ask_for_certificate(struct token_job *j)
{
    const char *groups[CALLER_GROUPS_MAX + 1];
    const struct sai_strings *shown = &j->caller.groups;
    struct kube_user user = { .username = j->caller.user, .uid = "", .groups = groups };

    while (user.group_count < shown->count && user.group_count < CALLER_GROUPS_MAX) {
        groups[user.group_count] = shown->items[user.group_count];
        user.group_count++;
    }
    groups[user.group_count++] = "system:authenticated";
    ask_access_for(j, &user);
}

static void look_at_certificate(struct token_job *j)
{
    const struct conf_callers *conf = &conf_of(j)->callers;
    const struct token_path *path = &j->issuance.path;
    const struct conf_caller *row;

    who_set_certificate(&j->who, &j->caller);
    if (!is_in_time(j))
        return;
    row = allow_find(conf->certificates, conf->certificate_count, &j->caller,
                     path->namespace_name, path->name);
    if (row == NULL && conf->kubernetes.certificates && j->desk->reviews != NULL)
        ask_for_certificate(j);
    else
        tell_row(j, row, j->caller.user);
}

static void look_at_caller(struct token_job *j)
{
    switch (j->caller.kind) {
    case CALLER_BEARER:
        look_at_bearer(j);
        break;
    case CALLER_CERTIFICATE:
        look_at_certificate(j);
        break;
    case CALLER_PEER:
        look_at_peer(j);
        break;
    case CALLER_NONE:
        issuance_tell_unknown(&j->issuance);
        break;
    }
}

/* The audit trail names the pod; whoever is none is named as a user. */
static void set_subject(struct token_job *j, const struct review_fact *fact)
{
    char namespace_name[KUBE_NAMESPACE_SIZE];
    char name[KUBE_NAME_SIZE];

    if (fact->pod.name != NULL && kube_user_account(fact->user, namespace_name, name))
        who_set_pod(&j->who, namespace_name, fact->pod.name);
    else
        who_set_user(&j->who, j->user);
}

static void on_subject(struct token_job *j)
{
    struct question *q = &j->question;
    struct review_fact fact = { .authenticated =
                                    q->verdict == KUBE_ALLOWED && q->user != NULL };

    if (q->verdict == KUBE_UNCLEAR) {
        tell_unclear(j);
        return;
    }
    if (fact.authenticated) {
        j->user = TAKE(q->user);
        fact.user = j->user->username;
        fact.uid = j->user->uid;
        fact.pod.name = kube_user_extra(j->user, KUBE_EXTRA_POD_NAME);
        fact.pod.uid = kube_user_extra(j->user, KUBE_EXTRA_POD_UID);
        fact.node.name = kube_user_extra(j->user, KUBE_EXTRA_NODE_NAME);
        fact.node.uid = kube_user_extra(j->user, KUBE_EXTRA_NODE_UID);
        set_subject(j, &fact);
        if (!is_in_time(j))
            return;
    }
    issuance_tell_review(&j->issuance, &fact);
}

static void on_account(struct token_job *j)
{
    struct question *q = &j->question;
    struct account_fact fact = {
        .namespace_found = q->namespace_found,
        .namespace_terminating = q->namespace_terminating,
        .found = q->finding == KUBE_FOUND,
    };

    if (q->finding == KUBE_UNKNOWN) {
        tell_unclear(j);
        return;
    }
    if (fact.found) {
        j->account = q->account;
        q->account = (struct kube_account){ 0 };
        fact.account = j->account.account;
        fact.namespace_found = true;
    }
    issuance_tell_account(&j->issuance, &fact);
}

/* In manifests, an account without its Namespace is one of a Namespace without metadata. */
static void look_for_account(struct token_job *j, const struct issuance_lookup *l)
{
    const struct sai_accounts *accounts = j->book->snapshot->accounts;
    struct account_fact fact = { .namespace_found = true };

    if (j->desk->accounts != NULL) {
        j->on_answer = on_account;
        ask_account(j, l->namespace_name, l->name);
        return;
    }
    fact.found = accounts != NULL &&
                 sai_accounts_find(accounts, l->namespace_name, l->name, &fact.account);
    issuance_tell_account(&j->issuance, &fact);
}

static void on_object(struct token_job *j)
{
    const struct question *q = &j->question;
    const struct found_object *o = q->object;
    const struct object_fact fact = {
        .found = q->finding == KUBE_FOUND,
        .deletion_unix_s = o->deletion_unix_s,
        .uid = o->uid,
        .account = o->account,
        .node = o->node,
    };

    if (q->finding == KUBE_UNKNOWN)
        tell_unclear(j);
    else
        issuance_tell_object(&j->issuance, &fact);
}

static void look_for_object(struct token_job *j, const struct issuance_lookup *l)
{
    if (j->desk->client == NULL) {
        issuance_tell_unserved(&j->issuance, NULL,
                               "bound tokens need accounts.kubernetes: without it nobody can "
                               "say whether the object exists");
        return;
    }
    j->on_answer = on_object;
    ask_object(j, l);
}

void job_look_up(struct token_job *j, const struct issuance_lookup *l)
{
    switch (l->kind) {
    case LOOKUP_ACCESS:
        look_at_caller(j);
        break;
    case LOOKUP_REVIEW:
        ask_for_bearer(j, l->token, on_subject);
        break;
    case LOOKUP_ACCOUNT:
        look_for_account(j, l);
        break;
    case LOOKUP_POD:
    case LOOKUP_SECRET:
    case LOOKUP_NODE:
        look_for_object(j, l);
        break;
    case LOOKUP_NONE:
        break;
    }
}
