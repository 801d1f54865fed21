/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define AUTO_CLOSE __attribute__((cleanup(auto_close)))

static void auto_close(const int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

static const char *kind_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR:
        return "a directory";
    case S_IFIFO:
        return "a FIFO";
    case S_IFSOCK:
        return "a socket";
    case S_IFCHR:
    case S_IFBLK:
        return "a device";
    default:
        return "no regular file";
    }
}

/* read(2), begun again when a signal interrupts it. */
static ssize_t read_some(int fd, void *dst, size_t len)
{
    ssize_t n;

    do
        n = read(fd, dst, len);
    while (n < 0 && errno == EINTR);
    return n;
}

static bool read_all(int fd, size_t max_bytes, struct buf *out, struct sai_err *e)
{
    enum { CHUNK = 16384 };
    size_t left = max_bytes;
    ssize_t n = 1;
    char beyond; /* what must not be there when nothing is left */

    while (left > 0 && n > 0) {
        size_t want = left < CHUNK ? left : CHUNK;
        char *dst = buf_reserve(out, want);

        if (dst == NULL)
            return buf_ok(out, e);
        n = read_some(fd, dst, want);
        if (n > 0) {
            buf_commit(out, (size_t)n);
            left -= (size_t)n;
        }
    }
    if (left == 0)
        n = read_some(fd, &beyond, 1);
    if (n < 0)
        return err_errno(e, errno, "cannot read");
    return n == 0 || err_set(e, SAI_E_LIMIT, "larger than the limit of %zu bytes", max_bytes);
}

static bool read_regular(
    const char *path, size_t max_bytes, struct buf *out, struct stat *st, struct sai_err *e)
{
    /* O_NONBLOCK: opening a FIFO for reading must not wait for its writer. */
    AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat own;

    if (fd < 0)
        return errno == ENXIO ? err_set(e, SAI_E_INVALID, "not a regular file but a socket")
                              : err_errno(e, errno, "cannot open");
    if (fstat(fd, &own) != 0)
        return err_errno(e, errno, "cannot stat");
    if (!S_ISREG(own.st_mode))
        return err_set(e, SAI_E_INVALID, "not a regular file but %s", kind_of(own.st_mode));
    if (own.st_size > 0 && (size_t)own.st_size > max_bytes)
        return err_set(e, SAI_E_LIMIT, "larger than the limit of %zu bytes", max_bytes);
    /* All at once: a large file would be copied each time that the buffer grows. */
    if (own.st_size > 0 && buf_reserve(out, (size_t)own.st_size) == NULL)
        return buf_ok(out, e);
    if (!read_all(fd, max_bytes, out, e))
        return false;
    if (st != NULL)
        *st = own;
    return true;
}

bool file_read(
    const char *path, size_t max_bytes, struct buf *out, struct stat *st, struct sai_err *e)
{
    bool ok = read_regular(path, max_bytes, out, st, e);

    err_in_file(e, path, 0, 0);
    return ok;
}

bool file_check_secret(const struct stat *st, bool *group_readable, struct sai_err *e)
{
    unsigned mode = st->st_mode & 0777U;

    if ((mode & (S_IRWXO | S_IWGRP)) != 0)
        return err_set(e, SAI_E_DENIED,
                       "a private key must not be open to others (mode %04o, want 0600)", mode);
    *group_readable = (mode & S_IRGRP) != 0;
    return true;
}

static bool write_all(int fd, const char *bytes, size_t len, struct sai_err *e)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, errno, "cannot write");
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static bool sync_directory(const char *file, struct sai_err *e)
{
    AUTO_FREE char *dir = file_path_beside(file, ".");
    AUTO_CLOSE int fd = -1;

    if (dir == NULL)
        return err_nomem(e);
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return err_errno(e, errno, "cannot sync the directory");
    return true;
}

static bool
write_new(const char *temp, const void *bytes, size_t len, mode_t mode, struct sai_err *e)
{
    AUTO_CLOSE int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    if (fd < 0)
        return err_errno(e, errno, "cannot create");
    /* The umask may have taken bits that were asked for; it never adds any. */
    if (fchmod(fd, mode) != 0)
        return err_errno(e, errno, "cannot set the mode");
    if (!write_all(fd, bytes, len, e))
        return false;
    if (fsync(fd) != 0)
        return err_errno(e, errno, "cannot sync");
    return true;
}

bool file_write_atomic(
    const char *path, const void *bytes, size_t len, mode_t mode, struct sai_err *e)
{
    AUTO_FREE char *temp = NULL;
    bool ok;

    if (asprintf(&temp, "%s.%d.tmp", path, (int)getpid()) < 0) {
        temp = NULL;
        return err_nomem(e);
    }
    /* What was left behind by a process of our id that was killed: in a container all have the
     * same. */
    (void)unlink(temp);
    ok = write_new(temp, bytes, len, mode, e);
    if (ok && rename(temp, path) != 0)
        ok = err_errno(e, errno, "cannot rename into place");
    if (!ok)
        (void)unlink(temp);
    ok = ok && sync_directory(path, e);
    err_in_file(e, path, 0, 0);
    return ok;
}

char *file_path_beside(const char *base, const char *path)
{
    const char *slash = strrchr(base, '/');
    char *joined;

    if (path[0] == '/' || slash == NULL)
        return strdup(path);
    if (asprintf(&joined, "%.*s/%s", (int)(slash - base), base, path) < 0)
        return NULL;
    return joined;
}

const char *file_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}
