/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "cli/command.h"
#include "cli/report.h"
#include "conf/conf.h"
#include "state/certificate.h"
#include "state/inputs.h"
#include "state/routes.h"
#include "state/snapshot.h"

#include <inttypes.h>
#include <sa_issuer/account.h>
#include <sa_issuer/keyset.h>
#include <stdio.h>

enum { EXPLAIN };
enum { EXPLAIN_MAX_BYTES = 1 << 20 };

static const struct option_row options[] = {
    [EXPLAIN] = { .name = "explain", .help = "print the reference of all keys (Markdown)" },
};

static const char *const role_names[] = {
    [CONF_FEDERATION] = "federation",
    [CONF_CLUSTER] = "cluster",
    [CONF_PUBLISH] = "publish",
};

static void print_issuer(const struct issuer *issuer)
{
    (void)printf("issuer %s (%s)\n", issuer->conf->url, role_names[issuer->conf->role]);
    for (unsigned id = 0; id < DOCUMENT_COUNT; id++) {
        const struct document *d = &issuer->documents[id];

        (void)printf("  serves %s%s: %zu bytes, Cache-Control: %s\n", issuer->conf->url,
                     routes_suffix((enum document_id)id), d->size, d->cache_control);
    }
    for (size_t i = 0; i < sai_keyset_count(issuer->keys); i++) {
        const struct sai_key *key = sai_keyset_get(issuer->keys, i);

        (void)printf("  key %s %-5s %-9s %s\n", sai_key_id(key), sai_key_alg(key),
                     sai_key_is_active(key) ? "active" : "published", sai_key_file(key));
    }
}

/* protocol: without TLS */
static void print_listener(const char *name,
                           const char *protocol,
                           const struct conf_listener *l,
                           const struct certificate *certificate)
{
    const char *scheme = certificate != NULL ? "https" : protocol;
    char expiry[CLOCK_TEXT_SIZE];

    for (size_t i = 0; i < l->addresses.count; i++)
        (void)printf("listener %s: %s://%s\n", name, scheme, l->addresses.items[i]);
    if (l->unix_path != NULL)
        (void)printf("listener %s: %s on Unix socket %s, mode %04o\n", name, protocol,
                     l->unix_path, l->access.mode);
    if (l->systemd != NULL)
        (void)printf("listener %s: %s on the socket '%s' that systemd passes\n", name, scheme,
                     l->systemd);
    if (certificate != NULL)
        (void)printf("listener %s: certificate valid until %s\n", name,
                     clock_format_ms(certificate_expiry_unix_s(certificate) * 1000, expiry));
}

static void print_listeners(const struct snapshot *s)
{
    const struct conf_listeners *l = &s->conf->listeners;

    print_listener("discovery", "http", &l->discovery, s->discovery_certificate);
    print_listener("tokens", "http", &l->tokens, s->tokens_certificate);
    print_listener("signer", "grpc", &l->signer.socket, NULL);
    print_listener("admin", "http", &l->admin, s->admin_certificate);
}

static void print_accounts(const struct snapshot *s)
{
    const struct conf_kubernetes *k = &s->conf->accounts.kubernetes;

    if (s->accounts != NULL)
        (void)printf("accounts: %zu from manifests\n", sai_accounts_count(s->accounts));
    if (k->present)
        (void)printf("accounts: from Kubernetes, by %s\n",
                     k->kubeconfig != NULL ? k->kubeconfig : "the pod's own account");
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void print_callers(const struct conf *c)
{
    const struct conf_callers *callers = &c->callers;

    if (callers->kubernetes.audience != NULL)
        (void)printf("callers: those that Kubernetes knows by tokens for %s%s\n",
                     callers->kubernetes.audience,
                     callers->exchange ? ", and pods for themselves" : "");
    if (callers->peer_count > 0)
        (void)printf("callers: Unix peers by %zu row%s\n", callers->peer_count,
                     plural(callers->peer_count));
    if (callers->certificate_count > 0)
        (void)printf("callers: client certificates of %s by %zu row%s\n",
                     c->listeners.tokens.tls.client_ca, callers->certificate_count,
                     plural(callers->certificate_count));
}

static void print_verdict(FILE *out,
                          const char *file,
                          const char *verdict,
                          const struct sai_report *report,
                          enum sai_severity severity)
{
    size_t n = sai_report_total(report, severity);

    (void)fprintf(out, "%s: %s, %zu %s%s\n", file, verdict, n,
                  severity == SAI_ERROR ? "error" : "warning", plural(n));
}

static int check(const char *file)
{
    AUTO(sai_report) struct sai_report *report = sai_report_new();
    AUTO(inputs) struct inputs *inputs = inputs_new();
    AUTO(snapshot) struct snapshot *s = NULL;
    struct sai_err e = { 0 };
    bool ok;

    if (report == NULL || inputs == NULL) {
        (void)err_nomem(&e);
        return report_failure("check", "", &e);
    }
    ok = snapshot_build(file, inputs, &s, report);
    report_print(report);
    if (!ok) {
        print_verdict(stderr, file, "refused", report, SAI_ERROR);
        return CLI_FAILED;
    }
    for (size_t i = 0; i < s->issuer_count; i++)
        print_issuer(&s->issuers[i]);
    print_listeners(s);
    print_accounts(s);
    print_callers(s->conf);
    print_verdict(stdout, file, "good", report, SAI_WARNING);
    return CLI_OK;
}

static int explain(void)
{
    AUTO(buf) struct buf text;

    buf_init(&text, EXPLAIN_MAX_BYTES);
    conf_explain(&text);
    return report_result("check", &text);
}

static int run(const struct arguments *args)
{
    if (args->options[EXPLAIN] != NULL)
        return explain();
    if (args->operand_count == 0)
        return report_usage("check", "CONFIG is missing");
    return check(args->operands[0]);
}

const struct command command_check = {
    .name = "check",
    .operands = "CONFIG",
    .operands_max = 1,
    .summary = "check a configuration, its keys and certificates, and say what would be served",
    .details =
        "Every mistake is told in one run as file:line:column: path: message; those of keys,\n"
        "certificates, accounts and claim rules once the file is right in itself.",
    .options = options,
    .option_count = ARRAY_SIZE(options),
    .run = run,
};
