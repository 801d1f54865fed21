/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A key set from the inside; what it promises is in <sa_issuer/keyset.h>. */

#include "base/attr.h"
#include "jose/pkey.h"

#include <sa_issuer/keyset.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

struct sai_key {
    struct pkey *pkey;
    const char *file;         /* where it was found first */
    const char *private_file; /* where its private half was found; NULL for a public key */
    bool named;               /* an entry of options->signing names its private file */
    bool active;
};

struct sai_keyset {
    struct arena *arena; /* owns the strings and arrays */
    struct sai_key *keys;
    size_t count;
    size_t max_keys;
    const char **sources;
    size_t source_count;
    unsigned char fingerprint[32];
};

/* Room for so many keys. NULL when out of memory. */
struct sai_keyset *keyset_new(size_t max_keys) MUST_USE;
DEFINE_AUTO(sai_keyset, sai_keyset_free)

/* Takes the key over, on failure too (SAI_E_LIMIT: the set is full). A key that is there
 * already keeps its place and becomes private if this one is. file must live as long as the
 * set; named: an entry of options->signing names it. */
bool keyset_add(struct sai_keyset *ks,
                struct pkey *pkey,
                const char *file,
                bool named,
                struct sai_err *e) MUST_USE;

/* For the rooms above that sign; borrowed. */
const struct pkey *key_pkey(const struct sai_key *k);
