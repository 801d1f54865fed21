/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Test vectors in text files: groups of lines, blank lines between them, # begins a comment. */

#include "base/buf.h"
#include "base/file.h"
#include "unit.h"

#include <string.h>

struct vectors {
    struct buf text;
    char *at;
};

static inline void vectors_open(struct vectors *v, const char *path)
{
    struct sai_err e = { 0 };

    buf_init(&v->text, 1 << 20);
    if (!file_read(path, 1 << 20, &v->text, NULL, &e))
        fail_msg("%s: %s", path, e.text);
    v->at = v->text.data;
}

static inline void vectors_close(struct vectors *v)
{
    buf_done(&v->text);
}

/* NULL at the end. */
static inline char *vectors_line(struct vectors *v)
{
    char *line;

    do {
        line = v->at;
        if (*line == '\0')
            return NULL;
        v->at += strcspn(v->at, "\n");
        if (*v->at == '\n')
            *v->at++ = '\0';
    } while (line[0] == '\0' || line[0] == '#');
    return line;
}

static inline bool vectors_next(struct vectors *v, char *lines[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        lines[i] = vectors_line(v);
        if (lines[i] == NULL) {
            assert_int_equal(i, 0); /* else a group is short of lines */
            return false;
        }
    }
    return true;
}

/* In place; returns the number of bytes. */
static inline size_t vectors_unhex(char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t len = strlen(text) / 2;

    for (size_t i = 0; i < len; i++) {
        const char *high = strchr(digits, text[2 * i]);
        const char *low = strchr(digits, text[2 * i + 1]);

        assert_non_null(high);
        assert_non_null(low);
        text[i] = (char)((high - digits) << 4 | (low - digits));
    }
    return len;
}
