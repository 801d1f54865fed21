/* SPDX-License-Identifier: Apache-2.0 */
#include "accounts/manifest.h"
#include "accounts/store.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/file_list.h"
#include "jose/digest.h"

#include <string.h>
#include <sys/stat.h>

enum { MAX_ACCOUNTS = 1000000, MAX_FILES = 10000, MAX_FILE_BYTES = 256 << 20 };

static const char *const suffixes[] = { ".yaml", ".yml", ".json", NULL };

static bool ends_with(const char *s, const char *end)
{
    size_t len = strlen(s);
    size_t n = strlen(end);

    return len >= n && strcmp(s + len - n, end) == 0;
}

/* By its name; a file that was configured itself may have any name, and tells by how it begins.
 */
static bool is_json(const char *path, const char *text)
{
    if (ends_with(path, ".json"))
        return true;
    if (ends_with(path, ".yaml") || ends_with(path, ".yml"))
        return false;
    text += strspn(text, " \t\r\n");
    return *text == '{' || *text == '[';
}

/* Claims are made of it: who can write it decides what tokens say. */
static bool check_mode(const struct stat *st, struct sai_err *e)
{
    return (st->st_mode & S_IWOTH) == 0 ||
           err_set(e, SAI_E_DENIED,
                   "writable by others (mode %04o), who could change what tokens say",
                   (unsigned)st->st_mode & 0777U);
}

static void read_file(const char *path,
                      size_t max_bytes,
                      struct accounts_builder *b,
                      struct sha256_stream *fingerprint,
                      struct sai_report *r)
{
    struct manifest_input in = { .file = path };
    struct sai_err e = { 0 };
    struct stat st;
    AUTO(buf) struct buf text;

    buf_init(&text, max_bytes + 16384);
    if (!file_read(path, max_bytes, &text, &st, &e) || !check_mode(&st, &e)) {
        err_in_file(&e, path, 0, 0);
        report_add(r, SAI_ERROR, &e);
        return;
    }
    sha256_add_piece(fingerprint, path, strlen(path));
    sha256_add_piece(fingerprint, text.data, text.len);
    in.text = text.data == NULL ? "" : text.data;
    in.len = text.len;
    in.json = is_json(path, in.text);
    manifest_read(&in, b, r);
}

static void read_files(const struct file_list *s,
                       size_t max_bytes,
                       struct accounts_builder *b,
                       struct sha256_stream *fingerprint,
                       struct sai_report *r)
{
    for (size_t i = 0; i < s->file_count; i++)
        read_file(s->files[i], max_bytes, b, fingerprint, r);
    file_list_check_unchanged(s, r);
}

static void add_nomem(struct sai_report *r)
{
    struct sai_err e = { 0 };

    (void)err_nomem(&e);
    report_add(r, SAI_ERROR, &e);
}

static struct sai_accounts *
finish(struct accounts_builder *b, const struct file_list *s, struct sha256_stream *fingerprint)
{
    AUTO(sai_accounts) struct sai_accounts *a = accounts_builder_finish(b);
    struct sai_err e = { 0 };

    a->sources = file_list_paths(s, 0, &a->source_count);
    if (a->sources == NULL || !sha256_final(fingerprint, a->fingerprint, &e))
        return NULL;
    return TAKE(a);
}

bool sai_accounts_load(const struct sai_accounts_options *options,
                       struct sai_accounts **out,
                       struct sai_report *r)
{
    const struct file_list_options o = {
        .paths = options->paths,
        .path_count = options->path_count,
        .max_files = MAX_FILES,
        .what = "manifest",
        .suffixes = suffixes,
        .suffix_text = ".yaml, .yml or .json",
    };
    size_t max_accounts = options->max_accounts == 0 ? MAX_ACCOUNTS : options->max_accounts;
    size_t max_bytes = options->max_file_bytes == 0 ? MAX_FILE_BYTES : options->max_file_bytes;
    size_t errors = sai_report_total(r, SAI_ERROR);
    AUTO(accounts_builder)
    struct accounts_builder *b = accounts_builder_new(max_accounts);
    AUTO(sha256_stream) struct sha256_stream fingerprint;
    struct file_list list;
    struct sai_accounts *a;

    sha256_init(&fingerprint);
    if (b == NULL) {
        add_nomem(r);
        return false;
    }
    file_list_collect(&o, accounts_builder_arena(b), &list, r);
    read_files(&list, max_bytes, b, &fingerprint, r);
    if (!report_ok_since(r, errors))
        return false;
    a = finish(TAKE(b), &list, &fingerprint);
    if (a == NULL) {
        add_nomem(r);
        return false;
    }
    *out = a;
    return true;
}
