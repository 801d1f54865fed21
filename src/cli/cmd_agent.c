/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent.h"
#include "agent/lease.h"
#include "app/harden.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/num.h"
#include "cli/command.h"
#include "cli/report.h"

#include <sa_issuer/discovery.h>
#include <stdio.h>
#include <string.h>

enum {
    SERVER,
    AUDIENCE,
    OUT,
    TOKEN_FILE,
    CA_FILE,
    DURATION,
    MODE,
    READY_FILE,
    ONCE,
    UNIX_SOCKET,
    PROXY,
    LOG_FORMAT
};

static const struct option_row options[] = {
    [SERVER] = { .name = "server",
                 .letter = 's',
                 .argument = "URL",
                 .help = "the issuer on its tokens listener; the agent asks URL/token" },
    [AUDIENCE] = { .name = "audience",
                   .letter = 'a',
                   .argument = "NAME",
                   .help = "whom a token is for",
                   .repeats = true },
    [OUT] = { .name = "out",
              .letter = 'o',
              .argument = "FILE",
              .help = "where the token goes: the first file for the first audience, and so on",
              .repeats = true },
    [TOKEN_FILE] = { .name = "token-file",
                     .argument = "FILE",
                     .standard = "/var/run/secrets/sa-issuerd/token",
                     .help = "the pod's own token, a projected one for the issuer" },
    [CA_FILE] = { .name = "ca-file",
                  .argument = "FILE",
                  .help = "trust these authorities (PEM), not the system's" },
    [DURATION] = { .name = "duration",
                   .letter = 'd',
                   .argument = "TIME",
                   .help = "lifetime to ask for, e.g. 1h or 24h" },
    [MODE] = { .name = "mode",
               .argument = "MODE",
               .standard = "0640",
               .help = "of the token files" },
    [READY_FILE] = { .name = "ready-file",
                     .argument = "FILE",
                     .help = "there while all files hold a token that has not expired" },
    [ONCE] = { .name = "once", .help = "write each file once, then stop" },
    [UNIX_SOCKET] = { .name = "unix-socket",
                      .argument = "PATH",
                      .help = "connect to this socket, whatever host the URL names" },
    [PROXY] = { .name = "proxy",
                .argument = "URL",
                .help = "an HTTP proxy; the environment is not asked" },
    [LOG_FORMAT] = { .name = "log-format",
                     .argument = "json|text",
                     .standard = "json",
                     .help = "of the log on standard error" },
};

#define usage(...) report_usage("agent", __VA_ARGS__)

struct job {
    struct agent_options options;
    struct agent_target targets[REPEATS_MAX];
    struct buf url;
};

static int read_targets(const struct arguments *args, struct job *job)
{
    const struct repeated *audiences = &args->repeated[AUDIENCE];
    const struct repeated *files = &args->repeated[OUT];

    if (audiences->count == 0)
        return usage("--audience is missing");
    if (audiences->count != files->count)
        return usage("each --audience wants its own --out");
    for (size_t i = 0; i < files->count; i++) {
        job->targets[i] = (struct agent_target){ audiences->items[i], files->items[i] };
        if (audiences->items[i][0] == '\0' || files->items[i][0] == '\0')
            return usage("--audience and --out want a name");
        for (size_t j = 0; j < i; j++) {
            if (strcmp(files->items[i], files->items[j]) == 0)
                return usage("--out: twice the same file: %s", files->items[i]);
        }
    }
    job->options.targets = job->targets;
    job->options.count = files->count;
    return CLI_OK;
}

static int read_server(const struct arguments *args, struct job *job)
{
    const char *server = args->options[SERVER];
    const char *proxy = args->options[PROXY];

    if (server == NULL)
        return usage("--server is missing");
    if (sai_issuer_url_problem(server)[0] != '\0')
        return usage("--server: %s", sai_issuer_url_problem(server));
    if (proxy != NULL && strncmp(proxy, "http://", 7) != 0 &&
        strncmp(proxy, "https://", 8) != 0)
        return usage("--proxy: must start with http:// or https://");
    if (proxy != NULL && args->options[UNIX_SOCKET] != NULL)
        return usage("--proxy and --unix-socket exclude each other");
    buf_printf(&job->url, "%s/token", server);
    job->options.server = (struct client_options){
        .url = job->url.data,
        .unix_socket = args->options[UNIX_SOCKET],
        .ca_file = args->options[CA_FILE],
        .proxy = proxy,
    };
    return CLI_OK;
}

static int read_duration(const char *text, uint64_t *out_s)
{
    struct sai_err e = { 0 };
    uint64_t ms = 0;

    if (text == NULL)
        return CLI_OK;
    if (!num_duration_ms(text, strlen(text), &ms, &e))
        return usage("--duration: %s", e.text);
    if (ms % 1000 != 0 || ms < (uint64_t)LEASE_LEAST_S * 1000)
        return usage("--duration: must be whole seconds, and 16m at least");
    *out_s = ms / 1000;
    return CLI_OK;
}

static int read_form(const struct arguments *args, struct job *job)
{
    const char *mode = args->options[MODE];
    const char *format = args->options[LOG_FORMAT];
    struct sai_err e = { 0 };
    unsigned bits = 0;

    if (!num_mode(mode, strlen(mode), &bits, &e))
        return usage("--mode: %s", e.text);
    if ((bits & 0133U) != 0 || (bits & 0400U) == 0)
        return usage("--mode: only the owner may write, and nobody execute; want e.g. 0640");
    if (strcmp(format, "json") != 0 && strcmp(format, "text") != 0)
        return usage("--log-format: must be json or text");
    job->options.mode = bits;
    log_setup(strcmp(format, "json") == 0 ? LOG_JSON : LOG_TEXT, LOG_INFO);
    return CLI_OK;
}

static int read_options(const struct arguments *args, struct job *job)
{
    int code = read_targets(args, job);

    if (code == CLI_OK)
        code = read_server(args, job);
    if (code == CLI_OK)
        code = read_duration(args->options[DURATION], &job->options.duration_s);
    if (code == CLI_OK)
        code = read_form(args, job);
    job->options.token_file = args->options[TOKEN_FILE];
    job->options.ready_file = args->options[READY_FILE];
    job->options.once = args->options[ONCE] != NULL;
    return code;
}

static int run(const struct arguments *args)
{
    AUTO_FREE struct job *job = calloc(1, sizeof(*job));
    struct sai_err e = { 0 };
    int code;

    if (job == NULL)
        return CLI_FAILED;
    buf_init(&job->url, 1024);
    code = read_options(args, job);
    harden_process();
    if (code == CLI_OK && !(buf_ok(&job->url, &e) && agent_run(&job->options, &e))) {
        log_err(LOG_ERROR, "agent failed", &e);
        code = CLI_FAILED;
    }
    buf_done(&job->url);
    return code;
}

const struct command command_agent = {
    .name = "agent",
    .operands = "",
    .summary = "trade a pod's token for tokens of other audiences, and keep them in files",
    .details =
        "Runs beside a program whose SDK reads a token from a file, until SIGTERM or SIGINT.\n"
        "A token is renewed after 80 % of its life, when 15 minutes of it are left, or after "
        "24\n"
        "hours, whichever comes first; SIGHUP renews all at once. Files are replaced by "
        "rename\n"
        "and have no line end. One whose token cannot be renewed is left as it is, and the "
        "agent\n"
        "tries again until it can. Tokens with less than 16 minutes are refused.",
    .options = options,
    .option_count = ARRAY_SIZE(options),
    .run = run,
};
