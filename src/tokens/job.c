/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens/job.h"

#include "base/clock.h"
#include "base/err.h"
#include "conf/conf.h"
#include "state/snapshot.h"
#include "tokens/allow.h"
#include "tokens/inside.h"

enum { RETRY_LATER_S = 5 };

struct token_job *token_job_new(struct token_clerk *c, const struct token_job_input *in)
{
    struct issuance_input input = {
        .path = &in->path,
        .query = in->query,
        .content_type = in->content_type,
        .body = in->body,
        .len = in->body_len,
        .now_unix_s = clock_unix_s(),
    };
    struct sai_err e = { 0 };
    struct book_issuer *issuer;
    struct token_job *j;

    if (c->book == NULL || !book_issuer(c->book, in->issuer, &issuer, &e))
        return NULL;
    j = clerk_take_job(c);
    if (j == NULL)
        return NULL;
    j->clerk = c;
    j->book = book_ref(c->book);
    j->issuer = issuer;
    j->caller = in->caller;
    j->wake = in->wake;
    j->owner = in->owner;
    input.policy = &issuer->policy;
    issuance_init(&j->issuance, &input);
    if (in->path.kind == TOKEN_PATH_EXCHANGE)
        issuance_tell_unserved(&j->issuance, "unsupported_grant_type",
                               "token exchange is not served here");
    return j;
}

void token_job_free(struct token_job *j)
{
    if (j == NULL)
        return;
    issuance_done(&j->issuance);
    book_unref(j->book);
    clerk_give_job(j->clerk, j);
}

static void tell_row(struct token_job *j, const struct conf_caller *row, const char *name)
{
    struct access_fact fact = { .allowed = row != NULL, .caller = name };

    if (row != NULL)
        fact.audiences = (struct sai_strings){ row->audiences.items, row->audiences.count };
    issuance_tell_access(&j->issuance, &fact);
}

static void look_for_access(struct token_job *j, const struct issuance_lookup *l)
{
    const struct conf_callers *conf = &j->book->snapshot->conf->callers;

    switch (j->caller.kind) {
    case CALLER_PEER:
        who_set_peer(&j->who, &j->caller);
        tell_row(
            j,
            allow_find(conf->peers, conf->peer_count, &j->caller, l->namespace_name, l->name),
            j->who.text);
        break;
    case CALLER_CERTIFICATE:
        who_set_certificate(&j->who, &j->caller);
        tell_row(j,
                 allow_find(conf->certificates, conf->certificate_count, &j->caller,
                            l->namespace_name, l->name),
                 j->caller.user);
        break;
    case CALLER_BEARER:
    case CALLER_NONE:
        issuance_tell_unknown(&j->issuance);
        break;
    }
}

static void look_for_account(struct token_job *j, const struct issuance_lookup *l)
{
    const struct sai_accounts *accounts = j->book->snapshot->accounts;
    struct account_fact fact = { .namespace_found = true };

    fact.found = accounts != NULL &&
                 sai_accounts_find(accounts, l->namespace_name, l->name, &fact.account);
    issuance_tell_account(&j->issuance, &fact);
}

static void look_up(struct token_job *j, const struct issuance_lookup *l)
{
    switch (l->kind) {
    case LOOKUP_ACCESS:
        look_for_access(j, l);
        break;
    case LOOKUP_ACCOUNT:
        look_for_account(j, l);
        break;
    case LOOKUP_POD:
    case LOOKUP_SECRET:
    case LOOKUP_NODE:
        issuance_tell_unserved(&j->issuance, NULL,
                               "bound tokens need accounts.kubernetes: without it nobody can "
                               "say whether the object exists");
        break;
    case LOOKUP_REVIEW:
    case LOOKUP_NONE:
        break;
    }
}

/* The line is written before the token is given away, or there is no token. */
static bool record(struct token_job *j, const struct sai_token *token)
{
    struct audit_record r = {
        .issuer = j->issuer->issuer->conf->url,
        .token = token,
        .caller = j->who.text,
    };
    char reason[512];
    struct sai_err e = { 0 };

    if (token != NULL) {
        audit_take_request(&r, &j->issuance.request);
    } else {
        r.namespace_name = j->issuance.path.namespace_name;
        r.name = j->issuance.path.name;
        r.audiences = j->issuance.request.audiences;
        r.reason = refusal_message(&j->issuance.refusal, reason, sizeof(reason));
    }
    return trail_write(&j->clerk->trail, &r, &e);
}

static const struct sai_token *mint(struct token_job *j, struct sai_token *token)
{
    const struct sai_token_request *request = issuance_request(&j->issuance);
    struct sai_err e = { 0 };

    if (request != NULL && !sai_mint(j->issuer->minter, request, token, &e))
        issuance_mint_failed(&j->issuance, &e);
    else if (request != NULL && !record(j, token))
        issuance_not_recorded(&j->issuance, RETRY_LATER_S);
    else if (request != NULL)
        return token;
    if (j->who.known)
        (void)record(j, NULL);
    return NULL;
}

static void finish(struct token_job *j)
{
    struct sai_token minted;
    const struct sai_token *token = mint(j, &minted);
    struct sai_err e = { 0 };

    if (!issuance_put_answer(&j->issuance, token, &j->answer, &j->body, &e)) {
        j->answer = (struct issuance_answer){ .status = 500 };
        buf_reset(&j->body);
    }
}

enum token_progress token_job_run(struct token_job *j)
{
    const struct issuance_lookup *l = issuance_next(&j->issuance);

    while (l->kind != LOOKUP_NONE) {
        look_up(j, l);
        l = issuance_next(&j->issuance);
    }
    finish(j);
    return TOKEN_JOB_DONE;
}

void token_job_arm(struct token_job *j)
{
    j->wake(j->owner);
}

const struct issuance_answer *token_job_answer(const struct token_job *j)
{
    return &j->answer;
}

const struct buf *token_job_body(const struct token_job *j)
{
    return &j->body;
}
