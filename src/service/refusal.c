/* SPDX-License-Identifier: Apache-2.0 */
#include "service/refusal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 65536, LINE_BYTES = 1024 };

void refusal_init(struct refusal *r)
{
    *r = (struct refusal){ 0 };
    buf_init(&r->text, TEXT_MAX);
}

void refusal_done(struct refusal *r)
{
    buf_done(&r->text);
}

bool refusal_ok(const struct refusal *r, struct sai_err *e)
{
    return buf_ok(&r->text, e);
}

static void end_span(const struct refusal *r, struct text_span *s)
{
    s->len = r->text.len - s->at;
}

static struct text_span put_line(struct refusal *r, const char *line)
{
    struct text_span s = { .at = r->text.len };

    buf_str(&r->text, line);
    end_span(r, &s);
    return s;
}

/* Whether r is free to take a refusal. */
static bool begin(struct refusal *r, enum refusal_kind kind)
{
    if (r->kind != REFUSED_NOT)
        return false;
    r->kind = kind;
    return true;
}

void refuse(struct refusal *r, enum refusal_kind kind, const char *fmt, ...)
{
    char line[LINE_BYTES];
    va_list ap;

    if (!begin(r, kind))
        return;
    va_start(ap, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    r->message = put_line(r, line);
}

void refuse_oauth(struct refusal *r, const char *error, const char *fmt, ...)
{
    char line[LINE_BYTES];
    va_list ap;

    if (!begin(r, REFUSED_BAD_REQUEST))
        return;
    va_start(ap, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    r->oauth = error;
    r->message = put_line(r, line);
}

void refuse_not_found(struct refusal *r, const char *resource, const char *name)
{
    if (!begin(r, REFUSED_NOT_FOUND))
        return;
    r->resource = resource;
    r->name = name;
    r->message.at = r->text.len;
    buf_str(&r->text, resource);
    buf_char(&r->text, ' ');
    put_quoted(&r->text, name);
    buf_str(&r->text, " not found");
    end_span(r, &r->message);
}

static bool begin_forbidden(struct refusal *r, const char *account)
{
    if (!begin(r, REFUSED_FORBIDDEN))
        return false;
    r->resource = "serviceaccounts";
    r->name = account;
    r->message.at = r->text.len;
    buf_str(&r->text, "serviceaccounts ");
    put_quoted(&r->text, account);
    buf_str(&r->text, " is forbidden: ");
    return true;
}

void refuse_forbidden(struct refusal *r, const char *account, const char *fmt, ...)
{
    char line[LINE_BYTES];
    va_list ap;

    if (!begin_forbidden(r, account))
        return;
    va_start(ap, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    buf_str(&r->text, line);
    end_span(r, &r->message);
}

void refuse_conflict(struct refusal *r,
                     const char *group,
                     const char *kind,
                     const char *name,
                     const char *fmt,
                     ...)
{
    char line[LINE_BYTES];
    va_list ap;

    if (!begin(r, REFUSED_CONFLICT))
        return;
    va_start(ap, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    r->group = group;
    r->resource = kind;
    r->name = name;
    r->message.at = r->text.len;
    buf_printf(&r->text, "Operation cannot be fulfilled on %s%s%s ", kind,
               group == NULL ? "" : ".", group == NULL ? "" : group);
    put_quoted(&r->text, name);
    buf_str(&r->text, ": ");
    buf_str(&r->text, line);
    end_span(r, &r->message);
}

void refuse_terminating(struct refusal *r, const char *account, const char *namespace_name)
{
    struct refusal_cause *c = &r->causes[0];

    if (r->kind != REFUSED_NOT)
        return;
    refuse_forbidden(
        r, account,
        "unable to create new content in namespace %s because it is being terminated",
        namespace_name);
    r->cause_count = 1;
    c->reason = "NamespaceTerminating";
    c->message.at = r->text.len;
    buf_printf(&r->text, "namespace %s is being terminated", namespace_name);
    end_span(r, &c->message);
    c->field = put_line(r, "metadata.namespace");
}

/* pkg/endpoints/handlers/responsewriters escapes what a browser might take for HTML. */
static void put_sanitized(struct buf *b, const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s == '&')
            buf_str(b, "&amp;");
        else if (*s == '<')
            buf_str(b, "&lt;");
        else if (*s == '>')
            buf_str(b, "&gt;");
        else
            buf_char(b, *s);
    }
}

void refuse_access(struct refusal *r,
                   const char *caller,
                   const char *reason,
                   const char *namespace_name,
                   const char *account)
{
    AUTO(buf) struct buf user;

    buf_init(&user, LINE_BYTES);
    put_quoted(&user, caller == NULL ? "" : caller);
    if (!begin_forbidden(r, account))
        return;
    buf_str(&r->text, "User ");
    put_sanitized(&r->text, user.data == NULL ? "" : user.data);
    buf_str(&r->text, " cannot create resource \"serviceaccounts/token\" in API group \"\" "
                      "in the namespace ");
    put_quoted(&r->text, namespace_name);
    if (reason != NULL && reason[0] != '\0') {
        buf_str(&r->text, ": ");
        put_sanitized(&r->text, reason);
    }
    end_span(r, &r->message);
}

void refuse_unavailable(struct refusal *r, unsigned retry_after_s)
{
    if (r->kind == REFUSED_NOT)
        r->retry_after_s = retry_after_s;
    refuse(r, REFUSED_UNAVAILABLE, "the Kubernetes API cannot be asked now, try again later");
}

void refuse_too_many(struct refusal *r, unsigned retry_after_s)
{
    if (r->kind == REFUSED_NOT)
        r->retry_after_s = retry_after_s;
    refuse(r, REFUSED_TOO_MANY, "too many requests, please try again later");
}

void refuse_too_large(struct refusal *r, size_t max_bytes)
{
    refuse(r, REFUSED_TOO_LARGE, "Request entity too large: limit is %zu", max_bytes);
}

void refuse_internal(struct refusal *r)
{
    static const char why[] = "failed to generate token";

    if (r->kind != REFUSED_NOT)
        return;
    refuse(r, REFUSED_INTERNAL, "Internal error occurred: %s", why);
    r->causes[r->cause_count++].message =
        (struct text_span){ r->message.at + r->message.len - strlen(why), strlen(why) };
}

struct field_error_row {
    const char *text;
    const char *reason;
};

/* k8s.io/apimachinery/pkg/util/validation/field */
static const struct field_error_row field_errors[] = {
    [FIELD_INVALID] = { "Invalid value", "FieldValueInvalid" },
    [FIELD_REQUIRED] = { "Required value", "FieldValueRequired" },
    [FIELD_DUPLICATE] = { "Duplicate value", "FieldValueDuplicate" },
    [FIELD_FORBIDDEN] = { "Forbidden", "FieldValueForbidden" },
    [FIELD_TOO_MANY] = { "Too many", "FieldValueTooMany" },
};

static void put_problem(struct refusal *r, const struct field_problem *p)
{
    const struct field_error_row *row = &field_errors[p->error];
    struct refusal_cause *c = &r->causes[r->cause_count++];

    c->reason = row->reason;
    c->field = put_line(r, p->field);
    buf_str(&r->text, ": ");
    c->message = put_line(r, row->text);
    if (p->value != NULL || p->number != NULL)
        buf_str(&r->text, ": ");
    if (p->value != NULL)
        put_quoted(&r->text, p->value);
    if (p->number != NULL)
        buf_str(&r->text, p->number);
    if (p->detail != NULL) {
        buf_str(&r->text, ": ");
        buf_str(&r->text, p->detail);
    }
    end_span(r, &c->message);
}

void refuse_invalid(struct refusal *r,
                    const char *name,
                    const struct field_problem *problems,
                    size_t count)
{
    if (!begin(r, REFUSED_INVALID))
        return;
    r->group = "authentication.k8s.io";
    r->resource = "TokenRequest";
    r->name = name;
    r->message.at = r->text.len;
    buf_str(&r->text, "TokenRequest.authentication.k8s.io ");
    put_quoted(&r->text, name);
    buf_str(&r->text, count > 1 ? " is invalid: [" : " is invalid: ");
    for (size_t i = 0; i < count && i < REFUSAL_CAUSES_MAX; i++) {
        if (i > 0)
            buf_str(&r->text, ", ");
        put_problem(r, &problems[i]);
    }
    if (count > 1)
        buf_char(&r->text, ']');
    end_span(r, &r->message);
}
