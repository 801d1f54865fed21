/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/policy.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/json_out.h"
#include "base/kube_name.h"
#include "codec/base64url.h"
#include "issue/policy_audience.h"
#include "keys/keyset.h"
#include "rules/problem.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_LIFETIME_S = 3600, DEFAULT_MAX_LIFETIME_S = 86400 };

bool policy_fragment(struct sai_policy *p, struct fragment *out, const struct buf *b)
{
    out->len = b->len;
    out->bytes = b->failed ? NULL : arena_strndup(p->arena, b->data, b->len);
    return out->bytes != NULL;
}

static bool set_issuer(struct sai_policy *p, const struct sai_policy_options *o)
{
    AUTO(buf) struct buf b;

    buf_init(&b, SIZE_MAX / 2);
    json_out_string(&b, o->issuer);
    return policy_fragment(p, &p->issuer, &b);
}

/* base64url of {"alg":...,"kid":...,"typ":"JWT"}, and the dot behind it. Both values are made
 * of characters that JSON does not escape. */
static bool set_head(struct sai_policy *p, struct policy_key *k)
{
    char header[128];
    AUTO(buf) struct buf b;

    buf_init(&b, 2 * sizeof(header));
    (void)snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}",
                   k->alg, k->kid);
    base64url_put(&b, header, strlen(header));
    buf_char(&b, '.');
    return policy_fragment(p, &k->head, &b);
}

static bool collect_keys(struct sai_policy *p, const struct sai_policy_options *o)
{
    for (size_t i = 0; i < sai_keyset_count(o->keys); i++) {
        const struct sai_key *key = sai_keyset_get(o->keys, i);
        struct policy_key *k = &p->keys[p->key_count];

        if (!sai_key_is_active(key) || p->key_count == POLICY_KEYS_MAX)
            continue;
        k->pkey = key_pkey(key);
        k->alg = sai_key_alg(key);
        k->kid = sai_key_id(key);
        if (!set_head(p, k))
            return false;
        p->key_count++;
    }
    return true;
}

static void
check_range(struct sai_report *r, const char *path, uint64_t v, uint64_t least, uint64_t most)
{
    if (v < least || v > most)
        problem_add(r, path, "%llu s: must be between %llu and %llu", (unsigned long long)v,
                    (unsigned long long)least, (unsigned long long)most);
}

static void
set_lifetimes(struct sai_policy *p, const struct sai_policy_options *o, struct sai_report *r)
{
    p->max_lifetime_s =
        o->max_lifetime_s == 0 ? (uint64_t)DEFAULT_MAX_LIFETIME_S : o->max_lifetime_s;
    p->default_lifetime_s = o->default_lifetime_s;
    p->backdate_s = o->backdate_s;
    check_range(r, "tokens.maxLifetime", p->max_lifetime_s, LIFETIME_MIN_S, LIFETIME_MAX_S);
    if (p->default_lifetime_s != 0)
        check_range(r, "tokens.defaultLifetime", p->default_lifetime_s, LIFETIME_MIN_S,
                    p->max_lifetime_s);
    else
        p->default_lifetime_s = p->max_lifetime_s < DEFAULT_LIFETIME_S
                                    ? p->max_lifetime_s
                                    : (uint64_t)DEFAULT_LIFETIME_S;
    if (o->backdate_s > BACKDATE_MAX_S)
        problem_add(r, "tokens.backdate", "%llu s: must be at most %llu",
                    (unsigned long long)o->backdate_s, (unsigned long long)BACKDATE_MAX_S);
}

static bool set_lifetime_annotation(struct sai_policy *p,
                                    const struct sai_policy_options *o,
                                    struct sai_report *r)
{
    if (o->lifetime_annotation == NULL)
        return true;
    if (!kube_is_qualified_name(o->lifetime_annotation))
        problem_add(r, "tokens.lifetimeAnnotation", "%s is not an annotation's key",
                    shown(o->lifetime_annotation).text);
    p->lifetime_annotation = arena_strdup(p->arena, o->lifetime_annotation);
    return p->lifetime_annotation != NULL;
}

/* The claims of a Kubernetes token, by enum claim_value. */
static const char *const kubernetes_claims[VALUE_FIRST_RULE] = {
    "aud", "exp", "iat", "iss", "jti", "kubernetes.io", "nbf", "sub",
};

static bool set_layout(struct sai_policy *p)
{
    struct layout_leaf leaves[VALUE_FIRST_RULE];
    const char **names = arena_alloc(p->arena, sizeof(kubernetes_claims));

    if (names == NULL)
        return false;
    for (size_t i = 0; i < VALUE_FIRST_RULE; i++) {
        names[i] = kubernetes_claims[i];
        leaves[i] = (struct layout_leaf){ .path = { &kubernetes_claims[i], 1 }, .value = i };
    }
    p->claim_names = (struct sai_strings){ names, VALUE_FIRST_RULE };
    p->value_count = VALUE_FIRST_RULE;
    p->layout = layout_new(p->arena, leaves, VALUE_FIRST_RULE);
    return p->layout != NULL;
}

static struct sai_policy *policy_alloc(void)
{
    AUTO(arena) struct arena *arena = arena_new();
    struct sai_policy *p = arena == NULL ? NULL : arena_alloc(arena, sizeof(*p));

    if (p != NULL)
        p->arena = TAKE(arena);
    return p;
}

/* false: out of memory. Mistakes are in the report only. */
static bool
compile(struct sai_policy *p, const struct sai_policy_options *o, struct sai_report *r)
{
    p->verify_signatures = o->verify_signatures;
    if (o->claim_count > 0)
        problem_add(r, "claims", "rules are not compiled yet");
    set_lifetimes(p, o, r);
    return set_lifetime_annotation(p, o, r) && set_issuer(p, o) && collect_keys(p, o) &&
           policy_add_audiences(p, o, r) && set_layout(p);
}

bool sai_policy_new(const struct sai_policy_options *options,
                    struct sai_policy **out,
                    struct sai_report *r)
{
    size_t before = sai_report_total(r, SAI_ERROR);
    AUTO(sai_policy) struct sai_policy *p = policy_alloc();

    if (p == NULL || !compile(p, options, r))
        problem_nomem(r);
    if (sai_report_total(r, SAI_ERROR) != before)
        return false;
    *out = TAKE(p);
    return true;
}

void sai_policy_free(struct sai_policy *p)
{
    if (p != NULL)
        arena_free(p->arena); /* p itself is in it */
}

struct sai_strings sai_policy_claim_names(const struct sai_policy *p)
{
    return p->claim_names;
}
