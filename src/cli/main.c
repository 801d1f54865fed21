/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "codec/json.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    const struct command *c = command_find(name);

    json_watch_memory();
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        c = &command_help;
    else if (strcmp(name, "--version") == 0)
        c = &command_version;
    if (c != NULL)
        return command_run(c, argc - 1, argv + 1);
    (void)fprintf(stderr, "sa-issuerd: %s%s%s\n", name[0] != '\0' ? "no command '" : "",
                  name[0] != '\0' ? name : "a command is missing", name[0] != '\0' ? "'" : "");
    (void)fprintf(stderr, "try: sa-issuerd help\n");
    return CLI_USAGE;
}
