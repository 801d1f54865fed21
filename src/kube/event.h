/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What lists and watches say: pages of a list, lines of a watch. Used within kube/ only. */

#include "base/attr.h"
#include "base/err.h"
#include "codec/json.h"
#include "kube/meta.h"

#include <stdbool.h>
#include <stddef.h>

enum { EVENT_MAX_BYTES = 4 << 20, PAGE_MAX_BYTES = 16 << 20, VERSION_SIZE = 65 };

/* One of the two kinds of objects that are watched. */
struct resource {
    const char *kind; /* "ServiceAccount" */
    const char *path; /* "/api/v1/serviceaccounts" */
    bool namespaced;
};

enum event_type {
    EVENT_PUT,
    EVENT_REMOVE,
    EVENT_BOOKMARK,
    EVENT_GONE,   /* list again */
    EVENT_FAILED, /* the watch is over, for some other reason */
};

struct event {
    enum event_type type;
    json_t *root;               /* holds what meta borrows */
    struct meta meta;           /* of EVENT_PUT and EVENT_REMOVE */
    char version[VERSION_SIZE]; /* resourceVersion; of the first three */
};

void event_done(struct event *ev);
DEFINE_AUTO_DONE(event, event_done)

bool event_read(const struct resource *r,
                const char *line,
                size_t len,
                struct event *out,
                struct sai_err *e) MUST_USE;

/* A page of a list. */
struct page {
    json_t *root;
    const json_t *items; /* an array */
    const char *next;    /* for the query: continue; "" after the last page */
    char version[VERSION_SIZE];
};

void page_done(struct page *p);
DEFINE_AUTO_DONE(page, page_done)

bool page_read(const struct resource *r,
               const char *body,
               size_t len,
               struct page *out,
               struct sai_err *e) MUST_USE;
