/* SPDX-License-Identifier: Apache-2.0 */

/* Mistakes of the token service: what its listener, its callers and the accounts need of each
 * other, and audiences that no token may have. */

#include "base/addr.h"
#include "conf/check.h"
#include "conf/conf.h"

#include <string.h>

/* The sections, as they were written; NULL: absent. */
struct sections {
    const struct conf *conf;
    const struct yaml_node *tokens; /* listeners.tokens */
    const struct yaml_node *accounts;
    const struct yaml_node *callers;
};

static bool is_map(const struct yaml_node *n)
{
    return n != NULL && n->kind == YAML_MAP && !n->refused;
}

static const struct yaml_node *first_of(const struct yaml_node *list)
{
    return list == NULL ? NULL : list->first;
}

static void check_accounts(struct loader *ld, const struct sections *s)
{
    const struct yaml_node *kubernetes = member_of(s->accounts, "kubernetes");

    if (kubernetes != NULL && has(s->accounts, "manifests"))
        at_member(ld, s->accounts, "kubernetes",
                  "only one source of accounts is possible: manifests or kubernetes");
    if (kubernetes != NULL && !has(kubernetes, "kubeconfig"))
        at_member(ld, kubernetes, "context", "is one of a kubeconfig: needs kubeconfig");
}

static void check_in_the_clear(struct loader *ld, const struct yaml_node *n)
{
    struct sockaddr_storage addr;
    struct sai_err ignored = { 0 };
    socklen_t len;

    if (n->kind == YAML_SCALAR && !n->refused && addr_parse(n->text, &addr, &len, &ignored) &&
        !addr_is_loopback(&addr))
        loader_problem(ld, n,
                       "tokens would cross the network in the clear: needs tls, or a loopback "
                       "address");
}

static void check_addresses(struct loader *ld, const struct yaml_node *tokens)
{
    const struct yaml_node *n = member_of(tokens, "address");

    if (n == NULL || has(tokens, "tls"))
        return;
    check_in_the_clear(ld, n);
    for (n = n->first; n != NULL; n = n->next)
        check_in_the_clear(ld, n);
}

static bool can_mint(const struct yaml_node *root)
{
    for (const struct yaml_node *n = first_of(member_of(root, "issuers")); n != NULL;
         n = n->next) {
        if (has(n, "audiences"))
            return true;
    }
    return false;
}

static bool is_any_caller(const struct yaml_node *callers)
{
    return has(callers, "kubernetes") || has(callers, "unixPeers") ||
           has(callers, "clientCertificates");
}

static void check_listener(struct loader *ld, const struct sections *s)
{
    if (!is_map(s->tokens))
        return;
    check_addresses(ld, s->tokens);
    if (!can_mint(ld->doc->root))
        loader_problem(ld, s->tokens, "needs an issuer of the role federation with audiences");
    if (!has(s->accounts, "manifests") && !has(s->accounts, "kubernetes"))
        loader_problem(ld, s->tokens, "needs accounts: manifests or kubernetes");
    if (!is_any_caller(s->callers))
        loader_problem(ld, s->tokens,
                       "needs callers: kubernetes, unixPeers or clientCertificates");
}

/* Callers need a way in. */
static void check_ways_in(struct loader *ld, const struct sections *s)
{
    static const char *const keys[] = { "kubernetes", "exchange", "unixPeers",
                                        "clientCertificates" };
    const struct yaml_node *ca = member_of(member_of(s->tokens, "tls"), "clientCA");
    const struct yaml_node *kubernetes = member_of(s->callers, "kubernetes");

    for (size_t i = 0; s->tokens == NULL && i < ARRAY_SIZE(keys); i++)
        at_member(ld, s->callers, keys[i], "callers come by listeners.tokens: needs it");
    if (s->tokens == NULL)
        return;
    if (!has(s->tokens, "unix") && !has(s->tokens, "systemd"))
        at_member(ld, s->callers, "unixPeers", "needs listeners.tokens.unix or systemd");
    if (ca == NULL)
        at_member(ld, s->callers, "clientCertificates", "needs listeners.tokens.tls.clientCA");
    if (ca == NULL && s->conf->callers.kubernetes.certificates)
        at_member(ld, kubernetes, "certificates", "needs listeners.tokens.tls.clientCA");
}

static void check_kubernetes(struct loader *ld, const struct sections *s)
{
    if (!has(s->accounts, "kubernetes"))
        at_member(ld, s->callers, "kubernetes", "needs accounts.kubernetes");
    if (!has(s->callers, "kubernetes") && s->conf->callers.exchange)
        at_member(ld, s->callers, "exchange", "needs callers.kubernetes");
}

static bool is_configured(const struct conf *c, const char *audience)
{
    for (size_t i = 0; i < c->issuer_count; i++) {
        const struct conf_issuer *issuer = &c->issuers[i];

        for (size_t k = 0; k < issuer->audience_count; k++) {
            if (issuer->audiences[k].name != NULL &&
                strcmp(issuer->audiences[k].name, audience) == 0)
                return true;
        }
    }
    return false;
}

static void check_entry(struct loader *ld,
                        const struct conf *c,
                        const struct yaml_node *n,
                        const char *keys[2])
{
    if (!is_map(n))
        return;
    if (!has(n, keys[0]) && !has(n, keys[1]))
        loader_problem(ld, n, "needs %s or %s", keys[0], keys[1]);
    for (n = first_of(member_of(n, "audiences")); n != NULL; n = n->next) {
        if (n->kind == YAML_SCALAR && !n->refused && n->len > 0 && !is_configured(c, n->text))
            loader_problem(ld, n, "no issuer has this audience");
    }
}

static void check_entries(struct loader *ld, const struct sections *s)
{
    static const char *peers[2] = { "uids", "gids" };
    static const char *certificates[2] = { "users", "groups" };
    const struct yaml_node *n;

    for (n = first_of(member_of(s->callers, "unixPeers")); n != NULL; n = n->next)
        check_entry(ld, s->conf, n, peers);
    for (n = first_of(member_of(s->callers, "clientCertificates")); n != NULL; n = n->next)
        check_entry(ld, s->conf, n, certificates);
}

/* Where callers.apiAudiences has the text; its count: nowhere. */
static size_t find_api_audience(const struct conf *c, const char *text)
{
    const struct conf_strings *list = &c->callers.api_audiences;
    size_t i = 0;

    while (i < list->count && (list->items[i] == NULL || strcmp(list->items[i], text) != 0))
        i++;
    return i;
}

/* Without --api-audiences an API server takes the URLs of its issuers for audiences. The issuer
 * with that URL that is a cluster's; the count: none. */
static size_t find_cluster(const struct conf *c, const char *text)
{
    size_t i = 0;

    while (i < c->issuer_count &&
           (c->issuers[i].role == CONF_FEDERATION || c->issuers[i].url == NULL ||
            strcmp(c->issuers[i].url, text) != 0))
        i++;
    return i;
}

/* n: an audience that the API server must not accept. */
static void check_no_api_audience(struct loader *ld,
                                  const struct sections *s,
                                  const struct yaml_node *n,
                                  const char *danger)
{
    size_t cluster;
    size_t at;

    if (n == NULL || n->kind != YAML_SCALAR || n->refused)
        return;
    at = find_api_audience(s->conf, n->text);
    cluster = find_cluster(s->conf, n->text);
    if (at < s->conf->callers.api_audiences.count)
        loader_problem(ld, n, "is callers.apiAudiences[%zu]%s: %s", at,
                       has(s->callers, "apiAudiences") ? "" : " by default", danger);
    else if (cluster < s->conf->issuer_count)
        loader_problem(ld, n, "is the URL of issuers[%zu], which its API server accepts: %s",
                       cluster, danger);
}

static void check_audiences(struct loader *ld, const struct sections *s)
{
    const struct yaml_node *issuer = first_of(member_of(ld->doc->root, "issuers"));

    for (; issuer != NULL; issuer = issuer->next) {
        const struct yaml_node *n = first_of(member_of(issuer, "audiences"));

        for (; n != NULL; n = n->next)
            check_no_api_audience(ld, s, member_of(n, "name"),
                                  "its tokens could be taken for API credentials");
    }
    check_no_api_audience(ld, s, member_of(member_of(s->callers, "kubernetes"), "audience"),
                          "callers would show tokens that are API credentials");
}

void check_token_service(struct loader *ld, const struct conf *c)
{
    const struct yaml_node *root = ld->doc->root;
    const struct sections s = { .conf = c,
                                .tokens = member_of(member_of(root, "listeners"), "tokens"),
                                .accounts = member_of(root, "accounts"),
                                .callers = member_of(root, "callers") };

    check_accounts(ld, &s);
    check_listener(ld, &s);
    check_ways_in(ld, &s);
    check_kubernetes(ld, &s);
    check_entries(ld, &s);
    check_audiences(ld, &s);
}
