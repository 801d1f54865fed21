/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Free members of a JSON document that the configuration spells in YAML. */

#include "conf/schema.h"

/* The members of the map as compact JSON without the outer braces, in the map's order and in
 * the arena: true and false without quotes are booleans, numbers as JSON writes them are
 * numbers, everything else is text. null and the members that discovery documents have
 * already are reported. NULL if anything was. */
const char *members_of(struct loader *ld, const struct yaml_node *map);
