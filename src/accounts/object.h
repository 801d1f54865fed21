/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One ServiceAccount or Namespace, from its tree to the store. Used within accounts/ only. */

#include "accounts/store.h"
#include "base/attr.h"
#include "codec/yaml.h"

#include <sa_issuer/err.h>
#include <stdbool.h>
#include <stddef.h>

struct object_pairs {
    struct sai_pair *items; /* cap of them; kept from one object to the next */
    size_t count;
    size_t cap;
};

struct object_reader {
    const char *file;
    const struct yaml_doc *doc;
    struct accounts_builder *builder;
    struct sai_report *report;
    size_t documents; /* that were not empty */
    struct object_pairs annotations;
    struct object_pairs labels;
};

void object_reader_done(struct object_reader *o);
DEFINE_AUTO_DONE(object_reader, object_reader_done)

/* Checks the object's metadata and adds it; members that mean nothing here are not looked at.
 * false: no use in going on (SAI_E_LIMIT or SAI_E_NOMEM is in the report). */
typedef bool object_fn(struct object_reader *o, const struct yaml_node *object);
object_fn object_read_account;
object_fn object_read_namespace;

/* Adds a mistake at a node; what the user wrote may be part of it. */
void object_problem(struct object_reader *o, const struct yaml_node *n, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
/* Tells it otherwise. */
bool object_is_map(struct object_reader *o, const struct yaml_node *n) MUST_USE;
/* A member that must be there and be text; NULL if not, which is told. */
const struct yaml_node *
object_text(struct object_reader *o, const struct yaml_node *map, const char *key) MUST_USE;
