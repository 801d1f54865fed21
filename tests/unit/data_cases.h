/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Suites of data: each directory is a case, with a file of what is expected. A new case is a
 * new directory. */

#include "base/buf.h"
#include "base/file.h"
#include "unit.h"

#include <dirent.h>
#include <stdbool.h>
#include <unistd.h>

enum { DATA_CASE_MAX_BYTES = 1 << 22 };

/* Runs in the case's directory; false: it failed and has said how. */
typedef bool data_case_fn(const char *expected);

static inline bool data_case(const char *dir, const char *name, data_case_fn *run)
{
    struct sai_err e = { 0 };
    AUTO(buf) struct buf expected;
    bool ok;

    buf_init(&expected, DATA_CASE_MAX_BYTES);
    if (chdir(dir) != 0 || chdir(name) != 0) {
        print_error("%s/%s: cannot enter\n", dir, name);
        return false;
    }
    if (!file_read("expected", DATA_CASE_MAX_BYTES - 65536, &expected, NULL, &e)) {
        print_error("%s/%s/expected: %s\n", dir, name, e.text);
        return false;
    }
    ok = expected.len > 0 && run(expected.data);
    if (!ok)
        print_error("in %s/%s\n\n", dir, name);
    return ok;
}

/* Fails if one of the cases does, or if there are fewer than least. */
static inline void data_cases(const char *dir, data_case_fn *run, unsigned least)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;
    unsigned count = 0;
    unsigned failed = 0;

    assert_non_null(d);
    while ((entry = readdir(d)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        count++;
        failed += data_case(dir, entry->d_name, run) ? 0 : 1;
    }
    (void)closedir(d);
    print_message("%u cases\n", count);
    assert_int_equal(failed, 0);
    assert_true(count >= least);
}
