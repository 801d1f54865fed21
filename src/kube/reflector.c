/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/reflector.h"

#include "base/buf.h"
#include "base/clock.h"
#include "kube/answer.h"
#include "kube/backoff.h"
#include "kube/client.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

enum {
    PAGE = 500,
    LIST_TIMEOUT_MS = 60000,
    SILENCE_S = 90, /* bookmarks come about once a minute */
    WATCH_S = 300,
    GRACE_S = 30,    /* for the end that the server was told to make */
    SHORT_MS = 5000, /* a server that ends watches sooner is not asked in a tight loop */
    PAUSE_MS = 100,
    CONTINUE_BYTES = 8192,
    PATH_BYTES = 3 * CONTINUE_BYTES + 512,
};

static const char list_accept[] =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";
static const char watch_accept[] =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json";

struct reflector {
    struct kube_client *client;
    const struct resource *resource;
    struct table *table;
    enum table_kind kind;
    struct kube_accounts_options options;
    struct backoff backoff;

    char version[VERSION_SIZE]; /* up to which the table is right; "": list */
    size_t page;                /* smaller after a page that was too large */
    uint64_t began_ms;          /* the list or watch */
    bool listing;               /* a page has been read */
    struct buf next;            /* which page, in the server's words */
    struct buf line;            /* a part of a watch's line */
    bool heard;                 /* the watch has said something that we understood */
    enum { NOT_YET, FOLLOWING, FAILING } noted;

    _Atomic uint64_t lists;
    _Atomic uint64_t watches;
    _Atomic uint64_t events;
    _Atomic uint64_t failures;
};

static void list_more(struct reflector *r);
static void watch(struct reflector *r);

struct reflector *reflector_new(struct kube_client *client,
                                const struct resource *resource,
                                struct table *table,
                                enum table_kind kind,
                                const struct kube_accounts_options *options)
{
    struct reflector *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->client = client;
    r->resource = resource;
    r->table = table;
    r->kind = kind;
    r->options = *options;
    r->page = options->page == 0 ? PAGE : options->page;
    r->backoff = (struct backoff){ .first_ms = options->first_ms, .most_ms = options->most_ms };
    buf_init(&r->next, CONTINUE_BYTES);
    buf_init(&r->line, EVENT_MAX_BYTES);
    return r;
}

void reflector_free(struct reflector *r)
{
    if (r == NULL)
        return;
    buf_done(&r->next);
    buf_done(&r->line);
    free(r);
}

void reflector_counts(const struct reflector *r, struct kube_accounts_counts *add_to)
{
    add_to->lists += atomic_load(&r->lists);
    add_to->watches += atomic_load(&r->watches);
    add_to->events += atomic_load(&r->events);
    add_to->failures += atomic_load(&r->failures);
}

static void go_on(struct reflector *r)
{
    if (r->version[0] == '\0')
        list_more(r);
    else
        watch(r);
}

static void on_time(void *owner, const struct kube_answer *answer)
{
    if (!answer->cancelled)
        go_on(owner);
}

static void go_on_in(struct reflector *r, uint64_t ms)
{
    struct sai_err e = { 0 };

    /* Fails only for want of a few bytes, and when the client stops. */
    (void)!kube_client_later(r->client, ms, on_time, r, NULL, &e);
}

/* e NULL: all is well. */
static void note(struct reflector *r, const struct sai_err *e)
{
    int now = e == NULL ? FOLLOWING : FAILING;

    if ((int)r->noted == now)
        return;
    r->noted = e == NULL ? FOLLOWING : FAILING;
    if (r->options.note != NULL)
        r->options.note(r->options.note_owner, r->resource->kind, e);
}

/* What the table holds stays, but its age grows. */
static void fail(struct reflector *r, const struct sai_err *e)
{
    atomic_fetch_add(&r->failures, 1);
    if (e->code != SAI_OK)
        note(r, e);
    r->listing = false;
    buf_reset(&r->next);
    go_on_in(r, backoff_next(&r->backoff, clock_mono_ms()));
}

static void list_again(struct reflector *r, const struct sai_err *e)
{
    r->version[0] = '\0';
    fail(r, e);
}

bool reflector_start(struct reflector *r, struct sai_err *e)
{
    return kube_client_later(r->client, 0, on_time, r, NULL, e);
}

/* An object as it is now: in the table, or not any more. */
static bool
apply(struct reflector *r, const struct meta *m, enum table_source source, struct sai_err *e)
{
    struct entry *en;

    if (!table_keeps(m)) {
        table_remove(r->table, r->kind, m);
        return true;
    }
    en = entry_new(m, 0);
    return en == NULL ? err_nomem(e) : table_put(r->table, r->kind, en, source, e);
}

static bool apply_page(struct reflector *r, const struct page *p, struct sai_err *e)
{
    for (size_t i = 0; i < json_array_size(p->items); i++) {
        AUTO(meta) struct meta m = { 0 };

        if (!meta_read(json_array_get(p->items, i), r->resource->namespaced, &m, e) ||
            !apply(r, &m, TABLE_LISTED, e))
            return false;
    }
    return true;
}

static void list_is_complete(struct reflector *r, const char *version)
{
    /* It shows what was there when it was asked for, or later. */
    table_end(r->table, r->kind, r->began_ms, meta_version(version));
    r->listing = false;
    memcpy(r->version, version, VERSION_SIZE);
    note(r, NULL);
    watch(r);
}

static bool set_next(struct reflector *r, const char *next, struct sai_err *e)
{
    if (r->next.len > 0 && r->next.len == strlen(next) &&
        memcmp(r->next.data, next, r->next.len) == 0)
        return err_set(e, SAI_E_INVALID, "the list goes on with the page that was asked for");
    buf_reset(&r->next);
    buf_str(&r->next, next);
    return buf_ok(&r->next, e);
}

static bool take_page(struct reflector *r, const struct kube_answer *answer, struct sai_err *e)
{
    AUTO(page) struct page p = { 0 };

    if (!page_read(r->resource, answer->body, answer->len, &p, e))
        return false;
    if (!r->listing) {
        table_begin(r->table, r->kind);
        r->listing = true;
    }
    if (!apply_page(r, &p, e) || !set_next(r, p.next, e))
        return false;
    if (r->next.len == 0)
        list_is_complete(r, p.version);
    else if (json_array_size(p.items) == 0)
        go_on_in(r, backoff_jitter(PAUSE_MS, 100)); /* a server may, but not keep us busy */
    else
        list_more(r);
    return true;
}

static void on_page(void *owner, const struct kube_answer *answer)
{
    struct reflector *r = owner;
    struct sai_err e = answer->e;

    if (answer->cancelled)
        return;
    if (e.code == SAI_E_LIMIT && r->page > 1)
        r->page /= 4;
    if (e.code == SAI_OK && answer->status != 200)
        (void)kube_unexpected(&e, "list", answer->status, answer->body, answer->len);
    if (e.code != SAI_OK || !take_page(r, answer, &e))
        list_again(r, &e);
}

static bool is_unreserved(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           strchr("-._~", c) != NULL;
}

static void put_escaped(struct buf *b, const struct buf *text)
{
    for (size_t i = 0; i < text->len; i++) {
        char c = text->data[i];

        if (is_unreserved(c))
            buf_char(b, c);
        else
            buf_printf(b, "%%%02X", (unsigned)(unsigned char)c);
    }
}

static void list_more(struct reflector *r)
{
    AUTO(buf) struct buf path = { 0 };
    struct kube_call call = {
        .accept = list_accept,
        .max_bytes = PAGE_MAX_BYTES,
        .timeout_ms =
            r->options.list_timeout_ms == 0 ? LIST_TIMEOUT_MS : r->options.list_timeout_ms,
        .retries = 1,
        .done = on_page,
        .owner = r,
    };
    struct sai_err e = { 0 };

    if (r->next.len == 0) {
        r->began_ms = clock_mono_ms();
        atomic_fetch_add(&r->lists, 1);
    }
    buf_init(&path, PATH_BYTES);
    buf_printf(&path, "%s?limit=%zu", r->resource->path, r->page == 0 ? 1 : r->page);
    if (r->next.len > 0) {
        buf_str(&path, "&continue=");
        put_escaped(&path, &r->next);
    }
    call.path = path.data;
    if (!buf_ok(&path, &e) || !kube_client_call(r->client, &call, NULL, &e))
        list_again(r, &e);
}

/* Versions that are numbers only grow; what is older than what we have seen comes late. */
static void set_version(struct reflector *r, const char *version)
{
    if (meta_version(version) == 0 || meta_version(version) >= meta_version(r->version))
        memcpy(r->version, version, VERSION_SIZE);
}

/* false: the watch is of no more use. */
static bool take_line(struct reflector *r, const char *line, size_t len)
{
    AUTO(event) struct event ev = { 0 };
    struct sai_err e = { 0 };

    if (!event_read(r->resource, line, len, &ev, &e)) {
        r->version[0] = '\0'; /* whatever it was, we have missed it */
        return false;
    }
    atomic_fetch_add(&r->events, 1);
    switch (ev.type) {
    case EVENT_GONE:
        r->version[0] = '\0';
        return false;
    case EVENT_FAILED:
        return false;
    case EVENT_REMOVE:
        table_remove(r->table, r->kind, &ev.meta);
        break;
    case EVENT_PUT:
        if (!apply(r, &ev.meta, TABLE_WATCHED, &e)) {
            r->version[0] = '\0';
            return false;
        }
        break;
    case EVENT_BOOKMARK:
        break;
    }
    if (!r->heard)
        note(r, NULL);
    r->heard = true;
    set_version(r, ev.version);
    table_alive(r->table, r->kind, clock_mono_ms(), meta_version(r->version));
    return true;
}

static bool on_data(void *owner, const char *bytes, size_t len)
{
    struct reflector *r = owner;
    struct sai_err e = { 0 };

    while (len > 0) {
        const char *end = memchr(bytes, '\n', len);
        size_t part = end == NULL ? len : (size_t)(end - bytes);

        buf_add(&r->line, bytes, part);
        if (!buf_ok(&r->line, &e)) {
            r->version[0] = '\0';
            return false;
        }
        if (end == NULL)
            return true;
        if (r->line.len > 0 && !take_line(r, r->line.data, r->line.len))
            return false;
        buf_reset(&r->line);
        bytes += part + 1;
        len -= part + 1;
    }
    return true;
}

static bool must_list(int status)
{
    /* 400: our version is not one of this server; 504: it is ahead of the server. */
    return status == 410 || status == 400 || status == 504;
}

static void on_watch_end(void *owner, const struct kube_answer *answer)
{
    struct reflector *r = owner;
    uint64_t lived = clock_mono_ms() - r->began_ms;
    const struct sai_err none = { 0 };
    struct sai_err e = answer->e;

    buf_done(&r->line);
    buf_init(&r->line, EVENT_MAX_BYTES);
    if (answer->cancelled)
        return;
    if (e.code == SAI_OK && answer->status != 200 && !must_list(answer->status))
        (void)kube_unexpected(&e, "watch", answer->status, answer->body, answer->len);
    if (must_list(answer->status) || r->version[0] == '\0')
        list_again(r, &none); /* which is how watches end; should the list fail, it is noted */
    else if (e.code != SAI_OK || (!r->heard && lived < SHORT_MS))
        fail(r, &e);
    else if (lived < SHORT_MS)
        go_on_in(r, backoff_jitter(PAUSE_MS, 100));
    else
        watch(r);
}

static void watch(struct reflector *r)
{
    uint64_t watch_s =
        backoff_jitter(r->options.watch_s == 0 ? WATCH_S : r->options.watch_s, 100);
    AUTO(buf) struct buf path = { 0 };
    struct kube_call call = {
        .accept = watch_accept,
        .max_bytes = EVENT_MAX_BYTES, /* of an answer that is no watch */
        .timeout_ms = (watch_s + GRACE_S) * 1000,
        .silence_s = r->options.silence_s == 0 ? SILENCE_S : r->options.silence_s,
        .data = on_data,
        .done = on_watch_end,
        .owner = r,
    };
    struct sai_err e = { 0 };

    buf_init(&path, PATH_BYTES);
    buf_printf(&path,
               "%s?watch=1&allowWatchBookmarks=true&resourceVersion=%s&timeoutSeconds=%" PRIu64,
               r->resource->path, r->version, watch_s);
    r->began_ms = clock_mono_ms();
    r->heard = false;
    atomic_fetch_add(&r->watches, 1);
    call.path = path.data;
    if (!buf_ok(&path, &e) || !kube_client_call(r->client, &call, NULL, &e))
        fail(r, &e);
}
