/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf.h"
#include "conf/rows.h"

static const struct schema_row kubernetes_rows[] = {
    { "kubeconfig", &type_path, AT(conf_kubernetes, kubeconfig), .flags = ROW_RESTART,
      .help = "File that says where the API is and how to log in, without `exec` and other "
              "plugins. Absent: what the pod's own service account is given." },
    { "context", &type_text, AT(conf_kubernetes, context), .flags = ROW_RESTART,
      .help = "The kubeconfig's context to use. Absent: its `current-context`." },
    { "maxAge", &type_duration, AT(conf_kubernetes, max_age_ms), .flags = ROW_RESTART,
      .min = 10 * SECOND, .max = HOUR, .preset = "2m",
      .help = "What is in memory and older than this is asked for anew before a token is made "
              "of it; if that fails the token is refused." },
    { "timeout", &type_duration, AT(conf_kubernetes, timeout_ms), .flags = ROW_RESTART,
      .min = 100 * MS, .max = 30 * SECOND, .preset = "5s",
      .help = "How long the API may take to answer a question." },
    { 0 },
};

const struct schema_row accounts_rows[] = {
    { "manifests", &type_paths, AT(conf_accounts, manifests), .min = 1, .max = 64,
      .allowed = "1 to 64 paths",
      .help = "Files, or directories of `*.yaml`, `*.yml` and `*.json`, with ServiceAccounts "
              "and Namespaces as `kubectl get sa,ns -A -o yaml` prints them; read again when "
              "they change." },
    { "kubernetes", .section = kubernetes_rows, AT(conf_accounts, kubernetes),
      .flags = ROW_RESTART_IF_SET,
      .present_offset = offsetof(struct conf_accounts, kubernetes.present),
      .help =
          "The API of a cluster, whose service accounts and namespaces are watched; `{}` in "
          "a pod of it." },
    { 0 },
};

static const struct schema_row kubernetes_callers_rows[] = {
    { "audience", &type_text, AT(conf_kubernetes_callers, audience),
      .flags = ROW_REQUIRED | ROW_RESTART, .allowed = "up to 4096 bytes",
      .help = "What callers' tokens must be for, e.g. `sa-issuerd`; one that the API itself "
              "accepts would make their tokens worth stealing." },
    { "cache", &type_duration, AT(conf_kubernetes_callers, cache_ms), .flags = ROW_RESTART,
      .max = 10 * SECOND, .preset = "10s",
      .help = "How long a token that was found good is believed; `0s`: not at all." },
    { "certificates", &type_bool, AT(conf_kubernetes_callers, certificates), .preset = "false",
      .help = "Ask the cluster what users of client certificates may do, too; needs "
              "`listeners.tokens.tls.clientCA`, which should then be the cluster's." },
    { 0 },
};

/* The rows that every allow list ends with. */
#define GRANT_ROWS                                                                             \
    { "namespaces",                                                                            \
      &type_texts,                                                                             \
      AT(conf_caller, namespaces),                                                             \
      .min = 1,                                                                                \
      .max = 256,                                                                              \
      .allowed = "1 to 256 names",                                                             \
      .help = "All service accounts of these namespaces. Absent, and no `accounts`: all." },   \
        { "accounts",                                                                          \
          &type_texts,                                                                         \
          AT(conf_caller, accounts),                                                           \
          .min = 1,                                                                            \
          .max = 1024,                                                                         \
          .allowed = "1 to 1024 of `namespace/name`",                                          \
          .help = "These service accounts." },                                                 \
        { "audiences",                                                                         \
          &type_texts,                                                                         \
          AT(conf_caller, audiences),                                                          \
          .min = 1,                                                                            \
          .max = 64,                                                                           \
          .allowed = "1 to 64 names",                                                          \
          .help = "Tokens for these audiences only." },                                        \
    {                                                                                          \
        0                                                                                      \
    }

static const struct schema_row peer_rows[] = {
    { "uids", &type_ids, AT(conf_caller, uids), .min = 1, .max = 256,
      .allowed = "1 to 256 numbers up to 4294967294", .help = "Processes of these users." },
    { "gids", &type_ids, AT(conf_caller, gids), .min = 1, .max = 256,
      .allowed = "1 to 256 numbers up to 4294967294",
      .help = "Processes whose primary group is one of these." },
    GRANT_ROWS,
};

static const struct schema_row certificate_rows[] = {
    { "users", &type_texts, AT(conf_caller, users), .min = 1, .max = 256,
      .allowed = "1 to 256 names",
      .help = "The subject's common name (`CN`) is one of these." },
    { "groups", &type_texts, AT(conf_caller, groups), .min = 1, .max = 256,
      .allowed = "1 to 256 names",
      .help = "An organization (`O`) of the subject is one of these." },
    GRANT_ROWS,
};

#define API_AUDIENCES                                                                          \
    "[https://kubernetes.default.svc, https://kubernetes.default.svc.cluster.local, "          \
    "https://kubernetes.default, kubernetes.default.svc]"

const struct schema_row callers_rows[] = {
    { "kubernetes", .section = kubernetes_callers_rows, AT(conf_callers, kubernetes),
      .help = "Bearers of the cluster's service account tokens. What they may ask for is the "
              "cluster's to say: `create` of `serviceaccounts/token`. Needs "
              "`accounts.kubernetes`." },
    { "exchange", &type_bool, AT(conf_callers, exchange), .preset = "true",
      .help = "Pods may trade their own token for one of their own account, without any such "
              "permission. Only with `callers.kubernetes`." },
    { "unixPeers", .section = peer_rows, AT(conf_callers, peers),
      .count_offset = offsetof(struct conf_callers, peer_count),
      .item_bytes = sizeof(struct conf_caller), .min = 1, .max = 256,
      .allowed = "1 to 256 entries",
      .help = "Processes at the tokens listener's Unix socket. The first entry that has both "
              "the caller and the account decides." },
    { "clientCertificates", .section = certificate_rows, AT(conf_callers, certificates),
      .count_offset = offsetof(struct conf_callers, certificate_count),
      .item_bytes = sizeof(struct conf_caller), .min = 1, .max = 256,
      .allowed = "1 to 256 entries",
      .help = "Bearers of client certificates of `listeners.tokens.tls.clientCA`. The first "
              "entry that has both the caller and the account decides." },
    { "apiAudiences", &type_texts, AT(conf_callers, api_audiences), .min = 1, .max = 64,
      .preset = API_AUDIENCES, .allowed = "1 to 64 names",
      .help = "What the Kubernetes API server accepts tokens for (its `--api-audiences`): no "
              "token is ever issued for one of these, nor for the URL of a `cluster` or "
              "`publish` issuer." },
    { 0 },
};
