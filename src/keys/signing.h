/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which keys sign: the entries of options->signing, and the first private key of each
 * algorithm where there are none. */

#include "keys/keyset.h"

/* What is known of an entry; a later state replaces an earlier one. */
enum signing_entry {
    SIGNING_UNKNOWN, /* names no file that was listed */
    SIGNING_PUBLIC,  /* names a file without a private key */
    SIGNING_FAILED,  /* names a file that could not be read: reported already */
    SIGNING_PRIVATE,
};

/* Whether any entry names the file: by its base name, or by its path. */
bool signing_names(const struct sai_keyset_options *options, const char *file);
/* Raises the entries that name the file to what is now known of it. */
void signing_note(const struct sai_keyset_options *options,
                  enum signing_entry *entries,
                  const char *file,
                  enum signing_entry known);

/* Makes keys active; every mistake goes to the report. */
void signing_choose(const struct sai_keyset_options *options,
                    const enum signing_entry *entries,
                    struct sai_keyset *ks,
                    struct sai_report *r);
