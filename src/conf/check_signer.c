/* SPDX-License-Identifier: Apache-2.0 */

/* Mistakes of the signer: what its listener and the issuer that it signs for need of each
 * other, and keys that kube-apiserver cannot take. */

#include "conf/check.h"
#include "conf/conf.h"

#include <string.h>

static void check_socket(struct loader *ld,
                         const struct yaml_node *signer,
                         const struct conf_listener *socket)
{
    if (signer->kind != YAML_MAP || signer->refused)
        return;
    if (!has(signer, "unix") && !has(signer, "systemd"))
        loader_problem(ld, signer, "needs a unix path or a systemd socket name");
    if (!has(signer, "unix"))
        no_access(ld, signer, NEEDS_UNIX);
    else if (socket->unix_path != NULL && socket->unix_path[0] == '@')
        no_access(ld, signer, "is of a file, and an abstract socket has none");
}

/* Of an issuer with the role cluster. */
static void
check_keys(struct loader *ld, const struct yaml_node *keys, const struct conf_keys *c)
{
    if (c->rsa_algorithm != NULL && strcmp(c->rsa_algorithm, "RS256") != 0)
        at_member(ld, keys, "rsaAlgorithm", "kube-apiserver takes RS256 only");
    if (c->allow_ed25519)
        at_member(ld, keys, "allowEd25519", "kube-apiserver takes no Ed25519 keys");
}

void check_signer(struct loader *ld, const struct conf *c)
{
    const struct yaml_node *signer = member_of(member_of(ld->doc->root, "listeners"), "signer");
    const struct yaml_node *list = member_of(ld->doc->root, "issuers");
    const struct yaml_node *n = list == NULL || c->issuer_count == 0 ? NULL : list->first;
    size_t clusters = 0;
    size_t first = 0;

    if (signer != NULL)
        check_socket(ld, signer, &c->listeners.signer.socket);
    for (; n != NULL; n = n->next) {
        const struct conf_issuer *issuer = &c->issuers[n->index];

        if (issuer->role != CONF_CLUSTER) {
            at_member(ld, n, "signer", "is for issuers of the role cluster only");
            continue;
        }
        check_keys(ld, member_of(n, "keys"), &issuer->keys);
        if (signer == NULL)
            at_member(ld, n, "signer", "needs listeners.signer");
        else if (clusters++ == 0)
            first = n->index;
        else
            loader_problem(ld, yaml_get(n, "role"),
                           "issuers[%zu] is what listeners.signer signs for already", first);
    }
    if (signer != NULL && clusters == 0 && c->issuer_count > 0)
        loader_problem(ld, signer, "needs an issuer of the role cluster");
}
