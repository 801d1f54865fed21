/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/claims.h"

#include "accounts/names.h"
#include "base/printable.h"
#include "codec/base64url.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { DEPTH_MAX = 8, NAME_TEXT_MAX = 64 };

/* A member of the claims, or of an object in them. Each read function keeps what it understands
 * and reports the rest; all of them are called, whatever the others found. */
struct member {
    const char *name;
    const char *path;
    bool (*read)(const struct member *m,
                 const json_t *v,
                 struct sign_claims *c,
                 struct sai_err *e);
    size_t offset;                /* in struct sign_claims */
    const struct member *members; /* of an object; a row without a name ends them */
    bool required;
    bool closed; /* it has no other members */
};

static bool invalid(const struct member *m, const char *text, struct sai_err *e)
{
    /* The first mistake is the one that is told. */
    if (e->code == SAI_OK) {
        err_set_text(e, SAI_E_INVALID, "%s", text);
        err_at_path(e, m->path);
    }
    return false;
}

static bool denied(const char *path, const char *text, struct sai_err *e)
{
    err_set_text(e, SAI_E_DENIED, "%s", text);
    err_at_path(e, path);
    return false;
}

static bool
read_text(const struct member *m, const json_t *v, struct sign_claims *c, struct sai_err *e)
{
    const char *text;

    if (!json_is_string(v) || json_string_length(v) == 0)
        return invalid(m, "must be a string that is not empty", e);
    text = json_string_value(v);
    memcpy((char *)c + m->offset, &text, sizeof(const char *));
    return true;
}

/* An identifier that is only passed on. */
static bool
check_text(const struct member *m, const json_t *v, struct sign_claims *c, struct sai_err *e)
{
    (void)c;
    if (!json_is_string(v) || json_string_length(v) == 0)
        return invalid(m, "must be a string that is not empty", e);
    return true;
}

static bool
read_time(const struct member *m, const json_t *v, struct sign_claims *c, struct sai_err *e)
{
    int64_t time_s;

    /* 1.0 and 1e9 are no integers here, though Go's readers differ. */
    if (!json_is_integer(v) || json_integer_value(v) <= 0)
        return invalid(m, "must be a positive integer", e);
    time_s = (int64_t)json_integer_value(v);
    memcpy((char *)c + m->offset, &time_s, sizeof(time_s));
    return true;
}

static bool read_audiences(const struct member *m,
                           const json_t *v,
                           struct sign_claims *c,
                           struct sai_err *e)
{
    size_t count = json_array_size(v);

    if (!json_is_array(v) || count == 0)
        return invalid(m, "must be an array that is not empty", e);
    if (count > SIGN_AUDIENCES_MAX)
        return invalid(m, "has more than 64 audiences", e);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(v, i);

        if (!json_is_string(item) || json_string_length(item) == 0)
            return invalid(m, "must hold strings that are not empty, and nothing else", e);
        c->audiences[c->audience_count++] = json_string_value(item);
    }
    return true;
}

static bool
read_object(const struct member *m, const json_t *v, struct sign_claims *c, struct sai_err *e);

#define AT(field) .offset = offsetof(struct sign_claims, field)

static const struct member account_members[] = {
    { "name", "kubernetes.io.serviceaccount.name", read_text, AT(name), .required = true },
    { "uid", "kubernetes.io.serviceaccount.uid", check_text, .required = true },
    { 0 },
};

static const struct member pod_members[] = {
    { "name", "kubernetes.io.pod.name", read_text, AT(pod), .required = true },
    { "uid", "kubernetes.io.pod.uid", check_text, .required = true },
    { 0 },
};

static const struct member secret_members[] = {
    { "name", "kubernetes.io.secret.name", read_text, AT(secret), .required = true },
    { "uid", "kubernetes.io.secret.uid", check_text, .required = true },
    { 0 },
};

/* A pod's node may be gone, and then has no uid. */
static const struct member node_members[] = {
    { "name", "kubernetes.io.node.name", read_text, AT(node), .required = true },
    { "uid", "kubernetes.io.node.uid", check_text },
    { 0 },
};

/* Not closed: these are Kubernetes' own, and a new release may add to them. */
static const struct member kubernetes_members[] = {
    { "namespace", "kubernetes.io.namespace", read_text, AT(namespace_name), .required = true },
    { "node", "kubernetes.io.node", read_object, .members = node_members },
    { "pod", "kubernetes.io.pod", read_object, .members = pod_members },
    { "secret", "kubernetes.io.secret", read_object, .members = secret_members },
    { "serviceaccount", "kubernetes.io.serviceaccount", read_object, .members = account_members,
      .required = true },
    { "warnafter", "kubernetes.io.warnafter", read_time, AT(warn_after) },
    { 0 },
};

/* pkg/serviceaccount/claims.go and jwt.go of Kubernetes. */
static const struct member claim_members[] = {
    { "aud", "aud", read_audiences, .required = true },
    { "exp", "exp", read_time, AT(exp), .required = true },
    { "iat", "iat", read_time, AT(iat), .required = true },
    { "iss", "iss", read_text, AT(iss), .required = true },
    { "jti", "jti", read_text, AT(jti) },
    { "kubernetes.io", "kubernetes.io", read_object, .members = kubernetes_members,
      .required = true },
    { "nbf", "nbf", read_time, AT(nbf), .required = true },
    { "sub", "sub", read_text, AT(sub), .required = true },
    { 0 },
};

static const struct member claims = { .path = "claims",
                                      .members = claim_members,
                                      .closed = true };

static const struct member *find(const struct member *members, const char *name)
{
    while (members->name != NULL && strcmp(members->name, name) != 0)
        members++;
    return members->name == NULL ? NULL : members;
}

static bool is_plain(const char *name)
{
    while (*name > ' ' && *name <= '~')
        name++;
    return *name == '\0';
}

/* A name that is ours in other capitals, or in letters that fold to ours (U+017F is an s), is
 * ours to some readers. */
static bool check_other(const struct member *object, const char *name, struct sai_err *e)
{
    char text[NAME_TEXT_MAX];
    const struct member *m = object->members;

    while (m->name != NULL && strcasecmp(m->name, name) != 0)
        m++;
    if (!object->closed && m->name == NULL && is_plain(name))
        return true;
    if (e->code == SAI_OK) {
        err_set_text(e, SAI_E_DENIED, "a member that kube-apiserver does not write: %s",
                     printable(name, strlen(name), text, sizeof(text)));
        err_at_path(e, object->path);
    }
    return false;
}

/* The tables end the recursion. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static bool
read_object(const struct member *m, const json_t *v, struct sign_claims *c, struct sai_err *e)
{
    const char *name;
    json_t *value;
    bool ok = true;

    if (!json_is_object(v))
        return invalid(m, "must be an object", e);
    for (const struct member *row = m->members; row->name != NULL; row++) {
        const json_t *member = json_object_get(v, row->name);

        if (member != NULL)
            ok = row->read(row, member, c, e) && ok;
        else if (row->required)
            ok = invalid(row, "is missing", e);
    }
    json_object_foreach ((json_t *)(uintptr_t)v, name, value) {
        if (find(m->members, name) == NULL)
            ok = check_other(m, name, e) && ok;
    }
    return ok;
}

static bool check_object_names(const struct sign_claims *c, struct sai_err *e)
{
    const struct {
        const char *path;
        const char *name; /* NULL: not bound to such an object */
    } objects[] = { { "kubernetes.io.node.name", c->node },
                    { "kubernetes.io.pod.name", c->pod },
                    { "kubernetes.io.secret.name", c->secret } };

    for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
        struct sai_err problem = { 0 };

        if (objects[i].name != NULL && !name_check_subdomain(objects[i].name, &problem))
            return denied(objects[i].path, "is no name of an object", e);
    }
    return true;
}

static bool check_names(const struct sign_claims *c, struct sai_err *e)
{
    struct sai_err problem = { 0 };
    char sub[sizeof("system:serviceaccount::") + DNS_LABEL_MAX + DNS_SUBDOMAIN_MAX];

    if (!name_check_label(c->namespace_name, &problem))
        return denied("kubernetes.io.namespace", "is no name of a namespace", e);
    if (!name_check_subdomain(c->name, &problem))
        return denied("kubernetes.io.serviceaccount.name", "is no name of a service account",
                      e);
    (void)snprintf(sub, sizeof(sub), "system:serviceaccount:%s:%s", c->namespace_name, c->name);
    if (strcmp(c->sub, sub) != 0)
        return denied("sub", "is not the account that kubernetes.io names", e);
    return check_object_names(c, e);
}

/* kube-apiserver extends the token that every pod has, and no other, to a year; a client that
 * does not read its token anew is found by warnafter. */
static bool is_extended(const struct sign_policy *policy, const struct sign_claims *c)
{
    return policy->extended && c->pod != NULL && c->warn_after == c->iat + SIGN_WARN_AFTER_S &&
           c->exp - c->iat <= SIGN_EXTENDED_S;
}

static bool
check_times(const struct sign_policy *policy, const struct sign_claims *c, struct sai_err *e)
{
    if (c->iat < policy->now_s - SIGN_SKEW_S)
        return denied("iat", "lies more than 60 s in the past", e);
    if (c->iat > policy->now_s + SIGN_SKEW_S)
        return denied("iat", "lies more than 60 s in the future", e);
    if (c->nbf < c->iat - SIGN_SKEW_S || c->nbf > c->iat + SIGN_SKEW_S)
        return denied("nbf", "is not within 60 s of iat", e);
    if (c->exp <= c->iat)
        return denied("exp", "is not after iat", e);
    if ((uint64_t)(c->exp - c->iat) > policy->max_lifetime_s && !is_extended(policy, c)) {
        err_set_text(e, SAI_E_DENIED,
                     "is %" PRId64 " s after iat, at most %" PRIu64 " s are allowed",
                     c->exp - c->iat, policy->max_lifetime_s);
        err_at_path(e, "exp");
        return false;
    }
    if (c->warn_after != 0 && (c->warn_after <= c->iat || c->warn_after > c->exp))
        return denied("kubernetes.io.warnafter", "is not between iat and exp", e);
    return true;
}

static bool
check_policy(const struct sign_policy *policy, const struct sign_claims *c, struct sai_err *e)
{
    if (strcmp(c->iss, policy->issuer) != 0)
        return denied("iss", "is not the issuer's URL", e);
    return check_names(c, e) && check_times(policy, c, e);
}

bool sign_claims_check(const struct sign_policy *policy,
                       const char *segment,
                       size_t len,
                       struct buf *scratch,
                       struct sign_claims *out,
                       struct sai_err *e)
{
    static const struct json_limits limits = { .max_bytes = SIGN_CLAIMS_MAX_BYTES,
                                               .max_depth = DEPTH_MAX };
    bool ok;

    buf_reset(scratch);
    if (len > base64url_size(SIGN_CLAIMS_MAX_BYTES)) {
        err_set_text(e, SAI_E_LIMIT, "more than %d bytes", SIGN_CLAIMS_MAX_BYTES);
        err_at_path(e, "claims");
        return false;
    }
    ok = base64url_decode(scratch, segment, len, e) && buf_ok(scratch, e) &&
         json_read_object(scratch->data == NULL ? "" : scratch->data, scratch->len, &limits,
                          &out->json, e);
    if (!ok) {
        err_at_path(e, "claims");
        return false;
    }
    return read_object(&claims, out->json, out, e) && check_policy(policy, out, e);
}

void sign_claims_done(struct sign_claims *c)
{
    json_decref(c->json);
    c->json = NULL;
}
