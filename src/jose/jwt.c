/* SPDX-License-Identifier: Apache-2.0 */
#include "jose/jwt.h"

#include "base/printable.h"
#include "codec/base64url.h"
#include "codec/json.h"
#include "jose/jwk.h"
#include "jose/sign.h"

#include <string.h>
#include <strings.h>

enum { HEADER_MAX_BYTES = 8192, HEADER_MAX_DEPTH = 8, SHOWN = 64 };

#define refuse(e, code, path, ...) err_set_at(e, path, code, __VA_ARGS__)

/* RFC 7518 section 3.1; every form of "none" that a careless comparison might let pass. */
static bool read_alg(const char *name, struct jwt *t, struct sai_err *e)
{
    char shown[SHOWN];

    t->alg = alg_find(name);
    if (t->alg != NULL)
        return true;
    if (strcasecmp(name, "none") == 0)
        return refuse(e, SAI_E_DENIED, "header.alg", "none: the token is not signed");
    if (strncasecmp(name, "HS", 2) == 0)
        return refuse(e, SAI_E_DENIED, "header.alg",
                      "%s: HMAC is refused, as a public key must never be its secret",
                      printable(name, strlen(name), shown, sizeof(shown)));
    return refuse(
        e, SAI_E_DENIED, "header.alg",
        "%s is not supported (want RS256, RS384, RS512, ES256, ES384, ES512 or EdDSA)",
        printable(name, strlen(name), shown, sizeof(shown)));
}

static bool read_kid(const char *kid, struct jwt *t, struct sai_err *e)
{
    if (kid[0] == '\0' || strlen(kid) > JWK_KID_MAX)
        return refuse(e, SAI_E_SYNTAX, "header.kid", "must have 1 to %d bytes",
                      (int)JWK_KID_MAX);
    t->kid = strdup(kid);
    return t->kid != NULL || err_nomem(e);
}

/* RFC 8725 section 3.11: another type of token is not taken for this one. */
static bool read_typ(const char *typ, struct jwt *t, struct sai_err *e)
{
    char shown[SHOWN];

    (void)t;
    if (strcasecmp(typ, "JWT") == 0)
        return true;
    return refuse(e, SAI_E_DENIED, "header.typ", "%s: want JWT",
                  printable(typ, strlen(typ), shown, sizeof(shown)));
}

struct header_row {
    const char *name;
    bool (*read)(const char *value, struct jwt *t, struct sai_err *e); /* NULL: refused */
    const char *reason;
};

static const char keys_reason[] = "keys that a token brings or points to are never used";

static const struct header_row header_rows[] = {
    { .name = "alg", .read = read_alg },
    { .name = "kid", .read = read_kid },
    { .name = "typ", .read = read_typ },
    { .name = "jwk", .reason = keys_reason },
    { .name = "jku", .reason = keys_reason },
    { .name = "x5u", .reason = keys_reason },
    { .name = "x5c", .reason = keys_reason },
    { .name = "crit", .reason = "no critical extension is supported" },
    { .name = "b64", .reason = "unencoded payloads are not supported" },
    { .name = "zip", .reason = "compressed claims are refused" },
    { .name = "cty", .reason = "nested tokens are refused" },
    { .name = "enc", .reason = "encrypted tokens are refused" },
};

static const struct header_row *find_row(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(header_rows); i++) {
        if (strcmp(header_rows[i].name, name) == 0)
            return &header_rows[i];
    }
    return NULL;
}

static bool read_member(const char *name, const json_t *value, struct jwt *t, struct sai_err *e)
{
    const struct header_row *row = find_row(name);
    char shown[SHOWN];
    char path[SHOWN + 8];

    (void)snprintf(path, sizeof(path), "header.%s",
                   printable(name, strlen(name), shown, sizeof(shown)));
    if (row == NULL)
        return refuse(e, SAI_E_DENIED, path,
                      "not allowed (a header has alg, kid and typ, nothing else)");
    if (row->read == NULL)
        return refuse(e, SAI_E_DENIED, path, "%s", row->reason);
    if (!json_is_string(value))
        return refuse(e, SAI_E_SYNTAX, path, "must be a string");
    return row->read(json_string_value(value), t, e);
}

static bool read_header(const struct buf *text, struct jwt *t, struct sai_err *e)
{
    static const struct json_limits limits = { HEADER_MAX_BYTES, HEADER_MAX_DEPTH };
    AUTO(json_t) json_t *header = NULL;

    if (!json_read_object(text->data, text->len, &limits, &header, e)) {
        err_at_path(e, "header");
        return false;
    }
    for (void *at = json_object_iter(header); at != NULL;
         at = json_object_iter_next(header, at)) {
        if (!read_member(json_object_iter_key(at), json_object_iter_value(at), t, e))
            return false;
    }
    return t->alg != NULL || refuse(e, SAI_E_SYNTAX, "header.alg", "missing");
}

struct part {
    const char *name;
    const char *text;
    size_t len;
};

enum { HEADER, CLAIMS, SIGNATURE, PARTS };

static bool split(const char *text, size_t len, struct part parts[PARTS], struct sai_err *e)
{
    const char *end = text + len;
    size_t count = 1;

    for (const char *c = text; c < end; c++)
        count += *c == '.' ? 1 : 0;
    if (text[0] == '{')
        return err_set(e, SAI_E_DENIED,
                       "the JSON serialisation of a JWS: want the compact one");
    if (count == 5)
        return err_set(e, SAI_E_DENIED, "five parts: encrypted tokens are refused");
    if (count != PARTS)
        return err_set(e, SAI_E_SYNTAX,
                       "not a signed JWT: want three parts with dots between them, not %zu",
                       count);
    for (size_t i = 0; i < PARTS; i++) {
        const char *dot = memchr(text, '.', (size_t)(end - text));

        parts[i].text = text;
        parts[i].len = (size_t)((dot == NULL ? end : dot) - text);
        if (parts[i].len == 0)
            return refuse(e, SAI_E_SYNTAX, parts[i].name, "empty");
        text += parts[i].len + 1;
    }
    return true;
}

static bool decode(const struct part *part, struct buf *out, struct sai_err *e)
{
    if (base64url_decode(out, part->text, part->len, e))
        return true;
    err_at_path(e, part->name);
    return false;
}

bool jwt_parse(const char *text, size_t len, struct jwt *out, struct sai_err *e)
{
    struct part parts[PARTS] = {
        [HEADER] = { .name = "header" },
        [CLAIMS] = { .name = "claims" },
        [SIGNATURE] = { .name = "signature" },
    };
    AUTO(jwt) struct jwt t = { .signed_text = text };
    AUTO(buf) struct buf header;

    buf_init(&header, HEADER_MAX_BYTES);
    buf_init(&t.claims, JWT_MAX_BYTES);
    buf_init(&t.signature, SIGNATURE_MAX);
    if (len == 0)
        return err_set(e, SAI_E_SYNTAX, "no token: the text is empty");
    if (len > JWT_MAX_BYTES)
        return err_set(e, SAI_E_LIMIT, "a token of more than %d bytes", (int)JWT_MAX_BYTES);
    if (!split(text, len, parts, e))
        return false;
    t.signed_len = parts[HEADER].len + 1 + parts[CLAIMS].len;
    if (!decode(&parts[HEADER], &header, e) || !read_header(&header, &t, e) ||
        !decode(&parts[CLAIMS], &t.claims, e) || !decode(&parts[SIGNATURE], &t.signature, e))
        return false;
    *out = t;
    t = (struct jwt){ 0 };
    return true;
}

void jwt_done(struct jwt *t)
{
    free(t->kid);
    buf_done(&t->claims);
    buf_done(&t->signature);
    *t = (struct jwt){ 0 };
}
