/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The tree while it grows: what the readers of YAML and of JSON have in common, which is
 * everything but the syntax. Used within codec/ only. */

#include "base/hash_index.h"
#include "codec/yaml.h"

#include <stdint.h>

struct yaml_position {
    unsigned line;
    unsigned column;
};

struct yaml_builder {
    const struct yaml_input *in;
    const struct yaml_sink *sink; /* NULL: one document, kept whole */
    struct sai_report *report;
    struct yaml_doc *doc;
    struct arena *arena; /* of the document */
    struct yaml_node *root;
    struct yaml_node **open; /* the lists and maps that have not ended, the innermost last */
    size_t depth;            /* how many of them */
    struct yaml_node *key;   /* read, its value not yet */
    size_t nodes;            /* of the document without its items */
    struct hash_index keys;
    struct yaml_node *items; /* the list whose items the sink gets, while it is open */
    struct arena *item_arena;
    size_t item_nodes;
    struct hash_index item_keys;
};

/* Text with what YAML may say about it; anchor and tag are NULL without one. */
struct yaml_scalar {
    const char *text;
    size_t len;
    bool quoted;
    const char *anchor;
    const char *tag;
};

/* doc, in and sink must live as long as the builder. */
bool yaml_builder_init(struct yaml_builder *b,
                       const struct yaml_input *in,
                       struct yaml_doc *doc,
                       struct arena *a,
                       struct sai_report *r) MUST_USE;
/* From now on documents and items go to the sink, and their memory comes back after that. */
bool yaml_builder_stream(struct yaml_builder *b, const struct yaml_sink *sink) MUST_USE;
void yaml_builder_done(struct yaml_builder *b);
DEFINE_AUTO_DONE(yaml_builder, yaml_builder_done)

/* The parts of a document in their order; a map's are key, value, key, value. The caller sees
 * to it that ends match starts. false ends the reading: why is in the report. */
bool yaml_add_scalar(struct yaml_builder *b,
                     const struct yaml_scalar *s,
                     struct yaml_position at) MUST_USE;
bool yaml_add_alias(struct yaml_builder *b, struct yaml_position at) MUST_USE;
bool yaml_add_start(struct yaml_builder *b,
                    enum yaml_kind kind,
                    const struct yaml_scalar *properties,
                    struct yaml_position at) MUST_USE;
bool yaml_add_end(struct yaml_builder *b) MUST_USE;
bool yaml_end_document(struct yaml_builder *b) MUST_USE;

/* Always false: an error that ends the reading. */
bool yaml_stop(struct yaml_builder *b, struct yaml_position at, struct sai_err *e);
bool yaml_stop_nomem(struct yaml_builder *b);
