/* SPDX-License-Identifier: Apache-2.0 */
#include "http/asker.h"

#include "base/clock.h"
#include "http/authorization.h"
#include "http/client_certificate.h"

#include <microhttpd.h>
#include <string.h>

struct asker {
    struct MHD_Connection *connection;
    _Atomic size_t *waiting;
    struct client client;
    struct buf query;
    struct buf body;
    struct token_job *job;
};

enum {
    QUERY_MAX_BYTES = 1 << 20, /* a head is never longer */
    BODY_KEPT_BYTES = 16384,   /* of memory, between two requests */
};

struct asker *asker_new(struct MHD_Connection *connection, _Atomic size_t *waiting)
{
    struct asker *a = calloc(1, sizeof(*a));

    if (a == NULL)
        return NULL;
    a->connection = connection;
    a->waiting = waiting;
    buf_init(&a->query, QUERY_MAX_BYTES);
    buf_init_secret(&a->body, 0);
    return a;
}

void asker_free(struct asker *a)
{
    if (a == NULL)
        return;
    token_job_free(a->job);
    client_done(&a->client);
    buf_done(&a->query);
    buf_done(&a->body);
    free(a);
}

const char *asker_begin(struct asker *a, const char *target)
{
    const char *query = target == NULL ? NULL : strchr(target, '?');

    buf_reset(&a->query);
    if (query == NULL)
        return NULL;
    buf_str(&a->query, query + 1);
    return a->query.data;
}

void asker_body(struct asker *a, const char *bytes, size_t len, size_t max_bytes)
{
    a->body.max_bytes = max_bytes;
    buf_add(&a->body, bytes, len);
}

void asker_end(struct asker *a)
{
    token_job_free(TAKE(a->job));
    if (a->body.data != NULL) /* a pod's token, perhaps */
        explicit_bzero(a->body.data, a->body.len);
    if (a->body.cap > BODY_KEPT_BYTES || a->body.failed) {
        buf_done(&a->body);
        buf_init_secret(&a->body, 0);
    }
    buf_reset(&a->body);
}

void asker_forget_client(struct asker *a)
{
    client_forget(&a->client);
}

/* The answer is kept with the connection; that of a certificate for a while. */
static void know_client(struct asker *a)
{
    struct client *c = &a->client;
    int64_t now = clock_unix_s();
    const union MHD_ConnectionInfo *tls;

    if (c->proof != CLIENT_UNKNOWN &&
        (c->proof != CLIENT_CERTIFICATE || now < c->good_until_unix_s))
        return;
    tls = MHD_get_connection_info(a->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (tls != NULL && tls->tls_session != NULL)
        client_certificate_ask(c, tls->tls_session, now);
    else
        client_ask_socket(
            c, MHD_get_connection_info(a->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                   ->connect_fd);
}

static void add_client(const struct client *c, struct token_caller *out)
{
    if (c->proof == CLIENT_PEER) {
        out->kind = CALLER_PEER;
        out->uid = c->peer.uid;
        out->gid = c->peer.gid;
        out->pid = c->peer.pid;
    } else if (c->proof == CLIENT_CERTIFICATE) {
        out->kind = CALLER_CERTIFICATE;
        out->user = c->user;
        out->groups = (struct sai_strings){ (const char *const *)c->groups, c->group_count };
    }
}

/* A proof that fails is never passed over for another one, or for none. */
static bool find_caller(struct asker *a, const struct http_req *req, struct token_caller *out)
{
    struct http_text token = { 0 };
    enum authorization shown = authorization_read(req->authorization, &token);

    know_client(a);
    if (shown == AUTHORIZATION_BAD || a->client.proof == CLIENT_BAD_CERTIFICATE)
        return false;
    add_client(&a->client, out);
    if (shown == AUTHORIZATION_BEARER) {
        out->kind = CALLER_BEARER;
        out->token = token.at; /* to the end of the field, so there is a NUL behind it */
    }
    return true;
}

/* Any thread. When the connection is resumed its worker may go on, and free all of this, before
 * the call returns; the worker itself stays as long as the count is not zero. */
static void wake(void *owner)
{
    struct asker *a = owner;
    _Atomic size_t *waiting = a->waiting;

    MHD_resume_connection(a->connection);
    atomic_fetch_sub(waiting, 1);
}

unsigned asker_start(struct asker *a,
                     struct token_clerk *clerk,
                     const struct http_req *req,
                     const struct http_match *match)
{
    struct token_job_input in = {
        .issuer = match->issuer,
        .path = match->path,
        .query = req->query,
        .content_type = req->content_type.at,
        .body = a->body.data == NULL ? "" : a->body.data,
        .body_len = a->body.len,
        .wake = wake,
        .owner = a,
    };

    if (a->body.too_long)
        return 413;
    if (!find_caller(a, req, &in.caller))
        return 401;
    if (!a->body.failed && !a->query.failed)
        a->job = token_job_new(clerk, &in);
    return a->job == NULL ? 500 : 0;
}

bool asker_run(struct asker *a, struct http_reply *reply)
{
    const struct issuance_answer *answer;
    const struct buf *body;

    if (token_job_run(a->job) == TOKEN_JOB_WAITS)
        return false;
    answer = token_job_answer(a->job);
    body = token_job_body(a->job);
    *reply =
        (struct http_reply){ .status = answer->status, .body = body->data, .size = body->len };
    for (size_t i = 0; i < answer->header_count; i++)
        http_reply_header(reply, answer->headers[i].name, answer->headers[i].value);
    return true;
}

void asker_wait(struct asker *a)
{
    atomic_fetch_add(a->waiting, 1);
    MHD_suspend_connection(a->connection);
    token_job_arm(a->job);
}
