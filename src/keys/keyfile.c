/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/keyfile.h"

#include "base/err.h"
#include "base/file.h"
#include "jose/sign.h"

#include <string.h>

enum { PASSPHRASE_MAX = 1024 };

struct keyfile {
    const struct keyfile_reader *in;
    const char *path;
    bool named;
    size_t blocks;
    size_t keys;
    size_t private_keys;
    bool failed;
};

static void add_error(struct keyfile *f, struct sai_err *e)
{
    err_in_file(e, f->path, e->line, e->column);
    report_add(f->in->report, SAI_ERROR, e);
    f->failed = true;
}

static void add_warning(struct sai_report *r, const char *path, unsigned line, const char *text)
{
    struct sai_err e = { 0 };

    err_set_text(&e, SAI_E_INVALID, "%s", text);
    err_in_file(&e, path, line, line == 0 ? 0 : 1);
    report_add(r, SAI_WARNING, &e);
}

static bool at_block(const struct pem_block *b, struct sai_err *e)
{
    e->line = b->line;
    e->column = 1;
    return false;
}

/* What may be done with the key, apart from its form. */
static bool check_key(const struct keyfile *f, const struct pkey *k, struct sai_err *e)
{
    if (!f->in->allow_ed25519 && strcmp(pkey_alg(k)->name, "EdDSA") == 0)
        return err_set(e, SAI_E_INVALID,
                       "Ed25519 key: many verifiers fail the whole key set on one; set "
                       "allowEd25519 if yours do not");
    return !pkey_is_private(k) || signer_prove(k, e);
}

static bool read_block(struct keyfile *f, const struct pem_block *b, struct sai_err *e)
{
    AUTO(pkey) struct pkey *k = NULL;
    bool is_private;

    if (pkey_block_kind(b->label) == PKEY_BLOCK_NOTHING)
        return true;
    if (!pkey_from_pem(b, f->in->passphrase, &k, e))
        return false;
    pkey_use_rsa_alg(k, f->in->rsa_alg);
    if (!check_key(f, k, e))
        return at_block(b, e);
    is_private = pkey_is_private(k);
    if (pkey_is_of_ca(k))
        add_warning(f->in->report, f->path, b->line,
                    "the certificate of a certificate authority: its key is published as one "
                    "for tokens");
    if (!keyset_add(f->in->keys, TAKE(k), f->path, f->named, e))
        return at_block(b, e);
    f->keys++;
    f->private_keys += is_private ? 1 : 0;
    return true;
}

/* What a file without a PEM block seems to be; the first that fits. */
static const char *guess(const struct buf *b)
{
    static const struct {
        const char *start;
        const char *text;
    } rows[] = {
        { "\x30\x82", "a DER file: convert it to PEM (openssl pkey -inform DER)" },
        { "\x30\x81", "a DER file: convert it to PEM (openssl pkey -inform DER)" },
        { "\x30", "a DER file: convert it to PEM (openssl pkey -inform DER)" },
        { "{", "a JSON file: keys are read as PEM" },
        { "ssh-", "an OpenSSH public key: convert it to PEM (ssh-keygen -e -m PKCS8 -f FILE)" },
        { "ecdsa-",
          "an OpenSSH public key: convert it to PEM (ssh-keygen -e -m PKCS8 -f FILE)" },
        { "\xff\xfe", "UTF-16 text: save it as UTF-8 without a byte order mark" },
        { "\xfe\xff", "UTF-16 text: save it as UTF-8 without a byte order mark" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        size_t n = strlen(rows[i].start);

        if (b->len >= n && memcmp(b->data, rows[i].start, n) == 0)
            return rows[i].text;
    }
    return "no PEM block (-----BEGIN ...) in the file";
}

static void check_contents(struct keyfile *f, const struct buf *bytes)
{
    struct sai_err e = { 0 };

    if (f->failed || f->keys > 0)
        return;
    if (bytes->len == 0)
        err_set_text(&e, SAI_E_SYNTAX, "the file is empty");
    else if (f->blocks == 0)
        err_set_text(&e, SAI_E_SYNTAX, "%s", guess(bytes));
    else
        err_set_text(&e, SAI_E_INVALID, "no key in the file, only parameters");
    add_error(f, &e);
}

/* A file with a private key is a secret, whether the key can be read or not. Public files need
 * only be safe from being written: who can write one can have tokens of his own accepted. */
static void check_mode(struct keyfile *f, const struct buf *bytes, const struct stat *st)
{
    static const char mark[] = "PRIVATE KEY-----";
    struct sai_err e = { 0 };
    bool group_readable = false;

    if (bytes->len > 0 && memmem(bytes->data, bytes->len, mark, sizeof(mark) - 1) != NULL) {
        if (!file_check_secret(st, &group_readable, &e))
            add_error(f, &e);
        else if (group_readable)
            add_warning(f->in->report, f->path, 0,
                        "the private key is readable by the group of the file");
    } else if ((st->st_mode & S_IWOTH) != 0) {
        err_set_text(&e, SAI_E_DENIED, "a key file must not be writable by others (mode %04o)",
                     (unsigned)st->st_mode & 0777U);
        add_error(f, &e);
    }
}

static void read_blocks(struct keyfile *f, const struct buf *bytes)
{
    struct pem_reader r;
    struct pem_block b;
    struct sai_err e = { 0 };

    pem_reader_init(&r, bytes->len == 0 ? "" : bytes->data, bytes->len);
    while (pem_next(&r, &b, &e)) {
        struct sai_err own = { 0 };

        f->blocks++;
        if (read_block(f, &b, &own))
            continue;
        add_error(f, &own);
        if (own.code == SAI_E_LIMIT || own.code == SAI_E_NOMEM)
            return;
    }
    if (e.code != SAI_OK)
        add_error(f, &e);
}

bool keyfile_read(const struct keyfile_reader *in,
                  const char *path,
                  bool named,
                  size_t *private_keys)
{
    struct keyfile f = { .in = in, .path = path, .named = named };
    struct sai_err e = { 0 };
    struct stat st;
    AUTO(buf) struct buf bytes;

    *private_keys = 0;
    buf_init_secret(&bytes, in->max_bytes + 16384);
    if (!file_read(path, in->max_bytes, &bytes, &st, &e)) {
        add_error(&f, &e);
        return false;
    }
    sha256_add_piece(in->fingerprint, path, strlen(path));
    sha256_add_piece(in->fingerprint, bytes.data, bytes.len);
    check_mode(&f, &bytes, &st);
    read_blocks(&f, &bytes);
    check_contents(&f, &bytes);
    *private_keys = f.private_keys;
    return !f.failed;
}

static bool
read_passphrase(const char *path, struct buf *out, struct sai_report *r, struct sai_err *e)
{
    struct stat st;
    bool group_readable = false;

    if (!file_read(path, PASSPHRASE_MAX, out, &st, e))
        return false;
    if ((st.st_mode & (S_IRWXO | S_IWGRP)) != 0)
        return err_set(e, SAI_E_DENIED,
                       "a passphrase file must not be open to others (mode %04o, want 0600)",
                       (unsigned)st.st_mode & 0777U);
    group_readable = (st.st_mode & S_IRGRP) != 0;
    if (group_readable)
        add_warning(r, path, 0, "the passphrase is readable by the group of the file");
    if (out->len > 0 && out->data[out->len - 1] == '\n')
        out->len--;
    if (out->len > 0 && out->data[out->len - 1] == '\r')
        out->len--;
    return out->len > 0 || err_set(e, SAI_E_INVALID, "the passphrase file is empty");
}

bool keyfile_read_passphrase(const char *path, struct buf *out, struct sai_report *r)
{
    struct sai_err e = { 0 };

    if (read_passphrase(path, out, r, &e))
        return true;
    err_in_file(&e, path, 0, 0);
    report_add(r, SAI_ERROR, &e);
    return false;
}
