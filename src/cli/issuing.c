/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/issuing.h"

#include "base/err.h"
#include "base/num.h"
#include "cli/configuration.h"
#include "cli/report.h"
#include "conf/conf.h"

#include <string.h>

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
    if (ms < 1000 || ms % 1000 != 0)
        return err_set_at(e, "--duration", SAI_E_INVALID, "not a number of whole seconds");
    in->request.duration_s = ms / 1000;
    return true;
}

static bool parse_options(struct issuing *in, const struct arguments *args, struct sai_err *e)
{
    if (args->options[ISSUING_ACCOUNT] == NULL)
        return err_set(e, SAI_E_SYNTAX, "--serviceaccount is missing");
    if (args->repeated[ISSUING_AUDIENCE].count == 0)
        return err_set(e, SAI_E_SYNTAX, "--audience is missing");
    in->request.audiences.items = args->repeated[ISSUING_AUDIENCE].items;
    in->request.audiences.count = args->repeated[ISSUING_AUDIENCE].count;
    return parse_duration(in, args->options[ISSUING_DURATION], e) &&
           parse_pod(in, args->options[ISSUING_POD], e);
}

static bool choose_issuer(struct issuing *in, const char *url, struct sai_err *e)
{
    const struct snapshot *s = in->snapshot;

    if (url == NULL && s->issuer_count > 1)
        return err_set(e, SAI_E_INVALID, "several issuers are configured: choose by --issuer");
    in->issuer = url == NULL ? &s->issuers[0] : configuration_issuer(s, url);
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

int issuing_init(struct issuing *in, const char *command, const struct arguments *args)
{
    struct sai_err e = { 0 };
    char text[sizeof(struct sai_err)];

    *in = (struct issuing){ 0 };
    if (!parse_options(in, args, &e))
        return report_usage(command, "%s", sai_err_format(&e, text, sizeof(text)));
    if (!configuration_load(args->options[ISSUING_CONFIG], &in->snapshot, &e) ||
        !choose_issuer(in, args->options[ISSUING_ISSUER], &e) || !find_account(in, args, &e) ||
        !sai_minter_new(in->issuer->policy, &in->minter, &e))
        return report_failure(command, "", &e);
    return CLI_OK;
}

void issuing_done(struct issuing *in)
{
    sai_minter_free(in->minter);
    snapshot_unref(in->snapshot);
}
