/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "cli/command.h"
#include "cli/issuing.h"
#include "cli/report.h"
#include "codec/base64url.h"
#include "codec/json_pretty.h"
#include "conf/conf.h"
#include "issue/audit.h"
#include "service/token_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CLAIMS_ONLY = ISSUING_OPTIONS, OUTPUT };
enum { OUTPUT_MAX_BYTES = 1 << 20 };

static const struct option_row options[] = {
    ISSUING_OPTION_ROWS,
    [CLAIMS_ONLY] = { .name = "claims-only", .help = "print the claims and sign nothing" },
    [OUTPUT] = { .name = "output",
                 .letter = 'o',
                 .argument = "FORMAT",
                 .standard = "token",
                 .help = "token, json (a TokenRequest, as kubectl prints it) or decoded" },
};

/* A line end is for people: files of tokens are read as they are, by jose among others. kubectl
 * does the same. */
static void put_token(struct buf *out, const struct issuing *in, const struct sai_token *t)
{
    (void)in;
    buf_add(out, t->text, t->len);
    if (isatty(STDOUT_FILENO) == 1)
        buf_char(out, '\n');
}

static void put_decoded(struct buf *out, const struct issuing *in, const struct sai_token *t)
{
    AUTO(buf) struct buf header;
    struct sai_err e = { 0 };

    (void)in;
    buf_init(&header, OUTPUT_MAX_BYTES);
    if (!base64url_decode(&header, t->text, strcspn(t->text, "."), &e) ||
        !buf_ok(&header, &e)) {
        out->failed = true;
        return;
    }
    json_pretty(out, header.data, header.len);
    json_pretty(out, t->claims, t->claims_len);
}

static void put_json(struct buf *out, const struct issuing *in, const struct sai_token *t)
{
    const struct sai_object_ref *pod = &in->request.pod;
    const struct tokenrequest_reference bound = { .present = pod->name != NULL,
                                                  .kind = "Pod",
                                                  .api_version = "v1",
                                                  .name = pod->name,
                                                  .uid = pod->uid };
    AUTO(buf) struct buf text;

    buf_init_secret(&text, OUTPUT_MAX_BYTES);
    token_answer_put(&text, &in->request, &bound, t);
    json_pretty(out, text.data, text.len);
}

static const struct format {
    const char *name;
    void (*put)(struct buf *out, const struct issuing *in, const struct sai_token *t);
} formats[] = {
    { "token", put_token },
    { "json", put_json },
    { "decoded", put_decoded },
};

static const struct format *find_format(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    }
    return NULL;
}

static int print_claims(const struct issuing *in)
{
    struct sai_err e = { 0 };
    struct sai_token token;
    AUTO(buf) struct buf out;

    buf_init(&out, OUTPUT_MAX_BYTES);
    if (!sai_mint_claims(in->minter, &in->request, &token, &e))
        return report_failure("token", "", &e);
    json_pretty(&out, token.claims, token.claims_len);
    return report_result("token", &out);
}

/* The audit line is written before the token is given away, or there is no token. */
static int mint(const struct issuing *in, const struct format *format)
{
    struct sai_err e = { 0 };
    struct sai_err audit_e = { 0 };
    struct sai_token token;
    char caller[32];
    struct audit_record record = { .issuer = in->issuer->conf->url, .caller = caller };
    AUTO(buf) struct buf out;

    audit_take_request(&record, &in->request);
    buf_init_secret(&out, OUTPUT_MAX_BYTES);
    (void)snprintf(caller, sizeof(caller), "local user %u", (unsigned)getuid());
    if (sai_mint(in->minter, &in->request, &token, &e))
        record.token = &token;
    else
        record.reason = e.text;
    if (!audit_write(in->snapshot->conf->audit.file, &record, &audit_e))
        return report_failure("token", "", &audit_e);
    if (record.token == NULL)
        return report_failure("token", "", &e);
    if (token.clamped)
        (void)fprintf(stderr, "sa-issuerd token: the lifetime was shortened to %" PRIu64 " s\n",
                      token.lifetime_s);
    format->put(&out, in, &token);
    return report_result("token", &out);
}

static int run(const struct arguments *args)
{
    const struct format *format = find_format(args->options[OUTPUT]);
    AUTO(issuing) struct issuing in = { 0 };
    int code;

    if (format == NULL)
        return report_usage("token", "--output is token, json or decoded, not '%s'",
                            args->options[OUTPUT]);
    code = issuing_init(&in, "token", args);
    if (code != CLI_OK)
        return code;
    return args->options[CLAIMS_ONLY] != NULL ? print_claims(&in) : mint(&in, format);
}

const struct command command_token = {
    .name = "token",
    .operands = "",
    .summary = "mint a token for a service account from the configuration, offline",
    .details = "An audit line is written for each token, to audit.file or standard error.",
    .options = options,
    .option_count = ARRAY_SIZE(options),
    .run = run,
};
