/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts/names.h"
#include "base/err.h"
#include "conf/conf.h"
#include "kube/config.h"
#include "state/build.h"
#include "state/snapshot.h"

#include <stdio.h>
#include <string.h>

typedef bool name_fn(const char *name, struct sai_err *e);

/* namespace/name */
static bool check_account(const char *text, struct sai_err *e)
{
    const char *slash = strchr(text, '/');
    char namespace_name[DNS_LABEL_MAX + 1];
    size_t len = slash == NULL ? 0 : (size_t)(slash - text);

    if (slash == NULL)
        return err_set(e, SAI_E_INVALID, "must be namespace/name");
    if (len > DNS_LABEL_MAX)
        return err_set(e, SAI_E_LIMIT,
                       "the namespace has %zu characters, at most %d are allowed", len,
                       DNS_LABEL_MAX);
    memcpy(namespace_name, text, len);
    namespace_name[len] = '\0';
    return name_check_label(namespace_name, e) && name_check_subdomain(slash + 1, e);
}

static bool check_names(struct build *b,
                        const char *entry,
                        const char *key,
                        const struct conf_strings *names,
                        name_fn *check)
{
    bool ok = true;

    for (size_t i = 0; i < names->count; i++) {
        struct sai_err e = { 0 };
        char path[BUILD_PATH_MAX];

        if (check(names->items[i], &e))
            continue;
        (void)snprintf(path, sizeof(path), "%s.%s[%zu]", entry, key, i);
        ok = build_error(b, path, &e);
    }
    return ok;
}

static bool
check_list(struct build *b, const char *key, const struct conf_caller *list, size_t count)
{
    bool ok = true;

    for (size_t i = 0; i < count; i++) {
        char entry[BUILD_PATH_MAX / 2];

        (void)snprintf(entry, sizeof(entry), "callers.%s[%zu]", key, i);
        ok = check_names(b, entry, "namespaces", &list[i].namespaces, name_check_label) && ok;
        ok = check_names(b, entry, "accounts", &list[i].accounts, check_account) && ok;
    }
    return ok;
}

bool build_callers(struct build *b)
{
    const struct conf_callers *c = &b->snapshot->conf->callers;
    bool ok = check_list(b, "unixPeers", c->peers, c->peer_count);

    return check_list(b, "clientCertificates", c->certificates, c->certificate_count) && ok;
}

/* The kubeconfig is read when the token service starts; here it is only looked at, so that
 * check and reload name its mistakes before a restart does. What a pod is given exists in the
 * pod alone. */
bool build_kubernetes(struct build *b)
{
    const struct conf_kubernetes *k = &b->snapshot->conf->accounts.kubernetes;
    AUTO(kube_config) struct kube_config *config = NULL;
    AUTO(sai_report) struct sai_report *found = sai_report_new();

    if (found == NULL)
        return build_nomem(b);
    if (k->kubeconfig == NULL || kube_config_load(k->kubeconfig, k->context, &config, found))
        return true;
    for (size_t i = 0; i < sai_report_count(found); i++) {
        enum sai_severity severity;
        struct sai_err e = *sai_report_get(found, i, &severity);

        if (e.line == 0) /* of the whole file: say who wants it */
            err_at_path(&e, "accounts.kubernetes.kubeconfig");
        report_add(b->report, severity, &e);
    }
    return false;
}
