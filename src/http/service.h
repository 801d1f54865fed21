/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a listener serves: a table of routes, and the one way from a request to its answer. */

#include "base/attr.h"
#include "http/request.h"
#include "service/token_path.h"
#include "state/routes.h"
#include "state/state.h"

struct stats;
struct metric_source;
struct token_desk;

/* What handlers may look at. */
struct http_env {
    const struct snapshot *snapshot;
    struct state *state;
    const struct stats *stats;
    struct token_desk *desk;                  /* NULL: there is no tokens listener */
    const struct metric_source *more_metrics; /* NULL: none */
};

struct http_route;

/* The row that a path leads to; NULL: none. */
struct http_match {
    const struct http_route *row;
    struct route document; /* of the discovery listener */
    size_t issuer;         /* of the tokens listener: index in the snapshot, */
    struct token_path path;
};

/* Fills the reply, which is all zero before. Pure but for what the environment tells. */
typedef bool http_handler_fn(const struct http_req *req,
                             const struct http_match *match,
                             const struct http_env *env,
                             struct http_reply *reply,
                             struct sai_err *e);

/* Routes by what they are counted as in metrics. */
enum route_id {
    ROUTE_NONE, /* no such resource, or refused before it was looked for */
    ROUTE_DISCOVERY,
    ROUTE_JWKS,
    ROUTE_LIVEZ,
    ROUTE_READYZ,
    ROUTE_METRICS,
    ROUTE_TOKEN_REQUEST,
    ROUTE_TOKEN_EXCHANGE,
    ROUTE_COUNT
};
const char *route_name(enum route_id id);

struct http_route {
    enum route_id id;
    const char *path; /* whole and raw; NULL where find decides otherwise */
    unsigned methods; /* enum http_method, or-ed */
    const char *allow;
    http_handler_fn *handle; /* NULL: a token job answers */
};

struct http_service {
    const char *name;
    void (*find)(const struct http_req *req,
                 const struct http_env *env,
                 struct http_match *match);
    /* An error that was found before the route's own handler: puts it the way that the route's
     * clients expect. NULL: a Status is fine. */
    void (*restate)(const struct http_match *match, struct http_reply *reply);
    bool cors; /* answers may be read by scripts of any origin */
};

extern const struct http_service discovery_service;
extern const struct http_service tokens_service;
extern const struct http_service admin_service;

/* Answers: 404, 405, preflight, or what the handler says; where a token job has to, the reply's
 * status is 0. *match is what was found. false with e set is answered 500 (the reply is that)
 * and for the caller to log. */
bool http_answer(const struct http_service *service,
                 const struct http_req *req,
                 const struct http_env *env,
                 struct http_match *match,
                 struct http_reply *reply,
                 struct sai_err *e) MUST_USE;

/* The error status in the form of the route, for what is refused before it is answered. */
void http_refuse(const struct http_service *service,
                 const struct http_match *match,
                 unsigned status,
                 struct http_reply *reply);

/* Indices for http_reply.keep: documents come after the fixed ones, two each (200 and 304). */
enum { KEEP_NOTHING, KEEP_NOT_FOUND, KEEP_PREFLIGHT, KEEP_LIVEZ, KEEP_DOCUMENTS };
size_t keep_count(const struct snapshot *s);
