/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Why no token is given, and how that is said: as the Status object that kube-apiserver would
 * answer (k8s.io/apimachinery/pkg/api/errors, byte for byte) or as an error of OAuth 2.0. */

#include "base/attr.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum refusal_kind {
    REFUSED_NOT, /* the zero value */
    REFUSED_BAD_REQUEST,
    REFUSED_UNAUTHORIZED,
    REFUSED_FORBIDDEN,
    REFUSED_NOT_FOUND,
    REFUSED_METHOD,
    REFUSED_CONFLICT,
    REFUSED_TOO_LARGE,
    REFUSED_MEDIA_TYPE,
    REFUSED_INVALID,
    REFUSED_TOO_MANY,
    REFUSED_INTERNAL,
    REFUSED_UNAVAILABLE,
};

/* A part of struct refusal's text; len 0: none. */
struct text_span {
    size_t at;
    size_t len;
};

struct refusal_cause {
    const char *reason; /* constant; NULL: none */
    struct text_span message;
    struct text_span field;
};

/* An account's audiences and its lifetime can be wrong at once; more than these are not named.
 */
enum { REFUSAL_CAUSES_MAX = 20 };

struct refusal {
    enum refusal_kind kind;
    const char *oauth; /* the error of OAuth; NULL: that of the kind */
    struct buf text;
    struct text_span message;
    /* Details; strings are constants or the request's; NULL or 0: none. */
    const char *name;
    const char *group;
    const char *resource; /* "kind" in the object: for some errors it holds a resource's name */
    unsigned retry_after_s;
    struct refusal_cause causes[REFUSAL_CAUSES_MAX];
    size_t cause_count;
};

void refusal_init(struct refusal *r);
void refusal_done(struct refusal *r);
DEFINE_AUTO_DONE(refusal, refusal_done)

/* The first wins. */
void refuse(struct refusal *r, enum refusal_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* 400 with that error of OAuth. */
void refuse_oauth(struct refusal *r, const char *error, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The conventional ones; resource is a plural, the strings must outlive r. */
void refuse_not_found(struct refusal *r, const char *resource, const char *name);
void refuse_forbidden(struct refusal *r, const char *account, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void refuse_conflict(struct refusal *r,
                     const char *group,
                     const char *kind,
                     const char *name,
                     const char *fmt,
                     ...) PRINTF_LIKE(5, 6);
/* The namespace is being deleted. */
void refuse_terminating(struct refusal *r, const char *account, const char *namespace_name);
/* As RBAC answers for  create serviceaccounts/token.  caller and reason may be NULL. */
void refuse_access(struct refusal *r,
                   const char *caller,
                   const char *reason,
                   const char *namespace_name,
                   const char *account);
void refuse_unavailable(struct refusal *r, unsigned retry_after_s);
void refuse_too_many(struct refusal *r, unsigned retry_after_s);
void refuse_too_large(struct refusal *r, size_t max_bytes);
void refuse_internal(struct refusal *r);

/* One wrong field of a TokenRequest: "<field>: <type>: "value": <detail>" and its cause. Any
 * number may follow each other; refuse_invalid() makes a refusal of them. */
enum field_error {
    FIELD_INVALID,
    FIELD_REQUIRED,
    FIELD_DUPLICATE,
    FIELD_FORBIDDEN,
    FIELD_TOO_MANY
};
struct field_problem {
    enum field_error error;
    const char *field;
    const char *value;  /* quoted into the message; NULL: none */
    const char *number; /* the same without quotes */
    const char *detail; /* NULL: none */
};
/* name: of the object in the message, "" for Kubernetes' checks of spec. */
void refuse_invalid(struct refusal *r,
                    const char *name,
                    const struct field_problem *problems,
                    size_t count);

/* Text in quotes as Go's strconv.Quote writes it, other than ASCII escaped. */
void put_quoted(struct buf *b, const char *s);

/* False if memory ran out for its text. */
bool refusal_ok(const struct refusal *r, struct sai_err *e) MUST_USE;
unsigned refusal_code(const struct refusal *r);
/* The message as text, cut to size bytes with its NUL; returns buf. */
const char *refusal_message(const struct refusal *r, char *buf, size_t size);
void refusal_put_status(const struct refusal *r, struct buf *b);

/* RFC 6749 section 5.2 and RFC 8693 section 2.2.2. */
unsigned refusal_oauth_code(const struct refusal *r);
void refusal_put_oauth(const struct refusal *r, struct buf *b);
