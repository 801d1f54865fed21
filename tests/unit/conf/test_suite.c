/* SPDX-License-Identifier: Apache-2.0 */

/* Runs tests/data/config: each directory is a case.
 *
 * bad/<case>/input.yaml must be refused with exactly the lines of expected. good/<case>/
 * must load, and hold every value that its expected states (dump() names them). */

#include "conf/conf.h"
#include "data_cases.h"

#include <stdio.h>
#include <string.h>

enum { BAD_CASES_MIN = 60, GOOD_CASES_MIN = 12 };

static void put_report(struct buf *b, const struct sai_report *r)
{
    char line[sizeof(struct sai_err)];

    for (size_t i = 0; i < sai_report_count(r); i++)
        buf_printf(b, "%s\n", sai_err_format(sai_report_get(r, i, NULL), line, sizeof(line)));
}

static bool bad_case(const char *expected)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO(conf) struct conf *c = NULL;
    AUTO(buf) struct buf found;
    bool loaded;

    assert_non_null(r);
    buf_init(&found, DATA_CASE_MAX_BYTES);
    loaded = conf_load("input.yaml", &c, r);
    assert_true(loaded == (c != NULL));
    buf_str(&found, loaded ? "(loaded)\n" : "");
    put_report(&found, r);
    if (!loaded && strcmp(found.data, expected) == 0)
        return true;
    print_error("--- expected\n%s--- found\n%s", expected, found.data);
    return false;
}

static void put_text(struct buf *b, const char *name, const char *value)
{
    if (value != NULL)
        buf_printf(b, "%s = %s\n", name, value);
    else
        buf_printf(b, "%s is not set\n", name);
}

static void put_number(struct buf *b, const char *name, uint64_t value)
{
    buf_printf(b, "%s = %ju\n", name, (uintmax_t)value);
}

static void put_list(struct buf *b, const char *name, const struct conf_strings *list)
{
    buf_printf(b, "%s has %zu\n", name, list->count);
    for (size_t i = 0; i < list->count; i++)
        buf_printf(b, "%s[%zu] = %s\n", name, i, list->items[i]);
}

static void put_id(struct buf *b, const char *name, const uint32_t *id)
{
    if (id != NULL)
        buf_printf(b, "%s = %u\n", name, *id);
}

static void put_listener(struct buf *b, const char *name, const struct conf_listener *l)
{
    char member[64];

#define NAMED(m) (snprintf(member, sizeof(member), "%s.%s", name, m) > 0 ? member : "")
    put_list(b, NAMED("address"), &l->addresses);
    put_text(b, NAMED("unix"), l->unix_path);
    buf_printf(b, "%s = %04o\n", NAMED("mode"), l->access.mode);
    put_id(b, NAMED("owner"), l->access.owner);
    put_id(b, NAMED("group"), l->access.group);
    put_text(b, NAMED("systemd"), l->systemd);
    put_text(b, NAMED("tls.certificate"), l->tls.certificate);
    put_text(b, NAMED("tls.key"), l->tls.key);
    put_text(b, NAMED("tls.clientCA"), l->tls.client_ca);
#undef NAMED
}

static void put_issuer(struct buf *b, size_t i, const struct conf_issuer *issuer)
{
    static const char *const roles[] = { "federation", "cluster", "publish" };
    char member[64];

#define NAMED(m) (snprintf(member, sizeof(member), "issuers[%zu].%s", i, m) > 0 ? member : "")
    put_text(b, NAMED("url"), issuer->url);
    put_text(b, NAMED("role"), roles[issuer->role]);
    put_list(b, NAMED("keys.files"), &issuer->keys.files);
    put_list(b, NAMED("keys.signing"), &issuer->keys.signing);
    put_text(b, NAMED("keys.passphraseFile"), issuer->keys.passphrase_file);
    put_text(b, NAMED("keys.rsaAlgorithm"), issuer->keys.rsa_algorithm);
    put_number(b, NAMED("keys.allowEd25519"), issuer->keys.allow_ed25519);
    put_number(b, NAMED("discovery.maxAge ms"), issuer->discovery.max_age_ms);
    put_number(b, NAMED("discovery.jwksMaxAge ms"), issuer->discovery.jwks_max_age_ms);
    put_text(b, NAMED("discovery.jwksURI"), issuer->discovery.jwks_uri);
    put_text(b, NAMED("discovery.extra"), issuer->discovery.extra_json);
    put_number(b, NAMED("signer.maxLifetime ms"), issuer->signer.max_lifetime_ms);
    put_number(b, NAMED("signer.extendedLifetime"), issuer->signer.extended_lifetime);
    put_number(b, NAMED("signer.refreshHint ms"), issuer->signer.refresh_hint_ms);
    put_list(b, NAMED("signer.legacyKeys"), &issuer->signer.legacy_keys);
    put_text(b, NAMED("signer.stateFile"), issuer->signer.state_file);
#undef NAMED
}

static void put_ids(struct buf *b, const char *name, const struct conf_ids *list)
{
    buf_printf(b, "%s has %zu\n", name, list->count);
    for (size_t i = 0; i < list->count; i++)
        buf_printf(b, "%s[%zu] = %u\n", name, i, list->items[i]);
}

static void
put_entries(struct buf *b, const char *name, const struct conf_caller *list, size_t count)
{
    char member[64];

#define NAMED(m) (snprintf(member, sizeof(member), "%s[%zu].%s", name, i, m) > 0 ? member : "")
    put_number(b, name, count);
    for (size_t i = 0; i < count; i++) {
        put_ids(b, NAMED("uids"), &list[i].uids);
        put_ids(b, NAMED("gids"), &list[i].gids);
        put_list(b, NAMED("users"), &list[i].users);
        put_list(b, NAMED("groups"), &list[i].groups);
        put_list(b, NAMED("namespaces"), &list[i].namespaces);
        put_list(b, NAMED("accounts"), &list[i].accounts);
        put_list(b, NAMED("audiences"), &list[i].audiences);
    }
#undef NAMED
}

static void put_token_service(struct buf *b, const struct conf *c)
{
    const struct conf_kubernetes *k = &c->accounts.kubernetes;
    const struct conf_callers *callers = &c->callers;

    put_list(b, "accounts.manifests", &c->accounts.manifests);
    put_number(b, "accounts.kubernetes", k->present);
    put_text(b, "accounts.kubernetes.kubeconfig", k->kubeconfig);
    put_text(b, "accounts.kubernetes.context", k->context);
    put_number(b, "accounts.kubernetes.maxAge ms", k->max_age_ms);
    put_number(b, "accounts.kubernetes.timeout ms", k->timeout_ms);
    put_text(b, "callers.kubernetes.audience", callers->kubernetes.audience);
    put_number(b, "callers.kubernetes.cache ms", callers->kubernetes.cache_ms);
    put_number(b, "callers.kubernetes.certificates", callers->kubernetes.certificates);
    put_number(b, "callers.exchange", callers->exchange);
    put_entries(b, "callers.unixPeers", callers->peers, callers->peer_count);
    put_entries(b, "callers.clientCertificates", callers->certificates,
                callers->certificate_count);
    put_list(b, "callers.apiAudiences", &callers->api_audiences);
}

static void put_settings(struct buf *b, const struct conf *c)
{
    static const char *const formats[] = { [LOG_TEXT] = "text", [LOG_JSON] = "json" };
    static const char *const levels[] = { "debug", "info", "warn", "error" };
    static const char *const requests[] = { "none", "failed", "all" };

    put_number(b, "workers", c->workers);
    put_number(b, "shutdownTimeout ms", c->shutdown_timeout_ms);
    put_number(b, "limits.maxConnections", c->limits.max_connections);
    put_number(b, "limits.maxConnectionsPerAddress", c->limits.max_connections_per_address);
    put_number(b, "limits.maxHeaderBytes", c->limits.max_header_bytes);
    put_number(b, "limits.maxBodyBytes", c->limits.max_body_bytes);
    put_number(b, "limits.headerTimeout ms", c->limits.header_timeout_ms);
    put_number(b, "limits.bodyTimeout ms", c->limits.body_timeout_ms);
    put_number(b, "limits.writeTimeout ms", c->limits.write_timeout_ms);
    put_number(b, "limits.idleTimeout ms", c->limits.idle_timeout_ms);
    put_number(b, "limits.maxKeys", c->limits.max_keys);
    put_number(b, "limits.maxKeyFileBytes", c->limits.max_key_file_bytes);
    put_number(b, "limits.maxCertificateFileBytes", c->limits.max_certificate_file_bytes);
    put_number(b, "limits.tokensPerSecond", c->limits.tokens_per_second);
    put_number(b, "limits.tokensPerSecondPerCaller", c->limits.tokens_per_second_per_caller);
    put_number(b, "reload.watch", c->reload.watch);
    put_number(b, "reload.debounce ms", c->reload.debounce_ms);
    put_number(b, "reload.poll ms", c->reload.poll_ms);
    put_text(b, "log.format", formats[c->log.format]);
    put_text(b, "log.level", levels[c->log.level]);
    put_text(b, "log.requests", requests[c->log.requests]);
}

/* One line for each value; a newline comes first, so that whole lines can be looked for. */
static void dump(struct buf *b, const struct conf *c)
{
    buf_str(b, "\n");
    put_listener(b, "discovery", &c->listeners.discovery);
    put_listener(b, "tokens", &c->listeners.tokens);
    put_number(b, "signer", c->listeners.signer.present);
    put_listener(b, "signer", &c->listeners.signer.socket);
    put_ids(b, "signer.allowUIDs", &c->listeners.signer.uids);
    put_listener(b, "admin", &c->listeners.admin);
    put_number(b, "issuers", c->issuer_count);
    for (size_t i = 0; i < c->issuer_count; i++)
        put_issuer(b, i, &c->issuers[i]);
    put_token_service(b, c);
    put_settings(b, c);
}

static bool states(const char *dumped, const char *expected)
{
    bool all = true;

    while (*expected != '\0') {
        size_t len = strcspn(expected, "\n");
        AUTO_FREE char *line = NULL;

        assert_true(asprintf(&line, "\n%.*s\n", (int)len, expected) > 0);
        if (strstr(dumped, line) == NULL) {
            print_error("does not hold: %.*s\n", (int)len, expected);
            all = false;
        }
        expected += len + (expected[len] == '\n' ? 1 : 0);
    }
    return all;
}

static bool good_case(const char *expected)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    AUTO(conf) struct conf *c = NULL;
    AUTO(buf) struct buf found;
    bool ok;

    assert_non_null(r);
    buf_init(&found, DATA_CASE_MAX_BYTES);
    if (conf_load("input.yaml", &c, r))
        dump(&found, c);
    put_report(&found, r);
    assert_non_null(found.data);
    ok = c != NULL && sai_report_count(r) == 0 && states(found.data, expected);
    if (!ok)
        print_error("--- found%s", found.data);
    return ok;
}

static void bad_cases(void **state)
{
    (void)state;
    data_cases(TEST_DATA "/config/bad", bad_case, BAD_CASES_MIN);
}

static void good_cases(void **state)
{
    (void)state;
    data_cases(TEST_DATA "/config/good", good_case, GOOD_CASES_MIN);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_cases),
        cmocka_unit_test(good_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
