/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Accounts in memory: built once, then read by any number of threads. Where they come from is
 * no concern of it; syntax and limits are checked by who reads them.
 *
 * Compact: an account is one block of memory, keys and namespaces are held once for all. */

#include "base/attr.h"
#include "base/hash_index.h"

#include <sa_issuer/account.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct accounts_builder;

struct sai_accounts {
    struct arena *arena; /* owns everything that the tables and sources point to */
    struct hash_index accounts;
    struct hash_index namespaces;
    size_t namespace_count; /* of those that were added themselves */
    const char **sources;
    size_t source_count;
    unsigned char fingerprint[32];
};

DEFINE_AUTO(sai_accounts, sai_accounts_free)

/* max_accounts is that of accounts, and of Namespaces. NULL when out of memory. */
struct accounts_builder *accounts_builder_new(size_t max_accounts) MUST_USE;
void accounts_builder_free(struct accounts_builder *b); /* takes NULL */
DEFINE_AUTO(accounts_builder, accounts_builder_free)

/* Copies an account, but for its file, which must live as long as the result. The keys of its
 * pairs may come in any order, none twice; namespace_annotations and namespace_labels are not
 * looked at. Errors: SAI_E_INVALID (there is one of that name, with its place), SAI_E_LIMIT,
 * SAI_E_NOMEM. */
bool accounts_builder_add(struct accounts_builder *b,
                          const struct sai_account *a,
                          struct sai_err *e) MUST_USE;
/* The same for a Namespace, before or after its accounts: namespace_name, annotations, labels,
 * file and line count. */
bool accounts_builder_add_namespace(struct accounts_builder *b,
                                    const struct sai_account *ns,
                                    struct sai_err *e) MUST_USE;
/* For what must live as long as the result; borrowed. */
struct arena *accounts_builder_arena(struct accounts_builder *b);

/* Frees the builder. */
struct sai_accounts *accounts_builder_finish(struct accounts_builder *b) MUST_USE;
