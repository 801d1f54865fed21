/* SPDX-License-Identifier: Apache-2.0 */
#include "tokens/allow.h"

#include <string.h>

static bool has_id(const struct conf_ids *ids, uint32_t id)
{
    for (size_t i = 0; i < ids->count; i++) {
        if (ids->items[i] == id)
            return true;
    }
    return false;
}

static bool has_text(const struct conf_strings *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], text) == 0)
            return true;
    }
    return false;
}

static bool has_caller(const struct conf_caller *row, const struct token_caller *c)
{
    if (c->kind == CALLER_PEER)
        return has_id(&row->uids, c->uid) || has_id(&row->gids, c->gid);
    if (c->kind != CALLER_CERTIFICATE)
        return false;
    for (size_t i = 0; i < c->groups.count; i++) {
        if (has_text(&row->groups, c->groups.items[i]))
            return true;
    }
    return has_text(&row->users, c->user);
}

/* Accounts are written "namespace/name". */
static bool
has_account(const struct conf_caller *row, const char *namespace_name, const char *name)
{
    size_t len = strlen(namespace_name);

    if (row->namespaces.count == 0 && row->accounts.count == 0)
        return true;
    for (size_t i = 0; i < row->accounts.count; i++) {
        const char *account = row->accounts.items[i];

        if (strncmp(account, namespace_name, len) == 0 && account[len] == '/' &&
            strcmp(account + len + 1, name) == 0)
            return true;
    }
    return has_text(&row->namespaces, namespace_name);
}

const struct conf_caller *allow_find(const struct conf_caller *rows,
                                     size_t count,
                                     const struct token_caller *caller,
                                     const char *namespace_name,
                                     const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (has_caller(&rows[i], caller) && has_account(&rows[i], namespace_name, name))
            return &rows[i];
    }
    return NULL;
}
