/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/err.h"
#include "base/printable.h"
#include "codec/json.h"
#include "issue/jwks.h"
#include "jose/jwt.h"

#include <inttypes.h>
#include <sa_issuer/verify.h>
#include <string.h>

enum { CLAIMS_MAX_DEPTH = 32, SHOWN = 100 };

#define deny(e, path, ...) err_set_at(e, path, SAI_E_DENIED, __VA_ARGS__)

static bool is_text(const json_t *v)
{
    return json_is_string(v) && json_string_length(v) > 0;
}

static bool is_audiences(const json_t *v)
{
    if (!is_text(v) && json_array_size(v) == 0)
        return false;
    for (size_t i = 0; i < json_array_size(v); i++) {
        if (!is_text(json_array_get(v, i)))
            return false;
    }
    return true;
}

/* RFC 7519 allows fractions; no issuer of Kubernetes tokens writes them, and verifiers differ
 * in what they make of them. */
static bool is_time(const json_t *v)
{
    return json_is_integer(v) && json_integer_value(v) >= 0 &&
           json_integer_value(v) <= CLOCK_LAST_S;
}

static const char text_form[] = "a string that is not empty";
static const char audiences_form[] = "a string, or a list of strings, not empty";
static const char time_form[] = "an integer, seconds since 1970, before the year 10000";

enum { ISS, SUB, AUD, EXP, IAT, NBF, JTI, CLAIM_COUNT };

struct claim_row {
    const char *path;
    bool (*is_good)(const json_t *v);
    const char *form; /* of a good one */
    bool required;
};

/* What OpenID Connect Core section 2 requires of every ID token, and what else has a meaning to
 * verifiers. */
static const struct claim_row claim_rows[CLAIM_COUNT] = {
    [ISS] = { "claims.iss", is_text, text_form, true },
    [SUB] = { "claims.sub", is_text, text_form, true },
    [AUD] = { "claims.aud", is_audiences, audiences_form, true },
    [EXP] = { "claims.exp", is_time, time_form, true },
    [IAT] = { "claims.iat", is_time, time_form, true },
    [NBF] = { "claims.nbf", is_time, time_form, false },
    [JTI] = { "claims.jti", is_text, text_form, false },
};

/* Fills c with the members that the rows name, NULL where one is missing. */
static bool read_claims(const json_t *json, const json_t *c[CLAIM_COUNT], struct sai_err *e)
{
    for (size_t i = 0; i < CLAIM_COUNT; i++) {
        const struct claim_row *row = &claim_rows[i];

        c[i] = json_object_get(json, row->path + strlen("claims."));
        if (c[i] == NULL && row->required)
            return deny(e, row->path, "missing");
        if (c[i] != NULL && !row->is_good(c[i]))
            return deny(e, row->path, "must be %s", row->form);
    }
    return true;
}

static bool is_among(const json_t *aud, const char *audience)
{
    if (json_is_string(aud))
        return strcmp(json_string_value(aud), audience) == 0;
    for (size_t i = 0; i < json_array_size(aud); i++) {
        if (strcmp(json_string_value(json_array_get(aud, i)), audience) == 0)
            return true;
    }
    return false;
}

static bool
check_parties(const json_t *const c[], const struct sai_verify_options *o, struct sai_err *e)
{
    const char *iss = json_string_value(c[ISS]);
    char shown[SHOWN];

    if (o->issuer != NULL && strcmp(iss, o->issuer) != 0)
        return deny(e, claim_rows[ISS].path, "%s: want %s",
                    printable(iss, strlen(iss), shown, sizeof(shown)), o->issuer);
    if (o->audience != NULL && !is_among(c[AUD], o->audience))
        return deny(e, claim_rows[AUD].path, "not for %s", o->audience);
    return true;
}

/* RFC 7519 section 4.1; leeway and iat as Kubernetes (go-jose) does it. */
static bool
check_times(const json_t *const c[], const struct sai_verify_options *o, struct sai_err *e)
{
    int64_t now = o->now_unix_s == 0 ? clock_unix_s() : o->now_unix_s;
    int64_t leeway = o->leeway_s > (uint64_t)CLOCK_LAST_S ? CLOCK_LAST_S : (int64_t)o->leeway_s;
    int64_t exp = json_integer_value(c[EXP]);
    int64_t nbf = json_integer_value(c[NBF]); /* 0 where there is none */
    int64_t iat = json_integer_value(c[IAT]);
    char when[CLOCK_TEXT_SIZE];

    if (now < 0 || now > CLOCK_LAST_S)
        return err_set(e, SAI_E_INVALID, "the time to verify at is out of range");
    if (now - leeway >= exp)
        return deny(e, claim_rows[EXP].path, "expired at %s, %" PRId64 " s ago",
                    clock_format_s(exp, when), now - exp);
    if (now + leeway < nbf)
        return deny(e, claim_rows[NBF].path, "not valid before %s, in %" PRId64 " s",
                    clock_format_s(nbf, when), nbf - now);
    if (now + leeway < iat)
        return deny(e, claim_rows[IAT].path, "issued in the future, at %s, in %" PRId64 " s",
                    clock_format_s(iat, when), iat - now);
    return true;
}

static bool check_claims(const struct buf *text,
                         const struct sai_verify_options *options,
                         struct sai_err *e)
{
    static const struct json_limits limits = { JWT_MAX_BYTES, CLAIMS_MAX_DEPTH };
    AUTO(json_t) json_t *json = NULL;
    const json_t *c[CLAIM_COUNT];

    if (!json_read_object(text->data, text->len, &limits, &json, e)) {
        err_at_path(e, "claims");
        return false;
    }
    return read_claims(json, c, e) && check_parties(c, options, e) &&
           check_times(c, options, e);
}

bool sai_verify(const struct sai_jwks *jwks,
                const char *token,
                size_t len,
                const struct sai_verify_options *options,
                struct sai_verified *out,
                struct sai_err *e)
{
    AUTO(jwt) struct jwt t = { 0 };
    const struct jwk *k = NULL;

    if (!jwt_parse(token, len, &t, e))
        return false;
    if (!jwks_check(jwks, &t, &k, e) || !check_claims(&t.claims, options, e))
        return false;
    *out = (struct sai_verified){ .kid = k->kid, .alg = k->alg->name };
    out->claims = buf_take(&t.claims, &out->claims_len);
    return true;
}
