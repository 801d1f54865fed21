/* SPDX-License-Identifier: Apache-2.0 */
#include "base/listen.h"

#include "base/addr.h"
#include "base/err.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096 }; /* the kernel caps it at net.core.somaxconn */

/* Closes the socket but keeps errno for the caller's message. */
static bool fail(int fd, struct sai_err *e, const char *what, const char *name)
{
    int errnum = errno;
    char text[160];

    if (fd >= 0)
        (void)close(fd);
    (void)snprintf(text, sizeof(text), "cannot %s %s", what, name);
    return err_errno(e, errnum, text);
}

bool listen_tcp(const char *address, struct listen_socket *out, struct sai_err *e)
{
    struct sockaddr_storage addr;
    socklen_t len;
    int one = 1;
    int fd;

    if (!addr_parse(address, &addr, &len, e))
        return false;
    fd = socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
        return fail(fd, e, "open a socket for", address);
    if (addr.ss_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0)
        return fail(fd, e, "open a socket for", address);
    if (bind(fd, (const struct sockaddr *)&addr, len) < 0)
        return fail(fd, e, "bind to", address);
    if (listen(fd, BACKLOG) < 0)
        return fail(fd, e, "listen on", address);
    *out = (struct listen_socket){ .fd = fd };
    return true;
}

static bool unix_address(const char *path, struct sockaddr_un *out, struct sai_err *e)
{
    *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof(out->sun_path))
        return err_set(e, SAI_E_LIMIT, "socket path of more than %zu characters: %s",
                       sizeof(out->sun_path) - 1, path);
    memcpy(out->sun_path, path, strlen(path) + 1);
    return true;
}

/* Nothing, or a socket that nobody serves, may stand in our way. */
static bool check_place(const char *path, const struct sockaddr_un *addr, struct sai_err *e)
{
    struct stat st;
    bool served;
    int fd;

    if (lstat(path, &st) < 0)
        return errno == ENOENT ? true : fail(-1, e, "look at", path);
    if (!S_ISSOCK(st.st_mode))
        return err_set(e, SAI_E_INVALID, "%s exists and is not a socket", path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(fd, e, "open a socket for", path);
    served =
        connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 || errno != ECONNREFUSED;
    (void)close(fd);
    if (served)
        return err_set(e, SAI_E_DENIED, "%s is in use by another process", path);
    return true;
}

/* lchown() leaves what is -1. */
static bool give(const char *path, const struct listen_access *access)
{
    uid_t owner = access->owner == NULL ? (uid_t)-1 : *access->owner;
    gid_t group = access->group == NULL ? (gid_t)-1 : *access->group;

    return (access->owner == NULL && access->group == NULL) || lchown(path, owner, group) == 0;
}

/* bind() makes the file with the mode of the socket's own inode, less the umask; under a name
 * nobody knows it then gets exactly the mode asked for, and only then its place. */
static bool
bind_unix(int fd, const char *path, const struct listen_access *access, struct sai_err *e)
{
    AUTO_FREE char *temporary = NULL;
    struct sockaddr_un addr;

    if (asprintf(&temporary, "%s.%d", path, (int)getpid()) < 0) {
        temporary = NULL;
        return err_nomem(e);
    }
    if (!unix_address(temporary, &addr, e))
        return false;
    (void)unlink(temporary);
    if (fchmod(fd, access->mode) < 0 ||
        bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
        return fail(-1, e, "bind to", path);
    if (!give(temporary, access))
        (void)fail(-1, e, "set owner and group of", path);
    else if (chmod(temporary, access->mode) == 0 && listen(fd, BACKLOG) == 0 &&
             rename(temporary, path) == 0)
        return true;
    else
        (void)fail(-1, e, "listen on", path);
    (void)unlink(temporary);
    return false;
}

/* As Go dials it: a NUL in front, and a length without one at the end. */
static bool listen_abstract(const char *name, struct listen_socket *out, struct sai_err *e)
{
    AUTO_FREE char *copy = strdup(name);
    struct sockaddr_un addr;
    int fd;

    if (copy == NULL)
        return err_nomem(e);
    if (!unix_address(name, &addr, e))
        return false;
    addr.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(-1, e, "open a socket for", name);
    if (bind(fd, (const struct sockaddr *)&addr,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))) < 0)
        return fail(fd, e, "bind to", name);
    if (listen(fd, BACKLOG) < 0)
        return fail(fd, e, "listen on", name);
    *out = (struct listen_socket){ .fd = fd, .unix_path = TAKE(copy) };
    return true;
}

static bool listen_path(const char *path,
                        const struct listen_access *access,
                        struct listen_socket *out,
                        struct sai_err *e)
{
    AUTO_FREE char *copy = strdup(path);
    struct sockaddr_un addr;
    struct stat st;
    int fd;

    if (copy == NULL)
        return err_nomem(e);
    if (!unix_address(path, &addr, e) || !check_place(path, &addr, e))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(-1, e, "open a socket for", path);
    if (!bind_unix(fd, path, access, e)) {
        (void)close(fd);
        return false;
    }
    if (lstat(path, &st) < 0)
        return fail(fd, e, "look at", path);
    *out = (struct listen_socket){ .fd = fd, .unix_path = TAKE(copy), .inode = st };
    return true;
}

bool listen_unix(const char *path,
                 const struct listen_access *access,
                 struct listen_socket *out,
                 struct sai_err *e)
{
    return path[0] == '@' ? listen_abstract(path, out, e) : listen_path(path, access, out, e);
}

void listen_unlink(struct listen_socket *s)
{
    struct stat st;

    if (s->unix_path != NULL && s->unix_path[0] != '@' && lstat(s->unix_path, &st) == 0 &&
        st.st_dev == s->inode.st_dev && st.st_ino == s->inode.st_ino)
        (void)unlink(s->unix_path);
    free(TAKE(s->unix_path));
}

void listen_done(struct listen_socket *s)
{
    listen_unlink(s);
    if (s->fd >= 0)
        (void)close(s->fd);
    s->fd = -1;
}

char *listen_text(const struct listen_socket *s)
{
    struct sockaddr_storage addr = { 0 };
    socklen_t len = sizeof(addr);
    struct sai_err ignored = { 0 };
    AUTO(buf) struct buf b;

    buf_init(&b, 512);
    if (s->unix_path != NULL)
        buf_printf(&b, "unix:%s", s->unix_path);
    else if (getsockname(s->fd, (struct sockaddr *)&addr, &len) == 0)
        addr_put(&b, (const struct sockaddr *)&addr);
    return buf_ok(&b, &ignored) ? buf_take(&b, NULL) : NULL;
}
