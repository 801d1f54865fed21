/* SPDX-License-Identifier: Apache-2.0 */

/* Mistakes that no single row can see. What a row has reported already is zero or NULL by now
 * and taken for right here. */

#include "conf/check.h"

#include "base/addr.h"
#include "conf/conf.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

const struct yaml_node *member_of(const struct yaml_node *map, const char *key)
{
    return map == NULL ? NULL : yaml_get(map, key);
}

bool has(const struct yaml_node *map, const char *key)
{
    return member_of(map, key) != NULL;
}

void at_member(struct loader *ld,
               const struct yaml_node *map,
               const char *key,
               const char *problem)
{
    const struct yaml_node *n = member_of(map, key);

    if (n != NULL && !n->refused)
        loader_problem(ld, n, "%s", problem);
}

void no_access(struct loader *ld, const struct yaml_node *listener, const char *problem)
{
    static const char *const members[] = { "mode", "owner", "group" };

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        at_member(ld, listener, members[i], problem);
}

static void check_listener(struct loader *ld, const struct yaml_node *map)
{
    bool tcp = has(map, "address") || has(map, "systemd");

    if (map->kind != YAML_MAP || map->refused)
        return;
    if (!tcp && !has(map, "unix"))
        loader_problem(ld, map, "needs an address, a unix path or a systemd socket name");
    else if (!tcp)
        at_member(ld, map, "tls", "is not for Unix sockets: needs an address or systemd");
    if (!has(map, "unix"))
        no_access(ld, map, NEEDS_UNIX);
}

/* A socket address and where it was written. */
struct bound {
    struct sockaddr_storage addr;
    const struct yaml_node *node;
};

enum { LISTENERS = 4, BOUND_MAX = LISTENERS * 16 };

static bool same_address(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    static const size_t port_at = offsetof(struct sockaddr_in, sin_port);
    const char *port = (const char *)a + port_at;

    /* Port 0 is another one each time; both families have the port in the same place. */
    return (port[0] != 0 || port[1] != 0) && memcmp(a, b, sizeof(*a)) == 0;
}

static void
add_address(struct loader *ld, struct bound *all, size_t *count, const struct yaml_node *n)
{
    struct bound *last = &all[*count];
    struct sai_err ignored = { 0 };
    socklen_t len;

    if (*count == BOUND_MAX || n->kind != YAML_SCALAR || n->refused)
        return;
    if (!addr_parse(n->text, &last->addr, &len, &ignored))
        return;
    last->node = n;
    for (size_t i = 0; i < *count; i++) {
        if (!same_address(&all[i].addr, &last->addr))
            continue;
        loader_problem(ld, n, "the same address as at %u:%u", all[i].node->line,
                       all[i].node->column);
        return;
    }
    (*count)++;
}

static bool same_text(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

struct listener {
    const char *name;
    const struct conf_listener *conf;
    const struct yaml_node *map; /* NULL: absent */
};

static void check_addresses(struct loader *ld, const struct listener all[LISTENERS])
{
    struct bound bound[BOUND_MAX];
    size_t count = 0;

    for (size_t i = 0; i < LISTENERS; i++) {
        const struct yaml_node *n = member_of(all[i].map, "address");

        if (n != NULL && n->kind == YAML_SCALAR)
            add_address(ld, bound, &count, n);
        for (n = n == NULL ? NULL : n->first; n != NULL; n = n->next)
            add_address(ld, bound, &count, n);
    }
}

static void
check_pair(struct loader *ld, const struct listener *first, const struct listener *second)
{
    if (same_text(first->conf->unix_path, second->conf->unix_path))
        loader_problem(ld, yaml_get(second->map, "unix"), "the %s listener has this socket",
                       first->name);
    if (same_text(first->conf->systemd, second->conf->systemd))
        loader_problem(ld, yaml_get(second->map, "systemd"), "the %s listener has this name",
                       first->name);
}

static void check_listeners(struct loader *ld, const struct conf *c)
{
    const struct yaml_node *map = yaml_get(ld->doc->root, "listeners");
    const struct conf_listeners *l = &c->listeners;

    if (map == NULL)
        return;
    const struct listener all[LISTENERS] = {
        { "discovery", &l->discovery, yaml_get(map, "discovery") },
        { "tokens", &l->tokens, yaml_get(map, "tokens") },
        { "signer", &l->signer.socket, yaml_get(map, "signer") },
        { "admin", &l->admin, yaml_get(map, "admin") },
    };

    check_addresses(ld, all);
    for (size_t i = 0; i < LISTENERS; i++) {
        if (all[i].map != NULL && all[i].conf != &l->signer.socket)
            check_listener(ld, all[i].map);
        for (size_t k = 0; k < i; k++)
            check_pair(ld, &all[k], &all[i]);
    }
}

static bool is_source(const struct schema_row *claim_row)
{
    const size_t first = offsetof(struct conf_claim, sources);

    return claim_row->offset >= first &&
           claim_row->offset < first + CONF_SOURCES * sizeof(const char *);
}

static void check_claim(struct loader *ld, const struct yaml_node *map)
{
    const struct yaml_node *second = NULL;
    size_t sources = 0;

    if (map->kind != YAML_MAP || map->refused)
        return;
    for (const struct schema_row *row = conf_claim_rows; row->key != NULL; row++) {
        const struct yaml_node *n = is_source(row) ? yaml_get(map, row->key) : NULL;

        if (n != NULL && ++sources > 1)
            second = n;
    }
    if (sources == 0)
        loader_problem(ld, map,
                       "needs a source: annotation, label, namespaceAnnotation, "
                       "namespaceLabel, field, value or template");
    if (second != NULL)
        loader_problem(ld, second, "only one source is possible");
    if (!has(map, "claim") && !has(map, "sessionTag"))
        loader_problem(ld, map, "needs a target: claim or sessionTag");
    if (has(map, "claim"))
        at_member(ld, map, "sessionTag", "only one target is possible");
    if (!has(map, "sessionTag"))
        at_member(ld, map, "transitive", "is for session tags only");
}

static void check_claims(struct loader *ld, const struct yaml_node *issuer)
{
    const struct yaml_node *list = yaml_get(issuer, "claims");

    for (const struct yaml_node *n = list == NULL ? NULL : list->first; n != NULL; n = n->next)
        check_claim(ld, n);
}

/* Only a federation issuer mints, and only for its audiences. */
static void check_minting(struct loader *ld, const struct yaml_node *map, enum conf_role role)
{
    static const char *const keys[] = { "tokens", "audiences", "claims" };

    for (size_t i = 0; role != CONF_FEDERATION && i < ARRAY_SIZE(keys); i++)
        at_member(ld, map, keys[i], "is for issuers of the role federation only");
    if (role == CONF_FEDERATION && !has(map, "audiences"))
        at_member(ld, map, "claims", "without audiences no token is minted");
}

static void check_issuers(struct loader *ld, const struct conf *c)
{
    const struct yaml_node *list = yaml_get(ld->doc->root, "issuers");
    const struct yaml_node *n = list == NULL || c->issuer_count == 0 ? NULL : list->first;

    for (; n != NULL; n = n->next) {
        const struct conf_issuer *issuer = &c->issuers[n->index];
        size_t i = 0;

        while (i < n->index && !same_text(c->issuers[i].url, issuer->url))
            i++;
        if (i < n->index)
            loader_problem(ld, yaml_get(n, "url"), "issuers[%zu] has the same URL", i);
        if (issuer->role == CONF_PUBLISH && issuer->keys.signing.count > 0)
            at_member(ld, yaml_get(n, "keys"), "signing",
                      "an issuer of the role publish does not sign");
        check_minting(ld, n, issuer->role);
        check_claims(ld, n);
    }
}

static void check_limits(struct loader *ld, const struct conf *c)
{
    const struct conf_limits *l = &c->limits;
    const struct yaml_node *map = yaml_get(ld->doc->root, "limits");

    if (map == NULL || l->max_connections == 0 ||
        l->max_connections_per_address <= l->max_connections)
        return;
    if (has(map, "maxConnectionsPerAddress"))
        at_member(ld, map, "maxConnectionsPerAddress", "must not be more than maxConnections");
    else
        at_member(ld, map, "maxConnections",
                  "must not be less than maxConnectionsPerAddress, which is 512 unless set");
}

void check_conf(struct loader *ld, const struct conf *c)
{
    check_listeners(ld, c);
    check_issuers(ld, c);
    check_token_service(ld, c);
    check_signer(ld, c);
    check_limits(ld, c);
}
