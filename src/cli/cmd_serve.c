/* SPDX-License-Identifier: Apache-2.0 */
#include "app/serve.h"
#include "base/attr.h"
#include "cli/command.h"

enum { CONFIG };

static const struct option_row options[] = {
    [CONFIG] = { .name = "config",
                 .letter = 'c',
                 .argument = "FILE",
                 .standard = "/etc/sa-issuerd/config.yaml",
                 .help = "the configuration" },
};

static int run(const struct arguments *args)
{
    return serve(args->options[CONFIG]) == 0 ? CLI_OK : CLI_FAILED;
}

const struct command command_serve = {
    .name = "serve",
    .operands = "",
    .summary = "serve documents, tokens and signatures until SIGTERM or SIGINT",
    .details =
        "SIGHUP reloads configuration, keys and certificates; so does a change of these\n"
        "files. A reload that fails changes nothing and says why in the log.",
    .options = options,
    .option_count = ARRAY_SIZE(options),
    .run = run,
};
