/* SPDX-License-Identifier: Apache-2.0 */

/* The steps of a TokenRequest, in the order of kube-apiserver
 * (pkg/registry/core/serviceaccount/storage/token.go), whose texts these are. */

#include "service/form.h"
#include "service/steps.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static enum verdict check_path(struct issuance *i)
{
    if (!i->path.namespace_ok)
        refuse_not_found(&i->refusal, "namespaces", i->path.namespace_name);
    else if (!i->path.name_ok)
        refuse_not_found(&i->refusal, "serviceaccounts", i->path.name);
    return step_verdict(i);
}

static enum verdict check_access(struct issuance *i)
{
    enum verdict v = step_want(i, LOOKUP_ACCESS, i->path.namespace_name, i->path.name);

    if (v != VERDICT_PASS)
        return v;
    if (!i->access.allowed)
        refuse_access(&i->refusal, i->access.caller, i->access.reason, i->path.namespace_name,
                      i->path.name);
    return step_verdict(i);
}

enum { QUERY_BYTES = 1024 };

/* The options of any create: all but one may be passed over. Whoever asks for a dry run must
 * not be given a token that works. */
static enum verdict check_query(struct issuance *i)
{
    const char *query = i->in.query;
    char text[QUERY_BYTES];
    struct sai_err e = { 0 };
    struct form f;
    size_t len;

    if (query == NULL)
        return VERDICT_PASS;
    len = strlen(query);
    if (len >= sizeof(text)) {
        refuse(&i->refusal, REFUSED_BAD_REQUEST, "the query is longer than %zu bytes",
               sizeof(text) - 1);
        return VERDICT_REFUSE;
    }
    memcpy(text, query, len + 1);
    if (!form_parse(text, len, &f, &e)) {
        refuse(&i->refusal, REFUSED_BAD_REQUEST, "the query: %s", e.text);
        return VERDICT_REFUSE;
    }
    for (size_t k = 0; k < f.count; k++) {
        if (strcmp(f.pairs[k].name, "dryRun") == 0 && f.pairs[k].value_len > 0)
            refuse(&i->refusal, REFUSED_BAD_REQUEST,
                   "dryRun is not supported: no token was issued");
    }
    return step_verdict(i);
}

static enum verdict decode(struct issuance *i)
{
    return tokenrequest_decode(i->in.content_type, i->in.body, i->in.len, &i->body, &i->refusal)
               ? VERDICT_PASS
               : VERDICT_REFUSE;
}

static enum verdict check_body_namespace(struct issuance *i)
{
    const char *name = i->body.metadata.namespace_name;

    if (name != NULL && strcmp(name, i->path.namespace_name) != 0)
        refuse(&i->refusal, REFUSED_BAD_REQUEST,
               "the namespace of the provided object does not match the namespace sent on the "
               "request");
    return step_verdict(i);
}

static enum verdict check_body_name(struct issuance *i)
{
    const struct field_problem problem = {
        .error = FIELD_INVALID,
        .field = "metadata.name",
        .value = i->body.metadata.name,
        .detail = "must match the service account name if specified",
    };

    if (problem.value != NULL && strcmp(problem.value, i->path.name) != 0)
        refuse_invalid(&i->refusal, i->path.name, &problem, 1);
    return step_verdict(i);
}

static enum verdict check_body_uid(struct issuance *i)
{
    const char *uid = i->body.metadata.uid;

    if (uid != NULL && strcmp(uid, i->request.account->uid) != 0)
        refuse_conflict(&i->refusal, "authentication.k8s.io", TOKENREQUEST_KIND, i->path.name,
                        "the UID in the token request (%s) does not match the UID of the "
                        "service account (%s)",
                        uid, i->request.account->uid);
    return step_verdict(i);
}

enum { FIELD_BYTES_MAX = 40, NUMBER_BYTES = 24, PROBLEMS_MAX = FIELD_TEXTS_MAX + 2 };

static const int64_t EXPIRATION_MIN_S = 600;
static const int64_t EXPIRATION_MAX_S = INT64_C(1) << 32;

/* The problems of spec while they are collected. */
struct problems {
    struct field_problem items[PROBLEMS_MAX];
    size_t count;
    char fields[FIELD_TEXTS_MAX][FIELD_BYTES_MAX];
    char number[2][NUMBER_BYTES];
};

static void add_problem(struct problems *p, const struct field_problem *problem)
{
    p->items[p->count++] = *problem;
}

static bool is_repeated(const struct field_texts *list, size_t k)
{
    for (size_t j = 0; j < k; j++) {
        if (strcmp(list->items[j], list->items[k]) == 0)
            return true;
    }
    return false;
}

static void check_audience(const struct issuance *i, size_t k, struct problems *p)
{
    const char *audience = i->body.spec.audiences.items[k];
    struct field_problem problem = { .field = p->fields[k], .value = audience };

    (void)snprintf(p->fields[k], FIELD_BYTES_MAX, "spec.audiences[%zu]", k);
    if (is_repeated(&i->body.spec.audiences, k)) {
        problem.error = FIELD_DUPLICATE;
        add_problem(p, &problem);
        return;
    }
    switch (step_check_audience(i, audience)) {
    case AUDIENCE_OF_API:
        problem.detail = "is an audience of the Kubernetes API server: tokens for it come from "
                         "there only";
        break;
    case AUDIENCE_UNKNOWN:
        problem.detail = "is not an audience of this issuer";
        break;
    case AUDIENCE_FINE:
    case AUDIENCE_NOT_ALLOWED:
        return;
    }
    add_problem(p, &problem);
}

static void check_audiences(const struct issuance *i, struct problems *p)
{
    const struct field_texts *list = &i->body.spec.audiences;
    struct field_problem problem = { .field = "spec.audiences" };

    if (list->count == 0) {
        problem.error = FIELD_REQUIRED;
        problem.detail = "name at least one audience: this issuer has no default";
        add_problem(p, &problem);
    } else if (list->count > FIELD_TEXTS_MAX) {
        (void)snprintf(p->number[0], NUMBER_BYTES, "%zu", list->count);
        problem.error = FIELD_TOO_MANY;
        problem.number = p->number[0];
        problem.detail = "must have at most 16 items";
        add_problem(p, &problem);
    } else {
        for (size_t k = 0; k < list->count; k++)
            check_audience(i, k, p);
    }
}

static void check_expiration(const struct issuance *i, struct problems *p)
{
    const struct field_integer *seconds = &i->body.spec.expiration_s;
    struct field_problem problem = { .field = "spec.expirationSeconds" };

    if (!seconds->present ||
        (seconds->value >= EXPIRATION_MIN_S && seconds->value <= EXPIRATION_MAX_S))
        return;
    (void)snprintf(p->number[1], NUMBER_BYTES, "%" PRId64, seconds->value);
    problem.error = FIELD_INVALID;
    problem.number = p->number[1];
    problem.detail = seconds->value < EXPIRATION_MIN_S
                         ? "may not specify a duration less than 10 minutes"
                         : "may not specify a duration larger than 2^32 seconds";
    add_problem(p, &problem);
}

static enum verdict check_spec(struct issuance *i)
{
    static const struct field_problem attestations = {
        .error = FIELD_FORBIDDEN,
        .field = "spec.attestations",
        .detail = "not supported by this issuer",
    };
    struct problems p = { 0 };

    check_audiences(i, &p);
    check_expiration(i, &p);
    if (i->body.spec.attestations)
        add_problem(&p, &attestations);
    if (p.count > 0)
        refuse_invalid(&i->refusal, "", p.items, p.count);
    return step_verdict(i);
}

/* Whether this caller may ask for these audiences, all of which are the issuer's. */
static enum verdict check_audience_access(struct issuance *i)
{
    const struct field_texts *list = &i->body.spec.audiences;

    for (size_t k = 0; k < list->count; k++) {
        if (step_check_audience(i, list->items[k]) != AUDIENCE_FINE)
            refuse_forbidden(&i->refusal, i->path.name,
                             "audience \"%s\" is not allowed for this caller", list->items[k]);
        i->audience_list[k] = list->items[k];
    }
    i->request.audiences = (struct sai_strings){ i->audience_list, list->count };
    i->request.duration_s = (uint64_t)i->body.spec.expiration_s.value;
    i->request.now_unix_s = i->in.now_unix_s;
    return step_verdict(i);
}

typedef enum verdict bound_fn(struct issuance *i, const char *name, const char *uid);

static enum verdict check_pod_and_node(struct issuance *i, const char *name, const char *uid)
{
    enum verdict v = step_check_pod(i, name, uid);

    return v == VERDICT_PASS ? step_check_node_of_pod(i) : v;
}

struct bound_row {
    const char *kind;
    bound_fn *check;
};

static const struct bound_row bound_rows[] = {
    { "Pod", check_pod_and_node },
    { "Secret", step_check_secret },
    { "Node", step_check_node },
};

static const char *or_empty(const char *s)
{
    return s == NULL ? "" : s;
}

static enum verdict check_bound_object(struct issuance *i)
{
    const struct tokenrequest_reference *r = &i->body.spec.bound;
    const char *api_version = or_empty(r->api_version);
    const char *kind = or_empty(r->kind);
    const char *name = or_empty(r->name);

    if (!r->present)
        return VERDICT_PASS;
    /* The core group, whatever its version: Kubernetes does not look at that. */
    for (size_t k = 0; k < sizeof(bound_rows) / sizeof(bound_rows[0]); k++) {
        if (strcmp(kind, bound_rows[k].kind) != 0 || strchr(api_version, '/') != NULL)
            continue;
        if (name[0] != '\0')
            return bound_rows[k].check(i, name, r->uid);
        refuse(&i->refusal, REFUSED_BAD_REQUEST, "Name parameter required.");
        return VERDICT_REFUSE;
    }
    refuse(&i->refusal, REFUSED_BAD_REQUEST,
           "cannot bind token to object of type %s%s, Kind=%s",
           strchr(api_version, '/') == NULL ? "/" : "", api_version, kind);
    return VERDICT_REFUSE;
}

issuance_step_fn *const tokenrequest_steps[] = {
    check_path,
    check_access,
    check_query,
    decode,
    check_body_namespace,
    step_check_namespace,
    check_body_name,
    step_check_account,
    check_body_uid,
    check_spec,
    check_audience_access,
    check_bound_object,
    NULL,
};
