/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/yaml.h"

#include "base/num.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

/* The tree while it grows. */
struct builder {
    const struct yaml_input *in;
    struct arena *arena;
    struct sai_report *report;
    struct yaml_doc *doc;
    struct yaml_node *root;
    struct yaml_node **open; /* the lists and maps that have not ended, the innermost last */
    size_t depth;            /* how many of them */
    struct yaml_node *key;   /* read, its value not yet */
    size_t nodes;
};

struct position {
    unsigned line;
    unsigned column;
};

static struct position position_of(yaml_mark_t mark)
{
    return (struct position){ (unsigned)mark.line + 1, (unsigned)mark.column + 1 };
}

/* Always false: an error that ends the reading. */
static bool stop(struct builder *b, struct position at, struct sai_err *e)
{
    err_in_file(e, b->in->file, at.line, at.column);
    report_add(b->report, SAI_ERROR, e);
    return false;
}

static bool stop_nomem(struct builder *b)
{
    struct sai_err e = { 0 };

    err_set_text(&e, SAI_E_NOMEM, "out of memory");
    return stop(b, (struct position){ 0 }, &e);
}

static void refuse(struct builder *b, struct yaml_node *n, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* An error after which reading goes on. */
static void refuse(struct builder *b, struct yaml_node *n, const char *fmt, ...)
{
    struct sai_err e = { 0 };
    char text[sizeof(e.text)];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    err_set_text(&e, SAI_E_SYNTAX, "%s", text);
    yaml_locate(b->doc, n, &e);
    report_add(b->report, SAI_ERROR, &e);
    n->refused = true;
}

/* Before the member is linked, so that a map finds only those before it. */
static void check_key(struct builder *b, struct yaml_node *n)
{
    const struct yaml_node *first = yaml_get(n->parent, n->key->text);

    n->refused = n->key->refused;
    if (!n->key->quoted && strcmp(n->key->text, "<<") == 0)
        refuse(b, n, "merge keys (<<) are not allowed");
    else if (first != NULL) {
        /* The position of the second key, not of its value. */
        struct yaml_node at = *n;

        at.line = n->key->line;
        at.column = n->key->column;
        refuse(b, &at, "duplicate key, first at %u:%u", first->key->line, first->key->column);
        n->refused = true;
    }
}

static void link_child(struct yaml_node *parent, struct yaml_node *n)
{
    n->index = parent->count++;
    if (parent->last == NULL)
        parent->first = n;
    else
        parent->last->next = n;
    parent->last = n;
}

static bool attach(struct builder *b, struct yaml_node *n)
{
    struct yaml_node *parent = b->depth == 0 ? NULL : b->open[b->depth - 1];

    n->parent = parent;
    if (parent == NULL) {
        b->root = n;
    } else if (parent->kind == YAML_LIST) {
        link_child(parent, n);
    } else if (b->key == NULL && n->kind == YAML_SCALAR) {
        b->key = n;
    } else if (b->key == NULL) {
        struct sai_err e = { 0 };

        err_set_text(&e, SAI_E_SYNTAX, "a key must be text, not a list or a map");
        return stop(b, (struct position){ n->line, n->column }, &e);
    } else {
        n->key = TAKE(b->key);
        check_key(b, n);
        link_child(parent, n);
    }
    return true;
}

static struct yaml_node *add_node(struct builder *b, enum yaml_kind kind, struct position at)
{
    struct yaml_node *n;
    struct sai_err e = { 0 };

    if (b->nodes++ >= b->in->max_nodes) {
        err_set_text(&e, SAI_E_LIMIT, "more than %zu keys and values", b->in->max_nodes);
        (void)stop(b, at, &e);
        return NULL;
    }
    n = arena_alloc(b->arena, sizeof(*n));
    if (n == NULL) {
        (void)stop_nomem(b);
        return NULL;
    }
    *n = (struct yaml_node){ .kind = kind, .text = "", .line = at.line, .column = at.column };
    return attach(b, n) ? n : NULL;
}

static bool is_integer(const char *s)
{
    struct sai_err e = { 0 };
    uint64_t v;

    s += *s == '-' ? 1 : 0;
    return num_u64(s, strlen(s), &v, &e);
}

static bool is_bool(const char *s)
{
    return strcmp(s, "true") == 0 || strcmp(s, "false") == 0;
}

/* The tags that say no more than the text does. */
static const struct tag {
    const char *uri;
    enum yaml_kind kind;
    bool quoted;
    bool (*fits)(const char *text); /* NULL: any */
} tags[] = {
    { YAML_STR_TAG, YAML_SCALAR, true, NULL },
    { YAML_INT_TAG, YAML_SCALAR, false, is_integer },
    { YAML_BOOL_TAG, YAML_SCALAR, false, is_bool },
    { YAML_SEQ_TAG, YAML_LIST, false, NULL },
    { YAML_MAP_TAG, YAML_MAP, false, NULL },
};

static void
check_properties(struct builder *b, struct yaml_node *n, const void *anchor, const char *tag)
{
    if (anchor != NULL) {
        refuse(b, n, "anchors (&name) are not allowed");
        n->refused = false; /* its value is known all the same */
    }
    if (tag == NULL)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
        if (strcmp(tag, tags[i].uri) != 0 || n->kind != tags[i].kind)
            continue;
        if (tags[i].fits != NULL && !tags[i].fits(n->text))
            break;
        n->quoted = tags[i].quoted;
        return;
    }
    refuse(b, n,
           "a tag is not allowed here: only !!str, !!int, !!bool, !!map and !!seq, "
           "and only where they fit");
}

static bool on_scalar(struct builder *b, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    const char *text = arena_strndup(b->arena, value, len);
    struct yaml_node *n;

    if (text == NULL)
        return stop_nomem(b);
    n = add_node(b, YAML_SCALAR, position_of(event->start_mark));
    if (n == NULL)
        return false;
    n->text = text;
    n->len = strlen(text);
    n->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (n->len != len)
        refuse(b, n, "a NUL character is not allowed");
    check_properties(b, n, event->data.scalar.anchor, (const char *)event->data.scalar.tag);
    return true;
}

static bool on_alias(struct builder *b, const yaml_event_t *event)
{
    struct yaml_node *n = add_node(b, YAML_SCALAR, position_of(event->start_mark));

    if (n == NULL)
        return false;
    refuse(b, n, "aliases (*name) are not allowed");
    return true;
}

static bool on_start(struct builder *b, const yaml_event_t *event)
{
    bool list = event->type == YAML_SEQUENCE_START_EVENT;
    struct position at = position_of(event->start_mark);
    struct sai_err e = { 0 };
    struct yaml_node *n;

    if (b->depth >= b->in->max_depth) {
        err_set_text(&e, SAI_E_LIMIT, "nested deeper than %zu levels", b->in->max_depth);
        return stop(b, at, &e);
    }
    n = add_node(b, list ? YAML_LIST : YAML_MAP, at);
    if (n == NULL)
        return false;
    if (list)
        check_properties(b, n, event->data.sequence_start.anchor,
                         (const char *)event->data.sequence_start.tag);
    else
        check_properties(b, n, event->data.mapping_start.anchor,
                         (const char *)event->data.mapping_start.tag);
    b->open[b->depth++] = n;
    return true;
}

static bool on_event(struct builder *b, const yaml_event_t *event)
{
    struct sai_err e = { 0 };

    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(b, event);
    case YAML_ALIAS_EVENT:
        return on_alias(b, event);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return on_start(b, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return true;
    case YAML_DOCUMENT_START_EVENT:
        if (b->root == NULL)
            return true;
        err_set_text(&e, SAI_E_SYNTAX, "a second document starts here, only one is allowed");
        return stop(b, position_of(event->start_mark), &e);
    default:
        return true;
    }
}

/* libyaml's reader knows the offset of a byte that is no character, but not its position. */
static struct position position_of_offset(const struct yaml_input *in, size_t offset)
{
    struct position p = { 1, 1 };
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
static bool is_tab(const struct yaml_input *in, struct position at)
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

static bool stop_at_syntax(struct builder *b, const yaml_parser_t *p)
{
    struct position at = position_of(p->problem_mark);
    const char *problem = p->problem == NULL ? "cannot be read" : p->problem;
    struct sai_err e = { 0 };

    if (p->error == YAML_MEMORY_ERROR)
        return stop_nomem(b);
    if (p->error == YAML_READER_ERROR) {
        err_set_text(&e, SAI_E_SYNTAX, "not UTF-8 text: %s", problem);
        return stop(b, position_of_offset(b->in, p->problem_offset), &e);
    }
    if (is_tab(b->in, at))
        err_set_text(&e, SAI_E_SYNTAX, "a tab cannot indent YAML, use blanks");
    else if (p->context == NULL)
        err_set_text(&e, SAI_E_SYNTAX, "not YAML: %s", problem);
    else
        err_set_text(&e, SAI_E_SYNTAX, "not YAML: %s %s that starts at %zu:%zu", problem,
                     p->context, p->context_mark.line + 1, p->context_mark.column + 1);
    return stop(b, at, &e);
}

static bool read_events(struct builder *b, yaml_parser_t *parser)
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
    if (b->root == NULL) {
        struct sai_err e = { 0 };

        err_set_text(&e, SAI_E_SYNTAX, "empty, there is no YAML document");
        return stop(b, (struct position){ 1, 1 }, &e);
    }
    return true;
}

bool yaml_parse(const struct yaml_input *in,
                struct arena *a,
                struct yaml_doc **out,
                struct sai_report *r)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct builder b = { .in = in, .arena = a, .report = r };
    size_t errors = sai_report_total(r, SAI_ERROR);
    size_t skip = in->len >= 3 && memcmp(in->text, bom, 3) == 0 ? 3 : 0;
    struct yaml_input rest = *in;
    yaml_parser_t parser;
    bool complete;

    b.doc = arena_alloc(a, sizeof(*b.doc));
    b.open = arena_alloc(a, in->max_depth * sizeof(void *));
    if (b.doc == NULL || b.open == NULL || yaml_parser_initialize(&parser) == 0)
        return stop_nomem(&b);
    b.doc->file = in->file;
    rest.text += skip;
    rest.len -= skip;
    b.in = &rest;
    /* Otherwise a byte order mark would switch it to UTF-16. */
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)rest.text, rest.len);
    complete = read_events(&b, &parser);
    yaml_parser_delete(&parser);
    if (!complete)
        return false;
    b.doc->root = b.root;
    *out = b.doc;
    return sai_report_total(r, SAI_ERROR) == errors;
}
