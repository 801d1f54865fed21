/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/report.h"

static int run(const struct arguments *args)
{
    const struct command *c;

    if (args->operand_count == 0) {
        command_print_overview();
        return CLI_OK;
    }
    c = command_find(args->operands[0]);
    if (c == NULL)
        return report_usage("help", "no command '%s'", args->operands[0]);
    command_print_help(c);
    return CLI_OK;
}

const struct command command_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .operands_max = 1,
    .summary = "print the list of commands, or the page of one",
    .run = run,
};
