/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A desk with one clerk and a configuration of one issuer, without Kubernetes. */

#include "base/err.h"
#include "conf/conf.h"
#include "state/inputs.h"
#include "state/snapshot.h"
#include "state/state.h"
#include "temp_keys.h"
#include "tokens/desk.h"
#include "tokens/job.h"

#include <stdio.h>

#define FIXTURE_PATH "/api/v1/namespaces/ci/serviceaccounts/builder/token"
#define FIXTURE_BODY "{\"spec\":{\"audiences\":[\"aws\"]}}"

static const uint32_t fixture_uids[] = { 0, 1000 };
static const uint32_t fixture_limited_uids[] = { 1001 };
static const char *const fixture_accounts[] = { "ci/builder" };
static const char *const fixture_audiences[] = { "vault" };
static struct conf_caller fixture_peers[] = {
    { .uids = { fixture_uids, ARRAY_SIZE(fixture_uids) } },
    { .uids = { fixture_limited_uids, ARRAY_SIZE(fixture_limited_uids) },
      .accounts = { fixture_accounts, ARRAY_SIZE(fixture_accounts) },
      .audiences = { fixture_audiences, ARRAY_SIZE(fixture_audiences) } },
};

struct fixture {
    struct temp temp;
    struct state *state;
    struct token_desk *desk;
    struct token_clerk *clerk;
    char path[TEMP_PATH_SIZE]; /* of the audit file */
    unsigned woken;
};

/* A new snapshot of the same files becomes the current one, and the clerk's. */
static inline void fixture_load(struct fixture *f)
{
    struct inputs *inputs = inputs_new();
    struct sai_report *report = sai_report_new();
    struct snapshot *s = NULL;
    char path[TEMP_PATH_SIZE];
    char text[sizeof(struct sai_err)];

    if (!snapshot_build(temp_path(&f->temp, "conf.yaml", path), inputs, &s, report))
        fail_msg("%s", sai_err_format(sai_report_get(report, 0, NULL), text, sizeof(text)));
    s->conf->callers.peers = fixture_peers;
    s->conf->callers.peer_count = ARRAY_SIZE(fixture_peers);
    s->conf->limits.tokens_per_second = 0;
    s->conf->limits.tokens_per_second_per_caller = 0;
    if (f->state == NULL)
        f->state = state_new(s);
    else
        state_swap(f->state, s);
    sai_report_free(report);
    inputs_free(inputs);
}

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct sai_err e = { 0 };
    char path[TEMP_PATH_SIZE];

    assert_non_null(f);
    temp_init(&f->temp);
    assert_int_equal(mkdir(temp_path(&f->temp, "keys", path), 0700), 0);
    temp_key_make(&f->temp, "keys/a.pem", "EC");
    temp_write(&f->temp, "accounts.yaml",
               "apiVersion: v1\nkind: ServiceAccount\n"
               "metadata: { name: builder, namespace: ci, uid: u-builder }\n"
               "---\napiVersion: v1\nkind: ServiceAccount\n"
               "metadata: { name: other, namespace: ci, uid: u-other }\n");
    temp_write(&f->temp, "conf.yaml",
               "apiVersion: sa-issuerd/v1\nkind: Configuration\n"
               "listeners: { discovery: { address: \"127.0.0.1:0\" } }\n"
               "issuers:\n"
               "  - url: https://oidc.example.com\n    role: federation\n"
               "    keys: { files: [keys] }\n"
               "    audiences: [{ name: aws, profile: kubernetes },"
               " { name: vault, profile: kubernetes }]\n"
               "accounts: { manifests: [accounts.yaml] }\n"
               "audit: { file: audit.log }\n");
    (void)temp_path(&f->temp, "audit.log", f->path);
    fixture_load(f);
    assert_true(token_desk_new(f->state, &f->desk, &e));
    assert_true(token_clerk_new(f->desk, &f->clerk, &e));
    *state = f;
    return 0;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    token_clerk_free(f->clerk);
    token_desk_free(f->desk);
    state_free(f->state);
    temp_done(&f->temp);
    free(f);
    return 0;
}

static inline void fixture_use(struct fixture *f)
{
    AUTO(snapshot) struct snapshot *s = state_current(f->state);

    token_clerk_use(f->clerk, s);
}

static inline void fixture_wake(void *owner)
{
    ((struct fixture *)owner)->woken++;
}

static inline struct token_job *
fixture_job(struct fixture *f, const char *path, const char *body, struct token_caller caller)
{
    struct token_job_input in = {
        .content_type = "application/json",
        .body = body,
        .body_len = strlen(body),
        .caller = caller,
        .wake = fixture_wake,
        .owner = f,
    };
    struct token_job *j;

    assert_int_not_equal(token_path_match("", path, &in.path), TOKEN_PATH_NONE);
    fixture_use(f);
    j = token_job_new(f->clerk, &in);
    assert_non_null(j);
    return j;
}

static inline struct token_caller fixture_peer(uid_t uid)
{
    return (struct token_caller){ .kind = CALLER_PEER, .uid = uid, .gid = 7, .pid = 42 };
}

static inline const char *fixture_header(const struct token_job *j, const char *name)
{
    const struct issuance_answer *a = token_job_answer(j);

    for (size_t i = 0; i < a->header_count; i++) {
        if (strcmp(a->headers[i].name, name) == 0)
            return a->headers[i].value;
    }
    return NULL;
}

/* What a file holds, at most size - 1 bytes. */
