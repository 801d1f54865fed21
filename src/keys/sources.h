/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From the configured paths to the files to be read. */

#include "base/arena.h"
#include "base/attr.h"

#include <sa_issuer/keyset.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct key_directory {
    const char *path;
    struct stat st; /* when it was listed */
};

/* All memory is the arena's. */
struct key_sources {
    const char **files; /* in configured order, a directory's in name order */
    size_t file_count;
    size_t file_max;
    struct key_directory *directories;
    size_t directory_count;
    struct arena *arena;
};

/* Lists the files. Adds an error for each path that cannot be, and a warning for each entry of
 * a directory that will not be read. */
void sources_collect(const struct sai_keyset_options *options,
                     size_t max_keys,
                     struct arena *arena,
                     struct key_sources *out,
                     struct sai_report *r);

/* Adds an error for each directory that has changed since it was listed: half of what was read
 * may be old. The caller tries again. */
void sources_check_unchanged(const struct key_sources *s, struct sai_report *r);
