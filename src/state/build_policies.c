/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/err.h"
#include "conf/conf.h"
#include "jose/digest.h"
#include "state/build.h"
#include "state/snapshot.h"

#include <sa_issuer/account.h>
#include <sa_issuer/policy.h>
#include <stdio.h>

static struct sai_strings strings_of(const struct conf_strings *s)
{
    return (struct sai_strings){ .items = s->items, .count = s->count };
}

static struct sai_claim_rule rule_of(const struct conf_claim *c)
{
    struct sai_claim_rule rule = {
        .claim = strings_of(&c->claim),
        .session_tag = c->session_tag,
        .transitive = c->transitive,
        .type = c->type,
        .pattern = c->pattern,
        .one_of = strings_of(&c->one_of),
        .max_length = c->max_length,
        .namespaces = strings_of(&c->namespaces),
        .audiences = strings_of(&c->audiences),
        .required = c->required,
        .preset = c->preset,
    };

    for (unsigned i = 0; i < CONF_SOURCES; i++) {
        if (c->sources[i] != NULL) {
            rule.source = (enum sai_claim_source)i;
            rule.from = c->sources[i];
        }
    }
    return rule;
}

static struct sai_audience audience_of(const struct conf_audience *a)
{
    return (struct sai_audience){ .name = a->name,
                                  .profile = a->profile,
                                  .algorithm = a->algorithm,
                                  .max_lifetime_s = a->max_lifetime_ms / 1000 };
}

static bool fill_lists(struct build *b, const struct conf_issuer *conf, struct issuer *issuer)
{
    struct arena *arena = b->snapshot->arena;
    struct sai_claim_rule *rules = arena_alloc(arena, (conf->claim_count + 1) * sizeof(*rules));
    struct sai_audience *audiences =
        arena_alloc(arena, (conf->audience_count + 1) * sizeof(*audiences));

    if (rules == NULL || audiences == NULL)
        return build_nomem(b);
    for (size_t i = 0; i < conf->claim_count; i++)
        rules[i] = rule_of(&conf->claims[i]);
    for (size_t i = 0; i < conf->audience_count; i++)
        audiences[i] = audience_of(&conf->audiences[i]);
    issuer->rules = rules;
    issuer->audiences = audiences;
    return true;
}

bool build_policy(struct build *b, size_t index)
{
    struct issuer *issuer = &b->snapshot->issuers[index];
    const struct conf_issuer *conf = issuer->conf;
    AUTO(sai_report) struct sai_report *found = sai_report_new();
    struct sai_policy_options options = {
        .issuer = conf->url,
        .keys = issuer->keys,
        .audience_count = conf->audience_count,
        .claim_count = conf->claim_count,
        .default_lifetime_s = conf->tokens.default_lifetime_ms / 1000,
        .max_lifetime_s = conf->tokens.max_lifetime_ms / 1000,
        .backdate_s = conf->tokens.backdate_ms / 1000,
        .lifetime_annotation = conf->tokens.lifetime_annotation,
    };
    char prefix[BUILD_PATH_MAX];

    if (conf->audience_count == 0)
        return true;
    if (found == NULL)
        return build_nomem(b);
    if (!fill_lists(b, conf, issuer))
        return false;
    options.audiences = issuer->audiences;
    options.claims = issuer->rules;
    (void)snprintf(prefix, sizeof(prefix), "issuers[%zu]", index);
    (void)sai_policy_new(&options, &issuer->policy, found);
    return build_add_problems(b, prefix, found);
}

bool build_accounts(struct build *b)
{
    const struct conf *conf = b->snapshot->conf;
    AUTO(sai_report) struct sai_report *found = sai_report_new();
    struct sai_accounts_options options = {
        .paths = conf->accounts.manifests.items,
        .path_count = conf->accounts.manifests.count,
        .max_accounts = conf->limits.max_accounts,
        .max_file_bytes = conf->limits.max_manifest_bytes,
    };
    struct sai_accounts *accounts = NULL;
    unsigned char sum[FINGERPRINT_BYTES];
    bool ok = true;

    if (options.path_count == 0)
        return true;
    if (found == NULL)
        return build_nomem(b);
    (void)sai_accounts_load(&options, &accounts, found);
    if (!build_add_problems(b, "accounts.manifests", found))
        return false;
    b->snapshot->accounts = accounts;
    sai_accounts_fingerprint(accounts, sum);
    sha256_add_piece(b->digest, sum, sizeof(sum));
    for (size_t i = 0; i < sai_accounts_source_count(accounts); i++)
        ok = build_note_input(b, sai_accounts_source(accounts, i)) && ok;
    return ok;
}
