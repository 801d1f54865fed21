/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/policy.h"

#include "accounts/names.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json_out.h"
#include "codec/base64url.h"
#include "issue/policy_audience.h"
#include "keys/keyset.h"
#include "rules/problem.h"
#include "rules/rules.h"

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
    struct sai_err why = { 0 };

    if (o->lifetime_annotation == NULL)
        return true;
    if (!name_check_annotation_key(o->lifetime_annotation, &why))
        problem_add(r, "tokens.lifetimeAnnotation", "\"%s\": %s",
                    shown(o->lifetime_annotation).text, why.text);
    p->lifetime_annotation = arena_strdup(p->arena, o->lifetime_annotation);
    return p->lifetime_annotation != NULL;
}

/* A claim that a verifier would take for something else. */
static void check_refused_claims(const struct sai_policy *p, struct sai_report *r)
{
    for (size_t i = 0; i < rules_count(p->rules); i++) {
        const char *name = rules_value_path(p->rules, i).items[0];
        char path[64];

        (void)snprintf(path, sizeof(path), "claims[%zu].claim", i);
        for (size_t j = 0; j < p->audience_count; j++) {
            const struct policy_audience *a = &p->audiences[j];
            const char *refused = a->profile->refused_claim;

            if (refused == NULL || strcmp(refused, name) != 0 ||
                !rules_for_audience(p->rules, i, a->index))
                continue;
            problem_add(r, path, "%s cannot be written for profile %s: %s", name,
                        a->profile->name, a->profile->refused_why);
            break;
        }
    }
}

static struct sai_strings path_of(const struct sai_policy *p, size_t value)
{
    if (value < VALUE_FIRST_RULE)
        return (struct sai_strings){ &claim_names[value], 1 };
    return rules_value_path(p->rules, value - VALUE_FIRST_RULE);
}

static bool set_layout(struct sai_policy *p)
{
    AUTO_FREE struct layout_leaf *leaves = NULL;

    p->value_count = VALUE_FIRST_RULE + rules_value_count(p->rules);
    leaves = calloc(p->value_count, sizeof(*leaves));
    if (leaves == NULL)
        return false;
    for (size_t i = 0; i < p->value_count; i++)
        leaves[i] = (struct layout_leaf){ .path = path_of(p, i), .value = i };
    p->layout = layout_new(p->arena, leaves, p->value_count);
    return p->layout != NULL;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool set_claim_names(struct sai_policy *p)
{
    size_t count = VALUE_FIRST_RULE + rules_count(p->rules);
    const char **names = arena_alloc(p->arena, count * sizeof(*names));
    size_t used = 0;

    if (names == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        names[i] = path_of(p, i).items[0];
    qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 0; i < count; i++) {
        if (used == 0 || strcmp(names[used - 1], names[i]) != 0)
            names[used++] = names[i];
    }
    p->claim_names = (struct sai_strings){ names, used };
    return true;
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
    size_t before = sai_report_total(r, SAI_ERROR);

    p->verify_signatures = o->verify_signatures;
    set_lifetimes(p, o, r);
    if (!set_lifetime_annotation(p, o, r) || !set_issuer(p, o) || !collect_keys(p, o) ||
        !policy_add_audiences(p, o, r) || !rules_new(p->arena, o, &p->rules, r))
        return false;
    if (sai_report_total(r, SAI_ERROR) != before)
        return true;
    check_refused_claims(p, r);
    return set_layout(p) && set_claim_names(p);
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
    if (p == NULL)
        return;
    rules_free(p->rules);
    arena_free(p->arena); /* p itself is in it */
}

struct sai_strings sai_policy_claim_names(const struct sai_policy *p)
{
    return p->claim_names;
}
