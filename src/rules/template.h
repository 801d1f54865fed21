/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Texts with {placeholders}: those of fields ({namespace} {serviceAccount} {uid} {pod} {node}),
 * and {annotation:KEY} {label:KEY} {namespaceAnnotation:KEY} {namespaceLabel:KEY}; {{ and }}
 * are braces. */

#include "base/arena.h"
#include "base/buf.h"
#include "rules/source.h"

#include <stdbool.h>

struct template_part; /* a text, or a placeholder */

struct template
{
    struct template_part *parts;
    size_t count;
};

/* The arena owns what the template is made of. Errors: SAI_E_INVALID, with the offset. */
bool template_parse(struct arena *arena,
                    const char *text,
                    struct template *out,
                    struct sai_err *e) MUST_USE;

/* Appends the text; ask buf_ok(). NULL, or the placeholder's name that is missing: then what
 * was appended is of no use. */
const char *
template_expand(const struct template *t, const struct rules_input *in, struct buf *out);
