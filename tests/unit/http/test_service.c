/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "conf/conf.h"
#include "http/service.h"
#include "http/stats.h"
#include "state/inputs.h"
#include "temp_keys.h"

#include <jansson.h>
#include <sa_issuer/keyset.h>

#define CONF                                                                                   \
    "apiVersion: sa-issuerd/v1\n"                                                              \
    "kind: Configuration\n"                                                                    \
    "listeners: { discovery: { address: \"127.0.0.1:0\" } }\n"                                 \
    "issuers:\n"                                                                               \
    "  - { url: https://a.example.com, role: federation, keys: { files: [a.pem] } }\n"         \
    "  - { url: https://b.example.com, role: federation, keys: { files: [b.pem] } }\n"         \
    "  - { url: https://a.example.com/x, role: federation, keys: { files: [a.pem, b.pem] }, "  \
    "audiences: [ { name: sts.amazonaws.com, profile: aws } ] }\n"

#define TOKEN_PATH "/api/v1/namespaces/shop/serviceaccounts/web/token"

struct fixture {
    struct temp temp;
    struct state *state;
    struct snapshot *snapshot;
    struct stats stats;
    struct stats_shard shards[2];
    struct http_env env;
    struct http_reply reply;
    struct http_match match;
    enum route_id route;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    AUTO(inputs) struct inputs *inputs = inputs_new();
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    char path[TEMP_PATH_SIZE];

    assert_non_null(f);
    temp_init(&f->temp);
    temp_key_make(&f->temp, "a.pem", "RSA");
    temp_key_make(&f->temp, "b.pem", "EC");
    temp_write(&f->temp, "conf.yaml", CONF);
    assert_true(
        snapshot_build(temp_path(&f->temp, "conf.yaml", path), inputs, &f->snapshot, r));
    f->state = state_new(snapshot_ref(f->snapshot));
    assert_non_null(f->state);
    f->stats.shards = f->shards;
    f->stats.shard_count = ARRAY_SIZE(f->shards);
    f->stats.listeners[LISTENER_DISCOVERY].name = "discovery";
    f->stats.listeners[LISTENER_TOKENS].name = "tokens";
    f->stats.listeners[LISTENER_ADMIN].name = "admin";
    f->shards[1].listener = LISTENER_ADMIN;
    f->env = (struct http_env){ f->snapshot, f->state, &f->stats, NULL };
    *state = f;
    return 0;
}

static void forget(struct fixture *f)
{
    if (f->reply.body_owned)
        free((void *)(uintptr_t)f->reply.body);
    f->reply = (struct http_reply){ 0 };
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    forget(f);
    snapshot_unref(f->snapshot);
    state_free(f->state);
    temp_done(&f->temp);
    free(f);
    return 0;
}

static const char *header(const struct fixture *f, const char *name)
{
    const char *found = NULL;

    for (size_t i = 0; i < f->reply.header_count; i++) {
        if (strcmp(f->reply.headers[i].name, name) != 0)
            continue;
        assert_null(found); /* once at most */
        found = f->reply.headers[i].value;
    }
    return found;
}

static struct http_text text(const char *s)
{
    return (struct http_text){ s, s == NULL ? 0 : strlen(s) };
}

static unsigned ask(struct fixture *f, const struct http_service *service, struct http_req req)
{
    struct sai_err e = { 0 };

    forget(f);
    assert_true(http_answer(service, &req, &f->env, &f->match, &f->reply, &e));
    f->route = f->match.row == NULL ? ROUTE_NONE : f->match.row->id;
    return f->reply.status;
}

static unsigned get(struct fixture *f, const char *path, const char *host, const char *tags)
{
    struct http_req req = {
        .method = HTTP_GET, .path = path, .host = text(host), .if_none_match = text(tags)
    };

    return ask(f, &discovery_service, req);
}

static unsigned
call(struct fixture *f, const struct http_service *s, enum http_method method, const char *path)
{
    struct http_req req = { .method = method, .path = path, .host = text("a.example.com") };

    return ask(f, s, req);
}

static void documents_come_with_their_headers(void **state)
{
    static const struct {
        const char *path;
        const char *host;
        size_t issuer;
        enum document_id document;
        enum route_id route;
        const char *type;
        const char *cache;
    } rows[] = {
        { "/.well-known/openid-configuration", "a.example.com", 0, DOCUMENT_DISCOVERY,
          ROUTE_DISCOVERY, "application/json", "public, max-age=3600" },
        { "/openid/v1/jwks", "a.example.com", 0, DOCUMENT_JWKS, ROUTE_JWKS,
          "application/jwk-set+json", "public, max-age=300" },
        { "/openid/v1/jwks", "b.example.com", 1, DOCUMENT_JWKS, ROUTE_JWKS,
          "application/jwk-set+json", "public, max-age=300" },
        { "/x/openid/v1/jwks", "whatever", 2, DOCUMENT_JWKS, ROUTE_JWKS,
          "application/jwk-set+json", "public, max-age=300" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct document *d =
            &f->snapshot->issuers[rows[i].issuer].documents[rows[i].document];

        assert_int_equal(get(f, rows[i].path, rows[i].host, NULL), 200);
        assert_ptr_equal(f->reply.body, d->bytes);
        assert_int_equal(f->reply.size, d->size);
        assert_int_equal(f->route, rows[i].route);
        assert_string_equal(header(f, "Content-Type"), rows[i].type);
        assert_string_equal(header(f, "Cache-Control"), rows[i].cache);
        assert_string_equal(header(f, "ETag"), d->etag);
        assert_string_equal(header(f, "X-Content-Type-Options"), "nosniff");
        assert_string_equal(header(f, "Access-Control-Allow-Origin"), "*");
    }
}

static void a_known_tag_is_not_modified(void **state)
{
    struct fixture *f = *state;
    const struct document *d = &f->snapshot->issuers[2].documents[DOCUMENT_JWKS];

    assert_int_equal(get(f, "/x/openid/v1/jwks", "h", d->etag), 304);
    assert_string_equal(header(f, "ETag"), d->etag);
    assert_string_equal(header(f, "Cache-Control"), d->cache_control);
    assert_string_equal(header(f, "Access-Control-Allow-Origin"), "*");
    assert_null(header(f, "Content-Type"));
    assert_int_equal(f->reply.size, d->size); /* what a 200 would have */
    assert_int_equal(get(f, "/x/openid/v1/jwks", "h", "*"), 304);
    assert_int_equal(get(f, "/x/openid/v1/jwks", "h", "\"other\""), 200);
}

/* Blanks after the value are not part of it, though they stand in the same string. */
static void host_ends_where_it_ends(void **state)
{
    struct fixture *f = *state;
    struct http_req req = { .method = HTTP_GET, .path = "/openid/v1/jwks" };
    char long_host[300];

    req.host = (struct http_text){ "b.example.com \t", strlen("b.example.com") };
    assert_int_equal(ask(f, &discovery_service, req), 200);
    assert_ptr_equal(f->reply.body, f->snapshot->issuers[1].documents[DOCUMENT_JWKS].bytes);
    memset(long_host, 'a', sizeof(long_host));
    req.host = (struct http_text){ long_host, sizeof(long_host) - 1 };
    assert_int_equal(ask(f, &discovery_service, req), 404);
}

static void each_answer_is_kept_under_a_number_of_its_own(void **state)
{
    static const char *const paths[] = { "/.well-known/openid-configuration",
                                         "/openid/v1/jwks" };
    static const char *const hosts[] = { "a.example.com", "b.example.com" };
    struct fixture *f = *state;
    bool seen[64] = { false };

    assert_true(keep_count(f->snapshot) < ARRAY_SIZE(seen));
    for (size_t i = 0; i < 8; i++) {
        (void)get(f, paths[i & 1], hosts[i >> 1 & 1], i < 4 ? NULL : "*");
        assert_in_range(f->reply.keep, 1, keep_count(f->snapshot) - 1);
        assert_false(seen[f->reply.keep]);
        seen[f->reply.keep] = true;
    }
    (void)get(f, "/none", "h", NULL);
    assert_false(seen[f->reply.keep]);
}

static void expect_status_object(const struct fixture *f, json_int_t code, const char *reason)
{
    json_t *root = json_loadb(f->reply.body, f->reply.size, JSON_REJECT_DUPLICATES, NULL);
    const char *kind;
    const char *version;
    const char *status;
    const char *message;
    const char *got;
    json_int_t number;

    assert_non_null(root);
    assert_int_equal(json_unpack_ex(root, NULL, JSON_STRICT,
                                    "{s:s, s:s, s:{}, s:s, s:s, s:s, s:I}", "kind", &kind,
                                    "apiVersion", &version, "metadata", "status", &status,
                                    "message", &message, "reason", &got, "code", &number),
                     0);
    assert_string_equal(kind, "Status");
    assert_string_equal(version, "v1");
    assert_string_equal(status, "Failure");
    assert_string_equal(got, reason);
    assert_int_equal(number, code);
    assert_string_equal(header(f, "Content-Type"), "application/json");
    json_decref(root);
}

static void unknown_paths_are_404(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(get(f, "/none", "a.example.com", NULL), 404);
    expect_status_object(f, 404, "NotFound");
    assert_int_equal(f->route, ROUTE_NONE);
    assert_string_equal(header(f, "Access-Control-Allow-Origin"), "*");
    assert_int_equal(call(f, &discovery_service, HTTP_OTHER, "/none"), 404);
    assert_int_equal(call(f, &discovery_service, HTTP_GET, "/metrics"), 404);
    assert_int_equal(call(f, &admin_service, HTTP_GET, "/openid/v1/jwks"), 404);
    assert_int_equal(call(f, &admin_service, HTTP_GET, "/livez/"), 404);
    assert_null(header(f, "Access-Control-Allow-Origin"));
}

static void methods_by_route(void **state)
{
    static const enum http_method methods[] = { HTTP_GET, HTTP_HEAD, HTTP_OPTIONS, HTTP_POST,
                                                HTTP_OTHER };
    static const struct {
        const struct http_service *service;
        const char *path;
        unsigned expected[ARRAY_SIZE(methods)];
        const char *allow;
    } rows[] = {
        { &discovery_service,
          "/openid/v1/jwks",
          { 200, 200, 204, 405, 405 },
          "GET, HEAD, OPTIONS" },
        { &discovery_service,
          "/.well-known/openid-configuration",
          { 200, 200, 204, 405, 405 },
          "GET, HEAD, OPTIONS" },
        { &admin_service, "/livez", { 200, 200, 405, 405, 405 }, "GET, HEAD" },
        { &admin_service, "/readyz", { 200, 200, 405, 405, 405 }, "GET, HEAD" },
        { &admin_service, "/metrics", { 200, 200, 405, 405, 405 }, "GET, HEAD" },
        /* status 0: a token job has to answer */
        { &tokens_service, "/x" TOKEN_PATH, { 405, 405, 405, 0, 405 }, "POST" },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        for (size_t m = 0; m < ARRAY_SIZE(methods); m++) {
            unsigned got = call(f, rows[i].service, methods[m], rows[i].path);

            if (got != rows[i].expected[m])
                fail_msg("%s, method %d: %u", rows[i].path, (int)methods[m], got);
            if (got == 405 || got == 204)
                assert_string_equal(header(f, "Allow"), rows[i].allow);
            if (got == 405)
                expect_status_object(f, 405, "MethodNotAllowed");
        }
    }
}

static void expect_body(const struct fixture *f, const char *part)
{
    assert_non_null(memmem(f->reply.body, f->reply.size, part, strlen(part)));
}

static void token_paths_lead_to_issuers_that_mint(void **state)
{
    static const struct {
        const char *path;
        enum route_id route;
    } rows[] = {
        { "/x" TOKEN_PATH, ROUTE_TOKEN_REQUEST },
        { "/x/token", ROUTE_TOKEN_EXCHANGE },
        /* these two issuers mint nothing */
        { TOKEN_PATH, ROUTE_NONE },
        { "/token", ROUTE_NONE },
        { "/y" TOKEN_PATH, ROUTE_NONE },
        { "/x", ROUTE_NONE },
        { "", ROUTE_NONE },
        { "/", ROUTE_NONE },
        { "/x/x/token", ROUTE_NONE },
        { "/x//token", ROUTE_NONE },
        { "/x/api/v1/namespaces/shop/serviceaccounts/web/", ROUTE_NONE },
        { "/x/api/v1/namespaces/shop/serviceaccounts//token", ROUTE_NONE },
        { "/x/api/v1/namespaces/serviceaccounts/web/token", ROUTE_NONE },
        /* a name that is none is the service's to refuse */
        { "/x/api/v1/namespaces/SHOP/serviceaccounts/web/token", ROUTE_TOKEN_REQUEST },
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        (void)call(f, &tokens_service, HTTP_POST, rows[i].path);
        if (f->route != rows[i].route)
            fail_msg("%s: %s", rows[i].path, route_name(f->route));
        if (f->route == ROUTE_NONE)
            expect_status_object(f, 404, "NotFound");
        else
            assert_int_equal(f->match.issuer, 2);
    }
    (void)call(f, &tokens_service, HTTP_POST, "/x" TOKEN_PATH);
    assert_string_equal(f->match.path.namespace_name, "shop");
    assert_string_equal(f->match.path.name, "web");
}

static void errors_of_the_exchange_are_those_of_oauth(void **state)
{
    struct fixture *f = *state;

    (void)call(f, &tokens_service, HTTP_POST, "/x/token");
    http_refuse(&tokens_service, &f->match, 401, &f->reply);
    expect_body(f, "\"error\":\"invalid_client\"");
    assert_string_equal(header(f, "WWW-Authenticate"), "Bearer");
    http_refuse(&tokens_service, &f->match, 413, &f->reply);
    expect_body(f, "\"error\":\"invalid_request\"");
    assert_null(header(f, "WWW-Authenticate"));
    http_refuse(&tokens_service, &f->match, 500, &f->reply);
    expect_body(f, "\"error\":\"server_error\"");

    (void)call(f, &tokens_service, HTTP_POST, "/x" TOKEN_PATH);
    http_refuse(&tokens_service, &f->match, 401, &f->reply);
    expect_status_object(f, 401, "Unauthorized");
    assert_string_equal(header(f, "WWW-Authenticate"), "Bearer");
    http_refuse(&discovery_service, &f->match, 413, &f->reply);
    expect_status_object(f, 413, "RequestEntityTooLarge");
}

static void preflight_allows_what_there_is(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(call(f, &discovery_service, HTTP_OPTIONS, "/openid/v1/jwks"), 204);
    assert_int_equal(f->reply.size, 0);
    assert_string_equal(header(f, "Access-Control-Allow-Origin"), "*");
    assert_string_equal(header(f, "Access-Control-Allow-Methods"), "GET, HEAD");
    assert_non_null(header(f, "Access-Control-Allow-Headers"));
}

static void ready_until_draining(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(call(f, &admin_service, HTTP_GET, "/readyz"), 200);
    assert_non_null(strstr(f->reply.body, "generation 1, 3 issuer(s)"));
    assert_non_null(strstr(f->reply.body, "\nready\n"));
    atomic_store(&state_status(f->state)->last_reload_failed, true);
    assert_int_equal(call(f, &admin_service, HTTP_GET, "/readyz"), 200);
    assert_non_null(strstr(f->reply.body, "[!] reload"));
    atomic_store(&state_status(f->state)->draining, true);
    assert_int_equal(call(f, &admin_service, HTTP_GET, "/readyz"), 503);
    assert_non_null(strstr(f->reply.body, "[-] shutdown: draining\nnot ready\n"));
    assert_int_equal(call(f, &admin_service, HTTP_GET, "/livez"), 200);
}

static void expect_line(const struct fixture *f, const char *line)
{
    if (strstr(f->reply.body, line) == NULL)
        fail_msg("no line: %s", line);
}

static void metrics_tell_what_was_counted(void **state)
{
    struct fixture *f = *state;
    struct state_status *status = state_status(f->state);

    atomic_store(&status->reloads_ok, 3);
    atomic_store(&status->last_reload_unix_s, 1700000000);
    metric_bump(&f->shards[0].requests[ROUTE_JWKS][status_slot(304)], 7);
    metric_bump(&f->shards[0].requests[ROUTE_NONE][status_slot(418)], 1);
    metric_bump(&f->shards[1].refusals[FAULT_HOST], 2);
    histogram_observe(&f->shards[0].latency[ROUTE_JWKS], 60000);
    f->stats.listeners[LISTENER_DISCOVERY].open = 4;
    f->stats.listeners[LISTENER_DISCOVERY].refused[CONN_OVER_ADDRESS] = 5;
    f->stats.listeners[LISTENER_ADMIN].cut[PHASE_IDLE] = 6;
    assert_int_equal(call(f, &admin_service, HTTP_GET, "/metrics"), 200);
    assert_string_equal(header(f, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    expect_line(f, "\nsa_issuerd_reloads_total{result=\"ok\"} 3\n");
    expect_line(f, "\nsa_issuerd_last_reload_timestamp_seconds 1700000000\n");
    expect_line(f, "\nsa_issuerd_snapshot_generation 1\n");
    expect_line(f, "\nsa_issuerd_http_requests_total{listener=\"discovery\",route=\"jwks\","
                   "code=\"304\"} 7\n");
    expect_line(f, "\nsa_issuerd_http_requests_total{listener=\"discovery\",route=\"none\","
                   "code=\"other\"} 1\n");
    expect_line(f, "\nsa_issuerd_http_requests_refused_total{listener=\"admin\","
                   "reason=\"host\"} 2\n");
    expect_line(f, "\nsa_issuerd_http_request_duration_seconds_bucket{listener=\"discovery\","
                   "route=\"jwks\",le=\"0.0001\"} 1\n");
    expect_line(f, "\nsa_issuerd_http_connections_open{listener=\"discovery\"} 4\n");
    expect_line(f, "\nsa_issuerd_http_connections_refused_total{listener=\"discovery\","
                   "reason=\"address\"} 5\n");
    expect_line(f, "\nsa_issuerd_http_connections_cut_total{listener=\"admin\","
                   "phase=\"idle\"} 6\n");
    expect_line(f, "\nsa_issuerd_keys{issuer=\"https://a.example.com\",alg=\"RS256\","
                   "state=\"active\"} 1\n");
    expect_line(f, "\nsa_issuerd_keys{issuer=\"https://a.example.com/x\",alg=\"ES256\","
                   "state=\"active\"} 1\n");
    expect_line(f, "\nprocess_open_fds ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_come_with_their_headers),
        cmocka_unit_test(a_known_tag_is_not_modified),
        cmocka_unit_test(host_ends_where_it_ends),
        cmocka_unit_test(each_answer_is_kept_under_a_number_of_its_own),
        cmocka_unit_test(unknown_paths_are_404),
        cmocka_unit_test(methods_by_route),
        cmocka_unit_test(token_paths_lead_to_issuers_that_mint),
        cmocka_unit_test(errors_of_the_exchange_are_those_of_oauth),
        cmocka_unit_test(preflight_allows_what_there_is),
        cmocka_unit_test_setup_teardown(ready_until_draining, setup, teardown),
        cmocka_unit_test_setup_teardown(metrics_tell_what_was_counted, setup, teardown),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
