/* SPDX-License-Identifier: Apache-2.0 */
#include "state/inputs.h"

#include "base/err.h"

#include <string.h>

struct inputs {
    char **paths;
    size_t count;
    size_t cap;
};

struct inputs *inputs_new(void)
{
    return calloc(1, sizeof(struct inputs));
}

void inputs_free(struct inputs *in)
{
    if (in == NULL)
        return;
    for (size_t i = 0; i < in->count; i++)
        free(in->paths[i]);
    free(in->paths);
    free(in);
}

static bool grow(struct inputs *in)
{
    size_t cap = in->cap == 0 ? 16 : 2 * in->cap;
    char **paths = reallocarray(in->paths, cap, sizeof(*paths));

    if (paths == NULL)
        return false;
    in->paths = paths;
    in->cap = cap;
    return true;
}

bool inputs_add(struct inputs *in, const char *path, struct sai_err *e)
{
    if (path == NULL)
        return true;
    for (size_t i = 0; i < in->count; i++) {
        if (strcmp(in->paths[i], path) == 0)
            return true;
    }
    if (in->count == in->cap && !grow(in))
        return err_nomem(e);
    in->paths[in->count] = strdup(path);
    if (in->paths[in->count] == NULL)
        return err_nomem(e);
    in->count++;
    return true;
}

size_t inputs_count(const struct inputs *in)
{
    return in->count;
}

const char *inputs_get(const struct inputs *in, size_t i)
{
    return in->paths[i];
}
