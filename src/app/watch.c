/* SPDX-License-Identifier: Apache-2.0 */
#include "app/watch.h"

#include "base/err.h"
#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 40, EVENTS_BYTES = 16384 };

static const uint32_t event_mask = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
                                   IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                   IN_ONLYDIR;

/* A name of interest in a watched directory; name "" means every name. */
struct interest {
    int wd;
    char name[NAME_MAX + 1];
};

struct interests {
    struct interest *items;
    size_t count;
    size_t cap;
};

struct watch {
    int fd;
    struct interests current;
};

bool watch_new(struct watch **out, struct sai_err *e)
{
    AUTO(watch) struct watch *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return err_nomem(e);
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->fd < 0)
        return err_errno(e, errno, "cannot watch files (inotify)");
    *out = TAKE(w);
    return true;
}

void watch_free(struct watch *w)
{
    if (w == NULL)
        return;
    if (w->fd >= 0)
        (void)close(w->fd);
    free(w->current.items);
    free(w);
}

int watch_fd(const struct watch *w)
{
    return w->fd;
}

static bool has_wd(const struct interests *list, int wd)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].wd == wd)
            return true;
    }
    return false;
}

static bool concerns(const struct interests *list, int wd, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct interest *item = &list->items[i];

        if (item->wd == wd &&
            (item->name[0] == '\0' || name[0] == '\0' || strcmp(item->name, name) == 0))
            return true;
    }
    return false;
}

static bool add_interest(struct interests *list, int wd, const char *name, struct sai_err *e)
{
    if (list->count == list->cap) {
        size_t cap = list->cap == 0 ? 32 : 2 * list->cap;
        struct interest *items = reallocarray(list->items, cap, sizeof(*items));

        if (items == NULL)
            return err_nomem(e);
        list->items = items;
        list->cap = cap;
    }
    list->items[list->count].wd = wd;
    (void)snprintf(list->items[list->count].name, NAME_MAX + 1, "%s", name);
    list->count++;
    return true;
}

/* Watches directory dir for name ("": for every name). */
static bool watch_dir(struct watch *w,
                      struct interests *next,
                      const char *dir,
                      const char *name,
                      struct sai_err *e)
{
    int wd = inotify_add_watch(w->fd, dir[0] == '\0' ? "." : dir, event_mask);

    return wd < 0 || add_interest(next, wd, name, e);
}

/* The length of the prefix of path that ends with the component after offset from. */
static size_t next_prefix(const char *path, size_t from)
{
    size_t i = from;

    while (path[i] == '/')
        i++;
    return i + strcspn(path + i, "/");
}

/* Puts what a symbolic link stands for in the place of it: path[0..prefix) is the link. */
static bool follow_link(char path[PATH_MAX], size_t prefix)
{
    char target[PATH_MAX];
    char rest[PATH_MAX];
    char link[PATH_MAX];
    ssize_t len;
    size_t dir;

    memcpy(link, path, prefix);
    link[prefix] = '\0';
    len = readlink(link, target, sizeof(target) - 1);
    if (len <= 0)
        return false;
    target[len] = '\0';
    dir = target[0] == '/' ? 0 : (size_t)(file_base_name(link) - link);
    memcpy(rest, path + prefix, strlen(path + prefix) + 1);
    if (dir + (size_t)len + strlen(rest) >= PATH_MAX)
        return false;
    memcpy(path + dir, target, (size_t)len);
    memcpy(path + dir + (size_t)len, rest, strlen(rest) + 1);
    return true;
}

/* Watches the directory of the component that ends at prefix, for that component. */
static bool watch_component(
    struct watch *w, struct interests *next, const char *path, size_t prefix, struct sai_err *e)
{
    char dir[PATH_MAX];
    char name[PATH_MAX];
    size_t start;

    memcpy(name, path, prefix);
    name[prefix] = '\0';
    start = (size_t)(file_base_name(name) - name);
    memcpy(dir, path, start);
    dir[start] = '\0';
    return watch_dir(w, next, dir, name + start, e);
}

static bool
watch_path(struct watch *w, struct interests *next, const char *input, struct sai_err *e)
{
    char path[PATH_MAX];
    char part[PATH_MAX];
    struct stat st = { 0 };
    size_t prefix = 0;
    unsigned links = 0;

    if (strlen(input) >= sizeof(path))
        return true;
    memcpy(path, input, strlen(input) + 1);
    while (path[prefix] != '\0') {
        prefix = next_prefix(path, prefix);
        memcpy(part, path, prefix);
        part[prefix] = '\0';
        if (lstat(part, &st) != 0) /* missing: tell when it comes */
            return watch_component(w, next, path, prefix, e);
        if (!S_ISLNK(st.st_mode))
            continue;
        if (!watch_component(w, next, path, prefix, e))
            return false;
        if (++links > LINKS_MAX || !follow_link(path, prefix))
            return true;
        prefix = 0;
    }
    if (!watch_component(w, next, path, prefix, e))
        return false;
    return !S_ISDIR(st.st_mode) || watch_dir(w, next, path, "", e);
}

bool watch_set(struct watch *w, const struct inputs *inputs, bool *grown, struct sai_err *e)
{
    struct interests next = { 0 };
    bool added = false;

    for (size_t i = 0; i < inputs_count(inputs); i++) {
        if (!watch_path(w, &next, inputs_get(inputs, i), e)) {
            free(next.items);
            return false;
        }
    }
    for (size_t i = 0; i < next.count; i++)
        added = added || !concerns(&w->current, next.items[i].wd, next.items[i].name);
    for (size_t i = 0; i < w->current.count; i++) {
        if (!has_wd(&next, w->current.items[i].wd))
            (void)inotify_rm_watch(w->fd, w->current.items[i].wd);
    }
    free(w->current.items);
    w->current = next;
    *grown = added;
    return true;
}

static bool any_concerns(const struct watch *w, const char *events, size_t len)
{
    size_t at = 0;
    bool found = false;

    while (at + sizeof(struct inotify_event) <= len) {
        struct inotify_event event;
        const char *name = events + at + sizeof(event);

        memcpy(&event, events + at, sizeof(event));
        if ((event.mask & IN_Q_OVERFLOW) != 0 ||
            ((event.mask & IN_IGNORED) == 0 &&
             concerns(&w->current, event.wd, event.len > 0 ? name : "")))
            found = true;
        at += sizeof(event) + event.len;
    }
    return found;
}

bool watch_drain(struct watch *w)
{
    char events[EVENTS_BYTES] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool found = false;

    for (;;) {
        ssize_t n = read(w->fd, events, sizeof(events));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return found;
        found = any_concerns(w, events, (size_t)n) || found;
    }
}
