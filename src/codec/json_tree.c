/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_tree.h"

#include "base/buf.h"
#include "codec/json_scan.h"
#include "codec/yaml_build.h"

#include <string.h>

struct reader {
    struct json_scan scan;
    struct buf text; /* of the string that was read last, where it has escapes */
    struct yaml_builder b;
};

static bool add_scalar(struct reader *r, const struct json_token *t)
{
    struct yaml_scalar s = { .text = t->at, .len = t->len };

    s.quoted = t->kind == SCAN_STRING || t->kind == SCAN_NAME;
    if (t->escaped) {
        char *text;

        buf_reset(&r->text);
        text = buf_reserve(&r->text, t->len);
        if (text == NULL)
            return yaml_stop_nomem(&r->b);
        s.text = text;
        s.len = json_token_text(t, text);
    }
    return yaml_add_scalar(&r->b, &s, (struct yaml_position){ t->line, t->column });
}

static bool add_start(struct reader *r, const struct json_token *t)
{
    static const struct yaml_scalar none = { 0 };

    return yaml_add_start(&r->b, t->kind == SCAN_OBJECT ? YAML_MAP : YAML_LIST, &none,
                          (struct yaml_position){ t->line, t->column });
}

static bool add(struct reader *r, const struct json_token *t)
{
    switch (t->kind) {
    case SCAN_OBJECT:
    case SCAN_LIST:
        return add_start(r, t);
    case SCAN_END:
        return yaml_add_end(&r->b);
    default:
        return add_scalar(r, t);
    }
}

static bool read_all(struct reader *r)
{
    struct json_token t;
    struct sai_err e = { 0 };

    while (json_scan_next(&r->scan, &t, &e) && t.kind != SCAN_NOTHING) {
        if (!add(r, &t))
            return false;
    }
    if (e.code == SAI_OK)
        return yaml_end_document(&r->b);
    return yaml_stop(&r->b, (struct yaml_position){ r->scan.line, json_scan_column(&r->scan) },
                     &e);
}

bool json_stream(const struct yaml_input *in,
                 const struct yaml_sink *sink,
                 struct sai_report *r)
{
    size_t errors = sai_report_total(r, SAI_ERROR);
    bool marked = in->len >= 3 && memcmp(in->text, "\xef\xbb\xbf", 3) == 0;
    struct yaml_doc doc = { 0 };
    AUTO(arena) struct arena *a = arena_new();
    struct reader reader = { .b = { .in = in, .report = r } };
    size_t skipped = marked ? 3 : 0;
    bool ok;

    if (a == NULL)
        return yaml_stop_nomem(&reader.b);
    json_scan_init(&reader.scan, in->text + skipped, in->len - skipped, in->max_depth);
    buf_init(&reader.text, in->len);
    ok = yaml_builder_init(&reader.b, in, &doc, a, r) && yaml_builder_stream(&reader.b, sink) &&
         read_all(&reader);
    buf_done(&reader.text);
    yaml_builder_done(&reader.b);
    return ok && report_ok_since(r, errors);
}
