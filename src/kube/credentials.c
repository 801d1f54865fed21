/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/credentials.h"

#include "base/buf.h"
#include "base/file.h"

#include <string.h>
#include <sys/stat.h>

enum { TOKEN_LIFE_MS = 50000, MAX_TOKEN_BYTES = 65536 };

struct watched {
    const char *path; /* NULL: fixed */
    bool is_token;
    bool stale;         /* to be read whatever stat says */
    struct buf content; /* as it was read last; empty: never */
    struct stat st;     /* of that */
    uint64_t read_ms;
    const char *fixed; /* without a path; NULL: there is none */
};

struct credentials {
    struct watched ca;
    struct watched certificate;
    struct watched key;
    struct watched token;
};

/* The embedded form of a certificate comes before its file, but a token's file before it. */
static void watched_init(struct watched *w, const struct kube_source *s, bool is_token)
{
    bool use_path = s->path != NULL && (is_token || s->data == NULL);

    w->path = use_path ? s->path : NULL;
    w->fixed = use_path ? NULL : s->data;
    w->is_token = is_token;
    buf_init_secret(&w->content, KUBE_MAX_FILE_BYTES + 1);
}

struct credentials *credentials_new(const struct kube_config *config)
{
    struct credentials *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    watched_init(&c->ca, &config->ca, false);
    watched_init(&c->certificate, &config->certificate, false);
    watched_init(&c->key, &config->key, false);
    watched_init(&c->token, &config->token, true);
    return c;
}

void credentials_free(struct credentials *c)
{
    if (c == NULL)
        return;
    buf_done(&c->ca.content);
    buf_done(&c->certificate.content);
    buf_done(&c->key.content);
    buf_done(&c->token.content);
    free(c);
}

void credentials_rejected(struct credentials *c)
{
    c->token.stale = true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Blanks around it are not the token's. What cannot stand in a header is no token. */
static bool trim_token(struct credential_text *t, struct sai_err *e)
{
    while (t->len > 0 && is_blank(t->text[t->len - 1]))
        t->len--;
    while (t->len > 0 && is_blank(t->text[0])) {
        t->text++;
        t->len--;
    }
    if (t->len == 0)
        return err_set(e, SAI_E_INVALID, "holds no token");
    if (t->len > MAX_TOKEN_BYTES)
        return err_set(e, SAI_E_LIMIT, "a token of more than %d bytes", MAX_TOKEN_BYTES);
    for (size_t i = 0; i < t->len; i++) {
        if (t->text[i] <= ' ' || t->text[i] > '~')
            return err_set(e, SAI_E_INVALID, "holds more than a token");
    }
    return true;
}

static bool view(const struct watched *w,
                 const char *text,
                 size_t len,
                 struct credential_text *out,
                 struct sai_err *e)
{
    struct credential_text t = { .text = text, .len = len };

    if (w->is_token && !trim_token(&t, e))
        return false;
    if (t.len == 0)
        return err_set(e, SAI_E_INVALID, "is empty");
    *out = t;
    return true;
}

static bool read_again(struct watched *w, uint64_t now_ms, struct sai_err *e)
{
    AUTO(buf) struct buf fresh = { 0 };
    struct credential_text t;
    struct stat st;

    buf_init_secret(&fresh, KUBE_MAX_FILE_BYTES + 1);
    if (!file_read(w->path, KUBE_MAX_FILE_BYTES, &fresh, &st, e))
        return false;
    if (!view(w, fresh.data == NULL ? "" : fresh.data, fresh.len, &t, e)) {
        err_in_file(e, w->path, 0, 0);
        return false;
    }
    buf_done(&w->content);
    w->content = fresh;
    buf_init_secret(&fresh, 0); /* what it held is w's now */
    w->st = st;
    w->read_ms = now_ms;
    w->stale = false;
    return true;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool is_current(const struct watched *w, uint64_t now_ms)
{
    struct stat st;

    if (w->stale || w->content.len == 0)
        return false;
    if (w->is_token && now_ms - w->read_ms >= TOKEN_LIFE_MS)
        return false;
    return stat(w->path, &st) == 0 && is_same_file(&st, &w->st);
}

static bool
get(struct watched *w, uint64_t now_ms, struct credential_text *out, struct sai_err *e)
{
    struct sai_err why = { 0 };

    if (w->path == NULL && w->fixed == NULL) {
        *out = (struct credential_text){ 0 };
        return true;
    }
    if (w->path == NULL)
        return view(w, w->fixed, strlen(w->fixed), out, e);
    if (!is_current(w, now_ms) && !read_again(w, now_ms, &why) && w->content.len == 0) {
        *e = why;
        return false;
    }
    return view(w, w->content.data, w->content.len, out, e);
}

bool credentials_get(struct credentials *c,
                     uint64_t now_ms,
                     struct credential_view *out,
                     struct sai_err *e)
{
    struct credential_view v;

    if (!get(&c->ca, now_ms, &v.ca, e) || !get(&c->certificate, now_ms, &v.certificate, e) ||
        !get(&c->key, now_ms, &v.key, e) || !get(&c->token, now_ms, &v.token, e))
        return false;
    *out = v;
    return true;
}
