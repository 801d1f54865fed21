/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/pem.h"

#include <string.h>

static const char begin_mark[] = "-----BEGIN ";
static const char end_mark[] = "-----END ";
static const char close_mark[] = "-----";

struct line {
    const char *s;
    size_t len; /* without line end and trailing blanks */
    unsigned number;
};

void pem_reader_init(struct pem_reader *r, const void *bytes, size_t len)
{
    r->at = bytes;
    r->end = r->at + len;
    r->line = 1;
}

static bool next_line(struct pem_reader *r, struct line *out)
{
    const char *newline;

    if (r->at == r->end)
        return false;
    newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
    out->s = r->at;
    out->len = (size_t)((newline == NULL ? r->end : newline) - r->at);
    out->number = r->line++;
    r->at = newline == NULL ? r->end : newline + 1;
    while (out->len > 0 && strchr(" \t\r", out->s[out->len - 1]) != NULL)
        out->len--;
    return true;
}

static bool starts_with(const struct line *l, const char *mark)
{
    size_t n = strlen(mark);

    return l->len >= n && memcmp(l->s, mark, n) == 0;
}

static bool contains(const struct line *l, const char *mark)
{
    return memmem(l->s, l->len, mark, strlen(mark)) != NULL;
}

static bool fail_at(struct sai_err *e, unsigned line, const char *text)
{
    err_set_text(e, SAI_E_SYNTAX, "%s", text);
    e->line = line;
    e->column = 1;
    return false;
}

/* The label of a line that starts with mark: upper-case words and digits. */
static bool
label_of(const struct line *l, const char *mark, char out[PEM_LABEL_SIZE], struct sai_err *e)
{
    const char *s = l->s + strlen(mark);
    size_t close = strlen(close_mark);
    size_t len = l->len - strlen(mark);

    if (len < close || memcmp(s + len - close, close_mark, close) != 0)
        return fail_at(e, l->number, "malformed PEM line: it does not end in -----");
    len -= close;
    if (len == 0 || len >= PEM_LABEL_SIZE)
        return fail_at(e, l->number, "malformed PEM line: the label is empty or too long");
    for (size_t i = 0; i < len; i++) {
        if (s[i] < ' ' || s[i] > '~' || s[i] == '-')
            return fail_at(e, l->number,
                           "malformed PEM line: unexpected character in the label");
    }
    memcpy(out, s, len);
    out[len] = '\0';
    return true;
}

/* Reads on to the -----END line of the block that has just begun. */
static bool find_end(struct pem_reader *r, struct pem_block *b, struct sai_err *e)
{
    char label[PEM_LABEL_SIZE];
    struct line l;

    while (next_line(r, &l)) {
        if (contains(&l, begin_mark))
            break;
        if (!starts_with(&l, end_mark))
            continue;
        if (!label_of(&l, end_mark, label, e))
            return false;
        if (strcmp(label, b->label) != 0)
            return fail_at(e, l.number, "the -----END line names another type than -----BEGIN");
        b->len = (size_t)(l.s + l.len - b->text);
        return true;
    }
    return fail_at(e, b->line,
                   "-----BEGIN without -----END: the file was cut short or mangled");
}

bool pem_next(struct pem_reader *r, struct pem_block *out, struct sai_err *e)
{
    struct line l;

    while (next_line(r, &l)) {
        if (starts_with(&l, begin_mark)) {
            if (!label_of(&l, begin_mark, out->label, e))
                return false;
            out->text = l.s;
            out->line = l.number;
            return find_end(r, out, e);
        }
        if (contains(&l, begin_mark))
            return fail_at(e, l.number,
                           "-----BEGIN must be the first text of its line "
                           "(blanks or a byte order mark before it?)");
        if (starts_with(&l, end_mark))
            return fail_at(e, l.number, "-----END without -----BEGIN");
    }
    return false;
}
