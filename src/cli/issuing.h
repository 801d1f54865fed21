/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What token and explain share: options, and from them the configuration, the issuer, the
 * account and the request. */

#include "base/attr.h"
#include "cli/command.h"
#include "state/snapshot.h"

#include <sa_issuer/token.h>

/* The first rows of both commands' options. */
enum issuing_option {
    ISSUING_CONFIG,
    ISSUING_ISSUER,
    ISSUING_NAMESPACE,
    ISSUING_ACCOUNT,
    ISSUING_AUDIENCE,
    ISSUING_DURATION,
    ISSUING_POD,
    ISSUING_OPTIONS
};

#define ISSUING_OPTION_ROWS                                                                    \
    [ISSUING_CONFIG] = { .name = "config",                                                     \
                         .letter = 'c',                                                        \
                         .argument = "FILE",                                                   \
                         .standard = "/etc/sa-issuerd/config.yaml",                            \
                         .help = "the configuration" },                                        \
    [ISSUING_ISSUER] = { .name = "issuer",                                                     \
                         .argument = "URL",                                                    \
                         .help = "which issuer, where several are configured" },               \
    [ISSUING_NAMESPACE] = { .name = "namespace",                                               \
                            .letter = 'n',                                                     \
                            .argument = "NAME",                                                \
                            .standard = "default",                                             \
                            .help = "of the service account" },                                \
    [ISSUING_ACCOUNT] = { .name = "serviceaccount",                                            \
                          .letter = 's',                                                       \
                          .argument = "NAME",                                                  \
                          .help = "the service account" },                                     \
    [ISSUING_AUDIENCE] = { .name = "audience",                                                 \
                           .letter = 'a',                                                      \
                           .argument = "NAME",                                                 \
                           .help = "whom the token is for",                                    \
                           .repeats = true },                                                  \
    [ISSUING_DURATION] = { .name = "duration",                                                 \
                           .letter = 'd',                                                      \
                           .argument = "TIME",                                                 \
                           .help = "lifetime to ask for, e.g. 1h or 30m" },                    \
    [ISSUING_POD] = { .name = "bound-pod",                                                     \
                      .argument = "NAME:UID",                                                  \
                      .help = "bind the token to a pod" }

struct issuing {
    struct snapshot *snapshot;
    const struct issuer *issuer;
    struct sai_minter *minter;
    struct sai_account account;
    struct sai_token_request request;
    char pod_name[256];
};

/* CLI_OK, or the exit code when what is wrong has been told. Call issuing_done() in any case.
 */
int issuing_init(struct issuing *in, const char *command, const struct arguments *args)
    MUST_USE;
void issuing_done(struct issuing *in);

DEFINE_AUTO_DONE(issuing, issuing_done)
