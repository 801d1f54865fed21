/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* JSON as the tree of codec/yaml.h, item by item and with positions, for files that may be as
 * large as a cluster; jansson (answers, our own documents) would have to hold all of it and
 * forgets where a value stood. As strict as codec/json_scan.h; no duplicate members and no NUL.
 * Strings are quoted scalars; numbers, true, false and null are plain ones. */

#include "codec/yaml.h"

/* Reads one value as yaml_stream() reads its documents. A byte order mark is skipped. */
bool json_stream(const struct yaml_input *in,
                 const struct yaml_sink *sink,
                 struct sai_report *r) MUST_USE;
