/* SPDX-License-Identifier: Apache-2.0 */
#include "service/exchange.h"

#include "base/err.h"
#include "base/num.h"
#include "base/printable.h"
#include "service/form.h"
#include "service/media_type.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN_TYPE "urn:ietf:params:oauth:token-type:"

static const char grant_type[] = "urn:ietf:params:oauth:grant-type:token-exchange";
static const char type_jwt[] = TOKEN_TYPE "jwt";
static const char type_access_token[] = TOKEN_TYPE "access_token";

enum { SHOWN_BYTES = 128 };

static const uint64_t min_duration_s = 600;
static const uint64_t max_duration_s = UINT64_C(1) << 32;

enum parameter {
    GRANT_TYPE,
    SUBJECT_TOKEN,
    SUBJECT_TOKEN_TYPE,
    AUDIENCE,
    RESOURCE,
    SCOPE,
    REQUESTED_TOKEN_TYPE,
    ACTOR_TOKEN,
    ACTOR_TOKEN_TYPE,
    EXPIRES_IN,
    PARAMETER_COUNT,
};

struct parameter_row {
    const char *name;
    const char *twice;   /* the error if it is repeated */
    const char *refused; /* the error if it is there at all; NULL: it is welcome */
    const char *why;
};

/* A token for several targets lets each of them use it at the others: one at a time.
 * Scopes and actors would be promises that the token does not keep. */
static const struct parameter_row rows[PARAMETER_COUNT] = {
    [GRANT_TYPE] = { "grant_type", "invalid_request", NULL, NULL },
    [SUBJECT_TOKEN] = { "subject_token", "invalid_request", NULL, NULL },
    [SUBJECT_TOKEN_TYPE] = { "subject_token_type", "invalid_request", NULL, NULL },
    [AUDIENCE] = { "audience", "invalid_target", NULL, NULL },
    [RESOURCE] = { "resource", "invalid_target", NULL, NULL },
    [SCOPE] = { "scope", "invalid_request", "invalid_scope", "tokens have no scope" },
    [REQUESTED_TOKEN_TYPE] = { "requested_token_type", "invalid_request", NULL, NULL },
    [ACTOR_TOKEN] = { "actor_token", "invalid_request", "invalid_request",
                      "delegation is not supported" },
    [ACTOR_TOKEN_TYPE] = { "actor_token_type", "invalid_request", "invalid_request",
                           "delegation is not supported" },
    [EXPIRES_IN] = { "expires_in", "invalid_request", NULL, NULL },
};

#define refused(r, error, ...) (refuse_oauth(r, error, __VA_ARGS__), false)

static const struct parameter_row *row_of(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}

/* Unknown parameters are ignored, and those without a value are taken for omitted: RFC 6749
 * section 3.2. */
static bool sort(const struct form *f, const char *values[PARAMETER_COUNT], struct refusal *r)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct parameter_row *row = row_of(f->pairs[i].name);

        if (row == NULL || f->pairs[i].value_len == 0)
            continue;
        if (row->refused != NULL)
            return refused(r, row->refused, "%s: %s", row->name, row->why);
        if (values[row - rows] != NULL)
            return refused(r, row->twice, "%s: more than one", row->name);
        values[row - rows] = f->pairs[i].value;
    }
    return true;
}

static bool is_type(const char *type)
{
    return strcmp(type, type_jwt) == 0 || strcmp(type, type_access_token) == 0;
}

static const char *shown(const char *s, char out[SHOWN_BYTES])
{
    return printable(s, strlen(s), out, SHOWN_BYTES);
}

static bool check_types(const char *const v[], struct refusal *r)
{
    char text[SHOWN_BYTES];

    if (v[GRANT_TYPE] == NULL)
        return refused(r, "invalid_request", "grant_type: missing");
    if (strcmp(v[GRANT_TYPE], grant_type) != 0)
        return refused(r, "unsupported_grant_type", "grant_type %s: must be %s",
                       shown(v[GRANT_TYPE], text), grant_type);
    if (v[SUBJECT_TOKEN] == NULL)
        return refused(r, "invalid_request", "subject_token: missing");
    if (v[SUBJECT_TOKEN_TYPE] == NULL)
        return refused(r, "invalid_request", "subject_token_type: missing");
    if (!is_type(v[SUBJECT_TOKEN_TYPE]))
        return refused(r, "invalid_request", "subject_token_type %s: must be %s or %s",
                       shown(v[SUBJECT_TOKEN_TYPE], text), type_jwt, type_access_token);
    if (v[REQUESTED_TOKEN_TYPE] != NULL && !is_type(v[REQUESTED_TOKEN_TYPE]))
        return refused(r, "invalid_request", "requested_token_type %s: must be %s or %s",
                       shown(v[REQUESTED_TOKEN_TYPE], text), type_jwt, type_access_token);
    return true;
}

/* Section 2.1: audience is the target's name, resource its URI. Configured audiences are both.
 */
static bool check_target(const char *const v[], struct refusal *r)
{
    if (v[AUDIENCE] == NULL && v[RESOURCE] == NULL)
        return refused(r, "invalid_request", "audience: missing");
    if (v[AUDIENCE] != NULL && v[RESOURCE] != NULL)
        return refused(r, "invalid_target", "audience and resource: only one of them");
    return true;
}

/* The limits of a TokenRequest's expirationSeconds. */
static bool read_duration(const char *text, uint64_t *out, struct refusal *r)
{
    struct sai_err e = { 0 };

    if (text == NULL)
        return true;
    if (!num_u64(text, strlen(text), out, &e) || *out < min_duration_s || *out > max_duration_s)
        return refused(r, "invalid_request", "expires_in: must be 600 to 2^32 seconds");
    return true;
}

static bool fill(struct exchange *x, const struct form *f, struct refusal *r)
{
    const char *v[PARAMETER_COUNT] = { 0 };

    if (!sort(f, v, r) || !check_types(v, r) || !check_target(v, r) ||
        !read_duration(v[EXPIRES_IN], &x->duration_s, r))
        return false;
    x->subject_token = v[SUBJECT_TOKEN];
    x->audience = v[AUDIENCE] != NULL ? v[AUDIENCE] : v[RESOURCE];
    x->issued_token_type = type_jwt;
    if (v[REQUESTED_TOKEN_TYPE] != NULL &&
        strcmp(v[REQUESTED_TOKEN_TYPE], type_access_token) == 0)
        x->issued_token_type = type_access_token;
    return true;
}

void exchange_done(struct exchange *x)
{
    if (x->texts != NULL)
        explicit_bzero(x->texts, x->texts_size);
    free(x->texts);
    *x = (struct exchange){ 0 };
}

bool exchange_decode(const char *content_type,
                     const char *body,
                     size_t len,
                     struct exchange *out,
                     struct refusal *r)
{
    AUTO(exchange) struct exchange x = { 0 };
    struct sai_err e = { 0 };
    struct form f;

    if (content_type == NULL ||
        !media_type_is(content_type, "application/x-www-form-urlencoded"))
        return refused(r, "invalid_request",
                       "the Content-Type must be application/x-www-form-urlencoded");
    if (len > EXCHANGE_MAX_BYTES) {
        refuse_too_large(r, EXCHANGE_MAX_BYTES);
        return false;
    }
    x.texts_size = len + 1;
    x.texts = malloc(x.texts_size);
    if (x.texts == NULL) {
        refuse_internal(r);
        return false;
    }
    if (len > 0)
        memcpy(x.texts, body, len);
    if (!form_parse(x.texts, len, &f, &e))
        return refused(r, "invalid_request", "the body: %s", e.text);
    if (!fill(&x, &f, r))
        return false;
    *out = x;
    x.texts = NULL;
    return true;
}
