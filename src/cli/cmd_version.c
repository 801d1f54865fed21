/* SPDX-License-Identifier: Apache-2.0 */
#include "base/version.h"
#include "cli/command.h"
#include "grpc/server.h"
#include "http/server.h"
#include "jose/version.h"

#include <stdio.h>

static int run(const struct arguments *args)
{
    (void)args;
    (void)printf("sa-issuerd %s\n%s\nlibmicrohttpd %s\nnghttp2 %s\n", SA_ISSUERD_VERSION,
                 jose_library_version(), http_library_version(), grpc_library_version());
    return CLI_OK;
}

const struct command command_version = {
    .name = "version",
    .operands = "",
    .summary = "print the version, and those of the libraries in use",
    .run = run,
};
