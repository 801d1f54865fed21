/* SPDX-License-Identifier: Apache-2.0 */
#include "service/issuance.h"

#include "base/err.h"
#include "service/steps.h"
#include "service/token_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void issuance_init(struct issuance *i, const struct issuance_input *in)
{
    *i = (struct issuance){ .in = *in, .path = *in->path };
    i->in.path = &i->path;
    i->steps = i->path.kind == TOKEN_PATH_EXCHANGE ? exchange_steps : tokenrequest_steps;
    refusal_init(&i->refusal);
}

void issuance_done(struct issuance *i)
{
    refusal_done(&i->refusal);
    tokenrequest_done(&i->body);
    exchange_done(&i->exchange);
}

const struct issuance_lookup *issuance_next(struct issuance *i)
{
    i->wanted = (struct issuance_lookup){ 0 };
    while (i->refusal.kind == REFUSED_NOT && !i->ready) {
        enum verdict v = i->steps[i->step](i);

        if (v == VERDICT_WAIT)
            return &i->wanted;
        if (v == VERDICT_REFUSE)
            refuse_internal(&i->refusal); /* unless the step said why */
        else
            i->ready = i->steps[++i->step] == NULL;
    }
    return &i->wanted;
}

static void tell(struct issuance *i, enum lookup lookup)
{
    if (i->wanted.kind == lookup)
        i->told |= 1U << lookup;
}

void issuance_tell_access(struct issuance *i, const struct access_fact *fact)
{
    i->access = *fact;
    tell(i, LOOKUP_ACCESS);
}

void issuance_tell_review(struct issuance *i, const struct review_fact *fact)
{
    i->review = *fact;
    tell(i, LOOKUP_REVIEW);
}

void issuance_tell_account(struct issuance *i, const struct account_fact *fact)
{
    i->account = *fact;
    tell(i, LOOKUP_ACCOUNT);
}

void issuance_tell_object(struct issuance *i, const struct object_fact *fact)
{
    if (i->wanted.kind == LOOKUP_POD)
        i->pod = *fact;
    else if (i->wanted.kind == LOOKUP_SECRET)
        i->secret = *fact;
    else if (i->wanted.kind == LOOKUP_NODE)
        i->node = *fact;
    else
        return;
    tell(i, i->wanted.kind);
}

void issuance_tell_unclear(struct issuance *i, unsigned retry_after_s)
{
    refuse_unavailable(&i->refusal, retry_after_s);
}

void issuance_tell_limited(struct issuance *i, unsigned retry_after_s)
{
    refuse_too_many(&i->refusal, retry_after_s);
}

void issuance_tell_unknown(struct issuance *i)
{
    refuse(&i->refusal, REFUSED_UNAUTHORIZED, "Unauthorized");
}

void issuance_tell_unserved(struct issuance *i, const char *oauth, const char *why)
{
    refuse_oauth(&i->refusal, oauth, "%s", why);
}

const struct sai_token_request *issuance_request(const struct issuance *i)
{
    return i->ready && i->refusal.kind == REFUSED_NOT ? &i->request : NULL;
}

/* What the policy says of the account is told the caller, who may ask for its tokens; a fault
 * of ours is not. */
void issuance_mint_failed(struct issuance *i, const struct sai_err *error)
{
    if (error->code == SAI_E_DENIED || error->code == SAI_E_LIMIT)
        refuse_forbidden(&i->refusal, i->path.name, "%s%s%s", error->path,
                         error->path[0] == '\0' ? "" : ": ", error->text);
    else
        refuse_internal(&i->refusal);
}

void issuance_not_recorded(struct issuance *i, unsigned retry_after_s)
{
    i->refusal.retry_after_s = retry_after_s;
    refuse(&i->refusal, REFUSED_UNAVAILABLE,
           "the audit trail cannot be written now: no token is issued without");
}

static struct issuance_header *next_header(struct issuance_answer *a, const char *name)
{
    struct issuance_header *h = &a->headers[a->header_count++];

    h->name = name;
    return h;
}

static void add_header(struct issuance_answer *a, const char *name, const char *value)
{
    struct issuance_header *h = next_header(a, name);
    size_t len = strnlen(value, sizeof(h->value) - 1);

    memcpy(h->value, value, len);
    h->value[len] = '\0';
}

static void add_header_u64(struct issuance_answer *a, const char *name, uint64_t value)
{
    struct issuance_header *h = next_header(a, name);

    (void)snprintf(h->value, sizeof(h->value), "%" PRIu64, value);
}

static void put_tokenrequest(const struct issuance *i,
                             const struct sai_token *t,
                             struct issuance_answer *out,
                             struct buf *b)
{
    char warning[ISSUANCE_HEADER_BYTES];

    out->status = 201;
    if (t->clamped) {
        (void)snprintf(warning, sizeof(warning),
                       "299 - \"requested expiration of %" PRIu64
                       " seconds shortened to %" PRIu64 " seconds\"",
                       i->request.duration_s, t->lifetime_s);
        add_header(out, "Warning", warning);
    }
    token_answer_put(b, &i->request, &i->body.spec.bound, t);
}

static void put_exchange(const struct issuance *i,
                         const struct sai_token *t,
                         struct issuance_answer *out,
                         struct buf *b)
{
    out->status = 200;
    token_answer_put_exchange(b, i->exchange.issued_token_type, t);
}

static void put_refusal(const struct issuance *i, struct issuance_answer *out, struct buf *b)
{
    bool oauth = i->path.kind == TOKEN_PATH_EXCHANGE;

    out->status = oauth ? refusal_oauth_code(&i->refusal) : refusal_code(&i->refusal);
    if (i->refusal.retry_after_s > 0)
        add_header_u64(out, "Retry-After", i->refusal.retry_after_s);
    if (oauth) {
        refusal_put_oauth(&i->refusal, b);
        return;
    }
    if (i->refusal.kind == REFUSED_UNAUTHORIZED)
        add_header(out, "WWW-Authenticate", "Bearer");
    if (i->refusal.kind == REFUSED_FORBIDDEN)
        add_header(out, "X-Content-Type-Options", "nosniff");
    refusal_put_status(&i->refusal, b);
}

bool issuance_put_answer(const struct issuance *i,
                         const struct sai_token *token,
                         struct issuance_answer *out,
                         struct buf *body,
                         struct sai_err *e)
{
    struct issuance_answer a = { 0 };
    bool oauth = i->path.kind == TOKEN_PATH_EXCHANGE;

    add_header(&a, "Content-Type", "application/json");
    add_header(&a, "Cache-Control", "no-store");
    if (oauth)
        add_header(&a, "Pragma", "no-cache");
    if (token == NULL || issuance_request(i) == NULL)
        put_refusal(i, &a, body);
    else if (oauth)
        put_exchange(i, token, &a, body);
    else
        put_tokenrequest(i, token, &a, body);
    if (!refusal_ok(&i->refusal, e) || !buf_ok(body, e))
        return false;
    *out = a;
    return true;
}
