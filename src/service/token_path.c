/* SPDX-License-Identifier: Apache-2.0 */
#include "service/token_path.h"

#include "accounts/names.h"
#include "base/printable.h"

#include <string.h>

/* What stands behind the prefix, NULL if there is another. */
static const char *behind(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);

    return path != NULL && strncmp(path, prefix, len) == 0 ? path + len : NULL;
}

/* Copies the segment at path, and returns what follows it: '/' or the end. */
static const char *segment(const char *path,
                           bool (*check)(const char *, struct sai_err *),
                           bool *ok,
                           char *out,
                           size_t size)
{
    size_t len = strcspn(path, "/");
    struct sai_err e = { 0 };

    (void)printable(path, len, out, size);
    /* What was cut or changed must not become a name by that. */
    *ok = strlen(out) == len && memcmp(out, path, len) == 0 && check(out, &e);
    return path + len;
}

static bool match_request(const char *path, struct token_path *out)
{
    const char *space = path;
    const char *name;
    const char *end;

    end = segment(space, name_check_label, &out->namespace_ok, out->namespace_name,
                  sizeof(out->namespace_name));
    name = behind(end, "/serviceaccounts/");
    if (name == NULL)
        return false;
    end = segment(name, name_check_subdomain, &out->name_ok, out->name, sizeof(out->name));
    return strcmp(end, "/token") == 0 && name != end && space[0] != '/';
}

enum token_path_kind
token_path_match(const char *base, const char *path, struct token_path *out)
{
    const char *rest = behind(path, base);
    const char *space = behind(rest, "/api/v1/namespaces/");

    *out = (struct token_path){ 0 };
    if (rest != NULL && strcmp(rest, "/token") == 0)
        out->kind = TOKEN_PATH_EXCHANGE;
    else if (space != NULL && match_request(space, out))
        out->kind = TOKEN_PATH_REQUEST;
    return out->kind;
}
