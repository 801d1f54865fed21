/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/rows.h"

#include "conf/conf.h"
#include "conf/url.h"

#include <sa_issuer/discovery.h>
#include <string.h>

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

static const struct schema_choice claim_types[] = {
    { "string", SAI_TYPE_STRING },
    { "integer", SAI_TYPE_INTEGER },
    { "number", SAI_TYPE_NUMBER },
    { "boolean", SAI_TYPE_BOOLEAN },
    { "strings", SAI_TYPE_STRINGS },
    { "json", SAI_TYPE_JSON },
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
    { "rsaAlgorithm", &type_text, AT(conf_keys, rsa_algorithm), .preset = "RS256",
      .allowed = "RS256, RS384 or RS512",
      .help =
          "What RSA keys sign and are published for. `RS256` is what every verifier takes." },
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

static const struct schema_row tokens_rows[] = {
    { "defaultLifetime", &type_duration, AT(conf_tokens, default_lifetime_ms),
      .flags = ROW_SECONDS, .min = 10 * MINUTE, .max = 365 * DAY, .preset = "1h",
      .help = "How long a token lives when nothing else is asked for." },
    { "maxLifetime", &type_duration, AT(conf_tokens, max_lifetime_ms), .flags = ROW_SECONDS,
      .min = 10 * MINUTE, .max = 365 * DAY, .preset = "24h",
      .help =
          "No token lives longer; an audience, its profile and an account may shorten it." },
    { "backdate", &type_duration, AT(conf_tokens, backdate_ms), .flags = ROW_SECONDS,
      .max = 5 * MINUTE, .preset = "30s",
      .help = "How far `iat` and `nbf` lie in the past, for verifiers whose clock is behind." },
    { "lifetimeAnnotation", &type_text, AT(conf_tokens, lifetime_annotation),
      .allowed = "an annotation's key",
      .help = "ServiceAccount annotation with a duration such as `2h` that shortens the tokens "
              "of this account. A malformed one refuses them." },
    { 0 },
};

static const struct schema_row audience_rows[] = {
    { "name", &type_text, AT(conf_audience, name), .flags = ROW_REQUIRED,
      .allowed = "up to 256 characters",
      .help = "As in `aud`, byte for byte, e.g. `sts.amazonaws.com`." },
    { "profile", &type_text, AT(conf_audience, profile), .preset = "generic",
      .allowed = "kubernetes, entra, aws, gcp, vault, anthropic or generic",
      .help =
          "What this verifier accepts: algorithms, lifetimes, lengths, several audiences." },
    { "algorithm", &type_text, AT(conf_audience, algorithm),
      .allowed = "an algorithm of the profile",
      .help = "Sign with this one, e.g. `ES256`. Absent: the first of the profile that the "
              "issuer has an active key for." },
    { "maxLifetime", &type_duration, AT(conf_audience, max_lifetime_ms), .flags = ROW_SECONDS,
      .min = 10 * MINUTE, .max = 365 * DAY,
      .help = "No token for this audience lives longer. Absent: the profile's limit." },
    { 0 },
};

#define SOURCE(which) .offset = offsetof(struct conf_claim, sources[which])

const struct schema_row conf_claim_rows[] = {
    { "claim", &type_texts, AT(conf_claim, claim), .flags = ROW_OR_ONE, .min = 1, .max = 8,
      .allowed = "a name, or a list of up to 8",
      .help = "Target: the claim's name, or the names from the outermost object inwards." },
    { "sessionTag", &type_text, AT(conf_claim, session_tag), .allowed = "up to 128 characters",
      .help = "Target instead: an AWS session tag, under `https://aws.amazon.com/tags`." },
    { "transitive", &type_bool, AT(conf_claim, transitive), .preset = "false",
      .help = "Whether the session tag goes along when roles are chained." },
    { "annotation", &type_text, SOURCE(SAI_SOURCE_ANNOTATION),
      .help = "Source: an annotation of the ServiceAccount, which namespace users write. "
              "Exactly one source is needed." },
    { "label", &type_text, SOURCE(SAI_SOURCE_LABEL),
      .help = "Source: a label of the ServiceAccount." },
    { "namespaceAnnotation", &type_text, SOURCE(SAI_SOURCE_NAMESPACE_ANNOTATION),
      .help = "Source: an annotation of its Namespace, which administrators write." },
    { "namespaceLabel", &type_text, SOURCE(SAI_SOURCE_NAMESPACE_LABEL),
      .help = "Source: a label of its Namespace." },
    { "field", &type_text, SOURCE(SAI_SOURCE_FIELD),
      .allowed = "namespace, serviceAccount, uid, pod or node",
      .help = "Source: a property of the account, or of what the token is bound to." },
    { "value", &type_text, SOURCE(SAI_SOURCE_VALUE), .help = "Source: this constant." },
    { "template", &type_text, SOURCE(SAI_SOURCE_TEMPLATE),
      .help = "Source: text with `{namespace}`, `{serviceAccount}`, `{uid}`, "
              "`{annotation:KEY}`, `{label:KEY}`, `{namespaceAnnotation:KEY}` and "
              "`{namespaceLabel:KEY}`; `{{` and `}}` are braces." },
    { "type", &type_choice, AT(conf_claim, type), .preset = "string", .choices = claim_types,
      .help =
          "What the text becomes: `strings` is a list between commas. Whole numbers, also "
          "within `json`, are at most 9007199254740991, which every reader keeps. Text that "
          "does not convert refuses the token." },
    { "pattern", &type_text, AT(conf_claim, pattern), .allowed = "a regular expression (PCRE2)",
      .help = "The whole text must match it, or the token is refused." },
    { "oneOf", &type_texts, AT(conf_claim, one_of), .min = 1, .max = 256,
      .allowed = "1 to 256 texts", .help = "The text must be one of these." },
    { "maxLength", &type_number, AT(conf_claim, max_length), .min = 1, .max = 16384,
      .preset = "1024", .help = "Bytes that the text may have." },
    { "namespaces", &type_texts, AT(conf_claim, namespaces), .min = 1, .max = 256,
      .allowed = "1 to 256 names",
      .help = "The rule is for accounts of these namespaces only." },
    { "audiences", &type_texts, AT(conf_claim, audiences), .min = 1, .max = 64,
      .allowed = "1 to 64 names", .help = "The rule is for tokens for these audiences only." },
    { "required", &type_bool, AT(conf_claim, required), .preset = "false",
      .help = "Refuse the token when the source is missing." },
    { "default", &type_text, AT(conf_claim, preset),
      .help = "What to take when the source is missing. Absent: the claim is left out." },
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
    { "tokens", .section = tokens_rows, AT(conf_issuer, tokens),
      .help = "How long tokens live." },
    { "signer", .section = signer_rows, AT(conf_issuer, signer),
      .help = "How a `cluster` issuer signs; needs `listeners.signer`." },
    { "audiences", .section = audience_rows, AT(conf_issuer, audiences),
      .count_offset = offsetof(struct conf_issuer, audience_count),
      .item_bytes = sizeof(struct conf_audience), .min = 1, .max = 64,
      .allowed = "1 to 64 audiences",
      .help = "Whom tokens may be for; only `federation` issuers mint. Absent: no tokens." },
    { "claims", .section = conf_claim_rows, AT(conf_issuer, claims),
      .count_offset = offsetof(struct conf_issuer, claim_count),
      .item_bytes = sizeof(struct conf_claim), .min = 1, .max = 128,
      .allowed = "1 to 128 rules",
      .help = "Claims made of annotations and labels. A rule that applies and cannot be "
              "carried out refuses the token." },
    { 0 },
};

static const struct schema_row audit_rows[] = {
    { "file", &type_path, AT(conf_audit, file),
      .help = "Append a line for each token to this file. Absent: standard error." },
    { 0 },
};

static const struct schema_row limits_rows[] = {
    { "maxConnections", &type_number, AT(conf_limits, max_connections), .min = 1,
      .max = 1000000, .preset = "4096", .help = "Open connections of one listener." },
    { "maxConnectionsPerAddress", &type_number, AT(conf_limits, max_connections_per_address),
      .min = 1, .max = 1000000, .preset = "512",
      .help = "Of these, from one client address, where an IPv6 network of /64 is one; at most "
              "`maxConnections`. At the tokens listener's Unix socket, from one user; at the "
              "others of no meaning." },
    { "maxHeaderBytes", &type_size, AT(conf_limits, max_header_bytes), .flags = ROW_RESTART,
      .min = 1 * KIB, .max = 1 * MIB, .preset = "8KiB",
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
    { "maxAccounts", &type_number, AT(conf_limits, max_accounts), .min = 1, .max = 10000000,
      .preset = "1000000", .help = "Service accounts that are held." },
    { "maxManifestBytes", &type_size, AT(conf_limits, max_manifest_bytes), .min = 1 * KIB,
      .max = 4096 * MIB, .preset = "256MiB", .help = "One file of `accounts.manifests`." },
    { "tokensPerSecond", &type_number, AT(conf_limits, tokens_per_second), .max = 1000000,
      .preset = "1000",
      .help =
          "Requests for tokens of all callers together, and as many that show a token which "
          "is not known yet; more are answered 429. 0: any number." },
    { "tokensPerSecondPerCaller", &type_number, AT(conf_limits, tokens_per_second_per_caller),
      .max = 1000000, .preset = "100", .help = "Of these, from one caller. 0: any number." },
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
      .preset = "0",
      .help = "Threads that serve discovery, and up to four the signer; 0: one for each "
              "processor." },
    { "shutdownTimeout", &type_duration, AT(conf, shutdown_timeout_ms), .max = MINUTE,
      .preset = "5s",
      .help = "How long requests in flight may take to finish when the daemon stops." },
    { "limits", .section = limits_rows, AT(conf, limits), .help = "Limits of size and time." },
    { "accounts", .section = accounts_rows, AT(conf, accounts),
      .help = "Where service accounts are known from: one of the two." },
    { "callers", .section = callers_rows, AT(conf, callers),
      .help = "Who may ask the tokens listener for which tokens." },
    { "audit", .section = audit_rows, AT(conf, audit),
      .help = "The audit trail: a JSON line for each token, never the token." },
    { "reload", .section = reload_rows, AT(conf, reload), .help = "How changes are noticed." },
    { "log", .section = log_rows, AT(conf, log), .help = "The log, on standard error." },
    { 0 },
};
