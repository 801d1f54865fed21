/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/audit.h"

#include "base/clock.h"
#include "base/json_out.h"
#include "issue/trail.h"

#include <inttypes.h>
#include <string.h>

/* What a stranger may put into a line: the rest is cut, as there must be a line. Of what is
 * signed nothing is left out: either it is all there, or the line is too long and nothing
 * signed. */
enum { TEXT_MAX_BYTES = 256, AUDIENCES_MAX = 16 };

static void put_cut(struct buf *b, const char *text, bool whole)
{
    json_out_string_n(b, text, whole ? strlen(text) : strnlen(text, TEXT_MAX_BYTES));
}

static void put_text(struct buf *b, const char *name, const char *text, bool whole)
{
    if (text == NULL)
        return;
    buf_printf(b, ",\"%s\":", name);
    put_cut(b, text, whole);
}

static void put_time(struct buf *b, const char *name, int64_t unix_s)
{
    if (unix_s != 0)
        buf_printf(b, ",\"%s\":%" PRId64, name, unix_s);
}

static void put_audiences(struct buf *b, const struct sign_claims *c, bool whole)
{
    size_t most = whole ? SIGN_AUDIENCES_MAX : AUDIENCES_MAX;

    if (c->audience_count == 0)
        return;
    buf_str(b, ",\"aud\":[");
    for (size_t i = 0; i < c->audience_count && i < most; i++) {
        buf_str(b, i == 0 ? "" : ",");
        put_cut(b, c->audiences[i], whole);
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
    const bool is_signed = r->kid != NULL;
    char time[CLOCK_TEXT_SIZE];

    buf_printf(b, "{\"time\":\"%s\",\"event\":\"signature\",\"result\":\"%s\"",
               clock_format_ms(clock_unix_ms(), time), is_signed ? "signed" : "refused");
    put_text(b, "issuer", r->issuer, is_signed);
    put_text(b, "sub", c->sub, is_signed);
    put_audiences(b, c, is_signed);
    put_text(b, "pod", c->pod, is_signed);
    put_text(b, "secret", c->secret, is_signed);
    put_text(b, "node", c->node, is_signed);
    put_text(b, "jti", c->jti, is_signed);
    put_time(b, "iat", c->iat);
    put_time(b, "exp", c->exp);
    put_text(b, "kid", r->kid, is_signed);
    put_text(b, "alg", r->alg, is_signed);
    buf_printf(b, ",\"caller\":\"unix:uid=%u,gid=%u,pid=%d\"", (unsigned)r->peer->uid,
               (unsigned)r->peer->gid, (int)r->peer->pid);
    if (!is_signed)
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
