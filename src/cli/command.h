/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Subcommands as tables: the rows parse the arguments and print the help.
 *
 * To add one: write cmd_<name>.c with a const struct command, declare it at the end of this
 * file, and add it to the list in command.c. */

#include <stdbool.h>
#include <stddef.h>

/* Exit codes. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

enum { OPTIONS_MAX = 16, REPEATS_MAX = 16 };

struct option_row {
    const char *name;     /* long name, without the dashes */
    const char *argument; /* what stands for it in the help; NULL: a flag */
    const char *standard; /* its value when not given; NULL: none */
    const char *help;
    char letter;  /* short name; 0: none */
    bool repeats; /* may be given several times */
};

struct repeated {
    const char *items[REPEATS_MAX]; /* in their order */
    size_t count;
};

struct arguments {
    /* By index of the option's row: its argument, "" for a flag that was given, the standard
     * value or NULL for one that was not. Borrowed from argv. */
    const char *options[OPTIONS_MAX];
    /* The same of options that repeat: all that were given. */
    struct repeated repeated[OPTIONS_MAX];
    const char *const *operands;
    size_t operand_count;
};

struct command {
    const char *name;
    const char *operands; /* as shown in the usage line, e.g. "CONFIG"; "" for none */
    size_t operands_min;
    size_t operands_max;
    const char *summary; /* one line */
    const char *details; /* paragraphs, may be NULL */
    const struct option_row *options;
    size_t option_count;
    int (*run)(const struct arguments *args); /* returns an exit code */
};

/* NULL: no such command. */
const struct command *command_find(const char *name);
/* The overview of all commands, or the page of one, on standard output. */
void command_print_overview(void);
void command_print_help(const struct command *c);
/* argv[0] is the command's own name. Parses, tells mistakes on standard error, runs. */
int command_run(const struct command *c, int argc, char **argv);

extern const struct command command_serve;
extern const struct command command_check;
extern const struct command command_token;
extern const struct command command_explain;
extern const struct command command_verify;
extern const struct command command_agent;
extern const struct command command_version;
extern const struct command command_help;
