/* SPDX-License-Identifier: Apache-2.0 */

/* JSON as a tree against jansson: both accept the same bytes and see the same values. Jansson
 * also refuses numbers beyond its types, and loses a NUL byte behind a number (2.14,
 * stream_get() after stream_unget()); we skip a byte order mark. */

#include "base/err.h"
#include "codec/json_tree.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_DEPTH = 100, MAX_NODES = 100000 };

static void check(bool ok)
{
    if (!ok)
        abort();
}

static bool is_text(const struct yaml_node *n, const json_t *v)
{
    return n->quoted && n->len == json_string_length(v) &&
           memcmp(n->text, json_string_value(v), n->len) == 0;
}

static bool is_plain(const struct yaml_node *n, const char *text)
{
    return !n->quoted && strcmp(n->text, text) == 0;
}

static void compare_scalar(const struct yaml_node *n, const json_t *v)
{
    check(n->kind == YAML_SCALAR);
    switch (json_typeof(v)) {
    case JSON_STRING:
        check(is_text(n, v));
        return;
    case JSON_TRUE:
        check(is_plain(n, "true"));
        return;
    case JSON_FALSE:
        check(is_plain(n, "false"));
        return;
    case JSON_NULL:
        check(is_plain(n, "null"));
        return;
    default:
        check(!n->quoted && strtod(n->text, NULL) == json_number_value(v));
    }
}

static void compare(const struct yaml_node *n, const json_t *v)
{
    if (json_is_object(v)) {
        check(n->kind == YAML_MAP && n->count == json_object_size(v));
        for (const struct yaml_node *c = n->first; c != NULL; c = c->next) {
            const json_t *member = json_object_get(v, c->key->text);

            check(member != NULL);
            compare(c, member);
        }
    } else if (json_is_array(v)) {
        check(n->kind == YAML_LIST && n->count == json_array_size(v));
        for (const struct yaml_node *c = n->first; c != NULL; c = c->next)
            compare(c, json_array_get(v, c->index));
    } else {
        compare_scalar(n, v);
    }
}

static bool no_item(void *ctx, const struct yaml_doc *doc, const struct yaml_node *item)
{
    (void)ctx;
    (void)doc;
    (void)item;
    abort(); /* no key is called that */
}

static bool on_document(void *ctx, const struct yaml_doc *doc)
{
    json_t *const *v = ctx;

    if (*v != NULL)
        compare(doc->root, *v);
    return true;
}

/* What one side has and the other does not. */
static bool
is_excused(const struct yaml_input *in, const struct sai_report *r, const json_error_t *e)
{
    if (sai_report_count(r) > 0 && memchr(in->text, '\0', in->len) != NULL)
        return true;
    return (sai_report_count(r) > 0 && sai_report_get(r, 0, NULL)->code == SAI_E_LIMIT) ||
           json_error_code(e) == json_error_numeric_overflow;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct yaml_input in = {
        .file = "fuzz",
        .text = (const char *)data,
        .len = size,
        .max_depth = MAX_DEPTH,
        .max_nodes = MAX_NODES,
    };
    json_error_t e = { 0 };
    json_t *v =
        json_loadb((const char *)data, size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &e);
    const struct yaml_sink sink = {
        .list = "\n", .item = no_item, .document = on_document, .ctx = &v
    };
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    bool ok;

    check(r != NULL);
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        json_decref(v);
        return 0;
    }
    ok = json_stream(&in, &sink, r);
    check(ok == (v != NULL) || is_excused(&in, r, &e));
    json_decref(v);
    return 0;
}
