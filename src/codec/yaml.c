/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/yaml.h"

#include "base/utf8.h"
#include "codec/yaml_build.h"

#include <string.h>
#include <yaml.h>

static struct yaml_position position_of(yaml_mark_t mark)
{
    return (struct yaml_position){ (unsigned)mark.line + 1, (unsigned)mark.column + 1 };
}

static bool on_scalar(struct yaml_builder *b, const yaml_event_t *event)
{
    const struct yaml_scalar s = {
        .text = (const char *)event->data.scalar.value,
        .len = event->data.scalar.length,
        .quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE,
        .anchor = (const char *)event->data.scalar.anchor,
        .tag = (const char *)event->data.scalar.tag,
    };

    return yaml_add_scalar(b, &s, position_of(event->start_mark));
}

static bool on_list(struct yaml_builder *b, const yaml_event_t *event)
{
    const struct yaml_scalar s = {
        .anchor = (const char *)event->data.sequence_start.anchor,
        .tag = (const char *)event->data.sequence_start.tag,
    };

    return yaml_add_start(b, YAML_LIST, &s, position_of(event->start_mark));
}

static bool on_map(struct yaml_builder *b, const yaml_event_t *event)
{
    const struct yaml_scalar s = {
        .anchor = (const char *)event->data.mapping_start.anchor,
        .tag = (const char *)event->data.mapping_start.tag,
    };

    return yaml_add_start(b, YAML_MAP, &s, position_of(event->start_mark));
}

static bool on_document(struct yaml_builder *b, const yaml_event_t *event)
{
    struct sai_err e = { 0 };

    if (b->root == NULL)
        return true;
    err_set_text(&e, SAI_E_SYNTAX, "a second document starts here, only one is allowed");
    return yaml_stop(b, position_of(event->start_mark), &e);
}

static bool on_event(struct yaml_builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return on_document(b, event);
    case YAML_SCALAR_EVENT:
        return on_scalar(b, event);
    case YAML_ALIAS_EVENT:
        return yaml_add_alias(b, position_of(event->start_mark));
    case YAML_SEQUENCE_START_EVENT:
        return on_list(b, event);
    case YAML_MAPPING_START_EVENT:
        return on_map(b, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return yaml_add_end(b);
    case YAML_DOCUMENT_END_EVENT:
        return yaml_end_document(b);
    default:
        return true;
    }
}

/* libyaml's reader knows the offset of a byte that is no character, but not its position. */
static struct yaml_position position_of_offset(const struct yaml_input *in, size_t offset)
{
    struct yaml_position p = { 1, 1 };
    size_t i = 0;

    while (i < in->len && i < offset) {
        size_t n = utf8_decode(in->text + i, in->len - i, NULL);

        if (in->text[i] == '\n') {
            p.line++;
            p.column = 0;
        }
        p.column++;
        i += n == 0 ? 1 : n;
    }
    return p;
}

/* The most common cause of libyaml's most cryptic message. */
static bool is_tab(const struct yaml_input *in, struct yaml_position at)
{
    const char *line = in->text;

    for (unsigned i = 1; i < at.line && line != NULL; i++) {
        line = memchr(line, '\n', in->len - (size_t)(line - in->text));
        line = line == NULL ? NULL : line + 1;
    }
    /* Before a tab that indents there are only blanks, a byte each. */
    return line != NULL && at.column <= in->len - (size_t)(line - in->text) &&
           line[at.column - 1] == '\t';
}

static bool stop_at_syntax(struct yaml_builder *b, const yaml_parser_t *p)
{
    struct yaml_position at = position_of(p->problem_mark);
    const char *problem = p->problem == NULL ? "cannot be read" : p->problem;
    struct sai_err e = { 0 };

    if (p->error == YAML_MEMORY_ERROR)
        return yaml_stop_nomem(b);
    if (p->error == YAML_READER_ERROR) {
        err_set_text(&e, SAI_E_SYNTAX, "not UTF-8 text: %s", problem);
        return yaml_stop(b, position_of_offset(b->in, p->problem_offset), &e);
    }
    if (is_tab(b->in, at))
        err_set_text(&e, SAI_E_SYNTAX, "a tab cannot indent YAML, use blanks");
    else if (p->context == NULL)
        err_set_text(&e, SAI_E_SYNTAX, "not YAML: %s", problem);
    else
        err_set_text(&e, SAI_E_SYNTAX, "not YAML: %s %s that starts at %zu:%zu", problem,
                     p->context, p->context_mark.line + 1, p->context_mark.column + 1);
    return yaml_stop(b, at, &e);
}

static bool read_events(struct yaml_builder *b, yaml_parser_t *parser)
{
    yaml_event_type_t type;

    do {
        yaml_event_t event;
        bool ok;

        if (yaml_parser_parse(parser, &event) == 0)
            return stop_at_syntax(b, parser);
        type = event.type;
        ok = on_event(b, &event);
        yaml_event_delete(&event);
        if (!ok)
            return false;
    } while (type != YAML_STREAM_END_EVENT);
    return true;
}

/* The text without a byte order mark, which otherwise would count as a column. */
static struct yaml_input without_mark(const struct yaml_input *in)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct yaml_input rest = *in;

    if (in->len >= 3 && memcmp(in->text, bom, 3) == 0) {
        rest.text += 3;
        rest.len -= 3;
    }
    return rest;
}

static bool read_input(struct yaml_builder *b)
{
    yaml_parser_t parser;
    bool complete;

    if (yaml_parser_initialize(&parser) == 0)
        return yaml_stop_nomem(b);
    /* Otherwise a byte order mark would switch it to UTF-16. */
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)b->in->text, b->in->len);
    complete = read_events(b, &parser);
    yaml_parser_delete(&parser);
    return complete;
}

bool yaml_parse(const struct yaml_input *in,
                struct arena *a,
                struct yaml_doc **out,
                struct sai_report *r)
{
    const struct yaml_input rest = without_mark(in);
    size_t errors = sai_report_total(r, SAI_ERROR);
    struct yaml_doc *doc = arena_alloc(a, sizeof(*doc));
    struct sai_err e = { 0 };
    AUTO(yaml_builder) struct yaml_builder b = { .in = in, .report = r };

    if (doc == NULL)
        return yaml_stop_nomem(&b);
    if (!yaml_builder_init(&b, &rest, doc, a, r) || !read_input(&b))
        return false;
    if (doc->root == NULL) {
        err_set_text(&e, SAI_E_SYNTAX, "empty, there is no YAML document");
        return yaml_stop(&b, (struct yaml_position){ 1, 1 }, &e);
    }
    *out = doc;
    return report_ok_since(r, errors);
}

bool yaml_stream(const struct yaml_input *in,
                 const struct yaml_sink *sink,
                 struct sai_report *r)
{
    const struct yaml_input rest = without_mark(in);
    size_t errors = sai_report_total(r, SAI_ERROR);
    struct yaml_doc doc = { 0 };
    AUTO(arena) struct arena *a = arena_new();
    AUTO(yaml_builder) struct yaml_builder b = { .in = in, .report = r };

    if (a == NULL)
        return yaml_stop_nomem(&b);
    return yaml_builder_init(&b, &rest, &doc, a, r) && yaml_builder_stream(&b, sink) &&
           read_input(&b) && report_ok_since(r, errors);
}
