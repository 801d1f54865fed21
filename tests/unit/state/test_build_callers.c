/* SPDX-License-Identifier: Apache-2.0 */
#include "build_fixture.h"

#define HEAD                                                                                   \
    "apiVersion: sa-issuerd/v1\n"                                                              \
    "kind: Configuration\n"                                                                    \
    "listeners:\n"                                                                             \
    "  discovery: { unix: d.sock }\n"                                                          \
    "  tokens: { unix: t.sock }\n"                                                             \
    "issuers:\n"                                                                               \
    "  - url: https://oidc.example.com\n"                                                      \
    "    role: federation\n"                                                                   \
    "    keys: { files: [keys] }\n"                                                            \
    "    audiences: [{ name: a }]\n"
#define CLUSTER                                                                                \
    HEAD "accounts: { kubernetes: { kubeconfig: kube.conf, context: there } }\n"               \
         "callers: { kubernetes: { audience: b } }\n"
#define LABEL "must be a DNS label: a-z, 0-9 and -, a letter or digit at both ends"
#define SUBDOMAIN                                                                              \
    "must be a DNS name: a-z, 0-9, - and ., a letter or digit at both ends and beside each "   \
    "dot"
#define A60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void names_are_those_of_kubernetes(void **state)
{
    struct fixture *f = *state;

    temp_key_make(&f->temp, "keys/a.pem", "RSA");
    temp_write(&f->temp, "accounts.yaml",
               "apiVersion: v1\n"
               "kind: ServiceAccount\n"
               "metadata: { namespace: a, name: a, uid: u }\n");
    assert_false(build_from(f, HEAD "accounts: { manifests: [accounts.yaml] }\n"
                                    "callers:\n"
                                    "  unixPeers:\n"
                                    "  - { uids: [0], namespaces: [a-1, A, a.b] }\n"
                                    "  - uids: [0]\n"
                                    "    accounts:\n"
                                    "    - a-1/b.c\n"
                                    "    - a\n"
                                    "    - /a\n"
                                    "    - a/\n"
                                    "    - a/b/c\n"
                                    "    - a.b/c\n"
                                    "    - " A60 "aaaa/a\n"));
    expect_problems(f, "conf.yaml:14:36: callers.unixPeers[0].namespaces[1]: " LABEL "\n"
                       "conf.yaml:14:39: callers.unixPeers[0].namespaces[2]: " LABEL "\n"
                       "conf.yaml:18:7: callers.unixPeers[1].accounts[1]: must be "
                       "namespace/name\n"
                       "conf.yaml:19:7: callers.unixPeers[1].accounts[2]: " LABEL "\n"
                       "conf.yaml:20:7: callers.unixPeers[1].accounts[3]: " SUBDOMAIN "\n"
                       "conf.yaml:21:7: callers.unixPeers[1].accounts[4]: " SUBDOMAIN "\n"
                       "conf.yaml:22:7: callers.unixPeers[1].accounts[5]: " LABEL "\n"
                       "conf.yaml:23:7: callers.unixPeers[1].accounts[6]: the namespace has 64 "
                       "characters, at most 63 are allowed\n");
}

static void a_kubeconfig_is_looked_at(void **state)
{
    static const char good[] = "apiVersion: v1\n"
                               "kind: Config\n"
                               "contexts: [{ name: there, context: { cluster: c, user: u } }]\n"
                               "clusters: [{ name: c, cluster: { server: https://api.example, "
                               "certificate-authority: ca.crt } }]\n"
                               "users: [{ name: u, user: { tokenFile: token } }]\n";
    struct fixture *f = *state;
    char path[TEMP_PATH_SIZE];
    bool found = false;

    temp_key_make(&f->temp, "keys/a.pem", "RSA");
    assert_false(build_from(f, CLUSTER));
    expect_problems(f,
                    "kube.conf: accounts.kubernetes.kubeconfig: cannot open: No such file or "
                    "directory\n");
    for (size_t i = 0; i < inputs_count(f->inputs); i++)
        found = found ||
                strcmp(inputs_get(f->inputs, i), temp_path(&f->temp, "kube.conf", path)) == 0;
    assert_true(found);
    temp_write(&f->temp, "kube.conf", "{}\n");
    assert_false(build(f));
    expect_problems(f, "kube.conf:1:1: there is no \"there\" in contexts\n");
    temp_write(&f->temp, "kube.conf", good);
    if (!build(f))
        expect_problems(f, "");
}

/* What a pod is given need not be there where the configuration is checked. */
static void in_a_pod_nothing_is_looked_at(void **state)
{
    struct fixture *f = *state;

    temp_key_make(&f->temp, "keys/a.pem", "RSA");
    assert_true(build_from(f, HEAD "accounts: { kubernetes: {} }\n"
                                   "callers: { kubernetes: { audience: b } }\n"));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(names_are_those_of_kubernetes),
        CASE(a_kubeconfig_is_looked_at),
        CASE(in_a_pod_nothing_is_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
