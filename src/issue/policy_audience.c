/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/policy_audience.h"

#include "base/arena.h"
#include "base/json_out.h"
#include "base/utf8.h"
#include "jose/alg.h"
#include "rules/problem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* audiences[i].member, or audiences[i] for NULL. */
struct place {
    char path[64];
};

static struct place place_of(size_t i, const char *member)
{
    struct place p;

    (void)snprintf(p.path, sizeof(p.path), "audiences[%zu]%s%s", i, member == NULL ? "" : ".",
                   member == NULL ? "" : member);
    return p;
}

static void check_name(const struct sai_policy_options *o, size_t i, struct sai_report *r)
{
    const char *name = o->audiences[i].name;
    struct place at = place_of(i, "name");
    const char *path = at.path;

    if (name[0] == '\0')
        problem_add(r, path, "empty");
    else if (!utf8_is_line(name, strlen(name)))
        problem_add(r, path, "%s has characters that are not printable", shown(name).text);
    for (size_t j = 0; j < i; j++) {
        if (strcmp(o->audiences[j].name, name) == 0) {
            problem_add(r, path, "%s is audiences[%zu] already", shown(name).text, j);
            return;
        }
    }
}

/* "kubernetes, entra, aws or gcp" */
static const char *list_profiles(char *buf, size_t size)
{
    size_t used = 0;

    buf[0] = '\0';
    for (size_t i = 0; profile_get(i) != NULL && used < size; i++) {
        const char *separator = i == 0 ? "" : profile_get(i + 1) != NULL ? ", " : " or ";

        used +=
            (size_t)snprintf(buf + used, size - used, "%s%s", separator, profile_get(i)->name);
    }
    return buf;
}

static bool
set_profile(struct policy_audience *a, const struct sai_audience *from, struct sai_report *r)
{
    char names[128];

    a->profile = profile_find(from->profile);
    if (a->profile == NULL) {
        problem_add(r, place_of(a->index, "profile").path, "no profile %s: want %s",
                    shown(from->profile).text, list_profiles(names, sizeof(names)));
        return false;
    }
    if (strlen(from->name) > a->profile->max_audience_bytes)
        problem_add(r, place_of(a->index, "name").path,
                    "%zu bytes long: profile %s takes at most %zu", strlen(from->name),
                    a->profile->name, a->profile->max_audience_bytes);
    return true;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void set_lifetime(const struct sai_policy *p,
                         struct policy_audience *a,
                         const struct sai_audience *from,
                         struct sai_report *r)
{
    a->max_lifetime_s = p->max_lifetime_s;
    /* A profile's figure is exp - iat, and iat lies back_date before now. */
    if (a->profile->max_lifetime_s != 0)
        a->max_lifetime_s =
            least(a->max_lifetime_s, a->profile->max_lifetime_s - p->backdate_s);
    if (from->max_lifetime_s == 0)
        return;
    if (from->max_lifetime_s < LIFETIME_LIMIT_MIN_S || from->max_lifetime_s > LIFETIME_MAX_S)
        problem_add(
            r, place_of(a->index, "maxLifetime").path, "%llu s: must be between %llu and %llu",
            (unsigned long long)from->max_lifetime_s, (unsigned long long)LIFETIME_LIMIT_MIN_S,
            (unsigned long long)LIFETIME_MAX_S);
    else if (a->profile->max_lifetime_s != 0 &&
             from->max_lifetime_s > a->profile->max_lifetime_s)
        problem_add(r, place_of(a->index, "maxLifetime").path,
                    "%llu s: profile %s takes at most %llu",
                    (unsigned long long)from->max_lifetime_s, a->profile->name,
                    (unsigned long long)a->profile->max_lifetime_s);
    a->max_lifetime_s = least(a->max_lifetime_s, from->max_lifetime_s);
}

static bool check_algorithm(const struct policy_audience *a,
                            const struct sai_audience *from,
                            struct sai_report *r)
{
    const char *alg = from->algorithm;

    if (alg == NULL || profile_rank(a->profile, alg) >= 0)
        return true;
    if (alg_find(alg) == NULL)
        problem_add(r, place_of(a->index, "algorithm").path, "no algorithm %s",
                    shown(alg).text);
    else
        problem_add(r, place_of(a->index, "algorithm").path, "profile %s does not take %s",
                    a->profile->name, alg);
    return false;
}

static size_t key_for(const struct sai_policy *p, const char *alg)
{
    size_t i = 0;

    while (i < p->key_count && strcmp(p->keys[i].alg, alg) != 0)
        i++;
    return i;
}

/* The active keys that sign for the audience, in the profile's order. */
static void set_keys(const struct sai_policy *p,
                     struct policy_audience *a,
                     const struct sai_audience *from,
                     struct sai_report *r)
{
    const struct profile *profile = a->profile;

    for (size_t i = 0; i < PROFILE_ALGORITHMS_MAX && profile->algorithms[i] != NULL; i++) {
        const char *alg = profile->algorithms[i];
        size_t k = key_for(p, alg);

        if (k == p->key_count || (from->algorithm != NULL && strcmp(from->algorithm, alg) != 0))
            continue;
        a->keys[a->key_count++] = (unsigned char)k;
        a->key_mask |= 1U << k;
    }
    if (a->key_count > 0)
        return;
    if (from->algorithm != NULL)
        problem_add(r, place_of(a->index, "algorithm").path,
                    "no private key signs with %s for this issuer", from->algorithm);
    else
        problem_add(r, place_of(a->index, NULL).path,
                    "no private key of this issuer signs with an algorithm that profile %s "
                    "takes: %s is the first of them",
                    profile->name, profile->algorithms[0]);
}

static bool set_json(struct sai_policy *p, struct policy_audience *a)
{
    AUTO(buf) struct buf b;

    buf_init(&b, SIZE_MAX / 2);
    json_out_string(&b, a->name);
    return policy_fragment(p, &a->json, &b);
}

static bool add_audience(struct sai_policy *p,
                         const struct sai_audience *from,
                         size_t i,
                         struct sai_report *r)
{
    struct policy_audience *a = &p->audiences[i];

    a->index = i;
    a->name = arena_strdup(p->arena, from->name);
    if (a->name == NULL || !set_json(p, a))
        return false;
    if (!set_profile(a, from, r))
        return true;
    set_lifetime(p, a, from, r);
    if (check_algorithm(a, from, r))
        set_keys(p, a, from, r);
    return true;
}

static int compare_audiences(const void *a, const void *b)
{
    return strcmp(((const struct policy_audience *)a)->name,
                  ((const struct policy_audience *)b)->name);
}

bool policy_add_audiences(struct sai_policy *p,
                          const struct sai_policy_options *o,
                          struct sai_report *r)
{
    if (o->audience_count == 0) {
        problem_add(r, "audiences", "at least one is needed");
        return true;
    }
    if (o->audience_count > POLICY_AUDIENCES_MAX) {
        problem_add(r, "audiences", "more than %d", (int)POLICY_AUDIENCES_MAX);
        return true;
    }
    p->audiences = arena_alloc(p->arena, o->audience_count * sizeof(*p->audiences));
    if (p->audiences == NULL)
        return false;
    p->audience_count = o->audience_count;
    for (size_t i = 0; i < o->audience_count; i++) {
        check_name(o, i, r);
        if (!add_audience(p, &o->audiences[i], i, r))
            return false;
    }
    qsort(p->audiences, p->audience_count, sizeof(*p->audiences), compare_audiences);
    return true;
}

static int compare_name(const void *name, const void *audience)
{
    return strcmp(name, ((const struct policy_audience *)audience)->name);
}

const struct policy_audience *policy_audience_find(const struct sai_policy *p, const char *name)
{
    return bsearch(name, p->audiences, p->audience_count, sizeof(*p->audiences), compare_name);
}
