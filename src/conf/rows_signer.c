/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conf.h"
#include "conf/rows.h"

const struct schema_row signer_rows[] = {
    { "maxLifetime", &type_duration, AT(conf_signer, max_lifetime_ms), .flags = ROW_SECONDS,
      .min = 10 * MINUTE, .max = 365 * DAY, .preset = "24h",
      .help =
          "No token that is signed lives longer. kube-apiserver is told and shortens what is "
          "asked of it; its own `--service-account-max-token-expiration` must not be more." },
    { "extendedLifetime", &type_bool, AT(conf_signer, extended_lifetime), .preset = "false",
      .help =
          "Sign the tokens of pods for a year where kube-apiserver extends them "
          "(`--service-account-extend-token-expiration`), and tell it that a year is "
          "possible. Then set its `--service-account-max-token-expiration` to `maxLifetime`." },
    { "refreshHint", &type_duration, AT(conf_signer, refresh_hint_ms), .flags = ROW_SECONDS,
      .min = SECOND, .max = DAY, .preset = "5m",
      .help = "How often kube-apiserver asks for the keys. A new key signs only after it has "
              "been listed for this long, and for `discovery.jwksMaxAge`." },
    { "legacyKeys", &type_paths, AT(conf_signer, legacy_keys), .min = 1, .max = 16,
      .allowed = "1 to 16 paths",
      .help = "Public keys, PEM files or directories of them, that kube-apiserver shall verify "
              "with but not publish: those of tokens in Secrets, which "
              "kube-controller-manager signs." },
    { "stateFile", &type_path, AT(conf_signer, state_file),
      .help = "Where it is remembered since when each key is listed, so that a restart does "
              "not make a new key sign too early. Absent: after a restart the active key signs "
              "at once." },
    { 0 },
};
