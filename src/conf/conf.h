/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The configuration as plain structs: what conf_load() makes of the YAML file.
 *
 * Immutable once loaded. Every string and array belongs to the struct conf and lives as long
 * as it; paths are absolute or relative to the working directory, never to the file (the
 * loader resolves them). Durations are in milliseconds. The rows that fill these structs,
 * with defaults, ranges and help, are in conf/rows.c. */

#include "base/attr.h"
#include "base/listen.h"
#include "base/log.h"

#include <sa_issuer/policy.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct yaml_doc;

struct conf_strings {
    const char *const *items;
    size_t count;
};

/* PEM files; both NULL or neither. */
struct conf_tls {
    const char *certificate; /* leaf first, then intermediates */
    const char *key;
    const char *client_ca; /* of the tokens listener; NULL: clients show no certificate */
};

/* User or group ids. */
struct conf_ids {
    const uint32_t *items;
    size_t count;
};

struct conf_listener {
    struct conf_strings addresses; /* "192.0.2.1:8443" or "[2001:db8::1]:8443" */
    const char *unix_path;         /* NULL: none */
    struct listen_access access;   /* to that */
    const char *systemd; /* name of the passed socket (FileDescriptorName=); NULL: none */
    struct conf_tls tls; /* for addresses and systemd TCP sockets, never for Unix sockets */
};

/* Where kube-apiserver has its tokens signed: Unix sockets only. */
struct conf_signer_listener {
    bool present;
    struct conf_listener socket; /* unix_path may be "@name", an abstract socket */
    struct conf_ids uids;        /* of the processes that may connect */
};

struct conf_listeners {
    struct conf_listener discovery;
    struct conf_listener tokens;
    struct conf_signer_listener signer;
    struct conf_listener admin;
};

enum conf_role { CONF_FEDERATION, CONF_CLUSTER, CONF_PUBLISH };

struct conf_keys {
    struct conf_strings files; /* files or directories */
    struct conf_strings
        signing; /* file names or paths; empty: the first key of each algorithm */
    const char *passphrase_file; /* NULL: encrypted keys are refused */
    const char *rsa_algorithm;
    bool allow_ed25519;
};

struct conf_discovery {
    uint64_t max_age_ms;
    uint64_t jwks_max_age_ms;
    const char *jwks_uri; /* NULL: <url>/openid/v1/jwks */
    const char
        *extra_json; /* compact JSON members without braces: "a":1,"b":[true]; "" if none */
};

struct conf_tokens {
    uint64_t default_lifetime_ms;
    uint64_t max_lifetime_ms;
    uint64_t backdate_ms;
    const char *lifetime_annotation; /* NULL: accounts cannot limit their tokens */
};

struct conf_audience {
    const char *name;
    const char *profile;
    const char *algorithm;    /* NULL: the first of the profile that has a key */
    uint64_t max_lifetime_ms; /* 0: the profile's */
};

enum { CONF_SOURCES = SAI_SOURCE_TEMPLATE + 1 };

/* A claim rule as it was written; what its members mean is in <sa_issuer/policy.h>. */
struct conf_claim {
    const char *sources[CONF_SOURCES]; /* by enum sai_claim_source; all but one are NULL */
    struct conf_strings claim;
    const char *session_tag;
    bool transitive;
    enum sai_claim_type type;
    const char *pattern;
    struct conf_strings one_of;
    uint64_t max_length;
    struct conf_strings namespaces;
    struct conf_strings audiences;
    bool required;
    const char *preset;
};

/* How a cluster issuer signs for kube-apiserver. */
struct conf_signer {
    uint64_t max_lifetime_ms;
    bool extended_lifetime; /* tokens of pods may be extended to a year */
    uint64_t refresh_hint_ms;
    struct conf_strings legacy_keys; /* files or directories of public keys */
    const char *state_file;          /* NULL: nothing is remembered over a restart */
};

struct conf_issuer {
    const char *url;
    enum conf_role role;
    struct conf_keys keys;
    struct conf_discovery discovery;
    struct conf_tokens tokens;
    struct conf_signer signer;
    struct conf_audience *audiences;
    size_t audience_count;
    struct conf_claim *claims;
    size_t claim_count;
};

/* The cluster whose API is asked. */
struct conf_kubernetes {
    bool present;
    const char *kubeconfig; /* NULL: what a pod is given */
    const char *context;    /* NULL: the file's current-context */
    uint64_t max_age_ms;    /* older than this, what is in memory is asked for anew */
    uint64_t timeout_ms;    /* of one question */
};

/* One of the two at most. */
struct conf_accounts {
    struct conf_strings manifests; /* files or directories */
    struct conf_kubernetes kubernetes;
};

/* A row of an allow list: whom it is for (uids and gids of Unix peers, users and groups of
 * certificates; one that matches is enough), and whose tokens these may ask for. The first row
 * that has both the caller and the account decides. */
struct conf_caller {
    struct conf_ids uids;
    struct conf_ids gids;
    struct conf_strings users;
    struct conf_strings groups;
    struct conf_strings namespaces; /* all accounts of these, */
    struct conf_strings accounts;   /* and these ("namespace/name"); both empty: all */
    struct conf_strings audiences;  /* empty: all of the issuer */
};

struct conf_kubernetes_callers {
    const char *audience; /* that their tokens must be for; NULL: no such callers */
    uint64_t cache_ms;    /* for which a token is believed; 0: not at all */
    bool certificates;    /* ask about users of client certificates, too */
};

struct conf_callers {
    struct conf_kubernetes_callers kubernetes;
    bool exchange;             /* pods trade their own tokens; never without kubernetes */
    struct conf_caller *peers; /* of Unix sockets */
    size_t peer_count;
    struct conf_caller *certificates;
    size_t certificate_count;
    struct conf_strings api_audiences; /* of the Kubernetes API server: never issued */
};

struct conf_audit {
    const char *file; /* NULL: standard error */
};

struct conf_limits {
    uint64_t max_connections;             /* of one listener */
    uint64_t max_connections_per_address; /* of one listener */
    uint64_t max_header_bytes;            /* request line and headers */
    uint64_t max_body_bytes;
    uint64_t header_timeout_ms; /* from accept, TLS handshake included */
    uint64_t body_timeout_ms;
    uint64_t write_timeout_ms; /* from the whole request to the whole response */
    uint64_t idle_timeout_ms;  /* from a response to the next request's last header */
    uint64_t max_keys;         /* of one issuer */
    uint64_t max_key_file_bytes;
    uint64_t max_certificate_file_bytes;
    uint64_t max_accounts;
    uint64_t max_manifest_bytes; /* of one file */
    uint64_t tokens_per_second;  /* requests for tokens; 0: any number */
    uint64_t tokens_per_second_per_caller;
};

struct conf_reload {
    bool watch; /* inotify; SIGHUP always works */
    uint64_t debounce_ms;
    uint64_t poll_ms; /* look for changes that inotify cannot see; 0: never */
};

enum conf_log_requests { CONF_LOG_NONE, CONF_LOG_FAILED, CONF_LOG_ALL };

struct conf_log {
    enum log_format format;
    enum log_level level;
    enum conf_log_requests requests;
};

struct conf {
    struct conf_listeners listeners;
    struct conf_issuer *issuers;
    size_t issuer_count;
    uint64_t workers; /* threads that serve discovery; 0: one for each processor */
    uint64_t shutdown_timeout_ms;
    struct conf_limits limits;
    struct conf_accounts accounts;
    struct conf_callers callers;
    struct conf_audit audit;
    struct conf_reload reload;
    struct conf_log log;
    const char *file; /* as given to conf_load() */
    const struct yaml_doc *doc;
    struct arena *arena;
};

/* Reads, parses and validates the file; adds every mistake to the report. On success the
 * caller owns *out. Opens no file but this one: keys and certificates are the snapshot's. */
bool conf_load(const char *file, struct conf **out, struct sai_report *r) MUST_USE;
/* The same for a text that was read already; file stands in messages, and paths are relative
 * to its directory. */
bool conf_parse(const char *file,
                const char *text,
                size_t len,
                struct conf **out,
                struct sai_report *r) MUST_USE;
void conf_free(struct conf *c); /* takes NULL */
DEFINE_AUTO(conf, conf_free)

/* Gives e the file, line and column of the value at path ("issuers[0].keys.files[2]"), or of
 * its nearest parent that the file spells out, and the path itself. */
void conf_locate(const struct conf *c, const char *path, struct sai_err *e);

/* Adds an error for each value that differs and cannot change without a restart. */
bool conf_check_reload(const struct conf *running,
                       const struct conf *next,
                       struct sai_report *r) MUST_USE;

/* The reference of all keys in Markdown, from the schema rows. */
struct buf;
void conf_explain(struct buf *out);
