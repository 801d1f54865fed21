/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a rule should give, worked out a second time by simple means: linear search, strtoll,
 * POSIX regular expressions, jansson. */

#include "mint_fixture.h"

#include <jansson.h>
#include <regex.h>

enum oracle_answer {
    ORACLE_NOTHING,
    ORACLE_VALUE,
    ORACLE_REFUSAL,
    ORACLE_EITHER, /* the value or a refusal: it does not know Unicode's letters and controls */
};

static inline const char *oracle_find(const struct sai_pairs *pairs, const char *key)
{
    for (size_t i = 0; i < pairs->count; i++) {
        if (strcmp(pairs->items[i].key, key) == 0)
            return pairs->items[i].value;
    }
    return NULL;
}

/* Templates of the test are {annotation:KEY}-{namespace} with that one key. */
static inline const char *oracle_text(const struct sai_claim_rule *rule,
                                      const struct sai_account *a,
                                      char *buf,
                                      size_t size)
{
    const char *found;
    char key[64];

    switch (rule->source) {
    case SAI_SOURCE_ANNOTATION:
        return oracle_find(&a->annotations, rule->from);
    case SAI_SOURCE_LABEL:
        return oracle_find(&a->labels, rule->from);
    case SAI_SOURCE_NAMESPACE_ANNOTATION:
        return oracle_find(&a->namespace_annotations, rule->from);
    case SAI_SOURCE_NAMESPACE_LABEL:
        return oracle_find(&a->namespace_labels, rule->from);
    case SAI_SOURCE_FIELD:
        return strcmp(rule->from, "uid") == 0 ? a->uid : NULL; /* or pod: never bound */
    case SAI_SOURCE_VALUE:
        return rule->from;
    case SAI_SOURCE_TEMPLATE:
        break;
    }
    (void)snprintf(key, sizeof(key), "%s", rule->from + strlen("{annotation:"));
    *strchr(key, '}') = '\0';
    found = oracle_find(&a->annotations, key);
    if (found == NULL)
        return NULL;
    (void)snprintf(buf, size, "%s-%s", found, a->namespace_name);
    return buf;
}

static inline bool oracle_listed(const struct sai_strings *list, const char *text)
{
    bool found = list->count == 0;

    for (size_t i = 0; i < list->count; i++)
        found = found || strcmp(list->items[i], text) == 0;
    return found;
}

/* The pattern means the same to POSIX once it is anchored. */
static inline bool oracle_matches(const char *pattern, const char *text)
{
    char anchored[128];
    regex_t re;
    bool matches;

    (void)snprintf(anchored, sizeof(anchored), "^(%s)$", pattern);
    assert_int_equal(regcomp(&re, anchored, REG_EXTENDED | REG_NOSUB), 0);
    matches = regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    return matches;
}

static inline json_t *oracle_list(const char *text)
{
    json_t *list = json_array();
    bool last = text[strspn(text, " \t")] == '\0';

    while (!last) {
        const char *end = text + strcspn(text, ",");
        size_t blanks = strspn(text, " \t");
        const char *item = text + blanks;
        size_t len = end > item ? (size_t)(end - item) : 0;

        while (len > 0 && strchr(" \t", item[len - 1]) != NULL)
            len--;
        if (len == 0) {
            json_decref(list);
            return NULL;
        }
        (void)json_array_append_new(list, json_stringn(item, len));
        last = *end == '\0';
        text = end + 1;
    }
    return list;
}

static inline bool oracle_is_exact(long long v)
{
    return v >= -9007199254740991 && v <= 9007199254740991;
}

static inline bool oracle_all_exact(json_t *value)
{
    const char *key;
    json_t *item;
    size_t i;

    json_array_foreach (value, i, item) {
        if (!oracle_all_exact(item))
            return false;
    }
    json_object_foreach (value, key, item) {
        if (!oracle_all_exact(item))
            return false;
    }
    return !json_is_integer(value) || oracle_is_exact(json_integer_value(value));
}

static inline json_t *oracle_json(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);

    if (value != NULL && !oracle_all_exact(value)) {
        json_decref(value);
        return NULL;
    }
    return value;
}

/* NULL: does not convert. The caller releases it. */
static inline json_t *oracle_convert(enum sai_claim_type type, const char *text)
{
    char again[32];
    char *end;
    long long v;

    switch (type) {
    case SAI_TYPE_STRING:
        return json_string(text);
    case SAI_TYPE_INTEGER:
        v = strtoll(text, &end, 10);
        (void)snprintf(again, sizeof(again), "%lld", v);
        return strcmp(again, text) == 0 && oracle_is_exact(v) ? json_integer(v) : NULL;
    case SAI_TYPE_NUMBER: {
        json_t *number = oracle_json(text);

        /* No text of the test is a number but for blanks around it. */
        if (number != NULL && (!json_is_number(number) || strpbrk(text, " \t\r\n") != NULL)) {
            json_decref(number);
            return NULL;
        }
        return number;
    }
    case SAI_TYPE_BOOLEAN:
        return strcmp(text, "true") == 0    ? json_true()
               : strcmp(text, "false") == 0 ? json_false()
                                            : NULL;
    case SAI_TYPE_STRINGS:
        return oracle_list(text);
    case SAI_TYPE_JSON:
        return oracle_json(text);
    }
    return NULL;
}

static inline bool oracle_accepts(const struct sai_claim_rule *rule, const char *text)
{
    json_t *utf8 = json_string(text);
    bool valid = utf8 != NULL;

    json_decref(utf8);
    return valid && strlen(text) <= (rule->max_length == 0 ? 1024 : rule->max_length) &&
           (rule->pattern == NULL || oracle_matches(rule->pattern, text)) &&
           oracle_listed(&rule->one_of, text) &&
           (rule->session_tag == NULL ||
            strpbrk(text, "!\"#$%&'()*,;<>?[\\]^`{|}~\t\n\x01\x1f\x7f") == NULL);
}

static inline bool oracle_is_plain(const char *text)
{
    while (*text >= ' ' && *text < 0x7f)
        text++;
    return *text == '\0';
}

/* *out is the value, which the caller releases. */
static inline enum oracle_answer oracle_ask(const struct sai_claim_rule *rule,
                                            const struct sai_account *account,
                                            const char *audience,
                                            json_t **out)
{
    char buf[4096];
    const char *text;

    *out = NULL;
    if (!oracle_listed(&rule->namespaces, account->namespace_name) ||
        !oracle_listed(&rule->audiences, audience))
        return ORACLE_NOTHING;
    text = oracle_text(rule, account, buf, sizeof(buf));
    if (text == NULL && rule->required)
        return ORACLE_REFUSAL;
    if (text == NULL && rule->preset == NULL)
        return ORACLE_NOTHING;
    if (text == NULL)
        text = rule->preset;
    else if (!oracle_accepts(rule, text))
        return ORACLE_REFUSAL;
    *out = oracle_convert(rule->type, text);
    if (*out != NULL && rule->session_tag != NULL && !oracle_is_plain(text))
        return ORACLE_EITHER;
    return *out == NULL ? ORACLE_REFUSAL : ORACLE_VALUE;
}
