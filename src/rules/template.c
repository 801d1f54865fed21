/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/template.h"

#include "base/err.h"
#include "rules/problem.h"

#include <string.h>

enum { TEMPLATE_MAX_BYTES = 2048, PARTS_MAX = 64 };

struct template_part {
    const char *text;     /* NULL: a placeholder */
    struct source source; /* of a placeholder */
};

struct parser {
    struct arena *arena;
    const char *start;
    const char *at;
    struct template *out;
    struct sai_err *e;
};

static bool add_part(struct parser *p, const struct template_part *part)
{
    if (p->out->count == PARTS_MAX)
        return err_set(p->e, SAI_E_INVALID, "more than %d parts", (int)PARTS_MAX);
    p->out->parts[p->out->count++] = *part;
    return true;
}

/* Up to the next placeholder; a doubled brace ends the part behind the first of the two. */
static bool parse_text(struct parser *p)
{
    size_t len = strcspn(p->at, "{}");
    size_t skip = len;
    const char *text;

    if (p->at[len] != '\0' && p->at[len + 1] == p->at[len]) {
        len++;
        skip = len + 1;
    } else if (p->at[len] == '}') {
        return err_set(p->e, SAI_E_INVALID,
                       "at offset %zu: } without {; write }} for the character",
                       (size_t)(p->at + len - p->start));
    }
    text = arena_strndup(p->arena, p->at, len);
    if (text == NULL)
        return err_nomem(p->e);
    p->at += skip;
    return add_part(p, &(struct template_part){ .text = text });
}

/* The kinds that a placeholder can name, each with a colon and the key behind it. */
static enum sai_claim_source kind_of(const char *name, size_t word_len)
{
    static const enum sai_claim_source keyed[] = { SAI_SOURCE_ANNOTATION, SAI_SOURCE_LABEL,
                                                   SAI_SOURCE_NAMESPACE_ANNOTATION,
                                                   SAI_SOURCE_NAMESPACE_LABEL };

    for (size_t i = 0; i < ARRAY_SIZE(keyed); i++) {
        const char *word = source_word(keyed[i]);

        if (strlen(word) == word_len && strncmp(word, name, word_len) == 0)
            return keyed[i];
    }
    return SAI_SOURCE_VALUE; /* none */
}

static bool parse_placeholder(struct parser *p)
{
    size_t offset = (size_t)(p->at - p->start);
    size_t len = strcspn(p->at + 1, "{}");
    struct template_part part = { 0 };
    struct sai_err why = { 0 };
    enum sai_claim_source kind = SAI_SOURCE_FIELD;
    const char *key;
    char *name;

    if (p->at[1 + len] != '}')
        return err_set(p->e, SAI_E_INVALID,
                       "at offset %zu: { without }; write {{ for the character", offset);
    name = arena_strndup(p->arena, p->at + 1, len);
    if (name == NULL)
        return err_nomem(p->e);
    key = strchr(name, ':');
    if (key != NULL)
        kind = kind_of(name, (size_t)(key++ - name));
    if (kind == SAI_SOURCE_VALUE)
        return err_set(p->e, SAI_E_INVALID,
                       "at offset %zu: no placeholder {%s}: want annotation, label, "
                       "namespaceAnnotation or namespaceLabel before the colon",
                       offset, shown(name).text);
    if (!source_set(&part.source, kind, key == NULL ? name : key, &why))
        return err_set(p->e, SAI_E_INVALID, "at offset %zu: %s", offset, why.text);
    p->at += len + 2;
    return add_part(p, &part);
}

bool template_parse(struct arena *arena,
                    const char *text,
                    struct template *out,
                    struct sai_err *e)
{
    struct parser p = { arena, text, text, out, e };

    if (strlen(text) > TEMPLATE_MAX_BYTES)
        return err_set(e, SAI_E_INVALID, "%zu bytes long: at most %d", strlen(text),
                       (int)TEMPLATE_MAX_BYTES);
    *out = (struct template){ arena_alloc(arena, PARTS_MAX * sizeof(*out->parts)), 0 };
    if (out->parts == NULL)
        return err_nomem(e);
    while (*p.at != '\0') {
        if (!(*p.at == '{' && p.at[1] != '{' ? parse_placeholder(&p) : parse_text(&p)))
            return false;
    }
    return true;
}

const char *
template_expand(const struct template *t, const struct rules_input *in, struct buf *out)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct template_part *part = &t->parts[i];
        const char *text = part->text;

        if (text == NULL)
            text = source_find(&part->source, in);
        if (text == NULL)
            return part->source.key;
        buf_str(out, text);
    }
    return NULL;
}
