/* SPDX-License-Identifier: Apache-2.0 */

/* The admission check over a head as an HTTP library would hand it on: a line each for method,
 * target, version and fields ("name: value"). Whatever is let through has the properties that
 * handlers rely on, found here by other means. */

#include "http/admission.h"
#include "http/authorization.h"
#include "http/etag.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

struct lines {
    const char *at;
    const char *end;
};

/* The next line without its LF; empty at the end. */
static struct http_text next(struct lines *l)
{
    const char *lf = memchr(l->at, '\n', (size_t)(l->end - l->at));
    struct http_text line = { l->at, (size_t)((lf == NULL ? l->end : lf) - l->at) };

    l->at = lf == NULL ? l->end : lf + 1;
    return line;
}

static char *copy(struct http_text t)
{
    char *s = strndup(t.at, t.len);

    check(s != NULL);
    return s;
}

static unsigned one_field(struct admission *a, struct http_text line)
{
    const char *colon = memchr(line.at, ':', line.len);
    struct http_text name = line;
    struct http_text value = { "", 0 };

    if (colon != NULL) {
        name.len = (size_t)(colon - line.at);
        value = (struct http_text){ colon + 1, line.len - name.len - 1 };
    }
    admission_field(a, name, value);
    check(a->fault != FAULT_NONE || (name.len > 0 && memchr(name.at, ' ', name.len) == NULL &&
                                     memchr(value.at, '\0', value.len) == NULL &&
                                     memchr(value.at, '\r', value.len) == NULL));
    return name.len == 4 && strncasecmp(name.at, "host", 4) == 0;
}

static void check_admitted(const struct http_req *req, unsigned hosts, const char *version)
{
    check(hosts == 1 || (hosts == 0 && strcmp(version, "HTTP/1.0") == 0));
    check(req->path[0] == '/' && strpbrk(req->path, " \t\r\n\"<>\\^`{|}#") == NULL);
    check(req->content_length <= 100 && req->has_body == (req->content_length > 0));
    if (hosts == 1)
        check(req->host.len > 0 && memchr(req->host.at, '/', req->host.len) == NULL &&
              memchr(req->host.at, '@', req->host.len) == NULL &&
              memchr(req->host.at, ',', req->host.len) == NULL);
}

/* A token is a part of the field, and nothing but a token. */
static void check_authorization(struct http_text value)
{
    struct http_text token = { 0 };
    enum authorization got = authorization_read(value, &token);

    check((got == AUTHORIZATION_NONE) == (value.at == NULL));
    check((got == AUTHORIZATION_BEARER) == (token.len > 0));
    if (got != AUTHORIZATION_BEARER)
        return;
    check(token.at >= value.at + 7 && token.at + token.len == value.at + value.len);
    check(token.at[-1] == ' ' && token.at[0] != '=');
    for (size_t i = 0; i < token.len; i++)
        check(isalnum((unsigned char)token.at[i]) || strchr("-._~+/=", token.at[i]) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lines l = { (const char *)data, (const char *)data + size };
    struct http_req req = { 0 };
    struct admission a;
    unsigned hosts = 0;
    char *method;
    char *target;
    char *version;

    if (size == 0)
        return 0;
    method = copy(next(&l));
    target = copy(next(&l));
    version = copy(next(&l));
    req.path = target;
    admission_begin(&a, method, admission_target_ok(target, strlen(target)), version, &req);
    a.takes_chunks = size % 2 == 1;
    while (l.at < l.end)
        hosts += one_field(&a, next(&l));
    if (admission_end(&a, 100) == FAULT_NONE) {
        check_admitted(&req, hosts, version);
        check(!req.chunked || (a.takes_chunks && strcmp(version, "HTTP/1.1") == 0));
        check_authorization(req.authorization);
        (void)etag_matches(req.if_none_match, "\"abc\"");
    }
    free(method);
    free(target);
    free(version);
    return 0;
}
