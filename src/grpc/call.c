/* SPDX-License-Identifier: Apache-2.0 */
#include "grpc/call.h"

#include "signer/clerk.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Room for any message that may be configured. */
enum { REQUEST_MAX_BYTES = (16 << 20) + CALL_PREFIX_BYTES, ANSWER_MAX_BYTES = 4 << 20 };

struct call *call_new(int32_t stream, uint64_t start_ns, uint64_t due_ms)
{
    struct call *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->stream = stream;
    c->start_ns = start_ns;
    c->due_ms = due_ms;
    c->timeout_ms = UINT64_MAX;
    c->method = CALL_METHOD_NONE;
    buf_init(&c->request, REQUEST_MAX_BYTES);
    buf_init(&c->answer.body, ANSWER_MAX_BYTES);
    return c;
}

void call_free(struct call *c)
{
    if (c == NULL)
        return;
    buf_done(&c->request);
    buf_done(&c->answer.body);
    free(c);
}

void call_refuse(struct call *c, enum grpc_code code, const char *message)
{
    c->answer.http_status = 200;
    c->answer.code = code;
    c->answer.message = message;
}

static bool refused(struct call *c, enum grpc_code code, const char *message)
{
    call_refuse(c, code, message);
    return false;
}

static bool is(const char *a, size_t len, const char *b)
{
    return len == strlen(b) && memcmp(a, b, len) == 0;
}

static bool begins(const char *a, size_t len, const char *b)
{
    return len >= strlen(b) && strncasecmp(a, b, strlen(b)) == 0;
}

/* The names of the service: the package alone tells them apart, the messages are the same. */
static const char *const services[] = { "/v1.ExternalJWTSigner/",
                                        "/v1alpha1.ExternalJWTSigner/" };

static int find_method(const char *path, size_t len)
{
    for (size_t s = 0; s < ARRAY_SIZE(services); s++) {
        size_t prefix = strlen(services[s]);

        if (len < prefix || memcmp(path, services[s], prefix) != 0)
            continue;
        for (int m = 0; sign_methods[m].name != NULL; m++) {
            if (is(path + prefix, len - prefix, sign_methods[m].name))
                return m;
        }
    }
    return CALL_METHOD_NONE;
}

bool call_parse_timeout(const char *text, size_t len, uint64_t *out_ms)
{
    static const struct {
        char unit;
        uint32_t ms;  /* that it has, */
        uint32_t per; /* or how many make one */
    } units[] = { { 'H', 3600000, 1 }, { 'M', 60000, 1 }, { 'S', 1000, 1 },
                  { 'm', 1, 1 },       { 'u', 1, 1000 },  { 'n', 1, 1000000 } };
    enum { DIGITS_MAX = 8 };
    uint64_t v = 0;

    if (len < 2 || len > DIGITS_MAX + 1)
        return false;
    for (size_t i = 0; i < len - 1; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        v = 10 * v + (uint64_t)(text[i] - '0');
    }
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (units[i].unit == text[len - 1]) {
            *out_ms = (v * units[i].ms + units[i].per - 1) / units[i].per;
            return true;
        }
    }
    return false;
}

static void take_method(struct call *c, const char *value, size_t len)
{
    c->post = is(value, len, "POST");
}

static void take_path(struct call *c, const char *value, size_t len)
{
    c->method = find_method(value, len);
}

/* application/grpc, +proto; parameters are allowed. */
static void take_content_type(struct call *c, const char *value, size_t len)
{
    static const char type[] = "application/grpc";
    size_t at = sizeof(type) - 1;

    if (!begins(value, len, type))
        return;
    if (begins(value + at, len - at, "+proto"))
        at += strlen("+proto");
    c->grpc = at == len || value[at] == ';' || value[at] == ' ';
}

static void take_timeout(struct call *c, const char *value, size_t len)
{
    c->bad_timeout = !call_parse_timeout(value, len, &c->timeout_ms);
}

static void take_encoding(struct call *c, const char *value, size_t len)
{
    c->encoded = !is(value, len, "identity");
}

static const struct {
    const char *name;
    void (*take)(struct call *c, const char *value, size_t len);
} fields[] = {
    { ":method", take_method },
    { ":path", take_path },
    { "content-type", take_content_type },
    { "grpc-timeout", take_timeout },
    { "grpc-encoding", take_encoding },
};

bool call_header(
    struct call *c, const char *name, size_t name_len, const char *value, size_t value_len)
{
    enum { FIELD_OVERHEAD = 32 }; /* as SETTINGS_MAX_HEADER_LIST_SIZE counts */

    c->head_bytes += name_len + value_len + FIELD_OVERHEAD;
    if (c->head_bytes > CALL_HEAD_MAX_BYTES)
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(fields) && !c->headed; i++) {
        if (is(name, name_len, fields[i].name))
            fields[i].take(c, value, value_len);
    }
    return true;
}

bool call_check_head(struct call *c)
{
    if (!c->post || !c->grpc) {
        c->answer.http_status = c->post ? 415 : 405;
        c->answer.code = GRPC_INTERNAL;
        return false;
    }
    if (c->bad_timeout)
        return refused(c, GRPC_INTERNAL, "malformed grpc-timeout");
    if (c->method == CALL_METHOD_NONE)
        return refused(c, GRPC_UNIMPLEMENTED, "unknown service or method");
    if (c->encoded) {
        c->answer.name_encodings = true;
        return refused(c, GRPC_UNIMPLEMENTED, "compressed messages are not taken");
    }
    return true;
}

bool call_data(struct call *c, const void *bytes, size_t len, size_t max_bytes)
{
    if (len > max_bytes + CALL_PREFIX_BYTES - c->request.len)
        return refused(c, GRPC_RESOURCE_EXHAUSTED, "the message is too large");
    buf_add(&c->request, bytes, len);
    if (c->request.failed)
        return refused(c, GRPC_UNAVAILABLE, "out of memory");
    return true;
}

bool call_check_message(struct call *c, size_t max_bytes)
{
    const unsigned char *p = (const unsigned char *)c->request.data;
    size_t len;

    if (c->request.len < CALL_PREFIX_BYTES)
        return refused(c, GRPC_INTERNAL, "the request has no message");
    if (p[0] > 1)
        return refused(c, GRPC_INTERNAL, "malformed message prefix");
    if (p[0] == 1) /* there was no grpc-encoding that says how */
        return refused(c, GRPC_INTERNAL, "compressed without grpc-encoding");
    len = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
    if (len > max_bytes)
        return refused(c, GRPC_RESOURCE_EXHAUSTED, "the message is too large");
    if (len > c->request.len - CALL_PREFIX_BYTES)
        return refused(c, GRPC_INTERNAL, "the message ends early");
    if (len < c->request.len - CALL_PREFIX_BYTES)
        return refused(c, GRPC_INTERNAL, "more than one message");
    return true;
}
