/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of checks share. Of this room only. */

#include "conf/schema.h"

/* As yaml_get(), but an absent map (NULL) has no members. */
const struct yaml_node *member_of(const struct yaml_node *map, const char *key);
bool has(const struct yaml_node *map, const char *key);
/* Reports at the member of that name, if there is one. */
void at_member(struct loader *ld,
               const struct yaml_node *map,
               const char *key,
               const char *problem);

/* Reports at those members of a listener that say who may connect to its Unix socket. */
#define NEEDS_UNIX "is for Unix sockets only: needs unix"
void no_access(struct loader *ld, const struct yaml_node *listener, const char *problem);

/* listeners.signer and the issuer that it is for. */
void check_signer(struct loader *ld, const struct conf *c);
/* listeners.tokens, accounts and callers together. */
void check_token_service(struct loader *ld, const struct conf *c);
