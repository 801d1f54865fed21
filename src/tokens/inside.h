/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The desk, its clerks and a job from the inside, for the files of this room. */

#include "base/attr.h"
#include "issue/trail.h"
#include "kube/accounts.h"
#include "kube/objects.h"
#include "kube/review.h"
#include "tokens/counts.h"
#include "tokens/desk.h"
#include "tokens/job.h"
#include "tokens/rate.h"
#include "tokens/who.h"

#include <stdatomic.h>

struct issuer;
struct kube_client;
struct sai_minter;

enum { DESK_REVIEWS_MAX = 128 };

/* Nothing but counters changes until it is freed. */
struct token_desk {
    /* The cluster; all NULL without one. */
    struct kube_client *client;
    struct kube_accounts *accounts;
    struct kube_reviews *reviews;
    char *audience; /* of callers' tokens; NULL: there are no such callers */
    uint64_t max_age_ms;
    uint64_t timeout_ms;
    _Atomic unsigned reviews_in_flight;
    _Atomic uint64_t warned_ms; /* when it was last logged that an answer is unclear, */
    _Atomic uint64_t unwarned;  /* and how many were not since */
    struct rates *rates;
    struct counts counts;
};

/* What a clerk needs of one issuer; made when it is first asked for. */
struct book_issuer {
    const struct issuer *issuer;
    struct issuance_policy policy;
    const char **audiences; /* owned: the list of the policy */
    struct issuer_counts *counts;
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

struct token_clerk {
    struct token_desk *desk;
    struct book *book; /* NULL: none yet, or out of memory */
    struct trail trail;
    bool trail_failed;       /* what was to be written last */
    struct token_job *spare; /* to be used again */
    size_t spare_count;
};

/* Of the clerk's book; NULL, which is logged, if it cannot be made. */
struct book_issuer *clerk_issuer(struct token_clerk *c, size_t index) MUST_USE;

/* An object of the API that a token is to be bound to. */
struct found_object {
    int64_t deletion_unix_s; /* 0: none */
    char uid[KUBE_UID_MAX + 1];
    char account[KUBE_NAME_SIZE];
    char node[KUBE_NAME_SIZE];
};

/* A question to Kubernetes and its answer; tokens/ask.h. */
struct question {
    _Atomic int phase;
    const char *about; /* what is asked for, for the log */
    enum kube_verdict verdict;
    enum kube_finding finding;
    bool namespace_found;
    bool namespace_terminating;
    struct kube_user *user;
    struct kube_account account;
    struct found_object *object; /* to be filled */
    struct sai_err why;
};

typedef void job_answer_fn(struct token_job *j);

struct token_job {
    struct token_desk *desk;
    struct token_clerk *clerk; /* not for callbacks: it may be gone before their question */
    struct book *book;
    struct book_issuer *issuer;
    struct token_caller caller;
    token_wake_fn *wake;
    void *owner;
    struct issuance issuance;
    bool waiting;
    struct question question;
    job_answer_fn *on_answer; /* of the question; NULL: there is none */
    /* What the issuance was told of. */
    struct who who;
    struct kube_user *user;
    struct kube_account account;
    struct found_object pod;
    struct found_object secret;
    struct found_object node;
    struct issuance_answer answer;
    struct buf body;
    struct token_job *next; /* of the clerk's spare ones */
};

/* A job that is blank but for its memory, which it may have from an earlier one. */
struct token_job *clerk_take_job(struct token_clerk *c) MUST_USE;
void clerk_give_job(struct token_clerk *c, struct token_job *j);
/* Its own memory; any thread. */
void job_destroy(struct token_job *j);

/* Tells the issuance what it wants to know, or asks Kubernetes: then j->on_answer is set, to be
 * called once there is an answer. */
void job_look_up(struct token_job *j, const struct issuance_lookup *l);
/* Mints, writes the audit line, and puts the answer. */
void job_finish(struct token_job *j);
