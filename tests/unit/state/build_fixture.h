/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A directory with conf.yaml and keys/, and what was made of them. */

#include "base/buf.h"
#include "state/inputs.h"
#include "state/snapshot.h"
#include "temp_keys.h"

struct fixture {
    struct temp temp;
    struct inputs *inputs;
    struct sai_report *report;
    struct snapshot *snapshot;
};

static inline int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char path[TEMP_PATH_SIZE];

    assert_non_null(f);
    temp_init(&f->temp);
    assert_int_equal(mkdir(temp_path(&f->temp, "keys", path), 0700), 0);
    *state = f;
    return 0;
}

static inline void forget(struct fixture *f)
{
    snapshot_unref(f->snapshot);
    inputs_free(f->inputs);
    sai_report_free(f->report);
    f->snapshot = NULL;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *f = *state;

    forget(f);
    temp_done(&f->temp);
    free(f);
    return 0;
}

/* Builds from conf.yaml as it is. */
static inline bool build(struct fixture *f)
{
    char path[TEMP_PATH_SIZE];

    forget(f);
    f->inputs = inputs_new();
    f->report = sai_report_new();
    return snapshot_build(temp_path(&f->temp, "conf.yaml", path), f->inputs, &f->snapshot,
                          f->report);
}

static inline bool build_from(struct fixture *f, const char *conf)
{
    temp_write(&f->temp, "conf.yaml", conf);
    return build(f);
}

/* The only problem found, formatted, its paths made relative to the test's directory. */
static inline void
expect_problem(struct fixture *f, enum sai_severity severity, const char *text)
{
    enum sai_severity found;
    char got[sizeof(struct sai_err)];
    const char *at = got;

    assert_int_equal(sai_report_count(f->report), 1);
    (void)sai_err_format(sai_report_get(f->report, 0, &found), got, sizeof(got));
    if (strncmp(got, f->temp.dir, strlen(f->temp.dir)) == 0)
        at = got + strlen(f->temp.dir) + 1;
    assert_string_equal(at, text);
    assert_int_equal(found, severity);
}

/* All problems found, a line each, as above. */
static inline void expect_problems(const struct fixture *f, const char *lines)
{
    AUTO(buf) struct buf found;

    buf_init(&found, 65536);
    buf_str(&found, "");
    for (size_t i = 0; i < sai_report_count(f->report); i++) {
        char got[sizeof(struct sai_err)];

        (void)sai_err_format(sai_report_get(f->report, i, NULL), got, sizeof(got));
        buf_printf(&found, "%s\n",
                   strncmp(got, f->temp.dir, strlen(f->temp.dir)) == 0
                       ? got + strlen(f->temp.dir) + 1
                       : got);
    }
    assert_string_equal(found.data, lines);
}
