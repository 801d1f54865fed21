/* SPDX-License-Identifier: Apache-2.0 */
#include "http/answers.h"

#include <stdlib.h>

void answers_reset(struct answers *a, const struct snapshot *s, bool closing)
{
    size_t count = keep_count(s);

    answers_done(a);
    a->kept = calloc(count, sizeof(struct MHD_Response *));
    a->count = a->kept == NULL ? 0 : count;
    a->closing = closing;
}

void answers_done(struct answers *a)
{
    for (size_t i = 0; i < a->count; i++) {
        if (a->kept[i] != NULL)
            MHD_destroy_response(a->kept[i]);
    }
    free(a->kept);
    *a = (struct answers){ 0 };
}

static void drop_snapshot(void *cls)
{
    snapshot_unref(cls);
}

/* A body that is nobody's to free is a constant or the snapshot's: the response keeps that
 * alive until its last byte is sent. */
static struct MHD_Response *make(struct http_reply *reply, struct snapshot *s, bool closing)
{
    /* The library wants a pointer to change, but does not. */
    void *body = (void *)(uintptr_t)reply->body;
    struct MHD_Response *r;
    bool ok = true;

    if (reply->body_owned) {
        r = MHD_create_response_from_buffer(reply->size, body, MHD_RESPMEM_MUST_FREE);
        if (r == NULL)
            free(body);
        reply->body_owned = false;
    } else {
        struct snapshot *ref = snapshot_ref(s);

        r = MHD_create_response_from_buffer_with_free_callback_cls(reply->size, body,
                                                                   drop_snapshot, ref);
        if (r == NULL)
            snapshot_unref(ref);
    }
    if (r == NULL)
        return NULL;
    for (size_t i = 0; i < reply->header_count; i++)
        ok = ok && MHD_add_response_header(r, reply->headers[i].name,
                                           reply->headers[i].value) == MHD_YES;
    if (closing)
        ok = ok && MHD_add_response_header(r, "Connection", "close") == MHD_YES;
    if (!ok) {
        MHD_destroy_response(r);
        return NULL;
    }
    return r;
}

enum MHD_Result answers_queue(struct answers *a,
                              struct MHD_Connection *connection,
                              struct http_reply *reply,
                              struct snapshot *s)
{
    bool keep = reply->keep > 0 && reply->keep < a->count;
    struct MHD_Response *r = keep ? a->kept[reply->keep] : NULL;
    enum MHD_Result queued;

    if (r == NULL)
        r = make(reply, s, a->closing);
    if (r == NULL)
        return MHD_NO;
    queued = MHD_queue_response(connection, reply->status, r);
    if (keep)
        a->kept[reply->keep] = r;
    else
        MHD_destroy_response(r);
    return queued;
}
