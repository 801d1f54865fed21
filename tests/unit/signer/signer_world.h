/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A directory with keys/a.pem (P-256) and a configuration that signs, and what was built of it.
 */

#include "signer/clerk.h"
#include "signer/desk.h"
#include "state/inputs.h"
#include "state/state.h"
#include "temp_keys.h"

#define WORLD_URL "https://oidc.example.com"
#define WORLD_CONF(signer, more)                                                               \
    "apiVersion: sa-issuerd/v1\n"                                                              \
    "kind: Configuration\n"                                                                    \
    "listeners: { discovery: { unix: d.sock }, signer: { unix: s.sock } }\n"                   \
    "issuers:\n"                                                                               \
    "  - url: " WORLD_URL "\n"                                                                 \
    "    role: cluster\n"                                                                      \
    "    keys: { files: [keys] }\n"                                                            \
    "    signer: " signer "\n" more

struct world {
    struct temp temp;
    struct state *st;
    struct sign_desk *desk;
    struct sign_clerk *clerk;
};

static inline void world_init(struct world *w)
{
    char path[TEMP_PATH_SIZE];

    *w = (struct world){ 0 };
    temp_init(&w->temp);
    assert_int_equal(mkdir(temp_path(&w->temp, "keys", path), 0700), 0);
    temp_key_make(&w->temp, "keys/a.pem", "EC");
}

/* NULL: refused, with *text the first problem. */
static inline struct snapshot *
world_build(struct world *w, const char *conf, char text[sizeof(struct sai_err)])
{
    AUTO(sai_report) struct sai_report *report = sai_report_new();
    AUTO(inputs) struct inputs *inputs = inputs_new();
    struct snapshot *s = NULL;
    char path[TEMP_PATH_SIZE];

    temp_write(&w->temp, "conf.yaml", conf);
    if (!snapshot_build(temp_path(&w->temp, "conf.yaml", path), inputs, &s, report))
        (void)sai_err_format(sai_report_get(report, 0, NULL), text, sizeof(struct sai_err));
    return s;
}

/* With a desk and a clerk. */
static inline void world_start(struct world *w, const char *conf)
{
    char text[sizeof(struct sai_err)] = "";
    struct snapshot *s = world_build(w, conf, text);
    struct sai_err e = { 0 };

    assert_string_equal(text, "");
    w->st = state_new(s);
    assert_non_null(w->st);
    assert_true(sign_desk_new(w->st, &w->desk, &e));
    assert_true(sign_clerk_new(w->desk, &w->clerk, &e));
}

static inline void world_stop(struct world *w)
{
    sign_clerk_free(TAKE(w->clerk));
    sign_desk_free(TAKE(w->desk));
    state_free(TAKE(w->st));
}

static inline void world_done(struct world *w)
{
    world_stop(w);
    temp_done(&w->temp);
}
