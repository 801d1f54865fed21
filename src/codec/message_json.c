/* SPDX-License-Identifier: Apache-2.0 */
#include "base/num.h"
#include "codec/json_scan.h"
#include "codec/message_fields.h"

#include <string.h>

/* Reads JSON as it comes, without a tree of its values. */
struct json_reader {
    struct json_scan scan;
    struct message_texts *texts;
    int64_t integer;               /* the value of the last token, if it is one */
    const struct field_row *wrong; /* the first whose value is of another type */
    /* Of all open objects, and where each one's begin. */
    struct field_bytes names[MESSAGE_NAMES_MAX];
    size_t name_count;
    size_t first_name[MESSAGE_JSON_DEPTH + 1];
};

/* The text of a name or string, kept if it does not stand in the message as it is meant. */
static bool text_of(struct json_reader *r,
                    const struct json_token *t,
                    struct field_bytes *out,
                    struct sai_err *e)
{
    struct message_texts *texts = r->texts;

    *out = (struct field_bytes){ t->at, t->len };
    if (!t->escaped)
        return true;
    if (t->len >= texts->left)
        return err_set(e, SAI_E_LIMIT, "the texts are longer than the message");
    *out = (struct field_bytes){ texts->at, json_token_text(t, texts->at) };
    texts->at += out->len + 1;
    texts->left -= out->len + 1;
    return true;
}

static bool add_name(struct json_reader *r, const struct json_token *t, struct sai_err *e)
{
    struct field_bytes name;

    if (!text_of(r, t, &name, e))
        return false;
    for (size_t i = r->first_name[r->scan.depth]; i < r->name_count; i++) {
        if (r->names[i].len == name.len && memcmp(r->names[i].at, name.at, name.len) == 0)
            return err_set(e, SAI_E_SYNTAX, "not JSON: a member stands there twice");
    }
    if (r->name_count == MESSAGE_NAMES_MAX)
        return err_set(e, SAI_E_LIMIT, "more than %d members", MESSAGE_NAMES_MAX);
    r->names[r->name_count++] = name;
    return true;
}

static bool set_integer(struct json_reader *r, const struct json_token *t, struct sai_err *e)
{
    bool negative = t->at[0] == '-';
    struct sai_err own = { 0 };
    uint64_t v;

    if (!num_u64(t->at + negative, t->len - negative, &v, &own) ||
        v > (uint64_t)INT64_MAX + negative)
        return err_set(e, SAI_E_SYNTAX, "not JSON: a number is out of range");
    r->integer = (int64_t)(negative ? 0 - v : v);
    return true;
}

static bool next(struct json_reader *r, struct json_token *t, struct sai_err *e)
{
    if (!json_scan_next(&r->scan, t, e))
        return false;
    if (t->nul)
        return err_set(e, SAI_E_SYNTAX, "not JSON: \\u0000 in a string");
    switch (t->kind) {
    case SCAN_OBJECT:
    case SCAN_LIST:
        r->first_name[r->scan.depth] = r->name_count;
        return true;
    case SCAN_END:
        r->name_count = r->first_name[r->scan.depth + 1];
        return true;
    case SCAN_NAME:
        return add_name(r, t, e);
    case SCAN_INTEGER:
        return set_integer(r, t, e);
    default:
        return true;
    }
}

/* The rest of the value that begins with the token. */
static bool skip(struct json_reader *r, const struct json_token *first, struct sai_err *e)
{
    size_t depth = r->scan.depth;
    struct json_token t;

    if (first->kind != SCAN_OBJECT && first->kind != SCAN_LIST)
        return true;
    while (r->scan.depth >= depth) {
        if (!next(r, &t, e))
            return false;
    }
    return true;
}

/* Reading goes on, as what comes may be wrong in a way that counts more. */
static bool skip_wrong(struct json_reader *r,
                       const struct field_row *row,
                       const struct json_token *t,
                       struct sai_err *e)
{
    if (r->wrong == NULL)
        r->wrong = row;
    return skip(r, t, e);
}

static bool read_text(struct json_reader *r,
                      const struct json_token *t,
                      const char **out,
                      struct sai_err *e)
{
    struct field_bytes text;

    if (!text_of(r, t, &text, e))
        return false;
    if (!t->escaped)
        return message_keep_text(r->texts, text, out, e);
    *out = text.at; /* kept already */
    return true;
}

static bool read_texts(struct json_reader *r,
                       const struct field_row *row,
                       struct field_texts *list,
                       struct sai_err *e)
{
    struct json_token t;

    while (next(r, &t, e) && t.kind != SCAN_END) {
        const char *text;

        if (t.kind != SCAN_STRING) {
            if (!skip_wrong(r, row, &t, e))
                return false;
            continue;
        }
        if (!read_text(r, &t, &text, e))
            return false;
        message_add_text(list, text);
    }
    return e->code == SAI_OK;
}

static bool fits(enum field_type type, enum json_token_kind kind)
{
    switch (type) {
    case FIELD_TEXT:
        return kind == SCAN_STRING;
    case FIELD_TEXTS:
        return kind == SCAN_LIST;
    case FIELD_INTEGER:
        return kind == SCAN_INTEGER;
    case FIELD_MESSAGE:
    case FIELD_EXISTS:
        return kind == SCAN_OBJECT;
    case FIELD_BYTES:
        break;
    }
    return false;
}

static bool read_message(struct json_reader *r,
                         const struct message_type *type,
                         void *out,
                         struct sai_err *e);

/* The tables end the recursion: no message holds itself. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static bool read_value(struct json_reader *r,
                       const struct field_row *row,
                       const struct json_token *t,
                       void *out,
                       struct sai_err *e)
{
    void *place = message_place(row, out);

    if (t->kind == SCAN_NULL)
        return true;
    if (!fits(row->type, t->kind))
        return skip_wrong(r, row, t, e);
    switch (row->type) {
    case FIELD_TEXT:
        return t->len == 0 || read_text(r, t, place, e);
    case FIELD_TEXTS:
        return read_texts(r, row, place, e);
    case FIELD_INTEGER:
        *(struct field_integer *)place = (struct field_integer){ true, r->integer };
        return true;
    case FIELD_MESSAGE:
        *(bool *)place = true;
        return read_message(r, row->message, place, e);
    case FIELD_EXISTS:
    case FIELD_BYTES:
        break;
    }
    *(bool *)place = !json_scan_is_empty(&r->scan);
    return skip(r, t, e);
}

static const struct field_row *row_named(const struct message_type *type,
                                         const struct field_bytes *name)
{
    for (size_t i = 0; i < type->count; i++) {
        const char *own = type->rows[i].name;

        /* No name holds a NUL. */
        if (own != NULL && strncmp(own, name->at, name->len) == 0 && own[name->len] == '\0')
            return &type->rows[i];
    }
    return NULL;
}

/* The members of an object, to its end. */
/* NOLINTNEXTLINE(misc-no-recursion): as above */
static bool read_message(struct json_reader *r,
                         const struct message_type *type,
                         void *out,
                         struct sai_err *e)
{
    struct json_token t;

    while (next(r, &t, e) && t.kind != SCAN_END) {
        const struct field_row *row = row_named(type, &r->names[r->name_count - 1]);

        if (!next(r, &t, e) || !(row == NULL ? skip(r, &t, e) : read_value(r, row, &t, out, e)))
            return false;
    }
    return e->code == SAI_OK;
}

static bool read_document(struct json_reader *r,
                          const struct message_type *type,
                          void *out,
                          struct sai_err *e)
{
    struct json_token t;

    if (!next(r, &t, e))
        return false;
    if (t.kind != SCAN_OBJECT)
        return err_set(e, SAI_E_SYNTAX, "not a JSON object");
    return read_message(r, type, out, e) && next(r, &t, e);
}

bool message_from_json(const struct message_type *type,
                       struct field_bytes json,
                       struct message_texts *texts,
                       void *out,
                       struct sai_err *e)
{
    struct json_reader r = { .texts = texts };
    struct sai_err own = { 0 };

    json_scan_init(&r.scan, json.at, json.len, MESSAGE_JSON_DEPTH);
    if (!read_document(&r, type, out, &own))
        return err_set(e, own.code, "%s (at byte %zu)", own.text,
                       json.len - (size_t)(r.scan.end - r.scan.p));
    return r.wrong == NULL || message_wrong_type(r.wrong, e);
}
