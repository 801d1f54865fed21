/* SPDX-License-Identifier: Apache-2.0 */

/* The steps that a TokenRequest and an exchange have in common. */

#include "service/steps.h"

#include "accounts/names.h"

#include <string.h>

enum verdict
step_want(struct issuance *i, enum lookup lookup, const char *namespace_name, const char *name)
{
    if ((i->told & 1U << lookup) != 0)
        return VERDICT_PASS;
    i->wanted = (struct issuance_lookup){ lookup, namespace_name, name, NULL };
    return VERDICT_WAIT;
}

enum verdict step_verdict(const struct issuance *i)
{
    return i->refusal.kind == REFUSED_NOT ? VERDICT_PASS : VERDICT_REFUSE;
}

static bool is_among(const struct sai_strings *list, const char *text)
{
    for (size_t k = 0; k < list->count; k++) {
        if (strcmp(list->items[k], text) == 0)
            return true;
    }
    return false;
}

enum audience_fault step_check_audience(const struct issuance *i, const char *audience)
{
    const struct issuance_policy *p = i->in.policy;

    if (is_among(&p->api_audiences, audience))
        return AUDIENCE_OF_API;
    if (!is_among(&p->audiences, audience))
        return AUDIENCE_UNKNOWN;
    if (i->access.audiences.count > 0 && !is_among(&i->access.audiences, audience))
        return AUDIENCE_NOT_ALLOWED;
    return AUDIENCE_FINE;
}

/* Objects live on until their deletion timestamp, which holds a pod's grace period; Kubernetes
 * takes tokens bound to them for 60 s more, but new ones are not made in that time. */
static bool is_deleted(const struct issuance *i, int64_t deletion_unix_s)
{
    return deletion_unix_s != 0 && deletion_unix_s <= i->in.now_unix_s;
}

enum verdict step_check_namespace(struct issuance *i)
{
    const char *name = i->path.namespace_name;
    enum verdict v = step_want(i, LOOKUP_ACCOUNT, name, i->path.name);

    if (v != VERDICT_PASS)
        return v;
    if (!i->account.namespace_found)
        refuse_not_found(&i->refusal, "namespaces", name);
    else if (i->account.namespace_terminating)
        refuse_terminating(&i->refusal, i->path.name, name);
    return step_verdict(i);
}

/* Told of another account than the one asked for, or of one without uid, it refuses: a token
 * names what the API's object says, never what the request does. */
enum verdict step_check_account(struct issuance *i)
{
    const struct sai_account *a = &i->account.account;

    if (!i->account.found || is_deleted(i, i->account.deletion_unix_s)) {
        refuse_not_found(&i->refusal, "serviceaccounts", i->path.name);
        return VERDICT_REFUSE;
    }
    if (a->name == NULL || a->namespace_name == NULL || a->uid == NULL || a->uid[0] == '\0' ||
        strcmp(a->name, i->path.name) != 0 ||
        strcmp(a->namespace_name, i->path.namespace_name) != 0)
        return VERDICT_REFUSE;
    i->request.account = a;
    return VERDICT_PASS;
}

struct object_kind {
    enum lookup lookup;
    const char *resource;
    const char *kind;
};

static const struct object_kind pod_kind = { LOOKUP_POD, "pods", "Pod" };
static const struct object_kind secret_kind = { LOOKUP_SECRET, "secrets", "Secret" };
static const struct object_kind node_kind = { LOOKUP_NODE, "nodes", "Node" };

/* A name that no object can have is not looked for. */
static enum verdict find_object(struct issuance *i,
                                const struct object_kind *kind,
                                const char *name,
                                const struct object_fact *fact)
{
    const char *namespace_name = kind == &node_kind ? NULL : i->path.namespace_name;
    struct sai_err e = { 0 };
    enum verdict v;

    if (!name_check_subdomain(name, &e)) {
        refuse_not_found(&i->refusal, kind->resource, name);
        return VERDICT_REFUSE;
    }
    v = step_want(i, kind->lookup, namespace_name, name);
    if (v == VERDICT_PASS && (!fact->found || is_deleted(i, fact->deletion_unix_s))) {
        refuse_not_found(&i->refusal, kind->resource, name);
        return VERDICT_REFUSE;
    }
    return v;
}

static enum verdict check_uid(struct issuance *i,
                              const struct object_kind *kind,
                              const char *name,
                              const char *uid,
                              const struct object_fact *fact)
{
    if (fact->uid == NULL || fact->uid[0] == '\0')
        return VERDICT_REFUSE;
    if (uid != NULL && strcmp(uid, fact->uid) != 0)
        refuse_conflict(&i->refusal, NULL, kind->kind, name,
                        "the UID in the bound object reference (%s) does not match the UID in "
                        "record. The object might have been deleted and then recreated",
                        uid);
    return step_verdict(i);
}

enum verdict step_check_pod(struct issuance *i, const char *name, const char *uid)
{
    enum verdict v = find_object(i, &pod_kind, name, &i->pod);

    if (v != VERDICT_PASS)
        return v;
    if (i->pod.account == NULL || strcmp(i->pod.account, i->path.name) != 0) {
        refuse(&i->refusal, REFUSED_BAD_REQUEST,
               "cannot bind token for serviceaccount \"%s\" to pod running with different "
               "serviceaccount name.",
               i->path.name);
        return VERDICT_REFUSE;
    }
    i->request.pod = (struct sai_object_ref){ name, i->pod.uid };
    return check_uid(i, &pod_kind, name, uid, &i->pod);
}

enum verdict step_check_secret(struct issuance *i, const char *name, const char *uid)
{
    enum verdict v = find_object(i, &secret_kind, name, &i->secret);

    i->request.secret = (struct sai_object_ref){ name, i->secret.uid };
    return v == VERDICT_PASS ? check_uid(i, &secret_kind, name, uid, &i->secret) : v;
}

enum verdict step_check_node(struct issuance *i, const char *name, const char *uid)
{
    enum verdict v = find_object(i, &node_kind, name, &i->node);

    i->request.node = (struct sai_object_ref){ name, i->node.uid };
    return v == VERDICT_PASS ? check_uid(i, &node_kind, name, uid, &i->node) : v;
}

enum verdict step_check_node_of_pod(struct issuance *i)
{
    const char *name = i->pod.node;
    enum verdict v;

    if (name == NULL || name[0] == '\0')
        return VERDICT_PASS;
    v = step_want(i, LOOKUP_NODE, NULL, name);
    if (v == VERDICT_PASS)
        i->request.node = (struct sai_object_ref){ name, i->node.found ? i->node.uid : NULL };
    return v;
}
