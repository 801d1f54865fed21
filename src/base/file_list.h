/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From configured paths to the files to be read: a path is a file, or a directory whose files
 * are read in name order. */

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"

#include <stddef.h>
#include <sys/stat.h>

struct file_list_options {
    const char *const *paths;
    size_t path_count;
    size_t max_files;
    const char *what;            /* the files hold, in messages, e.g. "key" */
    const char *const *suffixes; /* of the names that are read in directories; NULL ends them */
    const char *suffix_text;     /* the same in words, e.g. ".pem, .key or .pub" */
};

struct file_list_directory {
    const char *path;
    struct stat st; /* when it was listed */
};

/* All memory is the arena's. */
struct file_list {
    const char *what;   /* as in the options */
    const char **files; /* in configured order, a directory's in name order; none twice */
    size_t file_count;
    struct file_list_directory *directories;
    size_t directory_count;
    struct arena *arena;
};

/* Lists the files. Adds an error for each path that cannot be, and a warning for each entry of
 * a directory that will not be read. Only their texts must live as long as out. */
void file_list_collect(const struct file_list_options *options,
                       struct arena *arena,
                       struct file_list *out,
                       struct sai_report *r);

/* Adds an error for each directory that has changed since it was listed: half of what was read
 * may be old. The caller tries again. */
void file_list_check_unchanged(const struct file_list *s, struct sai_report *r);

/* Every directory and file, for a watcher, in the arena's memory with room for more at the end;
 * NULL when out of it. */
const char **file_list_paths(const struct file_list *s, size_t more, size_t *count) MUST_USE;
