/* SPDX-License-Identifier: Apache-2.0 */

/* How refusals are written. */

#include "base/json_out.h"
#include "base/utf8.h"
#include "service/refusal.h"

#include <stdio.h>
#include <string.h>

struct refusal_row {
    unsigned code;
    unsigned oauth_code;
    const char *reason;
    const char *oauth;
};

/* RFC 8693 section 2.2.2: what is wrong with the subject token is an invalid_request, whoever
 * of the account or its pod is at fault; a policy that refuses the target an invalid_target.
 * RFC 6749 has no names at the token endpoint for faults of ours; those of its section 4.1.2.1
 * are what clients know. */
static const struct refusal_row rows[] = {
    [REFUSED_NOT] = { 500, 500, "InternalError", "server_error" },
    [REFUSED_BAD_REQUEST] = { 400, 400, "BadRequest", "invalid_request" },
    [REFUSED_UNAUTHORIZED] = { 401, 400, "Unauthorized", "invalid_request" },
    [REFUSED_FORBIDDEN] = { 403, 400, "Forbidden", "invalid_target" },
    [REFUSED_NOT_FOUND] = { 404, 400, "NotFound", "invalid_request" },
    [REFUSED_METHOD] = { 405, 405, "MethodNotAllowed", "invalid_request" },
    [REFUSED_CONFLICT] = { 409, 400, "Conflict", "invalid_request" },
    [REFUSED_TOO_LARGE] = { 413, 413, "RequestEntityTooLarge", "invalid_request" },
    [REFUSED_MEDIA_TYPE] = { 415, 400, "UnsupportedMediaType", "invalid_request" },
    [REFUSED_INVALID] = { 422, 400, "Invalid", "invalid_request" },
    [REFUSED_TOO_MANY] = { 429, 429, "TooManyRequests", "temporarily_unavailable" },
    [REFUSED_INTERNAL] = { 500, 500, "InternalError", "server_error" },
    [REFUSED_UNAVAILABLE] = { 503, 503, "ServiceUnavailable", "temporarily_unavailable" },
};

static void put_escape(struct buf *b, unsigned char c)
{
    static const char from[] = "\a\b\f\n\r\t\v\"\\";
    static const char to[] = "abfnrtv\"\\";
    const char *at = c == 0 ? NULL : strchr(from, c);

    if (at != NULL)
        buf_printf(b, "\\%c", to[at - from]);
    else
        buf_printf(b, "\\x%02x", c);
}

void put_quoted(struct buf *b, const char *s)
{
    size_t len = strlen(s);

    buf_char(b, '"');
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)s[i];
        uint32_t rune = 0;
        size_t n = c < 0x80 ? 1 : utf8_decode(s + i, len - i, &rune);

        if (n > 1)
            buf_printf(b, rune > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned)rune);
        else if (c < ' ' || c > '~' || c == '"' || c == '\\')
            put_escape(b, c);
        else
            buf_char(b, s[i]);
        i += n == 0 ? 1 : n;
    }
    buf_char(b, '"');
}

unsigned refusal_code(const struct refusal *r)
{
    return rows[r->kind].code;
}

unsigned refusal_oauth_code(const struct refusal *r)
{
    return rows[r->kind].oauth_code;
}

const char *refusal_message(const struct refusal *r, char *buf, size_t size)
{
    const char *text = r->text.data == NULL ? "" : r->text.data + r->message.at;

    (void)snprintf(buf, size, "%.*s", (int)r->message.len, text);
    return buf;
}

static const char *separator(bool *first)
{
    const char *s = *first ? "" : ",";

    *first = false;
    return s;
}

static void put_member(struct buf *b, bool *first, const char *name, const char *s, size_t len)
{
    if (len == 0)
        return;
    buf_printf(b, "%s\"%s\":", separator(first), name);
    json_out_string_n(b, s, len);
}

static void put_text(struct buf *b, bool *first, const char *name, const char *s)
{
    put_member(b, first, name, s, s == NULL ? 0 : strlen(s));
}

static void put_span(struct buf *b,
                     bool *first,
                     const char *name,
                     const struct refusal *r,
                     const struct text_span *s)
{
    if (r->text.data != NULL) /* else memory ran out; refusal_ok() tells */
        put_member(b, first, name, r->text.data + s->at, s->len);
}

static void put_causes(struct buf *b, bool *first, const struct refusal *r)
{
    if (r->cause_count == 0)
        return;
    buf_printf(b, "%s\"causes\":[", separator(first));
    for (size_t i = 0; i < r->cause_count; i++) {
        const struct refusal_cause *c = &r->causes[i];
        bool first_member = true;

        buf_str(b, i == 0 ? "{" : ",{");
        put_text(b, &first_member, "reason", c->reason);
        put_span(b, &first_member, "message", r, &c->message);
        put_span(b, &first_member, "field", r, &c->field);
        buf_char(b, '}');
    }
    buf_char(b, ']');
}

static bool has_details(const struct refusal *r)
{
    return r->name != NULL || r->group != NULL || r->resource != NULL || r->cause_count > 0 ||
           r->retry_after_s > 0;
}

static void put_details(struct buf *b, const struct refusal *r)
{
    bool first = true;

    if (!has_details(r))
        return;
    buf_str(b, ",\"details\":{");
    put_text(b, &first, "name", r->name);
    put_text(b, &first, "group", r->group);
    put_text(b, &first, "kind", r->resource);
    put_causes(b, &first, r);
    if (r->retry_after_s > 0)
        buf_printf(b, "%s\"retryAfterSeconds\":%u", separator(&first), r->retry_after_s);
    buf_char(b, '}');
}

void refusal_put_status(const struct refusal *r, struct buf *b)
{
    const struct refusal_row *row = &rows[r->kind];
    bool first = false;

    buf_str(b, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},"
               "\"status\":\"Failure\"");
    put_span(b, &first, "message", r, &r->message);
    put_text(b, &first, "reason", row->reason);
    put_details(b, r);
    buf_printf(b, ",\"code\":%u}\n", row->code);
}

/* RFC 6749 section 5.2: printable ASCII without " and \. */
static void put_description(struct buf *b, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = s[i];

        if (c == '"')
            c = '\'';
        else if (c < ' ' || c > '~' || c == '\\')
            c = '?';
        buf_char(b, c);
    }
}

void refusal_put_oauth(const struct refusal *r, struct buf *b)
{
    const char *error = r->oauth != NULL ? r->oauth : rows[r->kind].oauth;

    buf_printf(b, "{\"error\":\"%s\",\"error_description\":\"", error);
    if (r->text.data != NULL)
        put_description(b, r->text.data + r->message.at, r->message.len);
    buf_str(b, "\"}\n");
}
