/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens/job.h"

#include "base/clock.h"
#include "conf/conf.h"
#include "state/snapshot.h"
#include "tokens/ask.h"
#include "tokens/inside.h"

static void refuse_unserved_exchange(struct token_job *j)
{
    if (j->desk->audience == NULL || !j->book->snapshot->conf->callers.exchange)
        issuance_tell_unserved(&j->issuance, "unsupported_grant_type",
                               "token exchange is not served here");
}

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
    struct book_issuer *issuer = clerk_issuer(c, in->issuer);
    struct token_job *j = issuer == NULL ? NULL : clerk_take_job(c);

    if (j == NULL)
        return NULL;
    j->desk = c->desk;
    j->clerk = c;
    j->book = book_ref(c->book);
    j->issuer = issuer;
    j->caller = in->caller;
    j->wake = in->wake;
    j->owner = in->owner;
    input.policy = &issuer->policy;
    issuance_init(&j->issuance, &input);
    if (in->path.kind == TOKEN_PATH_EXCHANGE)
        refuse_unserved_exchange(j);
    return j;
}

static void set_waiting(struct token_job *j, bool waiting)
{
    _Atomic uint64_t *now = &j->desk->counts.waiting;

    if (j->waiting == waiting)
        return;
    j->waiting = waiting;
    if (waiting)
        atomic_fetch_add_explicit(now, 1, memory_order_relaxed);
    else
        atomic_fetch_sub_explicit(now, 1, memory_order_relaxed);
}

void token_job_free(struct token_job *j)
{
    struct token_clerk *c;

    if (j == NULL)
        return;
    c = j->clerk;
    set_waiting(j, false);
    issuance_done(&j->issuance);
    kube_user_unref(j->user);
    kube_account_done(&j->account);
    book_unref(j->book);
    if (ask_end(j))
        clerk_give_job(c, j);
}

enum token_progress token_job_run(struct token_job *j)
{
    for (;;) {
        const struct issuance_lookup *l;

        if (j->on_answer != NULL) {
            job_answer_fn *on_answer = j->on_answer;

            if (!ask_is_answered(j)) {
                set_waiting(j, true);
                return TOKEN_JOB_WAITS;
            }
            j->on_answer = NULL;
            on_answer(j);
            continue;
        }
        l = issuance_next(&j->issuance);
        if (l->kind == LOOKUP_NONE)
            break;
        job_look_up(j, l);
    }
    set_waiting(j, false);
    job_finish(j);
    return TOKEN_JOB_DONE;
}

void token_job_arm(struct token_job *j)
{
    ask_arm(j);
}

const struct issuance_answer *token_job_answer(const struct token_job *j)
{
    return &j->answer;
}

const struct buf *token_job_body(const struct token_job *j)
{
    return &j->body;
}
