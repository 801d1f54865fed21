/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* ServiceAccounts and Namespaces in memory, kept up to date by one thread and looked up by any.
 * An object is one block of memory that never changes; who has found it keeps it as long as he
 * likes. */

#include "base/attr.h"
#include "base/err.h"
#include "kube/meta.h"

#include <sa_issuer/account.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table;
struct entry;

enum table_kind { TABLE_ACCOUNTS, TABLE_NAMESPACES, TABLE_KINDS };

struct entry *entry_new(const struct meta *m, uint64_t seen_ms) MUST_USE;
struct entry *entry_ref(struct entry *en); /* takes NULL */
void entry_unref(struct entry *en);        /* takes NULL */
DEFINE_AUTO(entry, entry_unref)

/* The two as one account. */
void entry_account(const struct entry *object, const struct entry *ns, struct sai_account *out);

struct table *table_new(size_t max_objects) MUST_USE; /* of each kind; NULL: out of memory */
void table_free(struct table *t);                     /* takes NULL */
DEFINE_AUTO(table, table_free)

/* Whoever may write an account's annotations could fill our memory with them, at 256 KiB a
 * time: what is larger than this is asked for when it is needed. */
enum { TABLE_OBJECT_MAX_BYTES = 8192 };

/* Whether it may be there: not what is being deleted, or nobody can use. */
bool table_keeps(const struct meta *m) MUST_USE;

/* A full list begins: what is not put before table_end() is gone then. */
void table_begin(struct table *t, enum table_kind kind);
void table_end(struct table *t, enum table_kind kind, uint64_t as_of_ms, uint64_t version);
enum table_source {
    TABLE_LISTED,  /* always right */
    TABLE_WATCHED, /* unless a newer one is there */
    TABLE_ASKED,   /* the same; and where there is none, unless the watch has been past it: then
                      it is gone, and nobody would say so again */
};

/* Takes the reference. What source may not put is dropped, which is no failure. */
bool table_put(struct table *t,
               enum table_kind kind,
               struct entry *en,
               enum table_source source,
               struct sai_err *e) MUST_USE;
/* Unless a newer one is there. */
void table_remove(struct table *t, enum table_kind kind, const struct meta *m);
/* What is there was so at that time; the watch is at that version (0: it does not compare). */
void table_alive(struct table *t, enum table_kind kind, uint64_t as_of_ms, uint64_t version);

/* Both with a reference of the caller's own; false, and nothing, unless both are there and
 * known to have been so since since_ms. */
bool table_find(struct table *t,
                const char *namespace_name,
                const char *name,
                uint64_t since_ms,
                struct entry *found[TABLE_KINDS]) MUST_USE;

/* When all of it was known to be so; 0: never yet. */
uint64_t table_as_of_ms(struct table *t);
size_t table_count(struct table *t, enum table_kind kind);
