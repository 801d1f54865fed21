/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/source.h"

#include "accounts/names.h"
#include "base/err.h"
#include "rules/problem.h"

#include <stddef.h>
#include <string.h>

/* The lists of pairs, by where they stand in an account; a row without one is found otherwise.
 */
static const struct kind {
    const char *word;
    bool (*check_key)(const char *key, struct sai_err *e); /* NULL: has no pairs */
    size_t pairs_offset;
} kinds[] = {
    [SAI_SOURCE_ANNOTATION] = { "annotation", name_check_annotation_key,
                                offsetof(struct sai_account, annotations) },
    [SAI_SOURCE_LABEL] = { "label", name_check_label_key,
                           offsetof(struct sai_account, labels) },
    [SAI_SOURCE_NAMESPACE_ANNOTATION] = { "namespaceAnnotation", name_check_annotation_key,
                                          offsetof(struct sai_account, namespace_annotations) },
    [SAI_SOURCE_NAMESPACE_LABEL] = { "namespaceLabel", name_check_label_key,
                                     offsetof(struct sai_account, namespace_labels) },
    [SAI_SOURCE_FIELD] = { "field" },
    [SAI_SOURCE_VALUE] = { "value" },
    [SAI_SOURCE_TEMPLATE] = { "template" },
};

static const char *get_namespace(const struct rules_input *in)
{
    return in->account->namespace_name;
}

static const char *get_account(const struct rules_input *in)
{
    return in->account->name;
}

static const char *get_uid(const struct rules_input *in)
{
    return in->account->uid;
}

static const char *get_pod(const struct rules_input *in)
{
    return in->pod;
}

static const char *get_node(const struct rules_input *in)
{
    return in->node;
}

static const struct field {
    const char *name;
    const char *(*get)(const struct rules_input *in);
} fields[] = {
    { "namespace", get_namespace },
    { "serviceAccount", get_account },
    { "uid", get_uid },
    { "pod", get_pod },
    { "node", get_node },
};

const char *source_word(enum sai_claim_source kind)
{
    return (size_t)kind < ARRAY_SIZE(kinds) ? kinds[kind].word : NULL;
}

static bool set_field(struct source *s, struct sai_err *e)
{
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        if (strcmp(fields[i].name, s->key) == 0) {
            s->field = i;
            return true;
        }
    }
    return err_set(e, SAI_E_INVALID,
                   "no field %s: want namespace, serviceAccount, uid, pod or node",
                   shown(s->key).text);
}

bool source_set(struct source *s,
                enum sai_claim_source kind,
                const char *key,
                struct sai_err *e)
{
    struct sai_err why = { 0 };

    *s = (struct source){ .kind = kind, .key = key };
    if (kind == SAI_SOURCE_FIELD)
        return set_field(s, e);
    return kinds[kind].check_key(key, &why) ||
           err_set(e, SAI_E_INVALID, "\"%s\": %s", shown(key).text, why.text);
}

const char *source_find(const struct source *s, const struct rules_input *in)
{
    const struct kind *kind = &kinds[s->kind];
    const struct sai_pairs *pairs;

    if (kind->check_key == NULL)
        return fields[s->field].get(in);
    pairs = (const void *)((const char *)in->account + kind->pairs_offset);
    return sai_pairs_find(pairs, s->key);
}
