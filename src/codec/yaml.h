/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* YAML as a small tree with positions, for documents that people write.
 *
 * libyaml reads, we build: UTF-8, no anchors, aliases, merge keys or tags that change the
 * meaning, no duplicate keys, bounded depth and size. Scalars stay text: what a value means is
 * decided by who asks for it, so "no" is never a boolean by accident. JSON makes the same tree
 * (codec/json_tree.h). */

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    bool quoted;      /* a scalar that is text whatever it looks like: quotes, block, !!str */
    bool refused;     /* already reported; its value means nothing */
    unsigned line;    /* from 1 */
    unsigned column;  /* in characters, from 1 */
    const char *text; /* of a scalar, never NULL there; NUL after it, none within */
    size_t len;
    const struct yaml_node *key;    /* of a map's member: the scalar before the colon */
    const struct yaml_node *parent; /* NULL: the root */
    struct yaml_node *first;        /* child of a list or map, in the order of the document */
    struct yaml_node *last;
    struct yaml_node *next; /* sibling */
    size_t index;           /* among its siblings, from 0 */
    size_t count;           /* of children */
};

struct yaml_input {
    const char *file; /* named in messages */
    const char *text;
    size_t len;
    size_t max_depth; /* of lists and maps within each other */
    size_t max_nodes; /* keys count as well */
};

struct yaml_doc {
    const char *file; /* as in the input */
    const struct yaml_node *root;
};

/* Reads one document into the arena. Every mistake goes to the report; *out is written
 * whenever the text had a structure at all, so that a loader whose report holds the wrong tags
 * and duplicate keys already can go on and name further mistakes in the same run. file must
 * live as long as the document. */
bool yaml_parse(const struct yaml_input *in,
                struct arena *a,
                struct yaml_doc **out,
                struct sai_report *r) MUST_USE;

/* Gets a large document in pieces, so that memory does not grow with it. What is passed is gone
 * after the call. false ends the reading; why is in the report by then. */
struct yaml_sink {
    const char *list; /* a key of the root, e.g. items, whose value, a list, is passed item by
                         item: all of them before their document, which holds none */
    bool (*item)(void *ctx, const struct yaml_doc *doc, const struct yaml_node *item);
    bool (*document)(void *ctx, const struct yaml_doc *doc);
    void *ctx;
};

/* Reads any number of documents. The limits of the input hold for each item, and for each
 * document without its items. Every mistake goes to the report. */
bool yaml_stream(const struct yaml_input *in,
                 const struct yaml_sink *sink,
                 struct sai_report *r) MUST_USE;

/* The value of a key; NULL if map is no map or has no such key. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* The node at a path such as issuers[0].keys.files[2], or the nearest parent of it that
 * exists. Keys are taken to the next dot or bracket. */
const struct yaml_node *yaml_find(const struct yaml_doc *doc, const char *path);

/* Adds file, line, column and path of the node to an error that has none yet. */
void yaml_locate(const struct yaml_doc *doc, const struct yaml_node *n, struct sai_err *e);

/* A scalar that stands for nothing: empty, ~ or null, without quotes. */
bool yaml_is_null(const struct yaml_node *n);

/* What a scalar without quotes is to programs that go by its looks, kubectl for one: "null",
 * "a boolean" or "a number" (YAML 1.1 as go-yaml reads it); NULL: text. */
const char *yaml_plain_type(const struct yaml_node *n);
