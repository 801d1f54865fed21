/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One attempt to build a snapshot. Of this room only. */

#include "base/attr.h"

#include <sa_issuer/err.h>

struct inputs;
struct sha256_stream;
struct snapshot;

struct build {
    struct snapshot *snapshot; /* grows; snapshot->conf is loaded first */
    struct inputs *inputs;
    struct sha256_stream *digest;
    struct sai_report *report;
};

/* Each adds to the report what is wrong and goes on as far as it makes sense. */
bool build_issuers(struct build *b) MUST_USE;
bool build_certificates(struct build *b) MUST_USE;
bool build_accounts(struct build *b) MUST_USE;
/* These keep nothing: they look for mistakes. */
bool build_callers(struct build *b) MUST_USE;
bool build_kubernetes(struct build *b) MUST_USE;
/* After all inputs are noted. */
bool build_outputs(struct build *b) MUST_USE;
/* Of one issuer, whose keys are loaded. */
bool build_policy(struct build *b, size_t index) MUST_USE;

/* Adds an error that belongs to a place in the configuration. Returns false. */
bool build_error(struct build *b, const char *path, struct sai_err *e);
bool build_nomem(struct build *b);
/* Adds what a room below found wrong in what it was given for that place. It names places
 * within; those without a file are about the configuration. Returns whether there are no
 * errors. */
bool build_add_problems(struct build *b, const char *place, const struct sai_report *found);
bool build_note_input(struct build *b, const char *path) MUST_USE;

enum { BUILD_PATH_MAX = 64 }; /* of a path such as listeners.discovery.tls.certificate */
