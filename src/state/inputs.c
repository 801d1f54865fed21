/* SPDX-License-Identifier: Apache-2.0 */
#include "state/inputs.h"

#include "base/clock.h"
#include "base/err.h"

#include <string.h>
#include <sys/stat.h>

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

enum { SETTLED_S = 2 }; /* the coarsest time stamps of file systems in use */

/* FNV-1a over the eight bytes of v. */
static uint64_t mix(uint64_t h, uint64_t v)
{
    for (unsigned i = 0; i < 64; i += 8)
        h = (h ^ (v >> i & 0xff)) * 0x100000001b3ULL;
    return h;
}

uint64_t inputs_signature(const struct inputs *in)
{
    int64_t now_s = clock_unix_s();
    uint64_t h = 0xcbf29ce484222325ULL;

    for (size_t i = 0; i < in->count; i++) {
        struct stat st = { 0 };

        if (stat(in->paths[i], &st) == 0 && st.st_ctim.tv_sec + SETTLED_S >= now_s)
            return 0;
        h = mix(h, st.st_dev);
        h = mix(h, st.st_ino);
        h = mix(h, st.st_mode);
        h = mix(h, (uint64_t)st.st_size);
        h = mix(h, (uint64_t)st.st_ctim.tv_sec);
        h = mix(h, (uint64_t)st.st_ctim.tv_nsec);
        h = mix(h, (uint64_t)st.st_mtim.tv_sec);
        h = mix(h, (uint64_t)st.st_mtim.tv_nsec);
    }
    return h;
}
