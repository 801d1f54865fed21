/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A small cluster that answers the look-ups of an issuance. */

#include "service/issuance.h"
#include "unit.h"

#include <string.h>

#define BUILDER  "/api/v1/namespaces/ci/serviceaccounts/builder/token"
#define SPEC(s)  "{\"spec\":{\"audiences\":[\"aws\"]" s "}}"
#define BOUND(s) SPEC(",\"boundObjectRef\":{" s "}")

static const int64_t world_now = INT64_C(1767225600); /* 2026-01-01T00:00:00Z */

struct world_object {
    enum lookup kind; /* LOOKUP_ACCOUNT, LOOKUP_POD, LOOKUP_SECRET or LOOKUP_NODE */
    const char *namespace_name;
    const char *name;
    const char *uid;
    const char *account; /* of a pod */
    const char *node;    /* of a pod */
    int64_t deletion_unix_s;
};

static const struct world_object world_objects[] = {
    { LOOKUP_ACCOUNT, "ci", "builder", "u-builder", NULL, NULL, 0 },
    { LOOKUP_ACCOUNT, "ci", "other", "u-other", NULL, NULL, 0 },
    { LOOKUP_ACCOUNT, "ci", "deleted", "u-deleted", NULL, NULL, 1 },
    { LOOKUP_ACCOUNT, "ci", "no-uid", "", NULL, NULL, 0 },
    { LOOKUP_ACCOUNT, "prod", "builder", "u-prod", NULL, NULL, 0 },
    { LOOKUP_ACCOUNT, "ending", "builder", "u-ending", NULL, NULL, 0 },
    { LOOKUP_POD, "ci", "p", "u-p", "builder", "n", 0 },
    { LOOKUP_POD, "ci", "unscheduled", "u-uns", "builder", NULL, 0 },
    { LOOKUP_POD, "ci", "lost-node", "u-lost", "builder", "unknown", 0 },
    { LOOKUP_POD, "ci", "of-other", "u-po", "other", "n", 0 },
    { LOOKUP_POD, "ci", "stopping", "u-st", "builder", "n", INT64_C(1767225601) },
    { LOOKUP_POD, "ci", "stopped", "u-sp", "builder", "n", INT64_C(1767225600) },
    { LOOKUP_POD, "prod", "p", "u-pp", "builder", "n", 0 },
    { LOOKUP_SECRET, "ci", "s", "u-s", NULL, NULL, 0 },
    { LOOKUP_NODE, NULL, "n", "u-n", NULL, NULL, 0 },
};

static const char *const world_audiences[] = { "aws", "vault", "both",
                                               "https://kubernetes.default.svc" };
static const char *const world_api_audiences[] = { "https://kubernetes.default.svc" };
/* The API server's is among the configured ones here, so that its own check shows. */
static const struct issuance_policy world_policy = {
    { world_audiences, ARRAY_SIZE(world_audiences) },
    { world_api_audiences, ARRAY_SIZE(world_api_audiences) },
};

struct world {
    struct access_fact access;
    struct review_fact review;
    enum lookup unclear; /* this look-up has no clear result; LOOKUP_NONE: all have */
    unsigned asked;      /* bits of enum lookup */
};

static inline const struct world_object *world_find(const struct issuance_lookup *l)
{
    for (size_t i = 0; i < ARRAY_SIZE(world_objects); i++) {
        const struct world_object *o = &world_objects[i];

        if (o->kind == l->kind && strcmp(o->name, l->name) == 0 &&
            (o->namespace_name == NULL) == (l->namespace_name == NULL) &&
            (o->namespace_name == NULL || strcmp(o->namespace_name, l->namespace_name) == 0))
            return o;
    }
    return NULL;
}

static inline void world_tell_account(struct issuance *i, const struct issuance_lookup *l)
{
    const struct world_object *o = world_find(l);
    struct account_fact fact = {
        .namespace_found = strcmp(l->namespace_name, "nowhere") != 0,
        .namespace_terminating = strcmp(l->namespace_name, "ending") == 0,
        .found = o != NULL,
    };

    if (o != NULL) {
        fact.deletion_unix_s = o->deletion_unix_s;
        fact.account = (struct sai_account){ .namespace_name = o->namespace_name,
                                             .name = o->name,
                                             .uid = o->uid };
    }
    issuance_tell_account(i, &fact);
}

static inline void world_tell_object(struct issuance *i, const struct issuance_lookup *l)
{
    const struct world_object *o = world_find(l);
    struct object_fact fact = { .found = o != NULL };

    if (o != NULL)
        fact = (struct object_fact){ true, o->deletion_unix_s, o->uid, o->account, o->node };
    issuance_tell_object(i, &fact);
}

/* Answers until it is finished. */
static inline const struct sai_token_request *world_run(struct world *w, struct issuance *i)
{
    for (const struct issuance_lookup *l = issuance_next(i); l->kind != LOOKUP_NONE;
         l = issuance_next(i)) {
        assert_int_equal(w->asked & 1U << l->kind, 0); /* nothing is asked twice */
        w->asked |= 1U << l->kind;
        if (l->kind == w->unclear)
            issuance_tell_unclear(i, 5);
        else if (l->kind == LOOKUP_ACCESS)
            issuance_tell_access(i, &w->access);
        else if (l->kind == LOOKUP_REVIEW)
            issuance_tell_review(i, &w->review);
        else if (l->kind == LOOKUP_ACCOUNT)
            world_tell_account(i, l);
        else
            world_tell_object(i, l);
    }
    return issuance_request(i);
}

/* A TokenRequest up to its first look-up; path is the caller's storage. */
static inline void world_start(struct issuance *i,
                               struct token_path *path,
                               const char *raw_path,
                               const char *type,
                               const char *body)
{
    const struct issuance_input in = {
        .policy = &world_policy,
        .path = path,
        .content_type = type,
        .body = body,
        .len = strlen(body),
        .now_unix_s = world_now,
    };

    assert_int_equal(token_path_match("", raw_path, path), TOKEN_PATH_REQUEST);
    issuance_init(i, &in);
}

static inline const char *world_header(const struct issuance_answer *a, const char *name)
{
    for (size_t i = 0; i < a->header_count; i++) {
        if (strcmp(a->headers[i].name, name) == 0)
            return a->headers[i].value;
    }
    return NULL;
}
