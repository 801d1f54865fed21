/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/issuing.h"

#include "base/err.h"
#include "base/num.h"
#include "cli/report.h"
#include "conf/conf.h"
#include "state/inputs.h"

#include <stdio.h>
#include <string.h>

static bool refuse(const char *command, const struct sai_err *e)
{
    char text[sizeof(struct sai_err)];

    (void)fprintf(stderr, "sa-issuerd %s: %s\n", command,
                  sai_err_format(e, text, sizeof(text)));
    return false;
}

/* The bound object is NAME:UID; a pod's name has no colon. */
static bool parse_pod(struct issuing *in, const char *text, struct sai_err *e)
{
    const char *colon = text == NULL ? NULL : strchr(text, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);

    if (text == NULL)
        return true;
    if (len == 0 || len >= sizeof(in->pod_name) || colon[1] == '\0')
        return err_set(e, SAI_E_SYNTAX, "--bound-pod: not of the form NAME:UID");
    memcpy(in->pod_name, text, len);
    in->pod_name[len] = '\0';
    in->request.pod = (struct sai_object_ref){ .name = in->pod_name, .uid = colon + 1 };
    return true;
}

static bool parse_duration(struct issuing *in, const char *text, struct sai_err *e)
{
    uint64_t ms = 0;

    if (text == NULL)
        return true;
    if (!num_duration_ms(text, strlen(text), &ms, e)) {
        err_at_path(e, "--duration");
        return false;
    }
    if (ms < 1000 || ms % 1000 != 0) {
        (void)err_set(e, SAI_E_INVALID, "not a number of whole seconds");
        err_at_path(e, "--duration");
        return false;
    }
    in->request.duration_s = ms / 1000;
    return true;
}

static bool parse_options(struct issuing *in, const struct arguments *args, struct sai_err *e)
{
    if (args->options[ISSUING_ACCOUNT] == NULL)
        return err_set(e, SAI_E_SYNTAX, "--serviceaccount is missing");
    if (args->repeated_count == 0)
        return err_set(e, SAI_E_SYNTAX, "--audience is missing");
    in->request.audiences.items = args->repeated;
    in->request.audiences.count = args->repeated_count;
    return parse_duration(in, args->options[ISSUING_DURATION], e) &&
           parse_pod(in, args->options[ISSUING_POD], e);
}

static bool load(struct issuing *in, const char *file)
{
    AUTO(sai_report) struct sai_report *report = sai_report_new();
    AUTO(inputs) struct inputs *inputs = inputs_new();
    bool ok =
        report != NULL && inputs != NULL && snapshot_build(file, inputs, &in->snapshot, report);

    if (!ok && report != NULL)
        report_print(report);
    return ok;
}

static bool choose_issuer(struct issuing *in, const char *url, struct sai_err *e)
{
    const struct snapshot *s = in->snapshot;

    if (url == NULL && s->issuer_count > 1)
        return err_set(e, SAI_E_INVALID, "several issuers are configured: choose by --issuer");
    for (size_t i = 0; i < s->issuer_count && in->issuer == NULL; i++) {
        if (url == NULL || strcmp(s->issuers[i].conf->url, url) == 0)
            in->issuer = &s->issuers[i];
    }
    if (in->issuer == NULL)
        return err_set(e, SAI_E_NOTFOUND, "no issuer %s is configured", url);
    if (in->issuer->policy == NULL)
        return err_set(e, SAI_E_DENIED, "issuer %s mints no tokens: its role is not federation",
                       in->issuer->conf->url);
    return true;
}

static bool find_account(struct issuing *in, const struct arguments *args, struct sai_err *e)
{
    const char *namespace_name = args->options[ISSUING_NAMESPACE];
    const char *name = args->options[ISSUING_ACCOUNT];

    if (in->snapshot->accounts == NULL)
        return err_set(e, SAI_E_NOTFOUND, "no accounts are configured: set accounts.manifests");
    if (!sai_accounts_find(in->snapshot->accounts, namespace_name, name, &in->account))
        return err_set(e, SAI_E_NOTFOUND, "no service account %s in namespace %s", name,
                       namespace_name);
    in->request.account = &in->account;
    return true;
}

bool issuing_init(struct issuing *in,
                  const char *command,
                  const struct arguments *args,
                  int *code)
{
    struct sai_err e = { 0 };

    *in = (struct issuing){ 0 };
    *code = CLI_USAGE;
    if (!parse_options(in, args, &e))
        return refuse(command, &e);
    *code = CLI_FAILED;
    if (!load(in, args->options[ISSUING_CONFIG]))
        return false;
    if (!choose_issuer(in, args->options[ISSUING_ISSUER], &e) || !find_account(in, args, &e) ||
        !sai_minter_new(in->issuer->policy, &in->minter, &e))
        return refuse(command, &e);
    return true;
}

void issuing_done(struct issuing *in)
{
    sai_minter_free(in->minter);
    snapshot_unref(in->snapshot);
}
