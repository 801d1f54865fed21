/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A case of tests/data/keys/{good,bad}: a directory with
 *
 *     make      shell that fills a new working directory (functions of lib.sh)
 *     options   lines "paths A B", "signing A", "passphrase FILE", "allow-ed25519", "max-keys
 * N", "max-file-bytes N", "user nobody" (who loads); without it: paths key.pem expected  what
 * is reported, a line each, then for a good case the keys: key ALG private|public active|- FILE
 * NAME, NAME being lib.sh's of the key
 */

#include "base/buf.h"

#include <sa_issuer/keyset.h>
#include <stdbool.h>

struct case_dir {
    char source[512]; /* of the case */
    char work[64];    /* the working directory; the process is in it while a case runs */
    char option_text[1024];
    const char *paths[16];
    const char *signing[16];
    struct sai_keyset_options options;
    bool as_nobody;
};

/* Where base keys are kept for all cases of a run; made by case_cache_new(), which also sets
 * $CACHE and $DATA, removed by case_cache_done(). */
void case_cache_new(void);
void case_cache_done(void);

/* Makes the working directory, enters it and reads the options; fails the test on errors. */
void case_enter(struct case_dir *c, const char *kind, const char *name);
void case_leave(struct case_dir *c);

/* Runs shell text with the functions of lib.sh; its output is appended to out (may be NULL). */
void case_shell(const char *text, struct buf *out);
void case_read(const struct case_dir *c, const char *file, struct buf *out);
/* Loads as the options say and appends what is reported. */
bool case_load(struct case_dir *c, struct sai_keyset **ks, struct buf *report);

/* The names of the cases, sorted, the last NULL. Never freed. */
char **case_names(const char *kind, size_t *count);
