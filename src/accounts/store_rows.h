/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the tables of the store hold; shared by its two files. */

#include "accounts/account_key.h"
#include "accounts/store.h"

#include <stdint.h>

/* The annotations and labels of one object, one array: the annotations, then the labels. */
struct metadata {
    const struct sai_pair *pairs;
    uint32_t annotation_count;
    uint32_t label_count;
};

struct place {
    const char *file;
    unsigned line;
};

struct namespace_row {
    const char *name;
    struct metadata metadata;
    bool declared; /* otherwise only accounts in it are known so far */
    struct place place;
};

struct account_row {
    const struct namespace_row *ns;
    const char *name;
    const char *uid;
    struct metadata metadata;
    struct place place;
};

/* For hash_index_find(): an account_row and an account_key, a namespace_row and its name. */
bool account_is_same(const void *item, const void *key);
bool namespace_is_same(const void *item, const void *key);
/* By key, for sorting and searching. */
int pair_compare(const void *a, const void *b);
