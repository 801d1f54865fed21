/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What an account or another object of a namespace is found by in a hash_index. */

#include "accounts/names.h"
#include "base/attr.h"

#include <stdbool.h>
#include <stddef.h>

enum { ACCOUNT_KEY_MAX = DNS_LABEL_MAX + 1 + DNS_SUBDOMAIN_MAX };

/* Namespace and name, borrowed, and both in one piece of memory for the hash. */
struct account_key {
    const char *namespace_name; /* "": none */
    const char *name;
    char bytes[ACCOUNT_KEY_MAX]; /* namespace/name, without a NUL */
    size_t len;
};

/* false: longer than any account is. */
bool account_key_make(struct account_key *k, const char *namespace_name, const char *name)
    MUST_USE;
