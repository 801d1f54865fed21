/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/log.h"
#include "conf/conf.h"
#include "http/asker.h"
#include "http/head.h"
#include "http/worker_inside.h"

#include <string.h>

enum { NS_PER_MS = 1000000 };

static struct conn *conn_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
        ->socket_context;
}

/* The target is still whole here; the path that the handler gets ends before the query. What
 * is returned becomes the handler's *con_cls. */
void *worker_on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct conn *c = conn_of(connection);

    (void)cls;
    if (c == NULL)
        return NULL;
    c->stage = STAGE_LINE;
    c->served = true;
    c->target_len = target == NULL ? 0 : strlen(target);
    c->target_ok = target != NULL && admission_target_ok(target, c->target_len);
    c->method = NULL;
    c->req = (struct http_req){ 0 };
    if (c->asker != NULL)
        c->req.query = asker_begin(c->asker, target);
    c->fault = FAULT_NONE;
    c->route = ROUTE_NONE;
    c->status = 0;
    return c;
}

static enum MHD_Result queue(struct worker *w,
                             struct MHD_Connection *connection,
                             struct conn *c,
                             struct http_reply *reply)
{
    /* Parsers differ in where a chunked body ends, so nothing behind one is a request. */
    if (c->req.chunked) {
        http_reply_header(reply, "Connection", "close");
        reply->keep = 0;
    }
    c->stage = STAGE_ANSWERED;
    c->status = reply->status;
    c->sent_bytes = c->req.method == HTTP_HEAD ? 0 : reply->size;
    return answers_queue(&w->answers, connection, reply, w->snapshot);
}

/* With status 0 a token job has to answer. */
static void
make_reply(struct worker *w, struct conn *c, struct http_match *match, struct http_reply *reply)
{
    struct http_env env = { w->snapshot, w->shared->state, w->shared->stats, w->shared->desk,
                            w->shared->more_metrics };
    struct sai_err e = { 0 };

    if (!http_answer(w->options.service, &c->req, &env, match, reply, &e))
        log_err(LOG_ERROR, "cannot answer a request", &e);
    c->route = match->row == NULL ? ROUTE_NONE : match->row->id;
}

/* Only token jobs make something of a body. Otherwise it is read and dropped, so that the
 * connection can go on; or, if the request will be refused anyway, refused at once, but where
 * clients rightly send bodies: these would be busy sending when the connection ends, and see
 * that instead of the answer. */
static enum MHD_Result expect_body(struct worker *w,
                                   struct MHD_Connection *connection,
                                   struct conn *c,
                                   const struct conf_limits *limits)
{
    if (c->asker == NULL || c->req.expects_continue) {
        struct http_match match;
        struct http_reply reply;

        make_reply(w, c, &match, &reply);
        if (reply.status >= 400)
            return queue(w, connection, c, &reply);
        if (reply.body_owned)
            free((void *)(uintptr_t)reply.body);
    }
    conn_wait(c, PHASE_BODY, c->start_ns / NS_PER_MS + limits->body_timeout_ms);
    return MHD_YES;
}

static enum MHD_Result
refuse_head(struct worker *w, struct MHD_Connection *connection, struct conn *c)
{
    struct http_env env = { w->snapshot, w->shared->state, w->shared->stats, w->shared->desk };
    struct http_match match = { 0 };
    struct http_reply reply;

    metric_bump(&w->shard->refusals[c->fault], 1);
    if (c->fault == FAULT_BODY_SIZE) /* the rest is fine, and the path may be looked at */
        w->options.service->find(&c->req, &env, &match);
    http_refuse(w->options.service, &match, head_fault_status(c->fault), &reply);
    return queue(w, connection, c, &reply);
}

/* The head is complete. libmicrohttpd ends the connection if it is answered now, which is right
 * for a refusal; otherwise it calls again when the body, if any, is complete. */
static enum MHD_Result on_head(struct worker *w,
                               struct MHD_Connection *connection,
                               struct conn *c,
                               const char *version)
{
    const struct conf_limits *limits = worker_refresh(w);

    c->start_ns = clock_mono_ns();
    conn_wait(c, PHASE_WRITE, c->start_ns / NS_PER_MS + limits->write_timeout_ms);
    c->fault = head_admit(connection, c, version, limits);
    if (c->fault != FAULT_NONE)
        return refuse_head(w, connection, c);
    c->stage = STAGE_ADMITTED;
    return c->req.has_body ? expect_body(w, connection, c, limits) : MHD_YES;
}

/* As far as the token job gets. While it waits, nothing is asked of the connection. */
static enum MHD_Result
go_on(struct worker *w, struct MHD_Connection *connection, struct conn *c)
{
    struct http_reply reply;

    if (asker_run(c->asker, &reply))
        return queue(w, connection, c, &reply);
    c->stage = STAGE_WAITING;
    conn_wait(c, PHASE_JOB, CONN_NO_DEADLINE);
    asker_wait(c->asker);
    return MHD_YES;
}

static enum MHD_Result
on_whole_request(struct worker *w, struct MHD_Connection *connection, struct conn *c)
{
    struct http_match match;
    struct http_reply reply;
    unsigned refusal;

    if (c->req.has_body)
        conn_wait(c, PHASE_WRITE, clock_mono_ms() + worker_refresh(w)->write_timeout_ms);
    make_reply(w, c, &match, &reply);
    if (reply.status != 0)
        return queue(w, connection, c, &reply);
    if (c->certificate != NULL)
        worker_use_certificate(w, connection, c);
    refusal = asker_start(c->asker, w->clerk, &c->req, &match);
    if (refusal == 0)
        return go_on(w, connection, c);
    http_refuse(w->options.service, &match, refusal, &reply);
    return queue(w, connection, c, &reply);
}

/* NOLINTNEXTLINE(readability-function-size): the type is libmicrohttpd's */
enum MHD_Result worker_on_request(void *cls,
                                  struct MHD_Connection *connection,
                                  const char *path,
                                  const char *method,
                                  const char *version,
                                  const char *body,
                                  size_t *body_len,
                                  void **con_cls)
{
    struct worker *w = cls;
    struct conn *c = *con_cls;

    if (c == NULL)
        return MHD_NO;
    if (c->stage == STAGE_LINE) {
        c->method = method;
        c->req.path = path;
        return on_head(w, connection, c, version);
    }
    if (c->stage == STAGE_WAITING) {
        conn_wait(c, PHASE_WRITE, clock_mono_ms() + worker_refresh(w)->write_timeout_ms);
        return go_on(w, connection, c);
    }
    if (*body_len > 0) {
        if (c->asker != NULL)
            asker_body(c->asker, body, *body_len, c->req.content_length);
        *body_len = 0;
        return MHD_YES;
    }
    return on_whole_request(w, connection, c);
}

static void log_request(struct worker *w,
                        struct MHD_Connection *connection,
                        const struct conn *c,
                        uint64_t took_ns)
{
    enum conf_log_requests which = w->snapshot->conf->log.requests;
    const union MHD_ConnectionInfo *info;

    if (!request_log_wants(&w->log, which, c->status))
        return;
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    request_log_put(&w->log, w->options.service->name, info->client_addr, c, took_ns);
}

void worker_on_completed(void *cls,
                         struct MHD_Connection *connection,
                         void **con_cls,
                         enum MHD_RequestTerminationCode how)
{
    struct worker *w = cls;
    struct conn *c = *con_cls;
    uint64_t now = clock_mono_ns();

    *con_cls = NULL;
    if (c == NULL)
        return;
    if (c->stage == STAGE_ANSWERED) {
        metric_bump(&w->shard->requests[c->route][status_slot(c->status)], 1);
        histogram_observe(&w->shard->latency[c->route], now - c->start_ns);
        log_request(w, connection, c, now - c->start_ns);
    } else if (how == MHD_REQUEST_TERMINATED_WITH_ERROR) {
        metric_bump(&w->shard->library_errors, 1);
    }
    if (c->asker != NULL)
        asker_end(c->asker);
    c->stage = STAGE_NONE;
    conn_wait(c, PHASE_IDLE, now / NS_PER_MS + w->snapshot->conf->limits.idle_timeout_ms);
}
