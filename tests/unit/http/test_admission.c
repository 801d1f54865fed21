/* SPDX-License-Identifier: Apache-2.0 */
#include "http/admission.h"
#include "unit.h"

#include <string.h>

enum { FIELDS_MAX = 5, BODY_MAX = 100 };

struct row {
    const char *method;  /* NULL: GET */
    const char *target;  /* NULL: a good one */
    const char *version; /* NULL: HTTP/1.1 */
    bool takes_chunks;
    enum head_fault expected;
    struct http_header fields[FIELDS_MAX];
};

#define HOST                                                                                   \
    {                                                                                          \
        "Host", "oidc.example.com"                                                             \
    }

static const struct row rows[] = {
    { .fields = { HOST } },
    { .fields = { { "host", "oidc.example.com:8443" } } },
    { .fields = { { "HOST", "[2001:db8::1]:443" } } },
    { .fields = { { "Host", "127.0.0.1:" } } },
    { .fields = { { "Host", " \tx\t " } } },
    { .fields = { { "Host", "a_b~c!d$e&f'g(h)i*j+k;l=m%41" } } },
    { .version = "HTTP/1.0" },
    { .version = "HTTP/1.0", .fields = { HOST } },
    { .method = "BREW", .fields = { HOST } },
    { .target = "/a?b=c&d=/?:@-._~!$'()*+,;%41", .fields = { HOST } },
    { .fields = { HOST, { "Accept", "*/*;q=0.1, \"\\ \xc3\xa9" } } },
    { .fields = { HOST, { "!#$%&'*+-.^_`|~09AZaz", "" } } },
    { .fields = { HOST, { "Content-Length", "0" } } },
    { .fields = { HOST, { "Content-Length", " 100 " } } },
    { .fields = { HOST, { "Expect", "100-Continue" } } },
    { .fields = { HOST, { "Authorization", "Bearer x" }, { "Content-Type", "a/b" } } },
    { .fields = { HOST, { "If-None-Match", "\"a\"" }, { "If-None-Match", "\"b\"" } } },
    /* request line */
    { .method = "", .expected = FAULT_METHOD, .fields = { HOST } },
    { .method = "G@T", .expected = FAULT_METHOD, .fields = { HOST } },
    { .method = "GE\x7f", .expected = FAULT_METHOD, .fields = { HOST } },
    { .method = "G\xc3\xa9T", .expected = FAULT_METHOD, .fields = { HOST } },
    { .target = "", .expected = FAULT_TARGET, .fields = { HOST } },
    { .target = "*", .expected = FAULT_TARGET, .fields = { HOST } },
    { .target = "http://x/", .expected = FAULT_TARGET, .fields = { HOST } },
    { .target = "a", .expected = FAULT_TARGET, .fields = { HOST } },
    { .target = "/a b", .expected = FAULT_TARGET, .fields = { HOST } },
    { .target = "/a#b", .expected = FAULT_TARGET, .fields = { HOST } },
    { .target = "/a\"b", .expected = FAULT_TARGET, .fields = { HOST } },
    { .target = "/a\\b", .expected = FAULT_TARGET, .fields = { HOST } },
    { .target = "/\xc3\xa9", .expected = FAULT_TARGET, .fields = { HOST } },
    { .target = "/a\x01", .expected = FAULT_TARGET, .fields = { HOST } },
    { .version = "HTTP/1.2", .expected = FAULT_VERSION, .fields = { HOST } },
    { .version = "HTTP/2.0", .expected = FAULT_VERSION, .fields = { HOST } },
    { .version = "http/1.1", .expected = FAULT_VERSION, .fields = { HOST } },
    { .version = "HTTP/1.1 ", .expected = FAULT_VERSION, .fields = { HOST } },
    { .version = "", .expected = FAULT_VERSION, .fields = { HOST } },
    /* Host */
    { .expected = FAULT_HOST },
    { .expected = FAULT_HOST, .fields = { HOST, HOST } },
    { .expected = FAULT_HOST, .version = "HTTP/1.0", .fields = { HOST, { "hOST", "y" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", "" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", " " } } },
    { .expected = FAULT_HOST, .fields = { { "Host", ":80" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", "a:b" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", "a:80:80" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", "a:123456" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", "a/b" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", "u@a" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", "a b" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", "a,b" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", "a?b" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", "\xc3\xa9" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", "[]" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", "[::1" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", "[::g]" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", "[::1]x" } } },
    { .expected = FAULT_HOST, .fields = { { "Host", "::1" } } },
    /* names and values */
    { .expected = FAULT_FIELD_NAME, .fields = { HOST, { "", "a" } } },
    { .expected = FAULT_FIELD_NAME, .fields = { HOST, { "A ", "a" } } },
    { .expected = FAULT_FIELD_NAME, .fields = { HOST, { "A\t", "a" } } },
    { .expected = FAULT_FIELD_NAME, .fields = { HOST, { "A\xff", "a" } } },
    { .expected = FAULT_FIELD_NAME, .fields = { HOST, { "A\x7f", "a" } } },
    { .expected = FAULT_FIELD_NAME, .fields = { HOST, { "A(B)", "a" } } },
    { .expected = FAULT_FIELD_NAME, .fields = { HOST, { "Content-Length ", "5" } } },
    { .expected = FAULT_FIELD_VALUE, .fields = { HOST, { "A", "a\rb" } } },
    { .expected = FAULT_FIELD_VALUE, .fields = { HOST, { "A", "a\nb" } } },
    { .expected = FAULT_FIELD_VALUE, .fields = { HOST, { "A", "\x01" } } },
    { .expected = FAULT_FIELD_VALUE, .fields = { HOST, { "A", "\x7f" } } },
    { .expected = FAULT_FIELD_VALUE, .fields = { HOST, { "A", "\x1b[2J" } } },
    /* bodies */
    { .expected = FAULT_CONTENT_LENGTH,
      .fields = { HOST, { "Content-Length", "1" }, { "Content-Length", "1" } } },
    { .expected = FAULT_CONTENT_LENGTH, .fields = { HOST, { "Content-Length", "1, 1" } } },
    { .expected = FAULT_CONTENT_LENGTH, .fields = { HOST, { "Content-Length", "-1" } } },
    { .expected = FAULT_CONTENT_LENGTH, .fields = { HOST, { "Content-Length", "+1" } } },
    { .expected = FAULT_CONTENT_LENGTH, .fields = { HOST, { "Content-Length", "0x1" } } },
    { .expected = FAULT_CONTENT_LENGTH, .fields = { HOST, { "Content-Length", "01" } } },
    { .expected = FAULT_CONTENT_LENGTH, .fields = { HOST, { "Content-Length", "" } } },
    { .expected = FAULT_CONTENT_LENGTH,
      .fields = { HOST, { "Content-Length", "18446744073709551616" } } },
    { .expected = FAULT_BODY_SIZE, .fields = { HOST, { "Content-Length", "101" } } },
    { .expected = FAULT_BODY_SIZE,
      .fields = { HOST, { "Content-Length", "18446744073709551615" } } },
    { .expected = FAULT_TRANSFER_CODING,
      .fields = { HOST, { "Transfer-Encoding", "chunked" } } },
    { .expected = FAULT_TRANSFER_CODING,
      .fields = { HOST, { "transfer-encoding", "identity" } } },
    { .expected = FAULT_TRANSFER_CODING,
      .fields = { HOST, { "Transfer-Encoding", "" }, { "Content-Length", "1" } } },
    /* chunks, where they are of use */
    { .takes_chunks = true, .fields = { HOST, { "Transfer-Encoding", "chunked" } } },
    { .takes_chunks = true, .fields = { HOST, { "transfer-encoding", " \tChunked" } } },
    { .takes_chunks = true,
      .expected = FAULT_TRANSFER_CODING,
      .fields = { HOST, { "Transfer-Encoding", "chunked " } } },
    { .takes_chunks = true,
      .expected = FAULT_TRANSFER_CODING,
      .fields = { HOST, { "Transfer-Encoding", "xchunked" } } },
    { .takes_chunks = true,
      .expected = FAULT_TRANSFER_CODING,
      .fields = { HOST, { "Transfer-Encoding", "gzip, chunked" } } },
    { .takes_chunks = true,
      .expected = FAULT_TRANSFER_CODING,
      .fields = { HOST, { "Transfer-Encoding", "identity" } } },
    { .takes_chunks = true,
      .expected = FAULT_TRANSFER_CODING,
      .fields = { HOST,
                  { "Transfer-Encoding", "chunked" },
                  { "Transfer-Encoding", "chunked" } } },
    { .takes_chunks = true,
      .expected = FAULT_TRANSFER_CODING,
      .fields = { HOST, { "Transfer-Encoding", "chunked" }, { "Content-Length", "0" } } },
    { .takes_chunks = true,
      .expected = FAULT_TRANSFER_CODING,
      .fields = { HOST, { "Content-Length", "5" }, { "Transfer-Encoding", "chunked" } } },
    { .takes_chunks = true,
      .version = "HTTP/1.0",
      .expected = FAULT_TRANSFER_CODING,
      .fields = { HOST, { "Transfer-Encoding", "chunked" } } },
    /* the rest */
    { .expected = FAULT_REPEATED,
      .fields = { HOST, { "Authorization", "a" }, { "authorization", "a" } } },
    { .expected = FAULT_REPEATED,
      .fields = { HOST, { "Content-Type", "a/b" }, { "Content-Type", "a/b" } } },
    { .expected = FAULT_REPEATED,
      .fields = { HOST, { "Expect", "100-continue" }, { "Expect", "100-continue" } } },
    { .expected = FAULT_EXPECTATION, .fields = { HOST, { "Expect", "100-continue, x" } } },
    { .expected = FAULT_EXPECTATION, .fields = { HOST, { "Expect", "" } } },
};

static struct http_text text(const char *s)
{
    return (struct http_text){ s, strlen(s) };
}

static enum head_fault admit(const struct row *r, struct http_req *req)
{
    const char *target = r->target == NULL ? "/a" : r->target;
    struct admission a;

    *req = (struct http_req){ .path = target };
    admission_begin(&a, r->method == NULL ? "GET" : r->method,
                    admission_target_ok(target, strlen(target)),
                    r->version == NULL ? "HTTP/1.1" : r->version, req);
    a.takes_chunks = r->takes_chunks;
    for (size_t i = 0; i < FIELDS_MAX && r->fields[i].name != NULL; i++)
        admission_field(&a, text(r->fields[i].name), text(r->fields[i].value));
    return admission_end(&a, BODY_MAX);
}

static void judges_each_head(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct http_req req;
        enum head_fault got = admit(&rows[i], &req);

        if (got != rows[i].expected)
            fail_msg("row %zu: %s, expected %s", i, head_fault_name(got),
                     head_fault_name(rows[i].expected));
    }
}

static void chunks_are_a_body(void **state)
{
    static const struct row row = { .takes_chunks = true,
                                    .fields = { HOST, { "Transfer-Encoding", "chunked" } } };
    struct http_req req;

    (void)state;
    assert_int_equal(admit(&row, &req), FAULT_NONE);
    assert_true(req.chunked && req.has_body);
    assert_int_equal(req.content_length, BODY_MAX);
}

static void every_byte_has_its_place(void **state)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char target[] = "-._~!$&'()*+,;=:@/?%0123456789"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    (void)state;
    for (int c = 1; c < 256; c++) {
        char byte[2] = { (char)c, '\0' };
        char path[3] = { '/', (char)c, '\0' };
        struct row name = { .fields = { HOST, { byte, "x" } } };
        struct row value = { .fields = { HOST, { "X", byte } } };
        struct http_req req;

        assert_int_equal(admit(&name, &req) == FAULT_NONE, strchr(token, c) != NULL);
        assert_int_equal(admit(&value, &req) == FAULT_NONE,
                         c == '\t' || (c >= 0x20 && c != 0x7f));
        assert_int_equal(admission_target_ok(path, 2), strchr(target, c) != NULL);
    }
    assert_false(admission_target_ok("/\0a", 3));
}

static void a_nul_inside_is_seen(void **state)
{
    struct http_req req = { 0 };
    struct admission a;

    (void)state;
    admission_begin(&a, "GET", true, "HTTP/1.1", &req);
    admission_field(&a, text("Host"), text("x"));
    admission_field(&a, text("X"), (struct http_text){ "a\0b", 3 });
    assert_int_equal(admission_end(&a, BODY_MAX), FAULT_FIELD_VALUE);
    admission_begin(&a, "GET", true, "HTTP/1.1", &req);
    admission_field(&a, text("Host"), text("x"));
    admission_field(&a, (struct http_text){ "X\0", 2 }, text("a"));
    assert_int_equal(admission_end(&a, BODY_MAX), FAULT_FIELD_NAME);
}

static void what_handlers_need_is_found(void **state)
{
    struct row row = { .method = "HEAD",
                       .fields = { { "Host", " a.example:1 " },
                                   { "If-None-Match", " \"x\" " },
                                   { "Content-Length", "42" } } };
    struct http_req req;

    (void)state;
    assert_int_equal(admit(&row, &req), FAULT_NONE);
    assert_int_equal(req.method, HTTP_HEAD);
    assert_int_equal(req.host.len, strlen("a.example:1"));
    assert_memory_equal(req.host.at, "a.example:1", req.host.len);
    assert_int_equal(req.if_none_match.len, 3);
    assert_memory_equal(req.if_none_match.at, "\"x\"", 3);
    assert_true(req.has_body);
    assert_int_equal(req.content_length, 42);
    row.method = "OPTIONS";
    row.fields[2] = (struct http_header){ "If-None-Match", "\"y\"" };
    assert_int_equal(admit(&row, &req), FAULT_NONE);
    assert_int_equal(req.method, HTTP_OPTIONS);
    assert_null(req.if_none_match.at); /* sent twice: as if not sent */
    assert_false(req.has_body);
    row.method = "get";
    assert_int_equal(admit(&row, &req), FAULT_NONE);
    assert_int_equal(req.method, HTTP_OTHER);
}

static void the_first_reason_stands(void **state)
{
    struct row row = { .target = "x", .fields = { { "Host", "" }, { "Bad Name", "x" } } };
    struct http_req req;

    (void)state;
    assert_int_equal(admit(&row, &req), FAULT_TARGET);
}

static void every_refusal_has_a_name_and_an_error_status(void **state)
{
    (void)state;
    for (int r = FAULT_NONE + 1; r < FAULT_COUNT; r++) {
        assert_non_null(head_fault_name((enum head_fault)r));
        assert_in_range(head_fault_status((enum head_fault)r), 400, 599);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_each_head),
        cmocka_unit_test(chunks_are_a_body),
        cmocka_unit_test(every_byte_has_its_place),
        cmocka_unit_test(a_nul_inside_is_seen),
        cmocka_unit_test(what_handlers_need_is_found),
        cmocka_unit_test(the_first_reason_stands),
        cmocka_unit_test(every_refusal_has_a_name_and_an_error_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
