/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One token on its way from a caller's request to sai_mint(), and its answer.
 *
 * An issuance never waits: where it needs to know something it says what (a look-up) and goes
 * on when it is told. Whoever drives it does
 *
 *     l = issuance_next(i);  ask for l;  issuance_tell_...(i, ...);  and again, until
 *     l == LOOKUP_NONE: issuance_request(i) is what to mint, or NULL: refused
 *
 * and then issuance_put_answer(). It fails closed: what was not told is not known, and no path
 * leads to a request but through every check of its kind. Belongs to one thread at a time. */

#include "base/attr.h"
#include "service/exchange.h"
#include "service/refusal.h"
#include "service/token_path.h"
#include "service/tokenrequest.h"

#include <sa_issuer/token.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the issuer allows; immutable, must outlive the issuances. */
struct issuance_policy {
    struct sai_strings audiences;     /* configured */
    struct sai_strings api_audiences; /* of the Kubernetes API server: never issued */
};

enum lookup {
    LOOKUP_NONE,
    LOOKUP_ACCESS,  /* may the caller create serviceaccounts/token of namespace_name, name? */
    LOOKUP_REVIEW,  /* who presented the token, for our own audience? */
    LOOKUP_ACCOUNT, /* the service account and its namespace */
    LOOKUP_POD,
    LOOKUP_SECRET,
    LOOKUP_NODE, /* namespace_name is NULL */
};

struct issuance_lookup {
    enum lookup kind;
    const char *namespace_name;
    const char *name;
    const char *token; /* of LOOKUP_REVIEW; secret */
};

/* The facts. Their strings must outlive the issuance. */
struct access_fact {
    bool allowed;
    const char *caller;           /* user name, for the message */
    const char *reason;           /* of a refusal; NULL: none */
    struct sai_strings audiences; /* that this caller may ask for; empty: all configured */
};

struct review_fact {
    bool authenticated; /* and for our audience */
    const char *user;
    const char *uid;
    struct sai_object_ref pod; /* from the user's extra */
    struct sai_object_ref node;
};

struct account_fact {
    bool namespace_found;
    bool namespace_terminating;
    bool found;
    int64_t deletion_unix_s; /* metadata.deletionTimestamp; 0: none */
    struct sai_account account;
};

struct object_fact {
    bool found;
    int64_t deletion_unix_s;
    const char *uid;
    const char *account; /* of a pod: spec.serviceAccountName; NULL is "" */
    const char *node;    /* of a pod: spec.nodeName; NULL: not scheduled */
};

struct issuance_input {
    const struct issuance_policy *policy;
    const struct token_path *path; /* copied */
    const char *query;             /* raw, behind the '?'; NULL: none */
    const char *content_type;      /* NULL: none */
    const char *body;              /* these four: until it is done */
    size_t len;
    int64_t now_unix_s;
};

struct issuance;
enum verdict { VERDICT_PASS, VERDICT_WAIT, VERDICT_REFUSE };
typedef enum verdict issuance_step_fn(struct issuance *i);

struct issuance {
    struct issuance_input in;
    struct token_path path;
    issuance_step_fn *const *steps; /* NULL behind the last */
    size_t step;
    struct issuance_lookup wanted;
    unsigned told; /* bits of enum lookup */
    struct access_fact access;
    struct review_fact review;
    struct account_fact account;
    struct object_fact pod;
    struct object_fact secret;
    struct object_fact node;
    struct tokenrequest body;
    struct exchange exchange;
    const char *audience_list[FIELD_TEXTS_MAX];
    struct sai_token_request request;
    struct refusal refusal;
    bool ready;
};

/* Starts the kind of issuance that the path names (TOKEN_PATH_REQUEST or TOKEN_PATH_EXCHANGE).
 * To be released whatever becomes of it. */
void issuance_init(struct issuance *i, const struct issuance_input *in);
void issuance_done(struct issuance *i);
DEFINE_AUTO_DONE(issuance, issuance_done)

/* The look-up without whose result it cannot go on; LOOKUP_NONE: finished. */
const struct issuance_lookup *issuance_next(struct issuance *i);

void issuance_tell_access(struct issuance *i, const struct access_fact *fact);
void issuance_tell_review(struct issuance *i, const struct review_fact *fact);
void issuance_tell_account(struct issuance *i, const struct account_fact *fact);
/* The result of LOOKUP_POD, LOOKUP_SECRET or LOOKUP_NODE, whichever is wanted. */
void issuance_tell_object(struct issuance *i, const struct object_fact *fact);
/* There is no result, or none that is clear: refused with 503. */
void issuance_tell_unclear(struct issuance *i, unsigned retry_after_s);
/* Too many requests: refused with 429. */
void issuance_tell_limited(struct issuance *i, unsigned retry_after_s);
/* Nobody knows who the caller is: refused with 401. */
void issuance_tell_unknown(struct issuance *i);
/* What is asked for is not served here: refused with 400. oauth: the error of an exchange. */
void issuance_tell_unserved(struct issuance *i, const char *oauth, const char *why);

/* Once finished: what to mint, NULL if refused. */
const struct sai_token_request *issuance_request(const struct issuance *i);
/* Minting failed: from now on it is refused. */
void issuance_mint_failed(struct issuance *i, const struct sai_err *error);
/* The audit trail could not be written, so there is no token: refused with 503. */
void issuance_not_recorded(struct issuance *i, unsigned retry_after_s);

enum { ISSUANCE_HEADERS_MAX = 4, ISSUANCE_HEADER_BYTES = 128 };

struct issuance_header {
    const char *name;
    char value[ISSUANCE_HEADER_BYTES];
};

struct issuance_answer {
    unsigned status;
    struct issuance_header headers[ISSUANCE_HEADERS_MAX];
    size_t header_count;
};

/* Appends the body of the answer, which is JSON: for the token that was minted, or, with NULL,
 * of the refusal. */
bool issuance_put_answer(const struct issuance *i,
                         const struct sai_token *token,
                         struct issuance_answer *out,
                         struct buf *body,
                         struct sai_err *e) MUST_USE;
