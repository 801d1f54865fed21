/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/answer.h"

#include "base/printable.h"

#include <string.h>

static const struct json_limits limits = {
    .max_bytes = KUBE_MAX_OBJECT_BYTES,
    .max_depth = KUBE_MAX_DEPTH,
    .allow_nul = true,
};

const char *json_plain(const json_t *value)
{
    const char *s = json_string_value(value);

    return s != NULL && strlen(s) == json_string_length(value) ? s : NULL;
}

const char *json_member(const json_t *map, const char *key)
{
    const json_t *value = json_object_get(map, key);

    return value == NULL ? "" : json_plain(value);
}

bool kube_check_kind(const json_t *root,
                     const char *api_version,
                     const char *kind,
                     struct sai_err *e)
{
    const char *own_version = json_plain(json_object_get(root, "apiVersion"));
    const char *own_kind = json_plain(json_object_get(root, "kind"));

    if (own_version == NULL || own_kind == NULL || strcmp(own_version, api_version) != 0 ||
        strcmp(own_kind, kind) != 0)
        return err_set(e, SAI_E_INVALID, "the answer is no %s of %s", kind, api_version);
    return true;
}

bool kube_read_json(const char *body, size_t len, json_t **out, struct sai_err *e)
{
    return json_read_object(body, len, &limits, out, e);
}

bool kube_read_object(const char *body,
                      size_t len,
                      const char *api_version,
                      const char *kind,
                      json_t **out,
                      struct sai_err *e)
{
    AUTO(json_t) json_t *root = NULL;

    if (!kube_read_json(body, len, &root, e) || !kube_check_kind(root, api_version, kind, e))
        return false;
    *out = TAKE(root);
    return true;
}

static enum sai_err_code code_of(int status)
{
    if (status == 401 || status == 403)
        return SAI_E_DENIED;
    return status == 404 ? SAI_E_NOTFOUND : SAI_E_IO;
}

/* Servers have been seen to repeat a token that they do not like, and the error is logged. */
static void hide_tokens(char *text)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-._";

    for (char *at = strstr(text, "eyJ"); at != NULL; at = strstr(at, "eyJ")) {
        size_t len = strspn(at, alphabet);

        memset(at, '*', len);
        at += len;
    }
}

void kube_set_unexpected(
    struct sai_err *e, const char *what, int status, const char *body, size_t len)
{
    AUTO(json_t) json_t *root = NULL;
    struct sai_err ignored = { 0 };
    const char *message = NULL;
    char text[160];

    if (kube_read_object(body, len, "v1", "Status", &root, &ignored))
        message = json_plain(json_object_get(root, "message"));
    if (message == NULL)
        message = "not the answer of an API server";
    (void)printable(message, strlen(message), text, sizeof(text));
    hide_tokens(text);
    err_set_text(e, code_of(status), "%s: HTTP %d: %s", what, status, text);
}
