/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/members.h"

#include "base/json_out.h"
#include "codec/json_number.h"

#include <string.h>

/* Those that are rendered from the issuer and its keys. */
static const char *const fixed_members[] = {
    "issuer",
    "jwks_uri",
    "response_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "claims_supported",
};

static void put_scalar(struct loader *ld, const struct yaml_node *n, struct buf *b)
{
    bool bare = strcmp(n->text, "true") == 0 || strcmp(n->text, "false") == 0;
    enum json_number number = json_number(n->text, n->len);

    if (yaml_is_null(n) && !n->refused)
        loader_problem(ld, n, "null is not allowed, write \"\" for an empty text");
    else if (number == JSON_BEYOND && !n->quoted)
        loader_problem(ld, n,
                       "a number out of bounds (" JSON_NUMBER_BOUNDS
                       "); as a text it stands in quotes");
    else if ((bare || number != JSON_NO_NUMBER) && !n->quoted)
        buf_add(b, n->text, n->len);
    else
        json_out_string_n(b, n->text, n->len);
}

static void put_start(struct loader *ld, const struct yaml_node *n, struct buf *b)
{
    if (n->index > 0)
        buf_char(b, ',');
    if (n->key != NULL) {
        json_out_string_n(b, n->key->text, n->key->len);
        buf_char(b, ':');
    }
    if (n->kind == YAML_SCALAR)
        put_scalar(ld, n, b);
    else
        buf_char(b, n->kind == YAML_LIST ? '[' : '{');
}

static void put_end(const struct yaml_node *n, struct buf *b)
{
    if (n->kind != YAML_SCALAR)
        buf_char(b, n->kind == YAML_LIST ? ']' : '}');
}

/* The tree below map, children before siblings, without recursion. */
static void put_members(struct loader *ld, const struct yaml_node *map, struct buf *b)
{
    const struct yaml_node *n = map->first;

    while (n != NULL) {
        put_start(ld, n, b);
        if (n->first != NULL) {
            n = n->first;
            continue;
        }
        put_end(n, b);
        while (n->next == NULL && n->parent != map) {
            n = n->parent;
            put_end(n, b);
        }
        n = n->next;
    }
}

static void check_names(struct loader *ld, const struct yaml_node *map)
{
    for (const struct yaml_node *n = map->first; n != NULL; n = n->next) {
        for (size_t i = 0; i < ARRAY_SIZE(fixed_members); i++) {
            if (strcmp(n->key->text, fixed_members[i]) == 0)
                loader_problem(ld, n->key, "%s is written by the issuer itself",
                               fixed_members[i]);
        }
    }
}

const char *members_of(struct loader *ld, const struct yaml_node *map)
{
    size_t errors = sai_report_total(ld->report, SAI_ERROR);
    struct sai_err e = { 0 };
    AUTO(buf) struct buf b;
    const char *text;

    buf_init(&b, CONF_MAX_EXTRA_BYTES);
    check_names(ld, map);
    put_members(ld, map, &b);
    if (!buf_ok(&b, &e)) {
        if (e.code == SAI_E_NOMEM)
            loader_nomem(ld);
        else
            loader_problem(ld, map, "as JSON %s", e.text);
        return NULL;
    }
    if (sai_report_total(ld->report, SAI_ERROR) != errors)
        return NULL;
    text = arena_strndup(ld->arena, b.len == 0 ? "" : b.data, b.len);
    if (text == NULL)
        loader_nomem(ld);
    return text;
}
