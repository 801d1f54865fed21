/* SPDX-License-Identifier: Apache-2.0 */
#include "conf_text.h"

#define LISTEN(what) CONF_HEAD "listeners:\n  discovery: " what "\n" CONF_ISSUERS
#define PLAIN        "{ address: \"127.0.0.1:8080\" }"

#define SERVICE(tokens, accounts, callers)                                                     \
    CONF_HEAD                                                                                  \
    "listeners: { discovery: { unix: d.sock }, tokens: " tokens " }\n"                         \
    "issuers: [{ url: https://oidc.example.com, role: federation, keys: { files: [a] },\n"     \
    "  audiences: [{ name: a }] }]\n"                                                          \
    "accounts: " accounts "\n"                                                                 \
    "callers: " callers "\n"
#define SIGNER(signer)                                                                         \
    CONF_HEAD                                                                                  \
    "listeners: { discovery: { unix: d.sock }, signer: " signer " }\n"                         \
    "issuers: [{ url: https://oidc.example.com, role: cluster, keys: { files: [a] } }]\n"
#define UNIX "{ unix: t.sock }"
#define MTLS                                                                                   \
    "{ unix: t.sock, address: 127.0.0.1:1, tls: { certificate: a, key: b, clientCA: c } }"
#define TLS_ONLY  "{ unix: t.sock, address: 127.0.0.1:1, tls: { certificate: d, key: e } }"
#define MANIFESTS "{ manifests: [a] }"
#define PEERS     "{ unixPeers: [{ uids: [0] }] }"

struct row {
    const char *running;
    const char *next;
    const char *expected; /* "": may be reloaded */
};

static const struct row rows[] = {
    { CONF_MINIMAL, CONF_MINIMAL, "" },
    /* The same said in another way is no change. */
    { CONF_MINIMAL, LISTEN("{ address: [\"127.0.0.1:8080\"], mode: \"0660\" , unix: a.sock}"),
      "next.yaml:4:66: listeners.discovery.unix: cannot change without a restart\n" },
    { CONF_MINIMAL, LISTEN("{ address: [127.0.0.1:8080] }"), "" },
    { CONF_MINIMAL "workers: 0\n", CONF_MINIMAL, "" },
    { CONF_MINIMAL, LISTEN("{ address: \"127.0.0.1:8081\" }"),
      "next.yaml:4:25: listeners.discovery.address: cannot change without a restart\n" },
    { CONF_MINIMAL, LISTEN("{ address: [\"127.0.0.1:8080\", \"[::1]:8080\"] }"),
      "next.yaml:4:25: listeners.discovery.address: cannot change without a restart\n" },
    { LISTEN("{ address: [\"127.0.0.1:8080\", \"[::1]:8080\"] }"), CONF_MINIMAL,
      "next.yaml:3:36: listeners.discovery.address: cannot change without a restart\n" },
    { LISTEN("{ unix: a.sock }"), LISTEN("{ unix: a.sock, mode: 0600 }"),
      "next.yaml:4:36: listeners.discovery.mode: cannot change without a restart\n" },
    { LISTEN("{ systemd: a }"), LISTEN("{ systemd: b }"),
      "next.yaml:4:25: listeners.discovery.systemd: cannot change without a restart\n" },
    { CONF_MINIMAL, LISTEN(PLAIN "\n  admin: { address: \"127.0.0.1:9090\" }"),
      "next.yaml:5:21: listeners.admin.address: cannot change without a restart\n" },
    /* What is gone has no place of its own any more: its parent's. */
    { LISTEN(PLAIN "\n  admin: { address: \"127.0.0.1:9090\" }"), LISTEN(PLAIN),
      "next.yaml:4:3: listeners.admin.address: cannot change without a restart\n" },
    { LISTEN(PLAIN), LISTEN("{ address: 127.0.0.1:8080, tls: { certificate: a, key: b } }"),
      "next.yaml:4:61: listeners.discovery.tls.certificate: cannot be added without a "
      "restart\n" },
    { LISTEN("{ address: 127.0.0.1:8080, tls: { certificate: a, key: b } }"), LISTEN(PLAIN),
      "next.yaml:4:14: listeners.discovery.tls.certificate: cannot be removed without a "
      "restart\n" },
    { LISTEN("{ address: 127.0.0.1:8080, tls: { certificate: a, key: b } }"),
      LISTEN("{ address: 127.0.0.1:8080, tls: { certificate: c, key: d } }"), "" },
    { CONF_MINIMAL "workers: 2\nlimits: { maxConnections: 600, maxHeaderBytes: 8KiB }\n",
      CONF_MINIMAL "limits: { maxConnections: 601, maxHeaderBytes: 9KiB }\nworkers: 3\n",
      "next.yaml:6:10: workers: cannot change without a restart\n"
      "next.yaml:5:48: limits.maxHeaderBytes: cannot change without a restart\n" },
    /* The signer's socket; whom it serves may change. */
    { SIGNER("{ unix: a.sock }"), SIGNER("{ unix: a.sock, allowUIDs: [1] }"), "" },
    { SIGNER("{ unix: a.sock }"), SIGNER("{ unix: b.sock, mode: \"0660\" }"),
      "next.yaml:3:59: listeners.signer.unix: cannot change without a restart\n"
      "next.yaml:3:73: listeners.signer.mode: cannot change without a restart\n" },
    { SIGNER("{ unix: a.sock, owner: 1 }"), SIGNER("{ unix: a.sock, owner: 2, group: 1 }"),
      "next.yaml:3:74: listeners.signer.owner: cannot change without a restart\n"
      "next.yaml:3:84: listeners.signer.group: cannot change without a restart\n" },
    { SIGNER("{ unix: a.sock, owner: 1 }"), SIGNER("{ unix: a.sock, owner: 1 }"), "" },
    { SIGNER("{ unix: a.sock }"), SIGNER("{ systemd: a }"),
      "next.yaml:3:51: listeners.signer.unix: cannot change without a restart\n"
      "next.yaml:3:62: listeners.signer.systemd: cannot change without a restart\n" },
    { SIGNER("{ unix: a.sock }"), LISTEN("{ unix: d.sock }"),
      "next.yaml:4:3: listeners.signer: cannot be removed without a restart\n" },
    /* The token service: what the process asks of Kubernetes, and where callers come in. */
    { SERVICE(UNIX, MANIFESTS, PEERS), SERVICE(UNIX, "{ kubernetes: {} }", PEERS),
      "next.yaml:6:25: accounts.kubernetes: cannot be added without a restart\n" },
    { SERVICE(UNIX, "{ kubernetes: {} }", PEERS), SERVICE(UNIX, MANIFESTS, PEERS),
      "next.yaml:6:11: accounts.kubernetes: cannot be removed without a restart\n" },
    { SERVICE(UNIX, "{ kubernetes: {} }", PEERS),
      SERVICE(UNIX,
              "{ kubernetes: { kubeconfig: a, context: b, maxAge: 1m, timeout: 1s } }",
              PEERS),
      "next.yaml:6:39: accounts.kubernetes.kubeconfig: cannot change without a restart\n"
      "next.yaml:6:51: accounts.kubernetes.context: cannot change without a restart\n"
      "next.yaml:6:62: accounts.kubernetes.maxAge: cannot change without a restart\n"
      "next.yaml:6:75: accounts.kubernetes.timeout: cannot change without a restart\n" },
    { SERVICE(UNIX, "{ kubernetes: {} }", "{ kubernetes: { audience: a } }"),
      SERVICE(UNIX, "{ kubernetes: {} }", "{ kubernetes: { audience: b, cache: 1s } }"),
      "next.yaml:7:36: callers.kubernetes.audience: cannot change without a restart\n"
      "next.yaml:7:46: callers.kubernetes.cache: cannot change without a restart\n" },
    { SERVICE(UNIX, MANIFESTS, PEERS),
      SERVICE("{ unix: u.sock, mode: \"0600\", address: \"127.0.0.1:1\" }", MANIFESTS, PEERS),
      "next.yaml:3:90: listeners.tokens.address: cannot change without a restart\n"
      "next.yaml:3:59: listeners.tokens.unix: cannot change without a restart\n"
      "next.yaml:3:73: listeners.tokens.mode: cannot change without a restart\n" },
    { SERVICE(MTLS, MANIFESTS, "{ clientCertificates: [{ users: [a] }] }"),
      SERVICE(TLS_ONLY,
              "{ manifests: [b, c] }",
              "{ unixPeers: [{ uids: [1], gids: [2], audiences: [a] }], apiAudiences: [x] }"),
      "" },
    /* The rest may change. */
    { CONF_MINIMAL,
      CONF_HEAD CONF_LISTENERS
      "issuers:\n"
      "- { url: https://a.example, role: cluster, keys: { files: [a] } }\n"
      "- { url: https://b.example, role: publish, keys: { files: [b] } }\n"
      "shutdownTimeout: 1s\n"
      "limits: { maxConnectionsPerAddress: 1, maxBodyBytes: 1KiB, headerTimeout: 1s,\n"
      "  bodyTimeout: 1s, writeTimeout: 1s, idleTimeout: 1s, maxKeys: 1,\n"
      "  maxKeyFileBytes: 1KiB, maxCertificateFileBytes: 1KiB }\n"
      "reload: { watch: false, debounce: 1s, poll: 1s }\n"
      "log: { format: text, level: debug, requests: all }\n",
      "" },
};

static void what_needs_a_restart(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO(conf) struct conf *running = conf_text_parse("running.yaml", rows[i].running);
        AUTO(conf) struct conf *next = conf_text_parse("next.yaml", rows[i].next);
        AUTO(sai_report) struct sai_report *r = sai_report_new();
        AUTO(buf) struct buf found;
        bool ok;

        print_message("row %zu\n", i);
        buf_init(&found, 4096);
        buf_str(&found, "");
        ok = conf_check_reload(running, next, r);
        conf_text_put_report(&found, r);
        assert_string_equal(found.data, rows[i].expected);
        assert_int_equal(ok, rows[i].expected[0] == '\0');
    }
}

static void earlier_problems_do_not_count(void **state)
{
    AUTO(conf) struct conf *c = conf_text_parse("c.yaml", CONF_MINIMAL);
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    struct sai_err e = { .code = SAI_E_IO, .text = "something else" };

    (void)state;
    report_add(r, SAI_ERROR, &e);
    assert_true(conf_check_reload(c, c, r));
}

static void locates_values(void **state)
{
    static const char text[] = CONF_HEAD CONF_LISTENERS "issuers:\n"
                                                        "  - url: https://oidc.example.com\n"
                                                        "    role: publish\n"
                                                        "    keys:\n"
                                                        "      files:\n"
                                                        "        - a.pub\n"
                                                        "        - b.pub\n";
    static const struct {
        const char *path;
        unsigned line;
        unsigned column;
    } places[] = {
        { "issuers[0].keys.files[1]", 10, 11 },
        { "issuers[0].keys.files", 9, 9 },
        { "issuers[0].keys.files[2]", 9, 9 },
        { "issuers[0].keys.signing", 8, 7 },
        { "issuers[0].discovery.maxAge", 5, 5 },
        { "issuers[1].url", 5, 3 },
        { "listeners.discovery.address[0]", 3, 36 },
        { "listeners.discovery.tls.certificate", 3, 25 },
        { "limits.maxKeys", 1, 1 },
        { "", 1, 1 },
        { "issuers[", 5, 3 },
        { "issuers[x]", 5, 3 },
        { "issuers[99999999999999999999]", 5, 3 },
        { "issuers.url", 5, 3 },
        { "..", 1, 1 },
    };
    AUTO(conf) struct conf *c = conf_text_parse("c.yaml", text);

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        struct sai_err e = { .code = SAI_E_IO };

        conf_locate(c, places[i].path, &e);
        print_message("%s\n", places[i].path);
        assert_string_equal(e.file, "c.yaml");
        assert_int_equal(e.line, places[i].line);
        assert_int_equal(e.column, places[i].column);
        assert_string_equal(e.path, places[i].path);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_needs_a_restart),
        cmocka_unit_test(earlier_problems_do_not_count),
        cmocka_unit_test(locates_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
