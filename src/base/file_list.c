/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file_list.h"

#include "base/hash_index.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A listing in progress. */
struct lister {
    const struct file_list_options *options;
    struct file_list *s;
    struct hash_index known; /* the files */
    struct sai_report *report;
};

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

static bool is_same_path(const void *item, const void *key)
{
    return strcmp(item, key) == 0;
}

/* Takes path, which the arena owns, unless it is listed already. */
static bool add_file(struct lister *l, char *path, struct sai_err *e)
{
    struct file_list *s = l->s;
    uint64_t hash;

    if (path == NULL)
        return err_nomem(e);
    hash = hash_index_hash(&l->known, path, strlen(path));
    if (hash_index_find(&l->known, hash, is_same_path, path) != NULL)
        return true;
    if (s->file_count == l->options->max_files)
        return err_set(e, SAI_E_LIMIT, "more than %zu %s files", l->options->max_files,
                       s->what);
    if (!hash_index_add(&l->known, hash, path))
        return err_nomem(e);
    s->files[s->file_count++] = path;
    return true;
}

/* Dot files are editors' and, in Kubernetes volumes, the ..data link and its targets. */
static int is_visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

/* Not alphasort(): it follows the locale, and the order of the files has a meaning. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool has_suffix(const struct file_list_options *o, const char *name)
{
    size_t len = strlen(name);

    for (const char *const *suffix = o->suffixes; *suffix != NULL; suffix++) {
        size_t n = strlen(*suffix);

        if (len > n && strcmp(name + len - n, *suffix) == 0)
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
static bool add_entry(struct lister *l, const char *dir, const char *name)
{
    struct sai_err e = { 0 };
    char *path = join(l->s->arena, dir, name);

    if (path != NULL && !has_suffix(l->options, name)) {
        err_set_text(&e, SAI_E_INVALID, "not read: its name does not end in %s",
                     l->options->suffix_text);
        add_problem(l->report, SAI_WARNING, path, &e);
        return true;
    }
    if (add_file(l, path, &e))
        return true;
    add_problem(l->report, SAI_ERROR, dir, &e);
    return false;
}

/* Sticky directories pass: the root of a Kubernetes Secret volume is mode 1777, and nobody can
 * replace what others put there. */
static bool check_directory(const struct file_list *s, const struct stat *st, struct sai_err *e)
{
    if ((st->st_mode & S_IWOTH) != 0 && (st->st_mode & S_ISVTX) == 0)
        return err_set(
            e, SAI_E_DENIED,
            "the directory is writable by others (mode %04o), who could replace %s files",
            (unsigned)st->st_mode & 07777U, s->what);
    return true;
}

static void list_directory(struct lister *l, const char *path, const struct stat *st)
{
    struct file_list *s = l->s;
    struct sai_err e = { 0 };
    struct dirent **names = NULL;
    bool going_on = true;
    size_t found = 0;
    int count;

    s->directories[s->directory_count++] = (struct file_list_directory){ path, *st };
    if (!check_directory(s, st, &e)) {
        add_problem(l->report, SAI_ERROR, path, &e);
        return;
    }
    count = scandir(path, &names, is_visible, by_name);
    if (count < 0) {
        (void)err_errno(&e, errno, "cannot list");
        add_problem(l->report, SAI_ERROR, path, &e);
        return;
    }
    for (int i = 0; i < count; i++) {
        found += has_suffix(l->options, names[i]->d_name) ? 1 : 0;
        going_on = going_on && add_entry(l, path, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    if (found == 0) {
        err_set_text(&e, SAI_E_NOTFOUND, "no %s files in the directory (names end in %s)",
                     s->what, l->options->suffix_text);
        add_problem(l->report, SAI_WARNING, path, &e);
    }
}

static void add_path(struct lister *l, const char *configured)
{
    char *path = arena_strdup(l->s->arena, configured);
    struct sai_err e = { 0 };
    struct stat st;

    if (path == NULL) {
        add_nomem(l->report);
        return;
    }
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        list_directory(l, path, &st);
    else if (!add_file(l, path, &e)) /* what is wrong with a file is told when it is read */
        add_problem(l->report, SAI_ERROR, path, &e);
}

void file_list_collect(const struct file_list_options *options,
                       struct arena *arena,
                       struct file_list *out,
                       struct sai_report *r)
{
    struct lister l = { .options = options, .s = out, .report = r };

    *out = (struct file_list){ .what = options->what, .arena = arena };
    out->files = arena_alloc(arena, (options->max_files + 1) * sizeof(*out->files));
    out->directories =
        arena_alloc(arena, (options->path_count + 1) * sizeof(*out->directories));
    if (out->files == NULL || out->directories == NULL) {
        add_nomem(r);
        return;
    }
    hash_index_init(&l.known);
    for (size_t i = 0; i < options->path_count; i++)
        add_path(&l, options->paths[i]);
    hash_index_done(&l.known);
}

static bool is_unchanged(const struct file_list_directory *d)
{
    struct stat now;

    return stat(d->path, &now) == 0 && now.st_ino == d->st.st_ino &&
           now.st_dev == d->st.st_dev && now.st_mtim.tv_sec == d->st.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == d->st.st_mtim.tv_nsec;
}

void file_list_check_unchanged(const struct file_list *s, struct sai_report *r)
{
    for (size_t i = 0; i < s->directory_count; i++) {
        struct sai_err e = { 0 };

        if (is_unchanged(&s->directories[i]))
            continue;
        err_set_text(&e, SAI_E_IO, "the directory changed while its %s files were read",
                     s->what);
        add_problem(r, SAI_ERROR, s->directories[i].path, &e);
    }
}

const char **file_list_paths(const struct file_list *s, size_t more, size_t *count)
{
    size_t max = s->directory_count + s->file_count + more + 1;
    const char **paths = arena_alloc(s->arena, max * sizeof(*paths));
    size_t n = 0;

    if (paths == NULL)
        return NULL;
    for (size_t i = 0; i < s->directory_count; i++)
        paths[n++] = s->directories[i].path;
    for (size_t i = 0; i < s->file_count; i++)
        paths[n++] = s->files[i];
    *count = n;
    return paths;
}
