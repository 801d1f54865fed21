/* SPDX-License-Identifier: Apache-2.0 */

/* Who gets a token for whom, bound to what, for which audience: every combination is tried, and
 * only the listed ones succeed. */

#include "unit.h"
#include "world.h"

#include <stdio.h>

struct caller {
    const char *name;
    bool clear;           /* whether the API answers */
    const char *accounts; /* of which it may create tokens; "*": all */
    const char *audience; /* the one it is limited to; NULL: all */
};

static const struct caller callers[] = {
    { "admin", true, "*", NULL },
    { "deployer", true, "ci/builder", "aws" },
    { "lost", true, "ci/nobody ending/builder", NULL },
    { "nobody", true, "", NULL },
    { "unclear", false, "*", NULL },
};

static const char *const targets[] = { "ci/builder",   "ci/other",       "ci/nobody",
                                       "prod/builder", "ending/builder", "nowhere/builder" };

struct bound {
    const char *name;
    const char *json;
};

static const struct bound bounds[] = {
    { "nothing", "null" },
    { "pod", "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"p\"}" },
    { "this-pod", "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"p\",\"uid\":\"u-p\"}" },
    { "old-pod", "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"p\",\"uid\":\"u-old\"}" },
    { "pod-of-other", "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"of-other\"}" },
    { "stopped-pod", "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"stopped\"}" },
    { "no-pod", "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"name\":\"gone\"}" },
    { "secret", "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"name\":\"s\"}" },
    { "node", "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"name\":\"n\"}" },
    { "other-kind", "{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"name\":\"p\"}" },
};

static const char *const audiences[] = {
    "aws", "vault", "aws\",\"vault", "aws\",\"aws", "unknown", "https://kubernetes.default.svc",
    "AWS", "",
};

/* The statement: whatever is not here is refused. */
static const char *const may[] = {
    "admin ci/builder nothing",    "admin ci/builder pod",     "admin ci/builder this-pod",
    "admin ci/builder secret",     "admin ci/builder node",    "admin ci/other nothing",
    "admin ci/other pod-of-other", "admin ci/other secret",    "admin ci/other node",
    "admin prod/builder nothing",  "admin prod/builder pod",   "admin prod/builder node",
    "deployer ci/builder nothing", "deployer ci/builder pod",  "deployer ci/builder this-pod",
    "deployer ci/builder secret",  "deployer ci/builder node",
};
static const char *const may_audiences[] = { "aws", "vault", "aws\",\"vault" };

static bool is_listed(const char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], text) == 0)
            return true;
    }
    return false;
}

static bool may_have(const char *cell, const char *caller, const char *audience)
{
    if (strcmp(caller, "deployer") == 0 && strcmp(audience, "aws") != 0)
        return false;
    return is_listed(may, ARRAY_SIZE(may), cell) &&
           is_listed(may_audiences, ARRAY_SIZE(may_audiences), audience);
}

static bool is_granted(const struct caller *c, const char *target, const char *body)
{
    AUTO(issuance) struct issuance i;
    struct token_path path;
    struct world w = { .unclear = c->clear ? LOOKUP_NONE : LOOKUP_ACCESS };
    char raw[256];
    const char *name = strchr(target, '/') + 1;

    (void)snprintf(raw, sizeof(raw), "/api/v1/namespaces/%.*s/serviceaccounts/%s/token",
                   (int)(name - 1 - target), target, name);
    w.access.allowed = strcmp(c->accounts, "*") == 0 || strstr(c->accounts, target) != NULL;
    w.access.audiences = (struct sai_strings){ &c->audience, c->audience == NULL ? 0 : 1 };
    world_start(&i, &path, raw, "application/json", body);
    return world_run(&w, &i) != NULL;
}

static void only_listed_token_requests_succeed(void **state)
{
    size_t cells = 0;
    size_t granted = 0;

    (void)state;
    for (size_t n = 0; n < ARRAY_SIZE(callers) * ARRAY_SIZE(targets) * ARRAY_SIZE(bounds) *
                               ARRAY_SIZE(audiences);
         n++) {
        size_t rest = n;
        const char *audience = audiences[rest % ARRAY_SIZE(audiences)];
        const struct bound *b = &bounds[(rest /= ARRAY_SIZE(audiences)) % ARRAY_SIZE(bounds)];
        const char *target = targets[(rest /= ARRAY_SIZE(bounds)) % ARRAY_SIZE(targets)];
        const struct caller *c = &callers[rest / ARRAY_SIZE(targets)];
        char cell[128];
        char body[512];

        (void)snprintf(cell, sizeof(cell), "%s %s %s", c->name, target, b->name);
        (void)snprintf(body, sizeof(body),
                       "{\"spec\":{\"audiences\":[\"%s\"],\"boundObjectRef\":%s}}", audience,
                       b->json);
        if (is_granted(c, target, body) != may_have(cell, c->name, audience))
            fail_msg("%s for \"%s\"", cell, audience);
        granted += may_have(cell, c->name, audience);
        cells++;
    }
    assert_int_equal(cells, 2400);
    assert_int_equal(granted, 12 * 3 + 5);
}

/* Of an exchange the caller is the target, and its pod what the token is bound to: the cells
 * are what the review says. */
static const char *const users[] = { "system:serviceaccount:ci:builder",
                                     "system:serviceaccount:ci:other",
                                     "system:serviceaccount:prod:builder",
                                     "system:serviceaccount:ci:nobody",
                                     "system:node:n",
                                     "" };
static const char *const user_uids[] = { "u-builder", "u-other", "u-prod", "" };
static const struct sai_object_ref pods[] = {
    { "p", "u-p" }, { "p", "u-pp" },      { "of-other", "u-po" },
    { "p", NULL },  { "gone", "u-gone" }, { NULL, NULL },
};

static const char *const exchanges[] = {
    "system:serviceaccount:ci:builder u-builder p u-p",
    "system:serviceaccount:ci:other u-other of-other u-po",
    "system:serviceaccount:prod:builder u-prod p u-pp",
};

static bool exchanged(const struct review_fact *review, const char *audience)
{
    AUTO(issuance) struct issuance i;
    struct world w = { .review = *review };
    const struct token_path path = { .kind = TOKEN_PATH_EXCHANGE };
    char body[512];
    const struct issuance_input in = {
        .policy = &world_policy,
        .path = &path,
        .content_type = "application/x-www-form-urlencoded",
        .body = body,
        .len = (size_t)snprintf(body, sizeof(body),
                                "grant_type=urn:ietf:params:oauth:grant-type:token-exchange"
                                "&subject_token=t&subject_token_type="
                                "urn:ietf:params:oauth:token-type:jwt&audience=%s",
                                audience),
        .now_unix_s = world_now,
    };
    const struct sai_token_request *r;

    issuance_init(&i, &in);
    r = world_run(&w, &i);
    if (r != NULL) {
        assert_string_equal(r->account->uid, review->uid);
        assert_string_equal(r->pod.uid, review->pod.uid);
    }
    return r != NULL;
}

static void only_listed_exchanges_succeed(void **state)
{
    static const char *const names[] = { "aws", "vault", "unknown",
                                         "https://kubernetes.default.svc" };
    size_t granted = 0;

    (void)state;
    for (size_t n = 0; n < ARRAY_SIZE(users) * ARRAY_SIZE(user_uids) * ARRAY_SIZE(pods) * 8;
         n++) {
        size_t rest = n / 8;
        bool authenticated = n % 2 == 0;
        const char *audience = names[n / 2 % 4];
        const struct sai_object_ref *pod = &pods[rest % ARRAY_SIZE(pods)];
        const char *uid = user_uids[(rest /= ARRAY_SIZE(pods)) % ARRAY_SIZE(user_uids)];
        const char *user = users[rest / ARRAY_SIZE(user_uids)];
        const struct review_fact review = { authenticated, user, uid, *pod, { NULL, NULL } };
        char cell[256];
        bool want;

        (void)snprintf(cell, sizeof(cell), "%s %s %s %s", user, uid,
                       pod->name == NULL ? "" : pod->name, pod->uid == NULL ? "" : pod->uid);
        want =
            authenticated && is_listed(exchanges, ARRAY_SIZE(exchanges), cell) && n / 2 % 4 < 2;
        if (exchanged(&review, audience) != want)
            fail_msg("%s for \"%s\"", cell, audience);
        granted += want;
    }
    assert_int_equal(granted, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_listed_token_requests_succeed),
        cmocka_unit_test(only_listed_exchanges_succeed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
