/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include "base/attr.h"
#include "cli/report.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {
    &command_serve,  &command_check, &command_token,   &command_explain,
    &command_verify, &command_agent, &command_version, &command_help,
};

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

void command_print_overview(void)
{
    (void)printf("sa-issuerd - an OIDC issuer for Kubernetes service-account tokens\n\n"
                 "usage: sa-issuerd COMMAND [OPTION...] [OPERAND...]\n\ncommands:\n");
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        (void)printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    (void)printf("\nexit codes: 0 success, 1 failure, 2 wrong usage\n"
                 "sa-issuerd help COMMAND tells more about one of them.\n");
}

/* "-c, --config FILE"; returns its length. */
static int option_text(const struct option_row *o, char *text, size_t size)
{
    char letter[8] = "    ";

    if (o->letter != 0)
        (void)snprintf(letter, sizeof(letter), "-%c, ", o->letter);
    return snprintf(text, size, "%s--%s%s%s", letter, o->name, o->argument != NULL ? " " : "",
                    o->argument != NULL ? o->argument : "");
}

static void print_option(const struct option_row *o, int width)
{
    char text[64];

    (void)option_text(o, text, sizeof(text));
    (void)printf("  %-*s  %s", width, text, o->help);
    if (o->standard != NULL)
        (void)printf(" (default: %s)", o->standard);
    if (o->repeats)
        (void)printf(" (may be repeated)");
    (void)printf("\n");
}

void command_print_help(const struct command *c)
{
    static const struct option_row help = { .name = "help",
                                            .letter = 'h',
                                            .help = "print this page" };
    char text[64];
    int width = option_text(&help, text, sizeof(text));

    (void)printf("usage: sa-issuerd %s [OPTION...]%s%s\n\n%s\n", c->name,
                 c->operands[0] != '\0' ? " " : "", c->operands, c->summary);
    if (c->details != NULL)
        (void)printf("\n%s\n", c->details);
    for (size_t i = 0; i < c->option_count; i++) {
        int own = option_text(&c->options[i], text, sizeof(text));

        width = own > width ? own : width;
    }
    (void)printf("\noptions:\n");
    for (size_t i = 0; i < c->option_count; i++)
        print_option(&c->options[i], width);
    print_option(&help, width);
}

/* getopt's tables, from ours; option i has the value FIRST_VALUE + i, whatever its letter. */
enum { FIRST_VALUE = 256 };

static void fill_tables(const struct command *c, struct option *longs, char *shorts)
{
    static const struct option help = { .name = "help", .val = 'h' };
    size_t at = 0;

    for (size_t i = 0; i < c->option_count; i++) {
        const struct option_row *o = &c->options[i];

        longs[i] =
            (struct option){ .name = o->name,
                             .has_arg = o->argument != NULL ? required_argument : no_argument,
                             .val = FIRST_VALUE + (int)i };
        if (o->letter == 0)
            continue;
        shorts[at++] = o->letter;
        if (o->argument != NULL)
            shorts[at++] = ':';
    }
    longs[c->option_count] = help;
    shorts[at++] = 'h';
    shorts[at] = '\0';
}

static size_t option_index(const struct command *c, int value)
{
    if (value >= FIRST_VALUE)
        return (size_t)(value - FIRST_VALUE);
    for (size_t i = 0; i < c->option_count; i++) {
        if (c->options[i].letter == value)
            return i;
    }
    return c->option_count;
}

static int run_with_operands(const struct command *c, struct arguments *args)
{
    if (args->operand_count < c->operands_min)
        return report_usage(c->name, "%s is missing", c->operands);
    if (args->operand_count > c->operands_max)
        return report_usage(c->name, "unexpected operand '%s'",
                            args->operands[c->operands_max]);
    return c->run(args);
}

static bool
take_option(const struct command *c, size_t i, const char *argument, struct arguments *args)
{
    struct repeated *all = &args->repeated[i];

    args->options[i] = argument != NULL ? argument : "";
    if (!c->options[i].repeats)
        return true;
    if (all->count == REPEATS_MAX) {
        (void)report_usage(c->name, "--%s may be given %d times at most", c->options[i].name,
                           (int)REPEATS_MAX);
        return false;
    }
    all->items[all->count++] = argument;
    return true;
}

static int parse_and_run(const struct command *c, int argc, char **argv)
{
    struct option longs[OPTIONS_MAX + 2] = { { 0 } };
    char shorts[2 * OPTIONS_MAX + 2];
    char program[64];
    struct arguments args = { 0 };
    int value;

    (void)snprintf(program, sizeof(program), "sa-issuerd %s", c->name);
    argv[0] = program; /* what getopt's messages begin with */
    for (size_t i = 0; i < c->option_count; i++)
        args.options[i] = c->options[i].standard;
    fill_tables(c, longs, shorts);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): before any other thread */
    while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        size_t i = option_index(c, value);

        if (value == 'h') {
            command_print_help(c);
            return CLI_OK;
        }
        if (i >= c->option_count) { /* getopt has said what is wrong */
            (void)fprintf(stderr, "try: sa-issuerd help %s\n", c->name);
            return CLI_USAGE;
        }
        if (!take_option(c, i, optarg, &args))
            return CLI_USAGE;
    }
    args.operands = (const char *const *)(argv + optind);
    args.operand_count = (size_t)(argc - optind);
    return run_with_operands(c, &args);
}

/* Half a result must not look like a whole one: a full disk may show only at the end. */
int command_run(const struct command *c, int argc, char **argv)
{
    int code = parse_and_run(c, argc, argv);

    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return code;
    (void)fprintf(stderr, "sa-issuerd %s: standard output could not be written\n", c->name);
    return CLI_FAILED;
}
