/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/num.h"
#include "base/rfc3339.h"
#include "cli/command.h"
#include "cli/issuer_keys.h"
#include "cli/report.h"
#include "codec/json_pretty.h"
#include "jose/jwt.h"

#include <errno.h>
#include <sa_issuer/discovery.h>
#include <sa_issuer/verify.h>
#include <stdio.h>
#include <string.h>

enum { ISSUER, JWKS, CONFIG, AUDIENCE, AT, CA_FILE };
/* Escaping may make the claims six times as long, indenting much longer. */
enum { LEEWAY_S = 60, OUTPUT_MAX_BYTES = 16 << 20 };

static const struct option_row options[] = {
    [ISSUER] = { .name = "issuer",
                 .letter = 'i',
                 .argument = "URL",
                 .help = "iss must be this; its keys are fetched unless given otherwise" },
    [JWKS] = { .name = "jwks", .argument = "FILE", .help = "take the keys from this JWK Set" },
    [CONFIG] = { .name = "config",
                 .letter = 'c',
                 .argument = "FILE",
                 .help = "take the keys from the issuer of this configuration that iss names" },
    [AUDIENCE] = { .name = "audience",
                   .letter = 'a',
                   .argument = "AUD",
                   .help = "aud must hold this" },
    [AT] = { .name = "at",
             .argument = "TIME",
             .help = "verify as if it were then: 2026-11-23T14:25:27Z, or seconds since 1970" },
    [CA_FILE] = { .name = "ca-file",
                  .argument = "FILE",
                  .help = "trust these authorities (PEM), not the system's, when fetching" },
};

/* A command line that has been found sensible, and the token. */
struct job {
    const char *issuer;
    const char *jwks_file;
    const char *config;
    const char *ca_file;
    struct sai_verify_options verify;
    struct buf token;
};

/* 0 stands for now there, so that one second cannot be asked for. */
static bool parse_time(const char *text, int64_t *out, struct sai_err *e)
{
    uint64_t seconds = 0;

    if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
        return rfc3339_parse(text, out, e);
    if (!num_u64(text, strlen(text), &seconds, e))
        return false;
    if (seconds == 0 || seconds > INT64_MAX)
        return err_set(e, SAI_E_INVALID, "out of range");
    *out = (int64_t)seconds;
    return true;
}

static int read_options(const struct arguments *args, struct job *job)
{
    const char *at = args->options[AT];
    struct sai_err e = { 0 };

    job->issuer = args->options[ISSUER];
    job->jwks_file = args->options[JWKS];
    job->config = args->options[CONFIG];
    job->ca_file = args->options[CA_FILE];
    job->verify = (struct sai_verify_options){ .audience = args->options[AUDIENCE],
                                               .leeway_s = LEEWAY_S };
    if (job->jwks_file != NULL && job->config != NULL)
        return report_usage("verify", "--jwks and --config exclude each other");
    if (job->issuer == NULL && job->jwks_file == NULL && job->config == NULL)
        return report_usage("verify", "say whom to trust with --issuer, --jwks or --config: a "
                                      "token cannot vouch for its own issuer");
    if (job->issuer != NULL && sai_issuer_url_problem(job->issuer)[0] != '\0')
        return report_usage("verify", "--issuer: %s", sai_issuer_url_problem(job->issuer));
    if (at != NULL && !parse_time(at, &job->verify.now_unix_s, &e))
        return report_usage("verify", "--at: %s", e.text);
    return CLI_OK;
}

static bool read_stream(FILE *f, struct buf *out, struct sai_err *e)
{
    char chunk[4096];
    size_t n;

    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        buf_add(out, chunk, n);
    if (ferror(f))
        return err_errno(e, errno, "standard input");
    if (buf_ok(out, e))
        return true;
    err_in_file(e, "standard input", 0, 0);
    return false;
}

/* Every token begins with {" in base64url. One line end behind it is the editor's or shell's.
 */
static bool read_token(const char *operand, struct buf *out, struct sai_err *e)
{
    const size_t max_bytes = 2 * (size_t)JWT_MAX_BYTES; /* more, to refuse it as a token */

    buf_init(out, max_bytes);
    if (strncmp(operand, "eyJ", 3) == 0)
        buf_str(out, operand);
    else if (strcmp(operand, "-") == 0 ? !read_stream(stdin, out, e)
                                       : !file_read(operand, max_bytes, out, NULL, e))
        return false;
    if (out->len > 0 && out->data[out->len - 1] == '\n')
        out->data[--out->len] = '\0';
    if (out->len > 0 && out->data[out->len - 1] == '\r')
        out->data[--out->len] = '\0';
    return buf_ok(out, e);
}

static bool find_keys(struct job *job, struct sai_jwks **out, struct sai_err *e)
{
    if (job->jwks_file != NULL)
        return issuer_keys_read(job->jwks_file, out, e);
    if (job->config != NULL)
        return issuer_keys_configured(job->config, job->issuer, out, e);
    return issuer_keys_fetch(job->issuer, job->ca_file, out, e);
}

static int print_claims(const struct sai_verified *v)
{
    AUTO(buf) struct buf out;

    buf_init(&out, OUTPUT_MAX_BYTES);
    json_pretty(&out, v->claims, v->claims_len);
    return report_result("verify", &out);
}

static int verify(struct job *job)
{
    struct sai_jwks *jwks = NULL;
    struct sai_verified v = { 0 };
    struct sai_err e = { 0 };
    AUTO(buf) struct buf claimed;
    int code;

    buf_init(&claimed, JWT_MAX_BYTES);
    if (job->config != NULL && job->issuer == NULL) {
        if (!issuer_claimed(job->token.data, job->token.len, &claimed, &e))
            return report_failure("verify", "refused: ", &e);
        job->issuer = claimed.data;
    }
    if (!find_keys(job, &jwks, &e))
        return report_failure("verify", "", &e);
    job->verify.issuer = job->issuer;
    code = sai_verify(jwks, job->token.data, job->token.len, &job->verify, &v, &e)
               ? print_claims(&v)
               : report_failure("verify", "refused: ", &e);
    free(v.claims);
    sai_jwks_free(jwks);
    return code;
}

static int run(const struct arguments *args)
{
    struct job job = { 0 };
    struct sai_err e = { 0 };
    int code = read_options(args, &job);

    if (code != CLI_OK)
        return code;
    code = read_token(args->operands[0], &job.token, &e) ? verify(&job)
                                                         : report_failure("verify", "", &e);
    buf_done(&job.token);
    return code;
}

const struct command command_verify = {
    .name = "verify",
    .operands = "TOKEN|FILE|-",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "verify a token and print its claims, or say why it is refused",
    .details =
        "An operand that begins with eyJ is the token itself, which other users of the "
        "machine\n"
        "can then see; - reads it from standard input. The signature is checked, with the one\n"
        "algorithm of the key that kid names; iss and aud if they are given; exp, nbf and iat\n"
        "with 60 seconds of leeway. Keys are fetched with --issuer alone: over https, or http\n"
        "for a loopback host, without redirects and proxies.",
    .options = options,
    .option_count = ARRAY_SIZE(options),
    .run = run,
};
