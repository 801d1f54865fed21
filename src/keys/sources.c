/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/sources.h"

#include "base/err.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_problem(struct sai_report *r,
                        enum sai_severity severity,
                        const char *file,
                        struct sai_err *e)
{
    err_in_file(e, file, 0, 0);
    report_add(r, severity, e);
}

static void add_nomem(struct sai_report *r)
{
    struct sai_err e = { 0 };

    (void)err_nomem(&e);
    report_add(r, SAI_ERROR, &e);
}

/* Takes path, which the arena owns, unless it is listed already. */
static bool add_file(struct key_sources *s, const char *path, struct sai_err *e)
{
    if (path == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < s->file_count; i++) {
        if (strcmp(s->files[i], path) == 0)
            return true;
    }
    if (s->file_count == s->file_max)
        return err_set(e, SAI_E_LIMIT, "more than %zu key files", s->file_max);
    s->files[s->file_count++] = path;
    return true;
}

/* Dot files are editors' and, in Kubernetes volumes, the ..data link and its targets. */
static int is_visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

/* Not alphasort(): it follows the locale, and the first key of an algorithm is the active one.
 */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_key_name(const char *name)
{
    static const char *const suffixes[] = { ".pem", ".key", ".pub", ".crt" };
    size_t len = strlen(name);

    for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
        size_t n = strlen(suffixes[i]);

        if (len > n && strcmp(name + len - n, suffixes[i]) == 0)
            return true;
    }
    return false;
}

static char *join(struct arena *arena, const char *dir, const char *name)
{
    size_t dir_len = strlen(dir);
    size_t size;
    char *path;

    while (dir_len > 0 && dir[dir_len - 1] == '/')
        dir_len--;
    size = dir_len + strlen(name) + 2;
    path = arena_alloc(arena, size);
    if (path != NULL)
        (void)snprintf(path, size, "%.*s/%s", (int)dir_len, dir, name);
    return path;
}

/* false when there is no use in going on. */
static bool
add_entry(struct key_sources *s, const char *dir, const char *name, struct sai_report *r)
{
    struct sai_err e = { 0 };
    char *path = join(s->arena, dir, name);

    if (path != NULL && !is_key_name(name)) {
        err_set_text(&e, SAI_E_INVALID,
                     "not read: its name does not end in .pem, .key, .pub or .crt");
        add_problem(r, SAI_WARNING, path, &e);
        return true;
    }
    if (add_file(s, path, &e))
        return true;
    add_problem(r, SAI_ERROR, dir, &e);
    return false;
}

/* Sticky directories pass: the root of a Kubernetes Secret volume is mode 1777, and nobody can
 * replace what others put there. */
static bool check_directory(const struct stat *st, struct sai_err *e)
{
    if ((st->st_mode & S_IWOTH) != 0 && (st->st_mode & S_ISVTX) == 0)
        return err_set(
            e, SAI_E_DENIED,
            "the directory is writable by others (mode %04o), who could replace keys",
            (unsigned)st->st_mode & 07777U);
    return true;
}

static void list_directory(struct key_sources *s,
                           const char *path,
                           const struct stat *st,
                           struct sai_report *r)
{
    struct sai_err e = { 0 };
    size_t found = 0;
    struct dirent **names = NULL;
    bool going_on = true;
    int count;

    s->directories[s->directory_count++] = (struct key_directory){ path, *st };
    if (!check_directory(st, &e)) {
        add_problem(r, SAI_ERROR, path, &e);
        return;
    }
    count = scandir(path, &names, is_visible, by_name);
    if (count < 0) {
        (void)err_errno(&e, errno, "cannot list");
        add_problem(r, SAI_ERROR, path, &e);
        return;
    }
    for (int i = 0; i < count; i++) {
        found += is_key_name(names[i]->d_name) ? 1 : 0;
        going_on = going_on && add_entry(s, path, names[i]->d_name, r);
        free(names[i]);
    }
    free(names);
    if (found == 0) {
        err_set_text(&e, SAI_E_NOTFOUND,
                     "no key files in the directory (names end in .pem, .key, .pub or .crt)");
        add_problem(r, SAI_WARNING, path, &e);
    }
}

static void add_path(struct key_sources *s, const char *path, struct sai_report *r)
{
    struct sai_err e = { 0 };
    struct stat st;

    path = arena_strdup(s->arena, path);
    if (path == NULL) {
        add_nomem(r);
        return;
    }
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        list_directory(s, path, &st, r);
    else if (!add_file(s, path, &e)) /* what is wrong with a file is told when it is read */
        add_problem(r, SAI_ERROR, path, &e);
}

void sources_collect(const struct sai_keyset_options *options,
                     size_t max_keys,
                     struct arena *arena,
                     struct key_sources *out,
                     struct sai_report *r)
{
    /* Each key may be in two files, its halves. */
    *out = (struct key_sources){ .file_max = 2 * max_keys, .arena = arena };
    out->files = arena_alloc(arena, out->file_max * sizeof(*out->files));
    out->directories =
        arena_alloc(arena, (options->path_count + 1) * sizeof(*out->directories));
    if (out->files == NULL || out->directories == NULL) {
        add_nomem(r);
        return;
    }
    for (size_t i = 0; i < options->path_count; i++)
        add_path(out, options->paths[i], r);
}

static bool is_unchanged(const struct key_directory *d)
{
    struct stat now;

    return stat(d->path, &now) == 0 && now.st_ino == d->st.st_ino &&
           now.st_dev == d->st.st_dev && now.st_mtim.tv_sec == d->st.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == d->st.st_mtim.tv_nsec;
}

void sources_check_unchanged(const struct key_sources *s, struct sai_report *r)
{
    for (size_t i = 0; i < s->directory_count; i++) {
        struct sai_err e = { 0 };

        if (is_unchanged(&s->directories[i]))
            continue;
        err_set_text(&e, SAI_E_IO, "the directory changed while its keys were read");
        add_problem(r, SAI_ERROR, s->directories[i].path, &e);
    }
}
