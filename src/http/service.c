/* SPDX-License-Identifier: Apache-2.0 */
#include "http/service.h"

#include "base/err.h"

static const char *const route_names[ROUTE_COUNT] = {
    [ROUTE_NONE] = "none",
    [ROUTE_DISCOVERY] = "discovery",
    [ROUTE_JWKS] = "jwks",
    [ROUTE_LIVEZ] = "livez",
    [ROUTE_READYZ] = "readyz",
    [ROUTE_METRICS] = "metrics",
    [ROUTE_TOKEN_REQUEST] = "token_request",
    [ROUTE_TOKEN_EXCHANGE] = "token_exchange",
};

const char *route_name(enum route_id id)
{
    return route_names[id];
}

size_t keep_count(const struct snapshot *s)
{
    return KEEP_DOCUMENTS + s->issuer_count * DOCUMENT_COUNT * 2;
}

static void not_found(struct http_reply *reply)
{
    http_reply_status(reply, 404);
    reply->keep = KEEP_NOT_FOUND;
}

static void not_allowed(const struct http_service *service,
                        const struct http_match *match,
                        struct http_reply *reply)
{
    http_refuse(service, match, 405, reply);
    http_reply_header(reply, "Allow", match->row->allow);
}

/* The CORS protocol's preflight, sent by browsers before a GET that carries a field out of the
 * ordinary. There is nothing to protect: the documents are public and credentials ignored. */
static void preflight(const struct http_route *row, struct http_reply *reply)
{
    *reply = (struct http_reply){ .status = 204, .keep = KEEP_PREFLIGHT };
    http_reply_header(reply, "Allow", row->allow);
    http_reply_header(reply, "Access-Control-Allow-Methods", "GET, HEAD");
    http_reply_header(reply, "Access-Control-Allow-Headers", "*, Authorization");
    http_reply_header(reply, "Access-Control-Max-Age", "86400");
}

void http_refuse(const struct http_service *service,
                 const struct http_match *match,
                 unsigned status,
                 struct http_reply *reply)
{
    http_reply_status(reply, status);
    if (service->restate != NULL)
        service->restate(match, reply);
}

bool http_answer(const struct http_service *service,
                 const struct http_req *req,
                 const struct http_env *env,
                 struct http_match *match,
                 struct http_reply *reply,
                 struct sai_err *e)
{
    bool ok = true;

    *match = (struct http_match){ 0 };
    *reply = (struct http_reply){ 0 };
    service->find(req, env, match);
    if (match->row == NULL)
        not_found(reply);
    else if ((match->row->methods & req->method) == 0)
        not_allowed(service, match, reply);
    else if (req->method == HTTP_OPTIONS)
        preflight(match->row, reply);
    else if (match->row->handle != NULL)
        ok = match->row->handle(req, match, env, reply, e);
    if (!ok)
        http_reply_status(reply, 500);
    if (service->cors)
        http_reply_header(reply, "Access-Control-Allow-Origin", "*");
    return ok;
}
