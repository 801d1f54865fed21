/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/grant.h"

#include "accounts/names.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "rules/problem.h"

#include <string.h>

enum { UID_MAX = 128, SUBJECT_FIXED = sizeof("system:serviceaccount::") - 1 };

static bool is_uid(const char *s)
{
    size_t i = 0;

    if (s == NULL)
        return false;
    while (s[i] > ' ' && s[i] <= '~' && i <= UID_MAX)
        i++;
    return s[i] == '\0' && i > 0 && i <= UID_MAX;
}

typedef bool name_check_fn(const char *s, struct sai_err *e);

/* Says whose name e complains of. Apart, so that a good name does not pay for the copy. */
static bool blame_name(const char *kind, const char *name, struct sai_err *e)
{
    const struct sai_err why = *e;

    e->code = SAI_OK;
    return err_set(e, SAI_E_INVALID, "%s \"%s\": %s", kind, shown(name).text, why.text);
}

static bool
check_name(name_check_fn *check, const char *kind, const char *name, struct sai_err *e)
{
    return check(name, e) || blame_name(kind, name, e);
}

/* The store has checked names already; a subject is worth checking twice. */
static bool check_account(const struct sai_account *a, struct sai_err *e)
{
    if (!check_name(name_check_label, "namespace", a->namespace_name, e) ||
        !check_name(name_check_subdomain, "service account", a->name, e))
        return false;
    if (!is_uid(a->uid))
        return err_set(e, SAI_E_INVALID, "service account %s/%s has no valid uid",
                       a->namespace_name, a->name);
    return true;
}

static bool check_object(const char *kind,
                         const struct sai_object_ref *o,
                         bool needs_uid,
                         struct sai_err *e)
{
    if (o->name == NULL)
        return o->uid == NULL || err_set(e, SAI_E_INVALID, "%s with a uid and no name", kind);
    if (!check_name(name_check_subdomain, kind, o->name, e))
        return false;
    if ((needs_uid || o->uid != NULL) && !is_uid(o->uid))
        return err_set(e, SAI_E_INVALID, "%s %s has no valid uid", kind, shown(o->name).text);
    return true;
}

/* One object, and with a pod the node that it runs on. */
static bool check_bound(const struct sai_token_request *r, struct sai_err *e)
{
    if (r->secret.name != NULL && (r->pod.name != NULL || r->node.name != NULL))
        return err_set(e, SAI_E_INVALID,
                       "a token bound to a secret cannot be bound to a pod or node");
    return check_object("pod", &r->pod, true, e) && check_object("node", &r->node, false, e) &&
           check_object("secret", &r->secret, true, e);
}

static bool find_audiences(const struct sai_policy *p,
                           const struct sai_strings *wanted,
                           struct grant *g,
                           struct sai_err *e)
{
    if (wanted->count == 0)
        return err_set(e, SAI_E_INVALID, "no audience is asked for: a token needs one");
    if (wanted->count > GRANT_AUDIENCES_MAX)
        return err_set(e, SAI_E_LIMIT, "%zu audiences: at most %d", wanted->count,
                       (int)GRANT_AUDIENCES_MAX);
    for (size_t i = 0; i < wanted->count; i++) {
        const struct policy_audience *a = policy_audience_find(p, wanted->items[i]);

        if (a == NULL)
            return err_set(e, SAI_E_DENIED, "audience \"%s\" is not configured",
                           shown(wanted->items[i]).text);
        for (size_t j = 0; j < i; j++) {
            if (g->audiences[j] == a)
                return err_set(e, SAI_E_INVALID, "audience \"%s\" is asked for twice",
                               shown(a->name).text);
        }
        g->audiences[i] = a;
        g->audience_indices[i] = a->index;
    }
    g->audience_count = wanted->count;
    return true;
}

static bool
check_profiles(const struct sai_account *account, struct grant *g, struct sai_err *e)
{
    size_t subject_bytes =
        SUBJECT_FIXED + strlen(account->namespace_name) + strlen(account->name);

    g->max_token_bytes = SIZE_MAX;
    for (size_t i = 0; i < g->audience_count; i++) {
        const struct policy_audience *a = g->audiences[i];
        const struct profile *profile = a->profile;

        if (g->audience_count > profile->max_audiences)
            return err_set(e, SAI_E_DENIED, "audience \"%s\" (profile %s) %s",
                           shown(a->name).text, profile->name,
                           profile->max_audiences == 1 ? "must stand alone"
                                                       : "is with too many others");
        if (subject_bytes > profile->max_subject_bytes)
            return err_set(e, SAI_E_DENIED,
                           "the subject has %zu bytes: profile %s takes at most %zu",
                           subject_bytes, profile->name, profile->max_subject_bytes);
        if (profile->max_token_bytes < g->max_token_bytes)
            g->max_token_bytes = profile->max_token_bytes;
    }
    return true;
}

/* The first audience's best key that signs for all of them. */
static bool choose_key(struct grant *g, struct sai_err *e)
{
    const struct policy_audience *first = g->audiences[0];
    unsigned mask = first->key_mask;

    for (size_t i = 1; i < g->audience_count; i++)
        mask &= g->audiences[i]->key_mask;
    for (size_t i = 0; i < first->key_count; i++) {
        if ((mask >> first->keys[i] & 1U) != 0) {
            g->key = first->keys[i];
            return true;
        }
    }
    return err_set(e, SAI_E_DENIED, "no key signs for all of the audiences");
}

/* Lowers *lifetime_s to what the account's annotation says. */
static bool obey_annotation(const struct sai_policy *p,
                            const struct sai_account *account,
                            uint64_t *lifetime_s,
                            struct sai_err *e)
{
    struct sai_err why = { 0 };
    const char *text;
    uint64_t ms;

    text = sai_pairs_find(&account->annotations, p->lifetime_annotation);
    if (text == NULL)
        return true;
    if (!num_duration_ms(text, strlen(text), &ms, &why))
        return err_set(e, SAI_E_DENIED, "annotation \"%s\" is not a duration: %s",
                       shown(p->lifetime_annotation).text, why.text);
    if (ms / 1000 < LIFETIME_LIMIT_MIN_S)
        return err_set(e, SAI_E_DENIED, "annotation \"%s\" allows less than %llu s",
                       shown(p->lifetime_annotation).text,
                       (unsigned long long)LIFETIME_LIMIT_MIN_S);
    if (ms / 1000 < *lifetime_s)
        *lifetime_s = ms / 1000;
    return true;
}

static bool set_times(const struct sai_policy *p,
                      const struct sai_token_request *r,
                      struct grant *g,
                      struct sai_err *e)
{
    int64_t now = r->now_unix_s == 0 ? clock_unix_s() : r->now_unix_s;
    uint64_t lifetime = r->duration_s == 0 ? p->default_lifetime_s : r->duration_s;

    if (lifetime < LIFETIME_MIN_S || lifetime > LIFETIME_MAX_S)
        return err_set(e, SAI_E_INVALID, "a duration of %llu s: must be between %llu and %llu",
                       (unsigned long long)lifetime, (unsigned long long)LIFETIME_MIN_S,
                       (unsigned long long)LIFETIME_MAX_S);
    for (size_t i = 0; i < g->audience_count; i++) {
        if (lifetime > g->audiences[i]->max_lifetime_s)
            lifetime = g->audiences[i]->max_lifetime_s;
    }
    if (p->lifetime_annotation != NULL && !obey_annotation(p, r->account, &lifetime, e))
        return false;
    /* Both terms are at most 2^32, so that nothing below can overflow. */
    if (now < (int64_t)p->backdate_s || now > CLOCK_LAST_S - (int64_t)lifetime)
        return err_set(e, SAI_E_INVALID, "the time %lld is out of range", (long long)now);
    g->lifetime_s = lifetime;
    g->clamped = r->duration_s > lifetime;
    g->iat = now - (int64_t)p->backdate_s;
    g->exp = now + (int64_t)lifetime;
    return true;
}

bool grant_decide(const struct sai_policy *p,
                  const struct sai_token_request *request,
                  struct grant *out,
                  struct sai_err *e)
{
    return check_account(request->account, e) && check_bound(request, e) &&
           find_audiences(p, &request->audiences, out, e) &&
           check_profiles(request->account, out, e) && choose_key(out, e) &&
           set_times(p, request, out, e);
}
