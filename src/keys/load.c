/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/err.h"
#include "jose/digest.h"
#include "keys/keyfile.h"
#include "keys/keyset.h"
#include "keys/signing.h"
#include "keys/sources.h"

enum { MAX_KEYS = 100, MAX_FILE_BYTES = 65536, PASSPHRASE_BUF = 32768 };

/* Everything that lives until the set is done. */
struct load {
    const struct sai_keyset_options *options;
    struct sai_keyset *keys;
    struct key_sources sources;
    struct sha256_stream fingerprint;
    struct buf passphrase;
    enum signing_entry *entries; /* one of each options->signing */
    struct sai_report *report;
    size_t errors_before; /* in the report, which may be shared */
};

static void add_error(struct load *l, enum sai_err_code code, const char *text)
{
    struct sai_err e = { 0 };

    err_set_text(&e, code, "%s", text);
    report_add(l->report, SAI_ERROR, &e);
}

/* What a watcher has to look at. */
static bool put_sources(struct load *l)
{
    struct sai_keyset *ks = l->keys;
    const struct key_sources *s = &l->sources;
    size_t max = s->directory_count + s->file_count + 1;
    size_t n = 0;

    ks->sources = arena_alloc(ks->arena, max * sizeof(*ks->sources));
    if (ks->sources == NULL)
        return false;
    for (size_t i = 0; i < s->directory_count; i++)
        ks->sources[n++] = s->directories[i].path;
    for (size_t i = 0; i < s->file_count; i++)
        ks->sources[n++] = s->files[i];
    if (l->options->passphrase_file != NULL) {
        ks->sources[n] = arena_strdup(ks->arena, l->options->passphrase_file);
        if (ks->sources[n++] == NULL)
            return false;
    }
    ks->source_count = n;
    return true;
}

static void read_files(struct load *l, size_t max_bytes)
{
    const struct keyfile_reader in = {
        .keys = l->keys,
        .passphrase = l->passphrase.len == 0 ? NULL : &l->passphrase,
        .allow_ed25519 = l->options->allow_ed25519,
        .max_bytes = max_bytes,
        .fingerprint = &l->fingerprint,
        .report = l->report,
    };

    for (size_t i = 0; i < l->sources.file_count; i++) {
        const char *file = l->sources.files[i];
        size_t private_keys = 0;
        enum signing_entry known = SIGNING_FAILED;

        if (keyfile_read(&in, file, signing_names(l->options, file), &private_keys))
            known = private_keys > 0 ? SIGNING_PRIVATE : SIGNING_PUBLIC;
        signing_note(l->options, l->entries, file, known);
    }
}

static void load_all(struct load *l)
{
    const struct sai_keyset_options *o = l->options;
    struct sai_err e = { 0 };

    if (o->passphrase_file != NULL &&
        !keyfile_read_passphrase(o->passphrase_file, &l->passphrase, l->report))
        return; /* without it every encrypted key would be called a mistake */
    sources_collect(o, l->keys->max_keys, l->keys->arena, &l->sources, l->report);
    read_files(l, o->max_file_bytes == 0 ? MAX_FILE_BYTES : o->max_file_bytes);
    sources_check_unchanged(&l->sources, l->report);
    if (report_ok_since(l->report, l->errors_before) && l->keys->count == 0)
        add_error(l, SAI_E_NOTFOUND, "no keys: none of the configured files holds one");
    signing_choose(o, l->entries, l->keys, l->report);
    if (!put_sources(l))
        add_error(l, SAI_E_NOMEM, "out of memory");
    if (!sha256_final(&l->fingerprint, l->keys->fingerprint, &e))
        report_add(l->report, SAI_ERROR, &e);
}

bool sai_keyset_load(const struct sai_keyset_options *options,
                     struct sai_keyset **out,
                     struct sai_report *r)
{
    AUTO(sai_keyset)
    struct sai_keyset *ks = keyset_new(options->max_keys == 0 ? MAX_KEYS : options->max_keys);
    struct load l = { .options = options,
                      .keys = ks,
                      .report = r,
                      .errors_before = sai_report_total(r, SAI_ERROR) };

    if (ks != NULL)
        l.entries = arena_alloc(ks->arena, (options->signing_count + 1) * sizeof(*l.entries));
    if (l.entries == NULL) {
        add_error(&l, SAI_E_NOMEM, "out of memory");
        return false;
    }
    sha256_init(&l.fingerprint);
    buf_init_secret(&l.passphrase, PASSPHRASE_BUF);
    load_all(&l);
    buf_done(&l.passphrase);
    sha256_done(&l.fingerprint);
    if (!report_ok_since(r, l.errors_before))
        return false;
    *out = TAKE(ks);
    return true;
}
