/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/message.h"

#include "codec/message_fields.h"
#include "codec/protobuf.h"

#include <string.h>

bool message_keep_text(struct message_texts *texts,
                       struct field_bytes from,
                       const char **out,
                       struct sai_err *e)
{
    if (from.len >= texts->left)
        return err_set(e, SAI_E_LIMIT, "the texts are longer than the message");
    memcpy(texts->at, from.at, from.len);
    texts->at[from.len] = '\0';
    *out = texts->at;
    texts->at += from.len + 1;
    texts->left -= from.len + 1;
    return true;
}

void message_add_text(struct field_texts *list, const char *text)
{
    if (list->count < FIELD_TEXTS_MAX)
        list->items[list->count] = text;
    list->count++;
}

static const char *form_of(enum field_type type)
{
    switch (type) {
    case FIELD_TEXT:
        return "a string";
    case FIELD_TEXTS:
        return "a list of strings";
    case FIELD_INTEGER:
        return "an integer";
    case FIELD_BYTES:
    case FIELD_MESSAGE:
    case FIELD_EXISTS:
        break;
    }
    return "an object";
}

bool message_wrong_type(const struct field_row *row, struct sai_err *e)
{
    (void)err_set(e, SAI_E_INVALID, "must be %s", form_of(row->type));
    err_at_path(e, row->path);
    return false;
}

static const struct field_row *row_of(const struct message_type *type, uint32_t number)
{
    for (size_t i = 0; i < type->count; i++) {
        if (type->rows[i].number == number)
            return &type->rows[i];
    }
    return NULL;
}

static bool is_repeated(enum field_type type)
{
    return type == FIELD_TEXTS || type == FIELD_EXISTS;
}

/* Whether the field is of the row's wire type, and the first. */
static bool check_field(const struct field_row *row,
                        const struct pb_field *f,
                        uint64_t *seen,
                        struct sai_err *e)
{
    enum pb_wire wire = row->type == FIELD_INTEGER ? PB_VARINT : PB_LEN;
    uint64_t bit = UINT64_C(1) << (row->number % FIELD_ROWS_MAX);

    if (f->wire != wire)
        return message_wrong_type(row, e);
    if ((*seen & bit) != 0 && !is_repeated(row->type)) {
        (void)err_set(e, SAI_E_SYNTAX, "stands there twice");
        err_at_path(e, row->path);
        return false;
    }
    if ((row->type == FIELD_TEXT || row->type == FIELD_TEXTS) &&
        !pb_is_text(f->bytes, f->len)) {
        (void)err_set(e, SAI_E_SYNTAX, "must be UTF-8 without NUL");
        err_at_path(e, row->path);
        return false;
    }
    *seen |= bit;
    return true;
}

static bool value_from_protobuf(const struct field_row *row,
                                const struct pb_field *f,
                                struct message_texts *texts,
                                void *out,
                                struct sai_err *e)
{
    struct field_bytes bytes = { f->bytes, f->len };
    const char *text;
    void *place = message_place(row, out);

    switch (row->type) {
    case FIELD_TEXT:
        return bytes.len == 0 || message_keep_text(texts, bytes, place, e);
    case FIELD_TEXTS:
        if (!message_keep_text(texts, bytes, &text, e))
            return false;
        message_add_text(place, text);
        return true;
    case FIELD_BYTES:
        *(struct field_bytes *)place = bytes;
        return true;
    case FIELD_INTEGER:
        *(struct field_integer *)place = (struct field_integer){ true, (int64_t)f->value };
        return true;
    case FIELD_MESSAGE:
    case FIELD_EXISTS:
        *(bool *)place = true;
        return true;
    }
    return true;
}

/* NOLINTNEXTLINE(misc-no-recursion): as above */
bool message_from_protobuf(const struct message_type *type,
                           struct field_bytes bytes,
                           struct message_texts *texts,
                           void *out,
                           struct sai_err *e)
{
    struct pb_reader r;
    struct pb_field f;
    uint64_t seen = 0;

    pb_reader_init(&r, bytes.at, bytes.len);
    while (pb_next(&r, &f, e) && f.number != 0) {
        const struct field_row *row = row_of(type, f.number);

        if (row == NULL)
            continue;
        if (!check_field(row, &f, &seen, e) || !value_from_protobuf(row, &f, texts, out, e))
            return false;
        if (row->type == FIELD_MESSAGE &&
            !message_from_protobuf(row->message, (struct field_bytes){ f.bytes, f.len }, texts,
                                   message_place(row, out), e))
            return false;
    }
    return e->code == SAI_OK;
}
