/* SPDX-License-Identifier: Apache-2.0 */

/* The public listener: the rendered documents of every issuer, for anybody. */

#include "http/etag.h"
#include "http/service.h"

static http_handler_fn answer_document;

#define READABLE (HTTP_GET | HTTP_HEAD | HTTP_OPTIONS)
#define ALLOW    "GET, HEAD, OPTIONS"

static const struct http_route routes[DOCUMENT_COUNT] = {
    [DOCUMENT_DISCOVERY] = { ROUTE_DISCOVERY, NULL, READABLE, ALLOW, answer_document },
    [DOCUMENT_JWKS] = { ROUTE_JWKS, NULL, READABLE, ALLOW, answer_document },
};

/* Issuers bring their own paths, which the snapshot's table knows. */
static void
find_document(const struct http_req *req, const struct http_env *env, struct http_match *match)
{
    char copy[HTTP_HOST_BYTES];
    const char *host;

    if (http_host(req, copy, &host) &&
        routes_find(env->snapshot->routes, req->path, host, &match->document))
        match->row = &routes[match->document.document];
}

static bool answer_document(const struct http_req *req,
                            const struct http_match *match,
                            const struct http_env *env,
                            struct http_reply *reply,
                            struct sai_err *e)
{
    const struct route *r = &match->document;
    const struct document *doc = &env->snapshot->issuers[r->issuer].documents[r->document];
    bool same = etag_matches(req->if_none_match, doc->etag);

    (void)e;
    reply->status = same ? 304 : 200;
    reply->body = doc->bytes; /* with 304 only its length counts (RFC 9110 8.6) */
    reply->size = doc->size;
    reply->keep = KEEP_DOCUMENTS + (r->issuer * DOCUMENT_COUNT + r->document) * 2 + same;
    if (!same)
        http_reply_header(reply, "Content-Type", doc->content_type);
    http_reply_header(reply, "Cache-Control", doc->cache_control);
    http_reply_header(reply, "ETag", doc->etag);
    http_reply_header(reply, "X-Content-Type-Options", "nosniff");
    return true;
}

const struct http_service discovery_service = {
    .name = "discovery",
    .find = find_document,
    .cors = true,
};
