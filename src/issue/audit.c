/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/audit.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/json_out.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 65536 };

static void put_text(struct buf *b, const char *name, const char *text)
{
    buf_char(b, ',');
    json_out_string(b, name);
    buf_char(b, ':');
    json_out_string(b, text);
}

static void put_number(struct buf *b, const char *name, int64_t number)
{
    buf_printf(b, ",\"%s\":", name);
    buf_i64(b, number);
}

static void put_subject(struct buf *b, const struct sai_account *account)
{
    AUTO(buf) struct buf sub;
    struct sai_err e = { 0 };

    buf_init(&sub, 1024);
    buf_printf(&sub, "system:serviceaccount:%s:%s", account->namespace_name, account->name);
    put_text(b, "sub", buf_ok(&sub, &e) ? sub.data : "");
}

static void put_audiences(struct buf *b, const struct sai_strings *audiences)
{
    buf_str(b, ",\"aud\":[");
    for (size_t i = 0; i < audiences->count; i++) {
        if (i > 0)
            buf_char(b, ',');
        json_out_string(b, audiences->items[i]);
    }
    buf_char(b, ']');
}

void audit_put(struct buf *b, const struct audit_record *r)
{
    char time[CLOCK_TEXT_SIZE];

    buf_printf(b, "{\"time\":\"%s\",\"event\":\"token\",\"result\":\"%s\"",
               clock_format_ms(clock_unix_ms(), time), r->token != NULL ? "issued" : "refused");
    put_text(b, "issuer", r->issuer);
    put_subject(b, r->request->account);
    put_audiences(b, &r->request->audiences);
    if (r->token != NULL) {
        put_text(b, "jti", r->token->jti);
        put_text(b, "kid", r->token->kid);
        put_text(b, "alg", r->token->alg);
        put_number(b, "iat", r->token->iat);
        put_number(b, "exp", r->token->exp);
    }
    put_text(b, "caller", r->caller);
    if (r->token == NULL)
        put_text(b, "reason", r->reason);
    buf_str(b, "}\n");
}

bool audit_write(const char *file, const struct audit_record *r, struct sai_err *e)
{
    AUTO(buf) struct buf line;
    int fd = STDERR_FILENO;
    ssize_t n;

    buf_init(&line, LINE_MAX_BYTES);
    audit_put(&line, r);
    if (!buf_ok(&line, e))
        return false;
    if (file != NULL)
        fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    n = fd < 0 ? -1 : write(fd, line.data, line.len);
    if (n != (ssize_t)line.len)
        (void)err_errno(e, n < 0 ? errno : ENOSPC, "cannot write the audit line");
    if (file != NULL)
        err_in_file(e, file, 0, 0);
    if (file != NULL && fd >= 0)
        (void)close(fd);
    return e->code == SAI_OK;
}
