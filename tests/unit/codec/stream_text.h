/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a reader of streams found, as text: a line for each item, document and problem. A tree
 * is {key: value, ...}, [value, ...], "text" or plain, with its position where that is asked
 * for. */

#include "base/buf.h"
#include "codec/yaml.h"
#include "unit.h"

#include <string.h>

struct found {
    struct buf text;
    bool positions;
    size_t stop_after; /* so many items or documents; 0: never */
    size_t calls;
};

static inline void put_tree(struct found *f, const struct yaml_node *n)
{
    struct buf *b = &f->text;

    if (f->positions)
        buf_printf(b, "%u:%u ", n->line, n->column);
    if (n->kind == YAML_SCALAR) {
        buf_printf(b, n->quoted ? "\"%s\"" : "%s", n->text);
        return;
    }
    buf_char(b, n->kind == YAML_LIST ? '[' : '{');
    for (const struct yaml_node *c = n->first; c != NULL; c = c->next) {
        assert_ptr_equal(c->parent, n);
        if (c != n->first)
            buf_str(b, ", ");
        if (n->kind == YAML_MAP) {
            put_tree(f, c->key);
            buf_str(b, ": ");
        }
        put_tree(f, c);
    }
    buf_char(b, n->kind == YAML_LIST ? ']' : '}');
}

static inline bool found_call(struct found *f, const char *what, const struct yaml_node *n)
{
    buf_str(&f->text, what);
    put_tree(f, n);
    buf_char(&f->text, '\n');
    f->calls++;
    return f->calls != f->stop_after;
}

static inline bool
found_item(void *ctx, const struct yaml_doc *doc, const struct yaml_node *item)
{
    struct sai_err e = { 0 };

    err_set_text(&e, SAI_E_INVALID, "x");
    yaml_locate(doc, item, &e);
    buf_printf(&((struct found *)ctx)->text, "%s ", e.path);
    return found_call(ctx, "", item);
}

static inline bool found_document(void *ctx, const struct yaml_doc *doc)
{
    return found_call(ctx, "document ", doc->root);
}

typedef bool
stream_fn(const struct yaml_input *, const struct yaml_sink *, struct sai_report *);

/* Small limits: depth 5, 20 nodes. */
static inline void read_stream(stream_fn *stream, const char *text, size_t len, struct found *f)
{
    const struct yaml_input in = {
        .file = "t", .text = text, .len = len, .max_depth = 5, .max_nodes = 20
    };
    const struct yaml_sink sink = {
        .list = "items", .item = found_item, .document = found_document, .ctx = f
    };
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    char line[sizeof(struct sai_err)];
    bool ok;

    assert_non_null(r);
    buf_init(&f->text, 1 << 20);
    buf_str(&f->text, "");
    ok = stream(&in, &sink, r);
    assert_true(f->stop_after > 0 || ok == (sai_report_total(r, SAI_ERROR) == 0));
    for (size_t i = 0; i < sai_report_count(r); i++)
        buf_printf(&f->text, "%s\n",
                   sai_err_format(sai_report_get(r, i, NULL), line, sizeof(line)));
}

static inline void
check_stream(stream_fn *stream, const char *text, bool positions, const char *expected)
{
    struct found f = { .positions = positions };

    read_stream(stream, text, strlen(text), &f);
    if (strcmp(f.text.data, expected) != 0)
        print_error("%s\n", text);
    assert_string_equal(f.text.data, expected);
    buf_done(&f.text);
}
