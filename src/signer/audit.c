/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/audit.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "issue/trail.h"

#include <inttypes.h>
#include <string.h>

/* What a stranger may put into a line: the rest is cut, as there must be a line. */
enum { TEXT_MAX_BYTES = 512, AUDIENCES_MAX = 16 };

static void put_cut(struct buf *b, const char *text)
{
    json_out_string_n(b, text, strnlen(text, TEXT_MAX_BYTES));
}

static void put_text(struct buf *b, const char *name, const char *text)
{
    if (text == NULL)
        return;
    buf_printf(b, ",\"%s\":", name);
    put_cut(b, text);
}

static void put_time(struct buf *b, const char *name, int64_t unix_s)
{
    if (unix_s != 0)
        buf_printf(b, ",\"%s\":%" PRId64, name, unix_s);
}

static void put_audiences(struct buf *b, const struct sign_claims *c)
{
    if (c->audience_count == 0)
        return;
    buf_str(b, ",\"aud\":[");
    for (size_t i = 0; i < c->audience_count && i < AUDIENCES_MAX; i++) {
        buf_str(b, i == 0 ? "" : ",");
        put_cut(b, c->audiences[i]);
    }
    buf_char(b, ']');
}

static void put_reason(struct buf *b, const struct sai_err *why)
{
    char text[sizeof(*why)];

    buf_str(b, ",\"reason\":");
    json_out_string(b, sai_err_format(why, text, sizeof(text)));
}

void sign_audit_put(struct buf *b, const struct sign_record *r)
{
    const struct sign_claims *c = r->claims;
    char time[CLOCK_TEXT_SIZE];

    buf_printf(b, "{\"time\":\"%s\",\"event\":\"signature\",\"result\":\"%s\"",
               clock_format_ms(clock_unix_ms(), time), r->kid != NULL ? "signed" : "refused");
    put_text(b, "issuer", r->issuer);
    put_text(b, "sub", c->sub);
    put_audiences(b, c);
    put_text(b, "pod", c->pod);
    put_text(b, "secret", c->secret);
    put_text(b, "node", c->node);
    put_text(b, "jti", c->jti);
    put_time(b, "iat", c->iat);
    put_time(b, "exp", c->exp);
    put_text(b, "kid", r->kid);
    put_text(b, "alg", r->alg);
    buf_printf(b, ",\"caller\":\"unix:uid=%u,gid=%u,pid=%d\"", (unsigned)r->peer->uid,
               (unsigned)r->peer->gid, (int)r->peer->pid);
    if (r->kid == NULL)
        put_reason(b, r->why);
    buf_str(b, "}\n");
}

static void put_record(struct buf *b, const void *record)
{
    sign_audit_put(b, record);
}

bool sign_audit_write(struct trail *t, const struct sign_record *r, struct sai_err *e)
{
    return trail_append(t, put_record, r, e);
}
