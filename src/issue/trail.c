/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/trail.h"

#include "base/clock.h"
#include "base/err.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHECK_MS = 1000 };

void trail_init(struct trail *t)
{
    *t = (struct trail){ .fd = -1 };
    buf_init(&t->line, AUDIT_LINE_MAX_BYTES);
}

static void close_file(struct trail *t)
{
    if (t->fd >= 0)
        (void)close(t->fd);
    t->fd = -1;
    t->torn = false;
}

void trail_done(struct trail *t)
{
    close_file(t);
    buf_done(&t->line);
}

void trail_use(struct trail *t, const char *file)
{
    close_file(t);
    t->file = file;
}

static bool is_same_file(const struct trail *t)
{
    struct stat st;

    return stat(t->file, &st) == 0 && st.st_dev == t->device && st.st_ino == t->inode;
}

static bool open_file(struct trail *t, uint64_t now_ms, struct sai_err *e)
{
    struct stat st;
    int fd = audit_open(t->file);

    if (fd < 0 || fstat(fd, &st) != 0) {
        (void)err_errno(e, errno, "cannot open the audit file");
        err_in_file(e, t->file, 0, 0);
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    close_file(t);
    t->fd = fd;
    t->device = st.st_dev;
    t->inode = st.st_ino;
    t->checked_ms = now_ms;
    return true;
}

static bool ready(struct trail *t, struct sai_err *e)
{
    uint64_t now_ms = clock_coarse_ms();

    if (t->file == NULL)
        return true;
    if (t->fd >= 0 && now_ms - t->checked_ms < CHECK_MS)
        return true;
    if (t->fd < 0 || !is_same_file(t))
        return open_file(t, now_ms, e);
    t->checked_ms = now_ms;
    return true;
}

bool trail_append(struct trail *t, trail_put_fn *put, const void *record, struct sai_err *e)
{
    ssize_t n;

    if (!ready(t, e))
        return false;
    buf_reset(&t->line);
    if (t->torn)
        buf_char(&t->line, '\n');
    put(&t->line, record);
    if (!buf_ok(&t->line, e))
        return false;
    n = write(t->file == NULL ? STDERR_FILENO : t->fd, t->line.data, t->line.len);
    if (n == (ssize_t)t->line.len) {
        t->torn = false;
        return true;
    }
    (void)err_errno(e, n < 0 ? errno : ENOSPC, "cannot write the audit line");
    if (t->file != NULL)
        err_in_file(e, t->file, 0, 0);
    t->torn = t->torn || n > 0;
    return false;
}

static void put_record(struct buf *b, const void *record)
{
    audit_put(b, record);
}

bool trail_write(struct trail *t, const struct audit_record *r, struct sai_err *e)
{
    return trail_append(t, put_record, r, e);
}
