/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The audit file of one thread, kept open. */

#include "base/attr.h"
#include "base/buf.h"
#include "issue/audit.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct trail {
    const char *file; /* borrowed; NULL: standard error */
    int fd;           /* of file; -1: not open */
    dev_t device;     /* what it was when it was opened */
    ino_t inode;
    uint64_t checked_ms; /* when it was last seen to be the file of that name */
    bool torn;           /* what was written last has no end of line */
    struct buf line;
};

void trail_init(struct trail *t);
void trail_done(struct trail *t);
/* From now on lines go to that file, which is opened when the first one does. */
void trail_use(struct trail *t, const char *file);

/* Appends one line, with its end. */
typedef void trail_put_fn(struct buf *b, const void *record);

/* Writes the line in one write(). The file is opened anew when it was moved away, which is
 * looked at once a second. false: there may be a part of the line, or nothing. */
bool trail_append(struct trail *t, trail_put_fn *put, const void *record, struct sai_err *e)
    MUST_USE;
/* That of a token. */
bool trail_write(struct trail *t, const struct audit_record *r, struct sai_err *e) MUST_USE;
