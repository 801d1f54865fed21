/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Reads the objects that kubectl prints into a store. */

#include "accounts/store.h"

#include <sa_issuer/err.h>
#include <stdbool.h>
#include <stddef.h>

struct manifest_input {
    const char *file; /* of the builder's arena: accounts refer to it */
    const char *text;
    size_t len;
    bool json; /* otherwise YAML */
};

/* Adds the ServiceAccounts and Namespaces of one file. Every mistake goes to the report, in the
 * order of the file. */
void manifest_read(const struct manifest_input *in,
                   struct accounts_builder *b,
                   struct sai_report *r);
