/* SPDX-License-Identifier: Apache-2.0 */
#include "http/request.h"

#include "base/attr.h"

#include <assert.h>
#include <string.h>

/* Messages and reasons are those of Kubernetes' API machinery where it has one. */
#define STATUS(code, reason, message)                                                          \
    {                                                                                          \
        code, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"                    \
              "\"status\":\"Failure\",\"message\":\"" message "\",\"reason\":\"" reason        \
              "\",\"code\":" #code "}\n"                                                       \
    }

static const struct {
    unsigned status;
    const char *body;
} status_rows[] = {
    STATUS(400, "BadRequest", "the request is malformed"),
    STATUS(401, "Unauthorized", "Unauthorized"),
    STATUS(404, "NotFound", "the server could not find the requested resource"),
    STATUS(405,
           "MethodNotAllowed",
           "the server does not allow this method on the requested resource"),
    STATUS(413, "RequestEntityTooLarge", "the request body is too large"),
    STATUS(417, "BadRequest", "the only expectation this server meets is 100-continue"),
    STATUS(431, "BadRequest", "the request head is too large"),
    STATUS(505, "BadRequest", "the server speaks HTTP/1.0 and HTTP/1.1 only"),
    STATUS(500, "InternalError", "Internal error occurred"),
};

bool http_host(const struct http_req *req, char copy[HTTP_HOST_BYTES], const char **host)
{
    size_t len = req->host.len;

    *host = req->host.at;
    if (*host == NULL || (*host)[len] == '\0')
        return true;
    if (len >= HTTP_HOST_BYTES)
        return false;
    memcpy(copy, *host, len);
    copy[len] = '\0';
    *host = copy;
    return true;
}

void http_reply_header(struct http_reply *r, const char *name, const char *value)
{
    assert(r->header_count < HTTP_REPLY_HEADERS);
    r->headers[r->header_count++] = (struct http_header){ name, value };
}

void http_reply_status(struct http_reply *r, unsigned status)
{
    size_t i = 0;

    while (i + 1 < ARRAY_SIZE(status_rows) && status_rows[i].status != status)
        i++; /* whatever is not in the table is our own fault: the last row */
    *r = (struct http_reply){ .status = status_rows[i].status, .body = status_rows[i].body };
    r->size = strlen(r->body);
    http_reply_header(r, "Content-Type", "application/json");
    http_reply_header(r, "Cache-Control", "no-store");
    http_reply_header(r, "X-Content-Type-Options", "nosniff");
}

void http_reply_text(struct http_reply *r, const char *text)
{
    *r = (struct http_reply){ .status = 200, .body = text, .size = strlen(text) };
    http_reply_header(r, "Content-Type", "text/plain; charset=utf-8");
    http_reply_header(r, "Cache-Control", "no-store");
    http_reply_header(r, "X-Content-Type-Options", "nosniff");
}
