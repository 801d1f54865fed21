/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/issuer_keys.h"

#include "base/file.h"
#include "base/printable.h"
#include "cli/configuration.h"
#include "cli/fetch.h"
#include "codec/json.h"
#include "conf/url.h"
#include "jose/jwt.h"

#include <stdio.h>
#include <string.h>

enum { DOCUMENT_MAX_BYTES = 1 << 20, URL_BYTES = 512, SHOWN = 100 };

static const struct json_limits limits = { DOCUMENT_MAX_BYTES, 32 };

/* Says whose the error is, where its own text does not. */
static bool fail_of(struct sai_err *e, const char *source)
{
    err_in_file(e, source, 0, 0);
    return false;
}

static bool
check_metadata(const json_t *json, const char *issuer, const char **jwks_uri, struct sai_err *e)
{
    const char *told = json_string_value(json_object_get(json, "issuer"));
    const char *uri = json_string_value(json_object_get(json, "jwks_uri"));
    char shown[SHOWN];

    if (told == NULL || strcmp(told, issuer) != 0)
        return err_set(e, SAI_E_DENIED, "the document is one of issuer %s: want %s",
                       told == NULL ? "(missing)"
                                    : printable(told, strlen(told), shown, sizeof(shown)),
                       issuer);
    if (uri == NULL)
        return err_set(e, SAI_E_INVALID, "jwks_uri is missing");
    if (jwks_uri_problem(uri)[0] != '\0')
        return err_set(e, SAI_E_INVALID, "jwks_uri: %s", jwks_uri_problem(uri));
    if (strncmp(issuer, "https:", 6) == 0 && strncmp(uri, "https:", 6) != 0)
        return err_set(e, SAI_E_DENIED, "jwks_uri: must be https, as the issuer is");
    *jwks_uri = uri;
    return true;
}

static bool
fetch_keys(const char *uri, const char *ca_file, struct sai_jwks **out, struct sai_err *e)
{
    AUTO(buf) struct buf body;

    buf_init(&body, DOCUMENT_MAX_BYTES);
    if (!fetch(uri, ca_file, &body, e))
        return false;
    return sai_jwks_parse(body.data, body.len, out, e) || fail_of(e, uri);
}

bool issuer_keys_fetch(const char *issuer,
                       const char *ca_file,
                       struct sai_jwks **out,
                       struct sai_err *e)
{
    AUTO(json_t) json_t *metadata = NULL;
    AUTO(buf) struct buf body;
    const char *jwks_uri = NULL;
    char url[URL_BYTES];

    (void)snprintf(url, sizeof(url), "%s/.well-known/openid-configuration", issuer);
    buf_init(&body, DOCUMENT_MAX_BYTES);
    if (!fetch(url, ca_file, &body, e))
        return false;
    if (!json_read_object(body.data, body.len, &limits, &metadata, e) ||
        !check_metadata(metadata, issuer, &jwks_uri, e))
        return fail_of(e, url);
    return fetch_keys(jwks_uri, ca_file, out, e);
}

bool issuer_keys_read(const char *file, struct sai_jwks **out, struct sai_err *e)
{
    AUTO(buf) struct buf text;

    buf_init(&text, DOCUMENT_MAX_BYTES);
    if (!file_read(file, DOCUMENT_MAX_BYTES, &text, NULL, e))
        return false;
    return sai_jwks_parse(text.data, text.len, out, e) || fail_of(e, file);
}

bool issuer_keys_configured(const char *config,
                            const char *issuer,
                            struct sai_jwks **out,
                            struct sai_err *e)
{
    AUTO(snapshot) struct snapshot *s = NULL;
    const struct issuer *found;
    const struct document *jwks;
    char shown[SHOWN];

    if (!configuration_load(config, &s, e))
        return false;
    found = configuration_issuer(s, issuer);
    if (found == NULL)
        return err_set(e, SAI_E_DENIED, "no issuer there is %s",
                       printable(issuer, strlen(issuer), shown, sizeof(shown))) ||
               fail_of(e, config);
    jwks = &found->documents[DOCUMENT_JWKS];
    return sai_jwks_parse(jwks->bytes, jwks->size, out, e);
}

bool issuer_claimed(const char *token, size_t len, struct buf *out, struct sai_err *e)
{
    AUTO(jwt) struct jwt t = { 0 };
    AUTO(json_t) json_t *claims = NULL;
    const char *iss;

    if (!jwt_parse(token, len, &t, e))
        return false;
    if (!json_read_object(t.claims.data, t.claims.len, &limits, &claims, e)) {
        err_at_path(e, "claims");
        return false;
    }
    iss = json_string_value(json_object_get(claims, "iss"));
    if (iss == NULL)
        return err_set_at(e, "claims.iss", SAI_E_DENIED, "missing, or not a string");
    buf_str(out, iss);
    return buf_ok(out, e);
}
