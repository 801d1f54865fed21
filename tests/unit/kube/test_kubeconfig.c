/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/err.h"
#include "kube/config.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define HEAD     "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
#define CONTEXTS "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
#define CLUSTERS                                                                               \
    "clusters: [{name: k, cluster: {server: 'https://a:6443', certificate-authority: ca}}]\n"
#define USERS "users: [{name: u, user: {token: t}}]\n"

static bool
parse(const char *text, const char *context, struct kube_config **out, struct buf *why)
{
    AUTO(sai_report) struct sai_report *r = sai_report_new();
    bool ok = kube_config_parse("dir/f", text, strlen(text), context, out, r);
    char line[1024];

    assert_int_equal(ok, sai_report_total(r, SAI_ERROR) == 0);
    for (size_t i = 0; i < sai_report_count(r); i++)
        buf_printf(why, "%s\n", sai_err_format(sai_report_get(r, i, NULL), line, sizeof(line)));
    return ok;
}

struct bad {
    const char *text;
    const char *error;
};

static const struct bad bad[] = {
    { "[]", "dir/f:1:1: must be a map with clusters, users and contexts\n" },
    { "{", "dir/f:2:1: not YAML: did not find expected node content while parsing a flow node "
           "that starts at 2:1\n" },
    { "kind: Config\n", "dir/f:1:1: has no current-context\n" },
    { "apiVersion: v2\nkind: Pod\ncurrent-context: c\n" CONTEXTS CLUSTERS USERS,
      "dir/f:1:13: apiVersion: must be v1\ndir/f:2:7: kind: must be Config\n" },
    { HEAD, "dir/f:3:18: current-context: there is no \"c\" in contexts\n" },
    { HEAD "contexts: [{name: c}]\n", "dir/f:4:12: contexts[0]: has no context\n" },
    { HEAD "contexts: [{name: c, context: {}}]\n",
      "dir/f:4:31: contexts[0].context: names no cluster\n"
      "dir/f:4:31: contexts[0].context: names no user\n" },
    { HEAD CONTEXTS, "dir/f:4:41: contexts[0].context.cluster: there is no \"k\" in clusters\n"
                     "dir/f:4:50: contexts[0].context.user: there is no \"u\" in users\n" },
    { HEAD CONTEXTS USERS "clusters: [{name: k, cluster: {certificate-authority: ca}}]\n",
      "dir/f:6:31: clusters[0].cluster: has no server\n" },
    { HEAD CONTEXTS USERS "clusters: [{name: k, cluster: {server: 'https://a'}}]\n",
      "dir/f:6:31: clusters[0].cluster: has no certificate-authority: the authorities that the "
      "system trusts are not asked\n" },
    { HEAD CONTEXTS USERS
      "clusters: [{name: k, cluster: {server: 'http://a', insecure-skip-tls-verify: true,\n"
      "  proxy-url: 'http://p', certificate-authority-data: '%%'}}]\n",
      "dir/f:6:40: clusters[0].cluster.server: must begin with https://\n"
      "dir/f:6:78: clusters[0].cluster.insecure-skip-tls-verify: the API server is always "
      "verified; give certificate-authority instead\n"
      "dir/f:7:14: clusters[0].cluster.proxy-url: proxies are not supported\n"
      "dir/f:7:54: clusters[0].cluster.certificate-authority-data: is not base64\n" },
    { HEAD CONTEXTS CLUSTERS "users: [{name: u, user: {}}]\n",
      "dir/f:6:25: users[0].user: has neither a client certificate nor a token\n" },
    { HEAD CONTEXTS CLUSTERS "users: [{name: u, user: {client-key: k}}]\n",
      "dir/f:6:25: users[0].user: has a client-key without a client-certificate\n" },
    { HEAD CONTEXTS CLUSTERS "users: [{name: u, user: {token: [t], as: x, password: p,\n"
                             "  auth-provider: {name: gcp}, exec: {command: x}}}]\n",
      "dir/f:6:33: users[0].user.token: must be text\n"
      "dir/f:6:42: users[0].user.as: impersonation is not supported\n"
      "dir/f:6:55: users[0].user.password: Kubernetes has no passwords since 1.19; use a "
      "client "
      "certificate or a tokenFile\n"
      "dir/f:7:18: users[0].user.auth-provider: credentials from programs are not supported; "
      "use a client certificate or a tokenFile\n"
      "dir/f:7:37: users[0].user.exec: credentials from programs are not supported; use a "
      "client certificate or a tokenFile\n" },
    { HEAD CONTEXTS CLUSTERS
      "users: [{name: u, user: {token: a}}, {name: u, user: {token: b}}]\n",
      "dir/f:6:45: users[1].name: \"u\" is in users twice\n" },
};

static void mistakes_have_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        AUTO(kube_config) struct kube_config *c = NULL;
        AUTO(buf) struct buf why = { 0 };

        buf_init(&why, 65536);
        assert_false(parse(bad[i].text, NULL, &c, &why));
        assert_null(c);
        if (strcmp(why.data, bad[i].error) != 0)
            fail_msg("%s\ngives\n%s\nnot\n%s", bad[i].text, why.data, bad[i].error);
    }
}

static void reads_all_of_the_subset(void **state)
{
    /* What kubeadm writes, and a second context beside it. "Y2E=" is "ca". */
    static const char text[] =
        "apiVersion: v1\nkind: Config\npreferences: {}\ncurrent-context: admin@kubernetes\n"
        "clusters:\n- name: kubernetes\n  cluster:\n"
        "    certificate-authority-data: Y2E=\n    server: https://[2001:db8::1]:6443\n"
        "- name: other\n  cluster: {server: https://b/k8s/c1/, certificate-authority: "
        "pki/ca.crt,\n"
        "    tls-server-name: kubernetes, insecure-skip-tls-verify: false}\n"
        "contexts:\n- name: admin@kubernetes\n  context: {cluster: kubernetes, user: admin}\n"
        "- name: second\n  context: {cluster: other, user: robot, namespace: x}\n"
        "users:\n- name: admin\n  user:\n    client-certificate-data: Y2Vy\n"
        "    client-key-data: |\n      a2\n      V5\n"
        "- name: robot\n  user: {token: abc, tokenFile: /run/token, username: ''}\n";
    AUTO(kube_config) struct kube_config *first = NULL;
    AUTO(kube_config) struct kube_config *second = NULL;
    AUTO(buf) struct buf why = { 0 };

    (void)state;
    buf_init(&why, 65536);
    assert_true(parse(text, "", &first, &why));
    assert_string_equal(first->host, "[2001:db8::1]");
    assert_string_equal(first->port, "6443");
    assert_string_equal(first->prefix, "");
    assert_null(first->server_name);
    assert_string_equal(first->ca.data, "ca");
    assert_string_equal(first->certificate.data, "cer");
    assert_string_equal(first->key.data, "key");
    assert_null(first->token.data);
    assert_true(parse(text, "second", &second, &why));
    assert_string_equal(second->port, "443");
    assert_string_equal(second->prefix, "/k8s/c1");
    assert_string_equal(second->server_name, "kubernetes");
    assert_string_equal(second->ca.path, "dir/pki/ca.crt");
    assert_string_equal(second->token.data, "abc");
    assert_string_equal(second->token.path, "/run/token");
    assert_false(parse(text, "third", &(struct kube_config *){ NULL }, &why));
    assert_string_equal(why.data, "dir/f:1:1: there is no \"third\" in contexts\n");
}

struct server {
    const char *url;
    const char *joined; /* host|port|prefix; NULL: refused */
};

static const struct server servers[] = {
    { "https://a", "a|443|" },
    { "https://a.b-c.example:1", "a.b-c.example|1|" },
    { "https://10.0.0.1:65535/", "10.0.0.1|65535|" },
    { "https://[::1]/a/b", "[::1]|443|/a/b" },
    { "http://a", NULL },
    { "HTTPS://a", NULL },
    { "https://", NULL },
    { "https://:443", NULL },
    { "https://a:", NULL },
    { "https://a:0", NULL },
    { "https://a:65536", NULL },
    { "https://a:+1", NULL },
    { "https://a:1x", NULL },
    { "https://u@a", NULL },
    { "https://u:p@a", NULL },
    { "https://a?x", NULL },
    { "https://a/?x", NULL },
    { "https://a#x", NULL },
    { "https://a/%2e", NULL },
    { "https://a/../b", NULL },
    { "https://a//b", NULL },
    { "https://a b", NULL },
    { "https://a/\r\nX: y", NULL },
    { "https://[::1", NULL },
    { "https://[]", NULL },
    { "https://[::1]x", NULL },
    { "https://a_b", NULL },
};

static void servers_are_read_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(servers); i++) {
        AUTO(kube_config) struct kube_config *c = calloc(1, sizeof(*c));
        struct sai_err e = { 0 };
        char joined[128];

        assert_non_null(c);
        if (kube_config_set_server(c, servers[i].url, &e) != (servers[i].joined != NULL))
            fail_msg("%s: %s", servers[i].url, e.text);
        if (servers[i].joined == NULL)
            continue;
        (void)snprintf(joined, sizeof(joined), "%s|%s|%s", c->host, c->port, c->prefix);
        assert_string_equal(joined, servers[i].joined);
    }
}

static void in_a_pod(void **state)
{
    AUTO(kube_config) struct kube_config *c = NULL;
    struct sai_err e = { 0 };

    (void)state;
    assert_true(kube_config_in_pod("fd00::1", "443", KUBE_POD_DIR, &c, &e));
    assert_string_equal(c->host, "[fd00::1]");
    assert_string_equal(c->token.path, "/var/run/secrets/kubernetes.io/serviceaccount/token");
    assert_string_equal(c->ca.path, "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");
    assert_false(kube_config_in_pod("10.0.0.1", NULL, "d", &c, &e));
    assert_int_equal(e.code, SAI_E_NOTFOUND);
    e = (struct sai_err){ 0 };
    assert_false(kube_config_in_pod("10.0.0.1@x", "443", "d", &c, &e));
    assert_int_equal(e.code, SAI_E_INVALID);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_have_their_place),
        cmocka_unit_test(reads_all_of_the_subset),
        cmocka_unit_test(servers_are_read_strictly),
        cmocka_unit_test(in_a_pod),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
