/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The desk, its clerks and a job from the inside, for the files of this room. */

#include "base/attr.h"
#include "tokens/desk.h"
#include "tokens/job.h"
#include "tokens/trail.h"
#include "tokens/who.h"

#include <stdatomic.h>

struct issuer;
struct sai_minter;
struct state;

struct token_desk {
    struct state *state;
};

/* What a clerk needs of one issuer; made when it is first asked for. */
struct book_issuer {
    const struct issuer *issuer;
    struct issuance_policy policy;
    const char **audiences; /* owned: the list of the policy */
    struct sai_minter *minter;
};

/* A snapshot and what a clerk has made of it. A job is finished with the one it was begun with;
 * the last of them takes the snapshot, and with it withdrawn keys, out of memory. */
struct book {
    struct snapshot *snapshot;
    size_t refs; /* the clerk and its jobs: one thread */
    struct book_issuer issuers[];
};

struct book *book_ref(struct book *b);
void book_unref(struct book *b); /* takes NULL */
bool book_issuer(struct book *b, size_t index, struct book_issuer **out, struct sai_err *e)
    MUST_USE;

struct token_clerk {
    struct token_desk *desk;
    struct book *book; /* NULL: none yet, or out of memory */
    struct trail trail;
    struct token_job *spare; /* to be used again */
    size_t spare_count;
};

struct token_job {
    struct token_clerk *clerk;
    struct book *book;
    struct book_issuer *issuer;
    struct token_caller caller;
    token_wake_fn *wake;
    void *owner;
    struct issuance issuance;
    struct who who;
    struct issuance_answer answer;
    struct buf body;
    struct token_job *next; /* of the clerk's spare ones */
};

/* A job that is blank but for its memory, which it may have from an earlier one. */
struct token_job *clerk_take_job(struct token_clerk *c) MUST_USE;
void clerk_give_job(struct token_clerk *c, struct token_job *j);
