/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/err.h"
#include "base/file_list.h"
#include "jose/digest.h"
#include "keys/keyfile.h"
#include "keys/keyset.h"
#include "keys/signing.h"

enum { MAX_KEYS = 100, MAX_FILE_BYTES = 65536, PASSPHRASE_BUF = 32768 };

static const char *const suffixes[] = { ".pem", ".key", ".pub", ".crt", NULL };

/* Everything that lives until the set is done. */
struct load {
    const struct sai_keyset_options *options;
    struct sai_keyset *keys;
    struct file_list files;
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
    const char *passphrase_file = l->options->passphrase_file;

    ks->sources = file_list_paths(&l->files, 1, &ks->source_count);
    if (ks->sources == NULL)
        return false;
    if (passphrase_file != NULL) {
        ks->sources[ks->source_count] = arena_strdup(ks->arena, passphrase_file);
        if (ks->sources[ks->source_count++] == NULL)
            return false;
    }
    return true;
}

/* RS256 where the option is a mistake. */
static const struct alg *choose_rsa_alg(struct load *l)
{
    const char *wanted = l->options->rsa_algorithm;
    const struct alg *usual = alg_find("RS256");
    const struct alg *alg = wanted == NULL ? usual : alg_find(wanted);
    struct sai_err e = { 0 };

    if (alg != NULL && alg->type == usual->type)
        return alg;
    err_set_text(&e, SAI_E_INVALID, "must be RS256, RS384 or RS512");
    err_at_path(&e, "rsaAlgorithm");
    report_add(l->report, SAI_ERROR, &e);
    return usual;
}

static void read_files(struct load *l, size_t max_bytes)
{
    const struct keyfile_reader in = {
        .keys = l->keys,
        .passphrase = l->passphrase.len == 0 ? NULL : &l->passphrase,
        .rsa_alg = choose_rsa_alg(l),
        .allow_ed25519 = l->options->allow_ed25519,
        .max_bytes = max_bytes,
        .fingerprint = &l->fingerprint,
        .report = l->report,
    };

    for (size_t i = 0; i < l->files.file_count; i++) {
        const char *file = l->files.files[i];
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
    const struct file_list_options list = {
        .paths = o->paths,
        .path_count = o->path_count,
        .max_files = 2 * l->keys->max_keys, /* each key may be in two files, its halves */
        .what = "key",
        .suffixes = suffixes,
        .suffix_text = ".pem, .key, .pub or .crt",
    };
    struct sai_err e = { 0 };

    if (o->passphrase_file != NULL &&
        !keyfile_read_passphrase(o->passphrase_file, &l->passphrase, l->report))
        return; /* without it every encrypted key would be called a mistake */
    file_list_collect(&list, l->keys->arena, &l->files, l->report);
    read_files(l, o->max_file_bytes == 0 ? MAX_FILE_BYTES : o->max_file_bytes);
    file_list_check_unchanged(&l->files, l->report);
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
