/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Configurations from texts, for tests. */

#include "base/buf.h"
#include "conf/conf.h"
#include "unit.h"

#include <string.h>

#define CONF_HEAD                                                                              \
    "apiVersion: sa-issuerd/v1\n"                                                              \
    "kind: Configuration\n"
#define CONF_LISTENERS "listeners: { discovery: { address: \"127.0.0.1:8080\" } }\n"
#define CONF_ISSUERS                                                                           \
    "issuers: [{ url: https://oidc.example.com, role: publish, keys: { files: [sa.pub] } }]\n"
#define CONF_MINIMAL CONF_HEAD CONF_LISTENERS CONF_ISSUERS

/* The problems of a report, a line each. */
static inline void conf_text_put_report(struct buf *b, const struct sai_report *r)
{
    char line[sizeof(struct sai_err)];

    for (size_t i = 0; i < sai_report_count(r); i++)
        buf_printf(b, "%s\n", sai_err_format(sai_report_get(r, i, NULL), line, sizeof(line)));
}

/* Of a valid text; the caller frees it. */
static inline struct conf *conf_text_parse(const char *file, const char *text)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    struct conf *c = NULL;
    AUTO(buf) struct buf problems;

    assert_non_null(r);
    buf_init(&problems, 65536);
    if (!conf_parse(file, text, strlen(text), &c, r)) {
        conf_text_put_report(&problems, r);
        fail_msg("%s", problems.data);
    }
    return c;
}
