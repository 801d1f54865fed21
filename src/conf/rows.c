/* SPDX-License-Identifier: Apache-2.0 */
#include "base/addr.h"
#include "conf/conf.h"
#include "conf/schema.h"
#include "conf/url.h"

#include <sa_issuer/discovery.h>
#include <string.h>

#define AT(tag, member) .offset = offsetof(struct tag, member)

#define MS     1ULL
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define KIB    1024ULL
#define MIB    (1024 * KIB)

static bool check_address(const char *text, struct sai_err *e)
{
    struct sockaddr_storage addr;
    socklen_t len;

    return addr_parse(text, &addr, &len, e);
}

/* sun_path holds 108 bytes with the NUL. */
static bool check_unix_path(const char *text, struct sai_err *e)
{
    size_t len = strlen(text);

    if (len > CONF_MAX_UNIX_PATH_BYTES)
        return err_set(e, SAI_E_LIMIT,
                       "the socket's path would have %zu bytes, at most %d are possible", len,
                       (int)CONF_MAX_UNIX_PATH_BYTES);
    return true;
}

/* FileDescriptorName= of systemd.socket(5). */
static bool check_systemd_name(const char *text, struct sai_err *e)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~' || text[i] == ':' || len > 255)
            return err_set(e, SAI_E_INVALID,
                           "not a socket name: up to 255 ASCII characters, no blank, no colon");
    }
    return true;
}

static bool check_issuer_url(const char *text, struct sai_err *e)
{
    const char *problem = sai_issuer_url_problem(text);

    return problem[0] == '\0' || err_set(e, SAI_E_INVALID, "%s", problem);
}

static bool check_jwks_uri(const char *text, struct sai_err *e)
{
    const char *problem = jwks_uri_problem(text);

    return problem[0] == '\0' || err_set(e, SAI_E_INVALID, "%s", problem);
}

static const struct schema_choice api_versions[] = { { "sa-issuerd/v1", 0 }, { 0 } };

static const struct schema_choice kinds[] = { { "Configuration", 0 }, { 0 } };

static const struct schema_choice roles[] = {
    { "federation", CONF_FEDERATION },
    { "cluster", CONF_CLUSTER },
    { "publish", CONF_PUBLISH },
    { 0 },
};

static const struct schema_choice log_formats[] = {
    { "text", LOG_TEXT },
    { "json", LOG_JSON },
    { 0 },
};

static const struct schema_choice log_levels[] = {
    { "debug", LOG_DEBUG },
    { "info", LOG_INFO },
    { "warn", LOG_WARN },
    { "error", LOG_ERROR },
    { 0 },
};

static const struct schema_choice log_requests[] = {
    { "none", CONF_LOG_NONE },
    { "failed", CONF_LOG_FAILED },
    { "all", CONF_LOG_ALL },
    { 0 },
};

static const struct schema_row tls_rows[] = {
    { "certificate", &type_path, AT(conf_tls, certificate),
      .flags = ROW_REQUIRED | ROW_RESTART_IF_SET,
      .help = "PEM file: the server's certificate, then the intermediate ones. Read again when "
              "it changes." },
    { "key", &type_path, AT(conf_tls, key), .flags = ROW_REQUIRED,
      .help = "PEM file: the certificate's private key, not encrypted." },
    { 0 },
};

static const struct schema_row listener_rows[] = {
    { "address", &type_texts, AT(conf_listener, addresses), .flags = ROW_RESTART | ROW_OR_ONE,
      .min = 1, .max = 16, .check = check_address,
      .allowed = "IP address and port, or a list of up to 16",
      .help =
          "Where to listen, e.g. `0.0.0.0:8443` or `[::]:8443`. Names are not resolved; port "
          "0 lets the kernel choose." },
    { "unix", &type_path, AT(conf_listener, unix_path), .flags = ROW_RESTART,
      .check = check_unix_path, .allowed = "at most 107 bytes",
      .help = "Unix socket to listen on, for a proxy on the same machine; plain HTTP." },
    { "mode", &type_mode, AT(conf_listener, unix_mode), .flags = ROW_RESTART, .preset = "0660",
      .allowed = "0000 to 0777", .help = "Permissions of the Unix socket." },
    { "systemd", &type_text, AT(conf_listener, systemd), .flags = ROW_RESTART,
      .check = check_systemd_name, .allowed = "a FileDescriptorName=",
      .help = "Take the sockets of this name from systemd (socket activation)." },
    { "tls", .section = tls_rows, AT(conf_listener, tls),
      .help =
          "Serve HTTPS on `address` and `systemd`. Without it HTTP is plain: for loopback, or "
          "behind a proxy that speaks TLS." },
    { 0 },
};

static const struct schema_row listeners_rows[] = {
    { "discovery", .section = listener_rows, AT(conf_listeners, discovery),
      .flags = ROW_REQUIRED,
      .help = "Public and anonymous: the discovery documents and key sets. At least one of "
              "`address`, `unix` and `systemd` is needed." },
    { "admin", .section = listener_rows, AT(conf_listeners, admin),
      .help =
          "`/livez`, `/readyz` and `/metrics`; anonymous too, so not for the public. Absent: "
          "none." },
    { 0 },
};

static const struct schema_row keys_rows[] = {
    { "files", &type_paths, AT(conf_keys, files), .flags = ROW_REQUIRED, .min = 1, .max = 64,
      .allowed = "1 to 64 paths",
      .help = "PEM files, or directories of `*.pem`, `*.key`, `*.pub` and `*.crt`; read again "
              "when they change." },
    { "signing", &type_names, AT(conf_keys, signing), .min = 1, .max = 16,
      .allowed = "1 to 16 file names or paths",
      .help =
          "The files with the active private key of each algorithm. Absent: the first private "
          "key of each algorithm, in the order of `files` and of file names." },
    { "passphraseFile", &type_path, AT(conf_keys, passphrase_file),
      .help =
          "File with the passphrase of encrypted private keys. Absent: these are refused." },
    { "allowEd25519", &type_bool, AT(conf_keys, allow_ed25519), .preset = "false",
      .help = "Publish Ed25519 keys. Some verifiers then fail to read the whole key set." },
    { 0 },
};

static const struct schema_row discovery_rows[] = {
    { "maxAge", &type_duration, AT(conf_discovery, max_age_ms), .flags = ROW_SECONDS,
      .max = 7 * DAY, .preset = "1h",
      .help = "How long the discovery document may be cached." },
    { "jwksMaxAge", &type_duration, AT(conf_discovery, jwks_max_age_ms), .flags = ROW_SECONDS,
      .max = DAY, .preset = "5m",
      .help =
          "How long the key set may be cached. A verifier may refuse tokens of a new key for "
          "as long, so publish a key that much before it signs." },
    { "jwksURI", &type_text, AT(conf_discovery, jwks_uri), .check = check_jwks_uri,
      .allowed = "a URL",
      .help = "Where the key set is found, if not at `<url>/openid/v1/jwks`." },
    { "extra", &type_members, AT(conf_discovery, extra_json), .preset = "{}",
      .allowed = "members",
      .help = "Further members of the discovery document. `true`, `false` and numbers without "
              "quotes keep their type, all else is text." },
    { 0 },
};

static const struct schema_row issuer_rows[] = {
    { "url", &type_text, AT(conf_issuer, url), .flags = ROW_REQUIRED, .check = check_issuer_url,
      .allowed = "a URL of at most 255 characters",
      .help = "The issuer, exactly as verifiers have it: `https` (`http` for loopback hosts "
              "only), no trailing slash, query, fragment or user." },
    { "role", &type_choice, AT(conf_issuer, role), .flags = ROW_REQUIRED, .choices = roles,
      .help = "`federation`: mints tokens for verifiers outside; `cluster`: signs for "
              "kube-apiserver; `publish`: only publishes keys that others sign with." },
    { "keys", .section = keys_rows, AT(conf_issuer, keys), .flags = ROW_REQUIRED,
      .help = "The issuer's own key set." },
    { "discovery", .section = discovery_rows, AT(conf_issuer, discovery),
      .help = "The two published documents." },
    { 0 },
};

static const struct schema_row limits_rows[] = {
    { "maxConnections", &type_number, AT(conf_limits, max_connections), .min = 1,
      .max = 1000000, .preset = "4096", .help = "Open connections of one listener." },
    { "maxConnectionsPerAddress", &type_number, AT(conf_limits, max_connections_per_address),
      .min = 1, .max = 1000000, .preset = "512",
      .help = "Of these, from one client address, where an IPv6 network of /64 is one; at most "
              "`maxConnections`. Not for Unix sockets." },
    { "maxHeaderBytes", &type_size, AT(conf_limits, max_header_bytes), .flags = ROW_RESTART,
      .min = 1 * KIB, .max = 1 * MIB, .preset = "16KiB",
      .help = "Request line and headers together." },
    { "maxBodyBytes", &type_size, AT(conf_limits, max_body_bytes), .min = 1 * KIB,
      .max = 16 * MIB, .preset = "64KiB", .help = "The body of a request." },
    { "headerTimeout", &type_duration, AT(conf_limits, header_timeout_ms), .min = 100 * MS,
      .max = 10 * MINUTE, .preset = "10s",
      .help = "From the connection to the last header, TLS handshake included." },
    { "bodyTimeout", &type_duration, AT(conf_limits, body_timeout_ms), .min = 100 * MS,
      .max = 10 * MINUTE, .preset = "10s",
      .help = "From the last header to the end of the body." },
    { "writeTimeout", &type_duration, AT(conf_limits, write_timeout_ms), .min = 100 * MS,
      .max = 10 * MINUTE, .preset = "30s",
      .help = "From the whole request to the end of the response." },
    { "idleTimeout", &type_duration, AT(conf_limits, idle_timeout_ms), .min = 100 * MS,
      .max = 1 * HOUR, .preset = "60s",
      .help = "From a response to the last header of the next request." },
    { "maxKeys", &type_number, AT(conf_limits, max_keys), .min = 1, .max = 1000,
      .preset = "100", .help = "Keys of one issuer." },
    { "maxKeyFileBytes", &type_size, AT(conf_limits, max_key_file_bytes), .min = 1 * KIB,
      .max = 16 * MIB, .preset = "64KiB", .help = "One key or passphrase file." },
    { "maxCertificateFileBytes", &type_size, AT(conf_limits, max_certificate_file_bytes),
      .min = 1 * KIB, .max = 16 * MIB, .preset = "1MiB",
      .help = "One file of a listener's `tls`." },
    { 0 },
};

static const struct schema_row reload_rows[] = {
    { "watch", &type_bool, AT(conf_reload, watch), .preset = "true",
      .help = "Reload when a file that was read changes. SIGHUP always reloads." },
    { "debounce", &type_duration, AT(conf_reload, debounce_ms), .max = MINUTE,
      .preset = "200ms", .help = "How long the files must have been quiet first." },
    { "poll", &type_duration, AT(conf_reload, poll_ms), .max = DAY, .preset = "60s",
      .help =
          "How often to look for changes that inotify cannot see (network file systems); `0s`: "
          "never." },
    { 0 },
};

static const struct schema_row log_rows[] = {
    { "format", &type_choice, AT(conf_log, format), .preset = "json", .choices = log_formats,
      .help = "One line for each event either way." },
    { "level", &type_choice, AT(conf_log, level), .preset = "info", .choices = log_levels,
      .help = "The least that is logged." },
    { "requests", &type_choice, AT(conf_log, requests), .preset = "failed",
      .choices = log_requests, .help = "Which requests are logged." },
    { 0 },
};

const struct schema_row conf_rows[] = {
    { "apiVersion", &type_constant, .flags = ROW_REQUIRED, .choices = api_versions,
      .help = "The version of this format." },
    { "kind", &type_constant, .flags = ROW_REQUIRED, .choices = kinds,
      .help = "What the file is." },
    { "listeners", .section = listeners_rows, AT(conf, listeners), .flags = ROW_REQUIRED,
      .help = "Where the daemon listens." },
    { "issuers", .section = issuer_rows, AT(conf, issuers),
      .count_offset = offsetof(struct conf, issuer_count),
      .item_bytes = sizeof(struct conf_issuer), .flags = ROW_REQUIRED, .min = 1, .max = 64,
      .allowed = "1 to 64 issuers",
      .help = "A list of what is published, told apart by host and path of their URLs." },
    { "workers", &type_number, AT(conf, workers), .flags = ROW_RESTART, .max = 64,
      .preset = "0", .help = "Threads that serve discovery; 0: one for each processor." },
    { "shutdownTimeout", &type_duration, AT(conf, shutdown_timeout_ms), .max = MINUTE,
      .preset = "5s",
      .help = "How long requests in flight may take to finish when the daemon stops." },
    { "limits", .section = limits_rows, AT(conf, limits), .help = "Limits of size and time." },
    { "reload", .section = reload_rows, AT(conf, reload), .help = "How changes are noticed." },
    { "log", .section = log_rows, AT(conf, log), .help = "The log, on standard error." },
    { 0 },
};
