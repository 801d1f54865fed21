/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Files: bounded reading of regular files, atomic writing, paths. */

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* Appends the whole of a regular file to out, which must have room for max_bytes more. Symbolic
 * links are followed, as Kubernetes volumes are made of them; a link loop, a directory, FIFO,
 * socket or device, and a file of more than max_bytes are refused. Never blocks on a FIFO. st
 * (may be NULL) is that of the file that was read. Errors: SAI_E_NOTFOUND, SAI_E_DENIED,
 * SAI_E_IO, SAI_E_INVALID (not a regular file), SAI_E_LIMIT; e->file is path. */
bool file_read(const char *path,
               size_t max_bytes,
               struct buf *out,
               struct stat *st,
               struct sai_err *e) MUST_USE;

/* Refuses a secret that others may read or write, or its group may write (SAI_E_DENIED).
 * *group_readable tells whether its group may read it: legal, as a Kubernetes Secret
 * volume with fsGroup is that, but worth a warning. */
bool file_check_secret(const struct stat *st, bool *group_readable, struct sai_err *e) MUST_USE;

/* Writes a file so that a reader sees the old or the new whole, never a part: a new file of
 * that mode in the same directory, fsync, rename, fsync of the directory. */
bool file_write_atomic(
    const char *path, const void *bytes, size_t len, mode_t mode, struct sai_err *e) MUST_USE;

/* path itself when absolute, otherwise relative to the directory of the file base.
 * malloc'ed; NULL when out of memory. */
char *file_path_beside(const char *base, const char *path) MUST_USE;

/* The part after the last slash; borrowed from path. */
const char *file_base_name(const char *path);
