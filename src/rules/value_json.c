/* SPDX-License-Identifier: Apache-2.0 */

/* JSON as a claim: members sorted, no blanks, strings escaped as everywhere in a token, numbers
 * as they were written. */

#include "base/err.h"
#include "base/json_out.h"
#include "codec/json_number.h"
#include "codec/json_scan.h"
#include "rules/value.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16 };

/* Of an object that is still open. */
struct member {
    const char *name;
    size_t at; /* where "name":value begins in what was written */
    size_t len;
};

struct level {
    bool object;
    bool empty;
    size_t start;        /* of what is within, in what was written */
    size_t first_member; /* of an object */
};

struct writer {
    struct json_scan scan;
    struct buf text;
    struct buf sorted;      /* scratch */
    struct member *members; /* of all open objects, those of the innermost last */
    size_t member_count;
    char *strings; /* what names and strings mean; each takes no more than its own text */
    size_t strings_len;
    struct level levels[DEPTH_MAX];
    size_t depth;
};

static bool writer_init(struct writer *w, const char *text, size_t len)
{
    *w = (struct writer){ 0 };
    json_scan_init(&w->scan, text, len, DEPTH_MAX);
    buf_init(&w->text, SIZE_MAX / 2);
    buf_init(&w->sorted, SIZE_MAX / 2);
    w->members = calloc(len / strlen("\"\":1") + 1, sizeof(*w->members));
    w->strings = malloc(len + 1);
    return w->members != NULL && w->strings != NULL;
}

static void writer_done(struct writer *w)
{
    buf_done(&w->text);
    buf_done(&w->sorted);
    free(w->members);
    free(w->strings);
}

DEFINE_AUTO_DONE(writer, writer_done)

static struct level *innermost(struct writer *w)
{
    return &w->levels[w->depth - 1];
}

/* Before an item of a list; the value of a member follows its name. */
static void begin_value(struct writer *w)
{
    if (w->depth == 0 || innermost(w)->object)
        return;
    if (!innermost(w)->empty)
        buf_char(&w->text, ',');
    innermost(w)->empty = false;
}

static void begin_level(struct writer *w, bool object)
{
    begin_value(w);
    buf_char(&w->text, object ? '{' : '[');
    w->levels[w->depth++] = (struct level){ object, true, w->text.len, w->member_count };
}

/* The last member is complete when another begins or the object ends. */
static void end_member(struct writer *w)
{
    struct member *last = &w->members[w->member_count - 1];

    if (!innermost(w)->empty)
        last->len = w->text.len - last->at;
}

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->name, ((const struct member *)b)->name);
}

/* Puts the innermost object's members in order and forgets them. */
static bool sort_members(struct writer *w, struct sai_err *e)
{
    const struct level *l = innermost(w);
    struct member *members = w->members + l->first_member;
    size_t count = w->member_count - l->first_member;

    qsort(members, count, sizeof(*members), compare_members);
    buf_reset(&w->sorted);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(members[i - 1].name, members[i].name) == 0)
            return err_set(e, SAI_E_INVALID, "is JSON with a member that stands there twice");
        buf_str(&w->sorted, i > 0 ? "," : "");
        buf_add(&w->sorted, w->text.data + members[i].at, members[i].len);
    }
    if (!buf_ok(&w->sorted, e))
        return false;
    w->text.len = l->start;
    buf_add(&w->text, w->sorted.data, w->sorted.len);
    w->member_count = l->first_member;
    return true;
}

static bool end_level(struct writer *w, struct sai_err *e)
{
    bool object = innermost(w)->object;

    if (object) {
        end_member(w);
        if (!sort_members(w, e))
            return false;
    }
    buf_char(&w->text, object ? '}' : ']');
    w->depth--;
    return true;
}

/* Returns what the token means, and its length. */
static const char *read_string(struct writer *w, const struct json_token *t, size_t *len)
{
    char *string = w->strings + w->strings_len;

    *len = json_token_text(t, string);
    w->strings_len += *len + 1;
    return string;
}

static void begin_member(struct writer *w, const struct json_token *t)
{
    size_t len;
    const char *name = read_string(w, t, &len);

    end_member(w);
    innermost(w)->empty = false;
    w->members[w->member_count++] = (struct member){ .name = name, .at = w->text.len };
    json_out_string_n(&w->text, name, len);
    buf_char(&w->text, ':');
}

static void put_string(struct writer *w, const struct json_token *t)
{
    size_t len;
    const char *string = read_string(w, t, &len);

    begin_value(w);
    json_out_string_n(&w->text, string, len);
}

static bool put_plain(struct writer *w, const struct json_token *t, struct sai_err *e)
{
    if ((t->kind == SCAN_INTEGER || t->kind == SCAN_REAL) &&
        json_number(t->at, t->len) == JSON_BEYOND)
        return err_set(e, SAI_E_INVALID,
                       "is JSON with a number out of bounds (" JSON_NUMBER_BOUNDS ")");
    begin_value(w);
    buf_add(&w->text, t->at, t->len);
    return true;
}

static bool put_token(struct writer *w, const struct json_token *t, struct sai_err *e)
{
    if (t->nul)
        return err_set(e, SAI_E_INVALID, "is JSON with a NUL character");
    switch (t->kind) {
    case SCAN_OBJECT:
    case SCAN_LIST:
        begin_level(w, t->kind == SCAN_OBJECT);
        break;
    case SCAN_END:
        return end_level(w, e);
    case SCAN_NAME:
        begin_member(w, t);
        break;
    case SCAN_STRING:
        put_string(w, t);
        break;
    default:
        return put_plain(w, t, e);
    }
    return true;
}

static bool refuse_syntax(const struct writer *w, const struct sai_err *why, struct sai_err *e)
{
    if (why->code == SAI_E_LIMIT)
        return err_set(e, SAI_E_INVALID, "is JSON that nests deeper than %d levels",
                       (int)DEPTH_MAX);
    return err_set(e, SAI_E_INVALID, "is not JSON (line %u, column %u)", w->scan.line,
                   json_scan_column(&w->scan));
}

bool value_put_json(const char *text, size_t len, struct buf *out, struct sai_err *e)
{
    AUTO(writer) struct writer w;
    struct json_token t;
    struct sai_err why = { 0 };

    if (!writer_init(&w, text, len))
        return err_nomem(e);
    for (;;) {
        if (!json_scan_next(&w.scan, &t, &why))
            return refuse_syntax(&w, &why, e);
        if (t.kind == SCAN_NOTHING)
            break;
        /* Offsets into a buffer that has failed mean nothing. */
        if (!put_token(&w, &t, e) || !buf_ok(&w.text, e))
            return false;
    }
    buf_add(out, w.text.data, w.text.len);
    return true;
}
