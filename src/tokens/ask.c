/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens/ask.h"

#include "base/err.h"
#include "kube/client.h"

#include <string.h>

/* A question goes from ASK_PENDING to ASK_ANSWERED, or over ASK_ARMED when its job sleeps, or
 * to ASK_ABANDONED. Whoever changes it to or from the middle two knows by what it was before
 * who goes on with the job. */
enum { ASK_IDLE, ASK_PENDING, ASK_ARMED, ASK_ANSWERED, ASK_ABANDONED };

static void begin(struct token_job *j, const char *about)
{
    j->question.about = about;
    j->question.why = (struct sai_err){ 0 };
    atomic_store_explicit(&j->question.phase, ASK_PENDING, memory_order_relaxed);
}

static void release(struct question *q)
{
    kube_user_unref(TAKE(q->user));
    kube_account_done(&q->account);
}

/* The last that a callback does with a job, unless it is to wake or to free it. */
static void end(struct token_job *j)
{
    int was = atomic_exchange_explicit(&j->question.phase, ASK_ANSWERED, memory_order_acq_rel);

    if (was == ASK_ARMED) {
        j->wake(j->owner);
    } else if (was == ASK_ABANDONED) {
        release(&j->question);
        job_destroy(j);
    }
}

bool ask_is_answered(struct token_job *j)
{
    return atomic_load_explicit(&j->question.phase, memory_order_acquire) == ASK_ANSWERED;
}

void ask_arm(struct token_job *j)
{
    int was = ASK_PENDING;

    if (!atomic_compare_exchange_strong(&j->question.phase, &was, ASK_ARMED))
        j->wake(j->owner);
}

bool ask_end(struct token_job *j)
{
    int was = ASK_PENDING;

    if (atomic_compare_exchange_strong(&j->question.phase, &was, ASK_ABANDONED))
        return false;
    release(&j->question);
    return true;
}

static void take_review(struct token_job *j, enum review_id id, const struct kube_review *r)
{
    struct question *q = &j->question;

    q->verdict = r->verdict;
    q->why = r->e;
    if (id == REVIEW_TOKEN)
        q->user = kube_user_ref(r->user);
    count(&j->desk->counts.reviews[id][r->verdict]);
}

static void on_who(void *owner, const struct kube_review *r)
{
    struct token_job *j = owner;

    atomic_fetch_sub(&j->desk->reviews_in_flight, 1);
    take_review(j, REVIEW_TOKEN, r);
    end(j);
}

bool ask_known(struct token_job *j, const char *token)
{
    struct token_desk *d = j->desk;
    struct kube_user *user = kube_review_known(d->reviews, token, d->audience);

    if (user == NULL)
        return false;
    count(&d->counts.review_hits);
    begin(j, "TokenReview");
    j->question.user = user;
    j->question.verdict = KUBE_ALLOWED;
    end(j);
    return true;
}

/* Whoever comes with garbage makes Kubernetes work: there is an end to how many of them can be
 * in the way of others at a time. */
void ask_who(struct token_job *j, const char *token)
{
    struct token_desk *d = j->desk;
    struct question *q = &j->question;

    begin(j, "TokenReview");
    if (atomic_fetch_add(&d->reviews_in_flight, 1) >= DESK_REVIEWS_MAX) {
        atomic_fetch_sub(&d->reviews_in_flight, 1);
        q->verdict = KUBE_UNCLEAR;
        (void)err_set(&q->why, SAI_E_LIMIT, "more than %d callers to be reviewed at a time",
                      DESK_REVIEWS_MAX);
        end(j);
    } else {
        kube_review_token(d->reviews, token, d->audience, on_who, j, NULL);
    }
}

static void on_access(void *owner, const struct kube_review *r)
{
    struct token_job *j = owner;

    take_review(j, REVIEW_ACCESS, r);
    end(j);
}

void ask_access(struct token_job *j,
                const struct kube_user *user,
                const char *namespace_name,
                const char *name)
{
    const struct kube_access access = {
        .verb = "create",
        .group = "",
        .resource = "serviceaccounts",
        .subresource = "token",
        .namespace_name = namespace_name,
        .name = name,
    };

    begin(j, "SubjectAccessReview");
    kube_review_access(j->desk->reviews, user, &access, on_access, j, NULL);
}

static void on_account(void *owner, const struct kube_account_answer *a)
{
    struct token_job *j = owner;
    struct question *q = &j->question;

    q->finding = a->finding;
    q->namespace_found = a->namespace_found;
    q->namespace_terminating = a->namespace_terminating;
    q->why = a->e;
    if (a->finding == KUBE_FOUND)
        kube_account_copy(&q->account, a->account);
    end(j);
}

void ask_account(struct token_job *j, const char *namespace_name, const char *name)
{
    struct token_desk *d = j->desk;
    struct question *q = &j->question;

    begin(j, "ServiceAccount");
    if (!kube_accounts_find(d->accounts, namespace_name, name, d->max_age_ms, &q->account)) {
        kube_accounts_ask(d->accounts, namespace_name, name, on_account, j);
        return;
    }
    q->finding = KUBE_FOUND;
    q->namespace_found = true;
    q->namespace_terminating = false;
    end(j);
}

/* What is too long is no name, and must not become one. */
static bool copy_text(char *to, size_t size, const char *from)
{
    size_t len = from == NULL ? 0 : strnlen(from, size);

    if (len == size)
        return false;
    if (len > 0)
        memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

static bool copy_object(struct found_object *to, const struct kube_object *from)
{
    to->deletion_unix_s = from->meta.deletion_unix_s;
    return copy_text(to->uid, sizeof(to->uid), from->meta.uid) &&
           copy_text(to->account, sizeof(to->account), from->service_account) &&
           copy_text(to->node, sizeof(to->node), from->node);
}

static void on_object(void *owner, const struct kube_get *got)
{
    struct token_job *j = owner;
    struct question *q = &j->question;

    q->finding = got->finding;
    q->why = got->e;
    if (got->finding == KUBE_FOUND && !copy_object(q->object, got->object)) {
        q->finding = KUBE_UNKNOWN;
        (void)err_set(&q->why, SAI_E_INVALID, "a name in the object is too long");
    }
    end(j);
}

void ask_object(struct token_job *j, const struct issuance_lookup *l)
{
    struct kube_wanted wanted = { .kind = KUBE_NODE,
                                  .namespace_name = l->namespace_name,
                                  .name = l->name,
                                  .timeout_ms = j->desk->timeout_ms };

    begin(j, "Node");
    j->question.object = &j->node;
    if (l->kind == LOOKUP_POD) {
        wanted.kind = KUBE_POD;
        j->question.about = "Pod";
        j->question.object = &j->pod;
    } else if (l->kind == LOOKUP_SECRET) {
        wanted.kind = KUBE_SECRET;
        j->question.about = "Secret";
        j->question.object = &j->secret;
    }
    kube_get_object(j->desk->client, &wanted, on_object, j, NULL);
}
