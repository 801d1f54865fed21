/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A directory for one test, gone after it. */

#include "unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEMP_PATH_SIZE = 256 };

struct temp {
    char dir[64];
};

static inline void temp_init(struct temp *t)
{
    (void)snprintf(t->dir, sizeof(t->dir), "/tmp/sa-issuerd-test.XXXXXX");
    assert_non_null(mkdtemp(t->dir));
}

static inline int
temp_remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static inline void temp_done(struct temp *t)
{
    (void)nftw(t->dir, temp_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *
temp_path(const struct temp *t, const char *name, char out[TEMP_PATH_SIZE])
{
    (void)snprintf(out, TEMP_PATH_SIZE, "%s/%s", t->dir, name);
    return out;
}

/* Creates or truncates a file. */
static inline void temp_write(const struct temp *t, const char *name, const char *text)
{
    char path[TEMP_PATH_SIZE];
    FILE *f = fopen(temp_path(t, name, path), "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* The file as a text, of which size - 1 bytes are read at most. */
static inline const char *temp_read(const char *path, char *text, size_t size)
{
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    text[fread(text, 1, size - 1, f)] = '\0';
    assert_int_equal(fclose(f), 0);
    return text;
}
