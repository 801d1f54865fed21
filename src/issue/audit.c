/* SPDX-License-Identifier: Apache-2.0 */
#include "issue/audit.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/json_out.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void put_text(struct buf *b, const char *name, const char *text)
{
    if (text == NULL)
        return;
    buf_str(b, name);
    json_out_string(b, text);
}

static void put_number(struct buf *b, const char *name, int64_t number)
{
    buf_str(b, name);
    buf_i64(b, number);
}

static void put_subject(struct buf *b, const struct audit_record *r)
{
    if (r->namespace_name == NULL || r->name == NULL)
        return;
    buf_str(b, ",\"sub\":\"system:serviceaccount:");
    json_out_text(b, r->namespace_name, strlen(r->namespace_name));
    buf_char(b, ':');
    json_out_text(b, r->name, strlen(r->name));
    buf_char(b, '"');
}

void audit_take_request(struct audit_record *r, const struct sai_token_request *request)
{
    r->namespace_name = request->account->namespace_name;
    r->name = request->account->name;
    r->audiences = request->audiences;
    r->pod = request->pod.name;
    r->secret = request->secret.name;
    r->node = request->node.name;
}

void audit_put(struct buf *b, const struct audit_record *r)
{
    char time[CLOCK_TEXT_SIZE];

    buf_str(b, "{\"time\":\"");
    buf_str(b, clock_format_ms(clock_unix_ms(), time));
    buf_str(b, "\",\"event\":\"token\",\"result\":");
    buf_str(b, r->token != NULL ? "\"issued\"" : "\"refused\"");
    put_text(b, ",\"issuer\":", r->issuer);
    put_subject(b, r);
    buf_str(b, ",\"aud\":");
    json_out_strings(b, r->audiences.items, r->audiences.count);
    put_text(b, ",\"pod\":", r->pod);
    put_text(b, ",\"secret\":", r->secret);
    put_text(b, ",\"node\":", r->node);
    if (r->token != NULL) {
        put_text(b, ",\"jti\":", r->token->jti);
        put_text(b, ",\"kid\":", r->token->kid);
        put_text(b, ",\"alg\":", r->token->alg);
        put_number(b, ",\"iat\":", r->token->iat);
        put_number(b, ",\"exp\":", r->token->exp);
    }
    put_text(b, ",\"caller\":", r->caller);
    if (r->token == NULL)
        put_text(b, ",\"reason\":", r->reason);
    buf_str(b, "}\n");
}

int audit_open(const char *file)
{
    return open(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
}

bool audit_write(const char *file, const struct audit_record *r, struct sai_err *e)
{
    AUTO(buf) struct buf line;
    int fd = STDERR_FILENO;
    ssize_t n;

    buf_init(&line, AUDIT_LINE_MAX_BYTES);
    audit_put(&line, r);
    if (!buf_ok(&line, e))
        return false;
    if (file != NULL)
        fd = audit_open(file);
    n = fd < 0 ? -1 : write(fd, line.data, line.len);
    if (n != (ssize_t)line.len)
        (void)err_errno(e, n < 0 ? errno : ENOSPC, "cannot write the audit line");
    if (file != NULL)
        err_in_file(e, file, 0, 0);
    if (file != NULL && fd >= 0)
        (void)close(fd);
    return e->code == SAI_OK;
}
