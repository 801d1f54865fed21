/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Trades the token of a pod for tokens of other audiences (RFC 8693), and keeps a file fresh
 * for each. Like kubelet it leaves a file alone whose token it cannot renew, also when that has
 * expired: the verifier's message says more than a missing file. */

#include "agent/client.h"
#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct agent_target {
    const char *audience;
    const char *file;
};

struct agent_options {
    struct client_options server; /* its url is that of the token endpoint */
    const char *token_file;       /* read again for each request */
    const char *ready_file;       /* exists while no file's token has expired; NULL: none */
    uint64_t duration_s;          /* to ask for; 0: what the server sees fit */
    mode_t mode;
    bool once; /* try each target once, then return */
    const struct agent_target *targets;
    size_t count;
};

/* Runs until SIGTERM or SIGINT, and renews all on SIGHUP; blocks these signals. Failures are
 * logged and tried again. false if it could not start, or if with once a target failed. Before
 * other threads start. */
bool agent_run(const struct agent_options *o, struct sai_err *e) MUST_USE;
