/* SPDX-License-Identifier: Apache-2.0 */

/* The three methods, from the bytes of a request to those of its response, and what the desk
 * remembers. That signatures verify is shown by the scenarios, with other people's code. */

#include "base/clock.h"
#include "codec/base64url.h"
#include "codec/protobuf.h"
#include "signer_world.h"

#include <inttypes.h>

static int setup(void **state)
{
    struct world *w = malloc(sizeof(*w));

    assert_non_null(w);
    world_init(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world_done(*state);
    free(*state);
    return 0;
}

static const struct sign_peer peer = { .uid = 7, .gid = 8, .pid = 9 };

static enum sign_outcome call(struct world *w,
                              const char *method,
                              struct field_bytes message,
                              struct buf *out,
                              struct sai_err *e)
{
    const struct sign_method *m = sign_methods;

    while (strcmp(m->name, method) != 0)
        m++;
    *e = (struct sai_err){ 0 };
    buf_reset(out);
    (void)sign_clerk_refresh(w->clerk);
    return m->call(w->clerk, &peer, message, out, e);
}

/* A request to sign what kube-apiserver would write now, for that issuer. */
static void put_request(struct buf *out, const char *issuer)
{
    AUTO(buf) struct buf json;
    AUTO(buf) struct buf segment;
    int64_t now_s = clock_unix_s();

    buf_init(&json, 4096);
    buf_init(&segment, 4096);
    buf_printf(&json,
               "{\"aud\":[\"api\"],\"exp\":%" PRId64 ",\"iat\":%" PRId64
               ",\"iss\":\"%s\",\"jti\":\"j1\",\"kubernetes.io\":{\"namespace\":\"ns\","
               "\"serviceaccount\":{\"name\":\"sa\",\"uid\":\"u\"}},\"nbf\":%" PRId64
               ",\"sub\":\"system:serviceaccount:ns:sa\"}",
               now_s + 3600, now_s, issuer, now_s);
    base64url_put(&segment, json.data, json.len);
    pb_put_bytes(out, 1, segment.data, segment.len);
}

static enum sign_outcome sign(struct world *w, const char *issuer, struct sai_err *e)
{
    AUTO(buf) struct buf request;
    AUTO(buf) struct buf out;

    buf_init(&request, 8192);
    buf_init(&out, 8192);
    put_request(&request, issuer);
    return call(w, "Sign", (struct field_bytes){ request.data, request.len }, &out, e);
}

static const char *audit_text(struct world *w, char *text, size_t size)
{
    char path[TEMP_PATH_SIZE];

    return temp_read(temp_path(&w->temp, "audit.log", path), text, size);
}

#define AUDIT "audit: { file: audit.log }\n"

static void requests_to_sign_leave_a_line(void **state)
{
    struct world *w = *state;
    struct sai_err e;
    char text[4096];

    world_start(w, WORLD_CONF("{}", AUDIT));
    assert_int_equal(sign(w, WORLD_URL, &e), SIGN_DONE);
    (void)audit_text(w, text, sizeof(text));
    assert_non_null(strstr(text, "\"event\":\"signature\",\"result\":\"signed\""));
    assert_non_null(strstr(text, "\"sub\":\"system:serviceaccount:ns:sa\",\"aud\":[\"api\"]"));
    assert_non_null(strstr(text, "\"jti\":\"j1\""));
    assert_non_null(strstr(text, "\"alg\":\"ES256\",\"caller\":\"unix:uid=7,gid=8,pid=9\"}\n"));
    assert_int_equal(sign(w, "https://other", &e), SIGN_REFUSED);
    (void)audit_text(w, text, sizeof(text));
    assert_non_null(strstr(text, "\"result\":\"refused\""));
    assert_non_null(strstr(text, "\"reason\":\"iss: is not the issuer's URL\"}\n"));
}

static void what_is_no_request_is_malformed(void **state)
{
    static const struct {
        const char *method;
        struct field_bytes message;
    } rows[] = {
        { "Sign", { "", 0 } },
        { "Sign",
          { "\x0a\x05"
            "e30",
            5 } },
        { "Sign",
          { "\x0a\x03"
            "e30",
            5 } },
        { "Sign", { "\x0a\x01=", 3 } },
        { "FetchKeys", { "\x0a", 1 } },
        { "Metadata", { "\xff", 1 } },
    };
    struct world *w = *state;
    AUTO(buf) struct buf out;

    buf_init(&out, 8192);
    world_start(w, WORLD_CONF("{}", AUDIT));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct sai_err e;

        assert_int_equal(call(w, rows[i].method, rows[i].message, &out, &e), SIGN_MALFORMED);
        assert_int_equal(out.len, 0);
        assert_int_not_equal(e.code, SAI_OK);
    }
}

static void no_line_no_signature(void **state)
{
    struct world *w = *state;
    struct sai_err e;

    world_start(w, WORLD_CONF("{}", "audit: { file: /dev/full }\n"));
    assert_int_equal(sign(w, WORLD_URL, &e), SIGN_UNAVAILABLE);
    assert_int_equal(e.code, SAI_E_IO);
    assert_int_equal(sign(w, "https://other", &e), SIGN_REFUSED);
}

static uint64_t max_lifetime(struct world *w, const char *conf)
{
    AUTO(buf) struct buf out;
    struct pb_reader r;
    struct pb_field f = { 0 };
    struct sai_err e;

    buf_init(&out, 64);
    world_start(w, conf);
    assert_int_equal(call(w, "Metadata", (struct field_bytes){ "", 0 }, &out, &e), SIGN_DONE);
    pb_reader_init(&r, out.data, out.len);
    assert_true(pb_next(&r, &f, &e));
    assert_int_equal(f.number, 1);
    world_stop(w);
    return f.value;
}

static void metadata_tells_the_longest_life(void **state)
{
    struct world *w = *state;

    assert_int_equal(max_lifetime(w, WORLD_CONF("{}", "")), 86400);
    assert_int_equal(max_lifetime(w, WORLD_CONF("{ maxLifetime: 10m }", "")), 600);
    assert_int_equal(
        max_lifetime(w, WORLD_CONF("{ maxLifetime: 2h, extendedLifetime: true }", "")),
        31536000);
}

#define REMEMBER "{ stateFile: state.json }"

static void the_state_file_is_written_and_read_again(void **state)
{
    struct world *w = *state;
    char path[TEMP_PATH_SIZE];
    char before[1024];
    char after[1024];
    struct stat st;

    world_start(w, WORLD_CONF(REMEMBER, ""));
    assert_null(sign_desk_warning(w->desk));
    (void)temp_read(temp_path(&w->temp, "state.json", path), before, sizeof(before));
    assert_non_null(strstr(before, "\"since\":{\""));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    world_stop(w);
    world_start(w, WORLD_CONF(REMEMBER, ""));
    assert_null(sign_desk_warning(w->desk));
    (void)temp_read(path, after, sizeof(after));
    assert_string_equal(after, before);
}

/* A file that only helps never keeps a cluster from its signer. */
static void a_state_file_that_is_no_use_is_told(void **state)
{
    struct world *w = *state;
    const struct sai_err *warning;
    struct sai_err e;

    temp_write(&w->temp, "state.json", "{}");
    world_start(w, WORLD_CONF(REMEMBER, AUDIT));
    warning = sign_desk_warning(w->desk);
    assert_non_null(warning);
    assert_int_equal(warning->code, SAI_E_INVALID);
    assert_non_null(strstr(warning->file, "state.json"));
    assert_int_equal(sign(w, WORLD_URL, &e), SIGN_DONE);
    world_stop(w);
    world_start(w, WORLD_CONF("{ stateFile: none/state.json }", AUDIT));
    warning = sign_desk_warning(w->desk);
    assert_non_null(warning);
    assert_int_equal(warning->code, SAI_E_NOTFOUND);
    assert_int_equal(sign(w, WORLD_URL, &e), SIGN_DONE);
}

static void keys_that_come_too_early_are_told_with_their_place(void **state)
{
    struct world *w = *state;
    char text[sizeof(struct sai_err)] = "";
    char path[TEMP_PATH_SIZE];
    struct snapshot *next;
    struct sai_err e = { 0 };

    world_start(w, WORLD_CONF("{}", AUDIT));
    assert_int_equal(sign(w, WORLD_URL, &e), SIGN_DONE);
    assert_int_equal(remove(temp_path(&w->temp, "keys/a.pem", path)), 0);
    temp_key_make(&w->temp, "keys/b.pem", "EC");
    next = world_build(w, WORLD_CONF("{}", AUDIT), text);
    assert_non_null(next);
    assert_false(sign_desk_check(w->desk, next, &e));
    assert_int_equal(e.code, SAI_E_DENIED);
    assert_string_equal(e.path, "issuers[0].keys");
    assert_int_equal(e.line, 7);
    snapshot_unref(next);
    e = (struct sai_err){ 0 };
    assert_true(sign_desk_check(NULL, NULL, &e));
    assert_true(sign_desk_adopt(NULL, NULL, &e));
}

static void keys_that_no_api_server_takes_are_refused(void **state)
{
    static const struct {
        const char *name;
        const char *type;
        enum temp_key_form form;
        const char *conf;
        const char *expected;
    } rows[] = {
        { "old.pem", "EC", TEMP_PRIVATE, WORLD_CONF("{ legacyKeys: [old.pem] }", ""),
          "holds a private key; legacy keys only verify" },
        { "old.pub", "ED25519", TEMP_PUBLIC, WORLD_CONF("{ legacyKeys: [old.pub] }", ""),
          "Ed25519" },
        { "x.pem", "EC", TEMP_PRIVATE, WORLD_CONF("{ legacyKeys: [keys] }", ""),
          "holds a private key; legacy keys only verify" },
        { "x.pem", "EC", TEMP_PRIVATE, WORLD_CONF("{ legacyKeys: [none.pub] }", ""),
          "none.pub" },
    };
    struct world *w = *state;

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        EVP_PKEY *key = temp_key_new(rows[i].type);
        char text[sizeof(struct sai_err)] = "";

        temp_key_write(&w->temp, rows[i].name, key, rows[i].form,
                       rows[i].form == TEMP_PRIVATE ? 0600 : 0644);
        EVP_PKEY_free(key);
        assert_null(world_build(w, rows[i].conf, text));
        if (strstr(text, rows[i].expected) == NULL)
            fail_msg("row %zu: %s", i, text);
    }
}

static void a_published_key_is_no_legacy_key(void **state)
{
    struct world *w = *state;
    EVP_PKEY *key = temp_key_new("EC");
    char text[sizeof(struct sai_err)] = "";

    temp_key_write(&w->temp, "keys/b.pub", key, TEMP_PUBLIC, 0644);
    temp_key_write(&w->temp, "sa.pub", key, TEMP_PUBLIC, 0644);
    EVP_PKEY_free(key);
    assert_null(world_build(w, WORLD_CONF("{ legacyKeys: [sa.pub] }", ""), text));
    assert_non_null(strstr(text, "issuers[0].signer.legacyKeys"));
    assert_non_null(strstr(text, "is published and verifies legacy tokens as well"));
}

/* A file that we write is none that we read, whatever it is called. */
static void nothing_that_is_read_is_written_over(void **state)
{
    static const struct {
        const char *conf;
        const char *place;
    } rows[] = {
        { WORLD_CONF("{ stateFile: keys/a.pem }", ""), "issuers[0].signer.stateFile" },
        { WORLD_CONF("{ stateFile: link }", ""), "issuers[0].signer.stateFile" },
        { WORLD_CONF("{}", "audit: { file: keys/a.pem }\n"), "audit.file" },
        { WORLD_CONF("{}", "audit: { file: conf.yaml }\n"), "audit.file" },
    };
    struct world *w = *state;
    char link[TEMP_PATH_SIZE];

    assert_int_equal(symlink("keys/a.pem", temp_path(&w->temp, "link", link)), 0);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        char text[sizeof(struct sai_err)] = "";

        assert_null(world_build(w, rows[i].conf, text));
        assert_non_null(strstr(text, rows[i].place));
        assert_non_null(strstr(text, "would be written over"));
    }
}

static void the_keys_of_an_api_server_are_not_used_elsewhere(void **state)
{
#define OTHER                                                                                  \
    WORLD_CONF("{}", "  - { url: \"https://other.example.com\", role: federation,"             \
                     " keys: { files: [other] } }\n")
    struct world *w = *state;
    EVP_PKEY *key = temp_key_new("EC");
    char text[sizeof(struct sai_err)] = "";
    char path[TEMP_PATH_SIZE];
    struct snapshot *s;

    assert_int_equal(mkdir(temp_path(&w->temp, "other", path), 0700), 0);
    temp_key_make(&w->temp, "other/a.pem", "EC");
    temp_key_write(&w->temp, "keys/b.pem", key, TEMP_PRIVATE, 0600);
    s = world_build(w, OTHER, text);
    assert_string_equal(text, "");
    assert_non_null(s);
    snapshot_unref(s);
    temp_key_write(&w->temp, "other/b.pub", key, TEMP_PUBLIC, 0644);
    EVP_PKEY_free(key);
    assert_null(world_build(w, OTHER, text));
    assert_non_null(strstr(text, "issuers[1].keys.files"));
    assert_non_null(
        strstr(text, "b.pub holds a key of issuers[0], which signs for an API server"));
#undef OTHER
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(requests_to_sign_leave_a_line),
        CASE(what_is_no_request_is_malformed),
        CASE(no_line_no_signature),
        CASE(metadata_tells_the_longest_life),
        CASE(the_state_file_is_written_and_read_again),
        CASE(a_state_file_that_is_no_use_is_told),
        CASE(keys_that_come_too_early_are_told_with_their_place),
        CASE(keys_that_no_api_server_takes_are_refused),
        CASE(a_published_key_is_no_legacy_key),
        CASE(nothing_that_is_read_is_written_over),
        CASE(the_keys_of_an_api_server_are_not_used_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
