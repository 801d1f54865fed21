/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"
#include "state/snapshot.h"
#include "tokens/inside.h"

#include <string.h>

enum { SPARE_JOBS_MAX = 64, BODY_MAX_BYTES = 1 << 20, BODY_KEPT_BYTES = 16384 };

struct book *book_ref(struct book *b)
{
    b->refs++;
    return b;
}

void book_unref(struct book *b)
{
    if (b == NULL || --b->refs > 0)
        return;
    for (size_t i = 0; i < b->snapshot->issuer_count; i++) {
        sai_minter_free(b->issuers[i].minter);
        free(b->issuers[i].audiences);
    }
    snapshot_unref(b->snapshot);
    free(b);
}

/* Takes the reference. */
static struct book *book_new(struct snapshot *s)
{
    struct book *b = calloc(1, sizeof(*b) + s->issuer_count * sizeof(b->issuers[0]));

    if (b == NULL) {
        snapshot_unref(s);
        return NULL;
    }
    b->snapshot = s;
    b->refs = 1;
    return b;
}

static struct sai_strings texts(const struct conf_strings *s)
{
    return (struct sai_strings){ s->items, s->count };
}

static bool make(struct book_issuer *bi,
                 const struct token_clerk *c,
                 const struct issuer *issuer,
                 struct sai_err *e)
{
    const struct conf *conf = c->book->snapshot->conf;
    size_t count = issuer->conf->audience_count;

    if (issuer->policy == NULL)
        return err_set(e, SAI_E_DENIED, "issuer %s mints no tokens", issuer->conf->url);
    if (bi->audiences == NULL)
        bi->audiences = calloc(count + 1, sizeof(*bi->audiences));
    if (bi->audiences == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < count; i++)
        bi->audiences[i] = issuer->conf->audiences[i].name;
    bi->issuer = issuer;
    bi->policy = (struct issuance_policy){
        .audiences = { bi->audiences, count },
        .api_audiences = texts(&conf->callers.api_audiences),
    };
    bi->counts = counts_of_issuer(&c->desk->counts, issuer->conf->url);
    if (bi->counts == NULL)
        return err_nomem(e);
    return sai_minter_new(issuer->policy, &bi->minter, e);
}

struct book_issuer *clerk_issuer(struct token_clerk *c, size_t index)
{
    struct book *b = c->book;
    struct book_issuer *bi = b == NULL ? NULL : &b->issuers[index];
    struct sai_err e = { 0 };

    if (bi == NULL || bi->minter != NULL || make(bi, c, &b->snapshot->issuers[index], &e))
        return bi;
    log_err(LOG_ERROR, "cannot prepare to mint", &e);
    return NULL;
}

bool token_clerk_new(struct token_desk *d, struct token_clerk **out, struct sai_err *e)
{
    struct token_clerk *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return err_nomem(e);
    c->desk = d;
    trail_init(&c->trail);
    *out = c;
    return true;
}

void token_clerk_free(struct token_clerk *c)
{
    if (c == NULL)
        return;
    while (c->spare != NULL) {
        struct token_job *j = c->spare;

        c->spare = j->next;
        job_destroy(j);
    }
    trail_done(&c->trail);
    book_unref(c->book);
    free(c);
}

void token_clerk_use(struct token_clerk *c, struct snapshot *s)
{
    trail_use(&c->trail, NULL); /* its file's name is the old snapshot's */
    book_unref(c->book);
    c->book = book_new(snapshot_ref(s));
    if (c->book != NULL)
        trail_use(&c->trail, s->conf->audit.file);
}

void job_destroy(struct token_job *j)
{
    buf_done(&j->body);
    free(j);
}

struct token_job *clerk_take_job(struct token_clerk *c)
{
    struct token_job *j = c->spare;
    struct buf body;

    if (j == NULL) {
        j = calloc(1, sizeof(*j));
        if (j != NULL)
            buf_init_secret(&j->body, BODY_MAX_BYTES);
        return j;
    }
    c->spare = j->next;
    c->spare_count--;
    body = j->body;
    *j = (struct token_job){ .body = body };
    return j;
}

void clerk_give_job(struct token_clerk *c, struct token_job *j)
{
    if (c->spare_count == SPARE_JOBS_MAX || j->body.cap > BODY_KEPT_BYTES) {
        job_destroy(j);
        return;
    }
    if (j->body.data != NULL)
        explicit_bzero(j->body.data, j->body.len);
    buf_reset(&j->body);
    j->next = c->spare;
    c->spare = j;
    c->spare_count++;
}
