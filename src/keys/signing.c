/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/signing.h"

#include "base/err.h"
#include "base/file.h"

#include <stdio.h>
#include <string.h>

static bool names(const char *entry, const char *file)
{
    return strcmp(entry, file) == 0 ||
           (strchr(entry, '/') == NULL && strcmp(entry, file_base_name(file)) == 0);
}

bool signing_names(const struct sai_keyset_options *options, const char *file)
{
    for (size_t i = 0; i < options->signing_count; i++) {
        if (names(options->signing[i], file))
            return true;
    }
    return false;
}

void signing_note(const struct sai_keyset_options *options,
                  enum signing_entry *entries,
                  const char *file,
                  enum signing_entry known)
{
    for (size_t i = 0; i < options->signing_count; i++) {
        if (names(options->signing[i], file) && entries[i] < known)
            entries[i] = known;
    }
}

static void check_entries(const struct sai_keyset_options *options,
                          const enum signing_entry *entries,
                          struct sai_report *r)
{
    for (size_t i = 0; i < options->signing_count; i++) {
        struct sai_err e = { 0 };
        char path[32];

        if (entries[i] == SIGNING_UNKNOWN)
            err_set_text(&e, SAI_E_NOTFOUND, "%s is none of the key files",
                         options->signing[i]);
        else if (entries[i] == SIGNING_PUBLIC)
            err_set_text(&e, SAI_E_INVALID, "%s holds no private key", options->signing[i]);
        else
            continue;
        (void)snprintf(path, sizeof(path), "signing[%zu]", i);
        err_at_path(&e, path);
        report_add(r, SAI_ERROR, &e);
    }
}

static void activate(struct sai_keyset *ks, struct sai_key *k, bool named, struct sai_report *r)
{
    const struct sai_key *other = sai_keyset_active(ks, sai_key_alg(k));
    struct sai_err e = { 0 };

    if (other == NULL) {
        k->active = true;
        return;
    }
    if (!named)
        return; /* published only */
    if (strcmp(other->private_file, k->private_file) == 0)
        err_set_text(&e, SAI_E_INVALID,
                     "the file holds two private keys for %s; only one can be active",
                     sai_key_alg(k));
    else
        err_set_text(&e, SAI_E_INVALID, "%s is the active key for %s already; only one can be",
                     file_base_name(other->private_file), sai_key_alg(k));
    err_in_file(&e, k->private_file, 0, 0);
    err_at_path(&e, "signing");
    report_add(r, SAI_ERROR, &e);
}

void signing_choose(const struct sai_keyset_options *options,
                    const enum signing_entry *entries,
                    struct sai_keyset *ks,
                    struct sai_report *r)
{
    bool by_name = options->signing_count > 0;

    check_entries(options, entries, r);
    for (size_t i = 0; i < ks->count; i++) {
        struct sai_key *k = &ks->keys[i];

        if (k->private_file != NULL && (k->named || !by_name))
            activate(ks, k, by_name, r);
    }
}
