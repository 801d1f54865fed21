/* SPDX-License-Identifier: Apache-2.0 */
#include "http/admission.h"

#include "base/attr.h"
#include "base/num.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    unsigned status;
} faults[FAULT_COUNT] = {
    [FAULT_NONE] = { "none", 200 },
    [FAULT_METHOD] = { "method", 400 },
    [FAULT_TARGET] = { "target", 400 },
    [FAULT_VERSION] = { "version", 505 },
    [FAULT_FIELD_NAME] = { "field-name", 400 },
    [FAULT_FIELD_VALUE] = { "field-value", 400 },
    [FAULT_HOST] = { "host", 400 },
    [FAULT_CONTENT_LENGTH] = { "content-length", 400 },
    [FAULT_TRANSFER_CODING] = { "transfer-encoding", 400 },
    [FAULT_REPEATED] = { "repeated-field", 400 },
    [FAULT_EXPECTATION] = { "expectation", 417 },
    [FAULT_FRAMING] = { "framing", 400 },
    [FAULT_HEAD_SIZE] = { "head-size", 431 },
    [FAULT_BODY_SIZE] = { "body-size", 413 },
};

/* Character classes, a bit each: token (RFC 9110 5.6.2), field value, the characters of an
 * origin-form (pchar, "/" and "?" of RFC 3986) and those of its reg-name. */
enum { IN_TOKEN = 1, IN_VALUE = 2, IN_TARGET = 4, IN_HOST = 8 };
enum {
    V = IN_VALUE,
    T = IN_VALUE | IN_TOKEN,
    U = IN_VALUE | IN_TARGET,
    H = IN_VALUE | IN_TARGET | IN_HOST,
    A = IN_VALUE | IN_TARGET | IN_HOST | IN_TOKEN,
};

/* clang-format off */
static const unsigned char classes[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, V, 0, 0, 0, 0, 0, 0, /* 0x00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 0x10 */
    V, A, V, T, A, A, A, A, H, H, A, A, U, A, A, U, /* 0x20 */
    A, A, A, A, A, A, A, A, A, A, U, H, V, H, V, U, /* 0x30 */
    U, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* 0x40 */
    A, A, A, A, A, A, A, A, A, A, A, V, V, V, T, A, /* 0x50 */
    T, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* 0x60 */
    A, A, A, A, A, A, A, A, A, A, A, V, T, V, A, 0, /* 0x70 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* 0x80 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* 0x90 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* 0xa0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* 0xb0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* 0xc0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* 0xd0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* 0xe0 */
    V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, V, /* 0xf0 */
};
/* clang-format on */

static bool all_in(const char *s, size_t len, unsigned char class)
{
    for (size_t i = 0; i < len; i++) {
        if ((classes[(unsigned char)s[i]] & class) == 0)
            return false;
    }
    return true;
}

const char *head_fault_name(enum head_fault f)
{
    return faults[f].name;
}

unsigned head_fault_status(enum head_fault f)
{
    return faults[f].status;
}

static void refuse(struct admission *a, enum head_fault f)
{
    if (a->fault == FAULT_NONE)
        a->fault = f;
}

bool admission_target_ok(const char *target, size_t len)
{
    return len > 0 && target[0] == '/' && all_in(target, len, IN_TARGET);
}

static enum http_method method_of(const char *name)
{
    static const struct {
        const char *name;
        enum http_method method;
    } rows[] = { { "GET", HTTP_GET },
                 { "HEAD", HTTP_HEAD },
                 { "OPTIONS", HTTP_OPTIONS },
                 { "POST", HTTP_POST } };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (strcmp(name, rows[i].name) == 0)
            return rows[i].method;
    }
    return HTTP_OTHER;
}

void admission_begin(struct admission *a,
                     const char *method,
                     bool target_ok,
                     const char *version,
                     struct http_req *req)
{
    size_t len = strlen(method);

    *a = (struct admission){ .req = req, .http_1_0 = strcmp(version, "HTTP/1.0") == 0 };
    req->method = method_of(method);
    if (len == 0 || !all_in(method, len, IN_TOKEN))
        refuse(a, FAULT_METHOD);
    if (!a->http_1_0 && strcmp(version, "HTTP/1.1") != 0)
        refuse(a, FAULT_VERSION);
    if (!target_ok)
        refuse(a, FAULT_TARGET);
}

/* The length of the uri-host (RFC 9110 7.2) at the start of t, 0 if there is none. What stands
 * in brackets is only held to the characters of an address: it is compared, never connected
 * to. */
static size_t host_length(struct http_text t)
{
    size_t i = 0;

    if (t.len == 0 || t.at[0] != '[') {
        while (i < t.len && (classes[(unsigned char)t.at[i]] & IN_HOST) != 0)
            i++;
        return i;
    }
    for (i = 1; i < t.len && t.at[i] != ']'; i++) {
        if (!isxdigit((unsigned char)t.at[i]) && t.at[i] != ':' && t.at[i] != '.')
            return 0;
    }
    return i < t.len && i >= 3 ? i + 1 : 0;
}

/* uri-host [ ":" port ], not empty. */
static bool host_ok(struct http_text t)
{
    size_t i = host_length(t);

    if (i == 0 || i == t.len)
        return i > 0;
    if (t.at[i++] != ':' || t.len - i > 5)
        return false;
    while (i < t.len && isdigit((unsigned char)t.at[i]))
        i++;
    return i == t.len;
}

static void on_host(struct admission *a, struct http_text value)
{
    a->req->host = value;
    if (!host_ok(value))
        refuse(a, FAULT_HOST);
}

static void on_content_length(struct admission *a, struct http_text value)
{
    struct sai_err ignored = { 0 };

    if (!num_u64(value.at, value.len, &a->req->content_length, &ignored))
        refuse(a, FAULT_CONTENT_LENGTH);
    a->req->has_body = a->req->content_length > 0;
}

static bool is_text(struct http_text value, const char *text)
{
    return value.len == strlen(text) && strncasecmp(value.at, text, value.len) == 0;
}

/* Some clients do not know how long their body gets: `kubectl create --raw` is one. */
static void on_transfer_encoding(struct admission *a, struct http_text value)
{
    if (!a->takes_chunks || a->http_1_0 || a->blank_behind || !is_text(value, "chunked"))
        refuse(a, FAULT_TRANSFER_CODING);
    a->req->chunked = true;
    a->req->has_body = true;
}

static void on_expect(struct admission *a, struct http_text value)
{
    if (!is_text(value, "100-continue"))
        refuse(a, FAULT_EXPECTATION);
    a->req->expects_continue = true;
}

static void on_authorization(struct admission *a, struct http_text value)
{
    a->req->authorization = value;
}

static void on_content_type(struct admission *a, struct http_text value)
{
    a->req->content_type = value;
}

static void on_if_none_match(struct admission *a, struct http_text value)
{
    a->req->if_none_match = value;
}

/* Fields with a meaning here. A second one is refused for the reason given; a list field may
 * be split over several, which costs If-None-Match its effect and nothing else. */
static const struct field_row {
    const char *name;
    size_t len;
    enum head_fault repeated; /* FAULT_NONE: allowed */
    void (*seen)(struct admission *a, struct http_text value);
} field_rows[] = {
    { "Host", 4, FAULT_HOST, on_host },
    { "Content-Length", 14, FAULT_CONTENT_LENGTH, on_content_length },
    { "Transfer-Encoding", 17, FAULT_TRANSFER_CODING, on_transfer_encoding },
    { "Authorization", 13, FAULT_REPEATED, on_authorization },
    { "Content-Type", 12, FAULT_REPEATED, on_content_type },
    { "Expect", 6, FAULT_REPEATED, on_expect },
    { "If-None-Match", 13, FAULT_NONE, on_if_none_match },
};
enum { HOST_ROW, LENGTH_ROW };

static void known_field(struct admission *a, size_t i, struct http_text value)
{
    unsigned bit = 1U << i;

    if ((a->seen & bit) != 0 && field_rows[i].repeated != FAULT_NONE)
        refuse(a, field_rows[i].repeated);
    else if ((a->seen & bit) != 0)
        a->req->if_none_match = (struct http_text){ 0 };
    else
        field_rows[i].seen(a, value);
    a->seen |= bit;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

void admission_field(struct admission *a, struct http_text name, struct http_text value)
{
    while (value.len > 0 && is_blank(value.at[0])) {
        value.at++;
        value.len--;
    }
    a->blank_behind = value.len > 0 && is_blank(value.at[value.len - 1]);
    while (value.len > 0 && is_blank(value.at[value.len - 1]))
        value.len--;
    if (name.len == 0 || !all_in(name.at, name.len, IN_TOKEN))
        refuse(a, FAULT_FIELD_NAME);
    if (!all_in(value.at, value.len, IN_VALUE))
        refuse(a, FAULT_FIELD_VALUE);
    for (size_t i = 0; i < ARRAY_SIZE(field_rows); i++) {
        if (name.len == field_rows[i].len &&
            strncasecmp(name.at, field_rows[i].name, name.len) == 0)
            known_field(a, i, value);
    }
}

enum head_fault admission_end(struct admission *a, uint64_t max_body_bytes)
{
    if ((a->seen & (1U << HOST_ROW)) == 0 && !a->http_1_0)
        refuse(a, FAULT_HOST);
    if (a->req->content_length > max_body_bytes)
        refuse(a, FAULT_BODY_SIZE);
    if (a->req->chunked && (a->seen & (1U << LENGTH_ROW)) != 0)
        refuse(a, FAULT_TRANSFER_CODING);
    if (a->req->chunked)
        a->req->content_length = max_body_bytes;
    return a->fault;
}
