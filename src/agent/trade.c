/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/trade.h"

#include "base/printable.h"
#include "codec/json.h"
#include "jose/jwt.h"

#include <string.h>

enum { MAX_DEPTH = 16, CLAIMS_MAX_DEPTH = 64, SHOWN = 160 };

/* 9999-12-31T23:59:59Z: sums of such times cannot overflow. */
static const int64_t time_max = 253402300799;

#define TOKEN_TYPE "urn:ietf:params:oauth:token-type:jwt"

/* Unreserved characters of RFC 3986: they stand for themselves in forms, too. */
static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

bool trade_trim(struct buf *token, struct sai_err *e)
{
    while (token->len > 0 && strchr(" \t\r\n", token->data[token->len - 1]) != NULL)
        token->data[--token->len] = '\0';
    if (token->len == 0)
        return err_set(e, SAI_E_INVALID, "the file holds no token");
    for (size_t i = 0; i < token->len; i++) {
        char c = token->data[i];

        if (!is_unreserved(c) && (c == '\0' || strchr("+/=", c) == NULL))
            return err_set(e, SAI_E_INVALID, "not a token: byte %zu is none of its characters",
                           i + 1);
    }
    return true;
}

static void put_encoded(struct buf *b, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (is_unreserved(s[i]))
            buf_char(b, s[i]);
        else
            buf_printf(b, "%%%02X", (unsigned)(unsigned char)s[i]);
    }
}

void trade_put_form(struct buf *form,
                    const struct buf *subject_token,
                    const char *audience,
                    uint64_t duration_s)
{
    buf_str(form, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"
                  "&subject_token_type=");
    put_encoded(form, TOKEN_TYPE, strlen(TOKEN_TYPE));
    buf_str(form, "&requested_token_type=");
    put_encoded(form, TOKEN_TYPE, strlen(TOKEN_TYPE));
    buf_str(form, "&audience=");
    put_encoded(form, audience, strlen(audience));
    if (duration_s > 0)
        buf_printf(form, "&expires_in=%llu", (unsigned long long)duration_s);
    buf_str(form, "&subject_token=");
    put_encoded(form, subject_token->data, subject_token->len);
}

void traded_done(struct traded *g)
{
    buf_done(&g->token);
}

static bool read_json(const struct buf *text, size_t depth, json_t **out, struct sai_err *e)
{
    struct json_limits limits = { .max_bytes = text->max_bytes, .max_depth = depth };

    return json_read_object(text->len > 0 ? text->data : "", text->len, &limits, out, e);
}

/* A stranger's text for a message. He may repeat our token in it: what might be one is cut off
 * where it begins. */
static const char *shown(const char *text, char out[SHOWN])
{
    const char *token = strstr(text, "eyJ");
    size_t len;

    if (token == NULL)
        return printable(text, strlen(text), out, SHOWN);
    len = (size_t)(token - text);
    if (len > SHOWN - sizeof("..."))
        len = SHOWN - sizeof("...");
    (void)printable(text, len, out, SHOWN);
    memcpy(out + len, "...", sizeof("..."));
    return out;
}

/* The errors of RFC 6749 section 5.2, and Kubernetes' Status of what did not get that far. */
static bool refused(unsigned status, const struct buf *answer, struct sai_err *e)
{
    enum sai_err_code code = status >= 500 || status == 429 ? SAI_E_IO : SAI_E_DENIED;
    AUTO(json_t) json_t *json = NULL;
    const char *error = NULL;
    const char *text = NULL;
    struct sai_err ignored = { 0 };
    char shown_error[SHOWN];
    char shown_text[SHOWN];

    if (!read_json(answer, MAX_DEPTH, &json, &ignored))
        return err_set(e, code, "status %u%s", status,
                       status >= 300 && status < 400 ? " (redirects are not followed)" : "");
    error = json_string_value(json_object_get(json, "error"));
    text = json_string_value(json_object_get(json, "error_description"));
    if (error == NULL) {
        error = json_string_value(json_object_get(json, "reason"));
        text = json_string_value(json_object_get(json, "message"));
    }
    return err_set(e, code, "status %u: %s%s%s", status,
                   shown(error != NULL ? error : "", shown_error), text != NULL ? ": " : "",
                   shown(text != NULL ? text : "", shown_text));
}

static bool is_for(const json_t *aud, const char *audience)
{
    if (json_is_string(aud))
        return strcmp(json_string_value(aud), audience) == 0;
    for (size_t i = 0; i < json_array_size(aud); i++) {
        const char *item = json_string_value(json_array_get(aud, i));

        if (item != NULL && strcmp(item, audience) == 0)
            return true;
    }
    return false;
}

static bool is_time(const json_t *v)
{
    return json_is_integer(v) && json_integer_value(v) > 0 && json_integer_value(v) <= time_max;
}

static bool read_claims(const struct buf *claims,
                        const char *audience,
                        struct traded *out,
                        struct sai_err *e)
{
    AUTO(json_t) json_t *json = NULL;
    const json_t *issued;
    const json_t *expires;

    if (!read_json(claims, CLAIMS_MAX_DEPTH, &json, e))
        return false;
    issued = json_object_get(json, "iat");
    expires = json_object_get(json, "exp");
    if (!is_time(issued) || !is_time(expires))
        return err_set(e, SAI_E_INVALID, "iat and exp must be integers, seconds since 1970");
    if (!is_for(json_object_get(json, "aud"), audience))
        return err_set(e, SAI_E_INVALID, "aud: it is for another audience");
    out->issued_s = json_integer_value(issued);
    out->expires_s = json_integer_value(expires);
    return true;
}

static bool
read_token(const char *token, const char *audience, struct traded *out, struct sai_err *e)
{
    AUTO(jwt) struct jwt jwt = { 0 };

    if (!jwt_parse(token, strlen(token), &jwt, e))
        return false;
    if (!read_claims(&jwt.claims, audience, out, e)) {
        err_at_path(e, "claims");
        return false;
    }
    buf_str(&out->token, token);
    return buf_ok(&out->token, e);
}

bool trade_read(unsigned status,
                const struct buf *answer,
                const char *audience,
                struct traded *out,
                struct sai_err *e)
{
    AUTO(json_t) json_t *json = NULL;
    const char *token;
    bool ok;

    if (status != 200)
        return refused(status, answer, e);
    if (!read_json(answer, MAX_DEPTH, &json, e)) {
        err_at_path(e, "the answer");
        return false;
    }
    token = json_string_value(json_object_get(json, "access_token"));
    if (token == NULL)
        return err_set(e, SAI_E_SYNTAX, "the answer has no access_token");
    buf_init_secret(&out->token, TRADE_TOKEN_MAX_BYTES);
    ok = read_token(token, audience, out, e);
    err_at_path(e, "access_token");
    return ok;
}
