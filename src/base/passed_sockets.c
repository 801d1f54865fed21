/* SPDX-License-Identifier: Apache-2.0 */
#include "base/passed_sockets.h"

#include "base/err.h"
#include "base/num.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_FD = 3, SOCKETS_MAX = 64 };

static bool number_from(const char *name, uint64_t *out, struct sai_err *e)
{
    const char *text = getenv(name); /* NOLINT(concurrency-mt-unsafe): before any thread */

    *out = 0;
    if (text != NULL && !num_u64(text, strlen(text), out, e))
        return false;
    return true;
}

static bool is_listening(int fd)
{
    int listening = 0;
    int type = 0;
    socklen_t len = sizeof(int);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && listening != 0 &&
           type == SOCK_STREAM;
}

/* Names are separated by colons; a missing one is "unknown", as in sd_listen_fds_with_names().
 */
static const char *next_name(char **rest)
{
    char *name = *rest == NULL || **rest == '\0' ? NULL : *rest;
    char *colon = name == NULL ? NULL : strchr(name, ':');

    if (colon != NULL)
        *colon++ = '\0';
    *rest = colon;
    return name == NULL || *name == '\0' ? "unknown" : name;
}

static bool
collect(uint64_t count, const char *names, struct passed_sockets *out, struct sai_err *e)
{
    char *rest;

    if (count > SOCKETS_MAX)
        return err_set(e, SAI_E_LIMIT, "LISTEN_FDS: more than %d sockets", SOCKETS_MAX);
    out->items = calloc((size_t)count, sizeof(*out->items));
    out->names = strdup(names == NULL ? "" : names);
    if (out->items == NULL || out->names == NULL)
        return err_nomem(e);
    rest = out->names;
    for (; out->count < count; out->count++) {
        int fd = FIRST_FD + (int)out->count;
        int flags = fcntl(fd, F_GETFL);

        if (!is_listening(fd))
            return err_set(e, SAI_E_INVALID,
                           "LISTEN_FDS: descriptor %d is no listening stream socket", fd);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
            fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
            return err_errno(e, errno, "LISTEN_FDS");
        out->items[out->count] = (struct passed_socket){ fd, next_name(&rest) };
    }
    return true;
}

/* NOLINTBEGIN(concurrency-mt-unsafe): called before any thread is started */
bool passed_sockets_collect(struct passed_sockets *out, struct sai_err *e)
{
    struct passed_sockets found = { 0 };
    uint64_t count = 0;
    uint64_t pid = 0;
    bool ok;

    ok = number_from("LISTEN_PID", &pid, e) && number_from("LISTEN_FDS", &count, e);
    if (!ok)
        err_at_path(e, "LISTEN_PID, LISTEN_FDS");
    else if (count > 0 && pid == (uint64_t)getpid())
        ok = collect(count, getenv("LISTEN_FDNAMES"), &found, e);
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    if (!ok) {
        passed_sockets_done(&found);
        return false;
    }
    *out = found;
    return true;
}
/* NOLINTEND(concurrency-mt-unsafe) */

bool passed_sockets_take(struct passed_sockets *p,
                         const char *name,
                         passed_socket_fn *take,
                         void *owner,
                         struct sai_err *e)
{
    bool found = false;

    for (size_t i = 0; i < p->count; i++) {
        struct passed_socket *s = &p->items[i];
        struct sockaddr_storage addr = { 0 };
        socklen_t len = sizeof(addr);

        if (s->fd < 0 || strcmp(s->name, name) != 0)
            continue;
        if (getsockname(s->fd, (struct sockaddr *)&addr, &len) < 0)
            return err_errno(e, errno, "getsockname");
        if (!take(owner, s->fd, &addr, e))
            return false;
        s->fd = -1;
        found = true;
    }
    return found ||
           err_set(e, SAI_E_NOTFOUND,
                   "systemd passed no socket named \"%s\" (FileDescriptorName=)", name);
}

void passed_sockets_done(struct passed_sockets *p)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->items[i].fd >= 0)
            (void)close(p->items[i].fd);
    }
    free(p->items);
    free(p->names);
    *p = (struct passed_sockets){ 0 };
}
