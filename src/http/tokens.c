/* SPDX-License-Identifier: Apache-2.0 */

/* The tokens listener: the TokenRequest API and the token exchange of every issuer that mints.
 * Here paths find their issuer; the answers are those of token jobs. */

#include "conf/conf.h"
#include "http/service.h"

#include <string.h>

static const struct http_route routes[] = {
    [TOKEN_PATH_REQUEST] = { ROUTE_TOKEN_REQUEST, NULL, HTTP_POST, "POST", NULL },
    [TOKEN_PATH_EXCHANGE] = { ROUTE_TOKEN_EXCHANGE, NULL, HTTP_POST, "POST", NULL },
};

/* How many segments these paths have behind their issuer's. */
static const unsigned segments[] = {
    [TOKEN_PATH_REQUEST] = 7,
    [TOKEN_PATH_EXCHANGE] = 1,
};

/* The length of the path without that many segments at its end; false if it has fewer. */
static bool without_segments(const char *path, unsigned count, size_t *len)
{
    size_t n = strlen(path);

    while (count > 0 && n > 0) {
        n--;
        if (path[n] == '/')
            count--;
    }
    *len = n;
    return count == 0;
}

static bool mints(const struct issuer *issuer)
{
    return issuer->conf->role == CONF_FEDERATION && issuer->policy != NULL;
}

/* As in the configuration: behind the authority, "" or from the first slash. */
static const char *path_of(const char *url)
{
    const char *authority = strstr(url, "://") + 3;

    return authority + strcspn(authority, "/");
}

static bool find_kind(const struct http_req *req,
                      const char *host,
                      const struct snapshot *s,
                      enum token_path_kind kind,
                      struct http_match *match)
{
    size_t len;

    return without_segments(req->path, segments[kind], &len) &&
           routes_find_issuer(s->routes, req->path, len, host, &match->issuer) &&
           mints(&s->issuers[match->issuer]) &&
           token_path_match(path_of(s->issuers[match->issuer].conf->url), req->path,
                            &match->path) == kind;
}

static void
find_token(const struct http_req *req, const struct http_env *env, struct http_match *match)
{
    char copy[HTTP_HOST_BYTES];
    const char *host;

    if (!http_host(req, copy, &host))
        return;
    if (find_kind(req, host, env->snapshot, TOKEN_PATH_REQUEST, match))
        match->row = &routes[TOKEN_PATH_REQUEST];
    else if (find_kind(req, host, env->snapshot, TOKEN_PATH_EXCHANGE, match))
        match->row = &routes[TOKEN_PATH_EXCHANGE];
}

/* RFC 6749 section 5.2. */
static const struct {
    unsigned status;
    const char *body;
} oauth_rows[] = {
    { 401, "{\"error\":\"invalid_client\",\"error_description\":\"the Authorization field or "
           "the client certificate proves nothing\"}\n" },
    { 405, "{\"error\":\"invalid_request\",\"error_description\":\"a token is asked for with "
           "POST\"}\n" },
    { 413, "{\"error\":\"invalid_request\",\"error_description\":\"the request body is too "
           "large\"}\n" },
    { 500, "{\"error\":\"server_error\",\"error_description\":\"internal error\"}\n" },
};

static void restate(const struct http_match *match, struct http_reply *reply)
{
    if (reply->status == 401)
        http_reply_header(reply, "WWW-Authenticate", "Bearer");
    if (match->row == NULL || match->row->id != ROUTE_TOKEN_EXCHANGE)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(oauth_rows); i++) {
        if (oauth_rows[i].status != reply->status)
            continue;
        reply->body = oauth_rows[i].body;
        reply->size = strlen(reply->body);
    }
}

const struct http_service tokens_service = {
    .name = "tokens",
    .find = find_token,
    .restate = restate,
    .cors = false,
};
