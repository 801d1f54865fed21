/* SPDX-License-Identifier: Apache-2.0 */
#include "service/token_answer.h"

#include "base/clock.h"
#include "base/json_out.h"

static void put_member(struct buf *b, const char *name, const char *value)
{
    if (value == NULL)
        return;
    buf_str(b, name);
    json_out_string(b, value);
}

/* A signed token is base64url and dots: nothing in it needs an escape. */
static void put_token(struct buf *b, const char *name, const struct sai_token *t)
{
    buf_str(b, name);
    buf_char(b, '"');
    buf_add(b, t->text, t->len);
    buf_char(b, '"');
}

static void put_time(struct buf *b, const char *name, int64_t unix_s)
{
    char text[CLOCK_TEXT_SIZE];

    buf_str(b, name);
    buf_char(b, '"');
    buf_str(b, clock_format_s(unix_s, text));
    buf_char(b, '"');
}

static void put_metadata(const struct sai_account *a, const struct sai_token *t, struct buf *b)
{
    put_member(b, "\"metadata\":{\"name\":", a->name);
    put_member(b, ",\"namespace\":", a->namespace_name);
    put_member(b, ",\"uid\":", a->uid);
    put_time(b, ",\"creationTimestamp\":", t->exp - (int64_t)t->lifetime_s);
    buf_char(b, '}');
}

static void put_reference(const struct tokenrequest_reference *r, struct buf *b)
{
    if (!r->present) {
        buf_str(b, "null");
        return;
    }
    put_member(b, "{\"kind\":", r->kind);
    put_member(b, ",\"apiVersion\":", r->api_version);
    put_member(b, ",\"name\":", r->name);
    put_member(b, ",\"uid\":", r->uid);
    buf_char(b, '}');
}

/* Echoes what took effect, not what was asked for. */
void token_answer_put(struct buf *b,
                      const struct sai_token_request *request,
                      const struct tokenrequest_reference *bound,
                      const struct sai_token *t)
{
    const struct sai_strings *audiences = &request->audiences;

    buf_str(b, "{\"kind\":\"" TOKENREQUEST_KIND "\",\"apiVersion\":\"" TOKENREQUEST_API_VERSION
               "\",");
    put_metadata(request->account, t, b);
    buf_str(b, ",\"spec\":{\"audiences\":");
    json_out_strings(b, audiences->items, audiences->count);
    buf_str(b, ",\"expirationSeconds\":");
    buf_u64(b, t->lifetime_s);
    buf_str(b, ",\"boundObjectRef\":");
    put_reference(bound, b);
    put_token(b, "},\"status\":{\"token\":", t);
    put_time(b, ",\"expirationTimestamp\":", t->exp);
    buf_str(b, "}}\n");
}

void token_answer_put_exchange(struct buf *b, const char *type, const struct sai_token *t)
{
    put_token(b, "{\"access_token\":", t);
    put_member(b, ",\"issued_token_type\":", type);
    buf_str(b, ",\"token_type\":\"Bearer\",\"expires_in\":");
    buf_u64(b, t->lifetime_s);
    buf_str(b, "}\n");
}
