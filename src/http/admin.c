/* SPDX-License-Identifier: Apache-2.0 */

/* The admin listener: read-only, for the kubelet and Prometheus. */

#include "base/buf.h"
#include "http/metrics_page.h"
#include "http/service.h"

#include <string.h>

enum { PAGE_MAX_BYTES = 8 << 20 };

static http_handler_fn answer_livez;
static http_handler_fn answer_readyz;
static http_handler_fn answer_metrics;

static const struct http_route routes[] = {
    { ROUTE_LIVEZ, "/livez", HTTP_GET | HTTP_HEAD, "GET, HEAD", answer_livez },
    { ROUTE_READYZ, "/readyz", HTTP_GET | HTTP_HEAD, "GET, HEAD", answer_readyz },
    { ROUTE_METRICS, "/metrics", HTTP_GET | HTTP_HEAD, "GET, HEAD", answer_metrics },
};

static void
find_path(const struct http_req *req, const struct http_env *env, struct http_match *match)
{
    (void)env;
    for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
        if (strcmp(req->path, routes[i].path) == 0)
            match->row = &routes[i];
    }
}

/* That the listener's thread answers is all there is to liveness: nothing that a restart
 * would not mend may fail it. */
static bool answer_livez(const struct http_req *req,
                         const struct http_match *match,
                         const struct http_env *env,
                         struct http_reply *reply,
                         struct sai_err *e)
{
    (void)req;
    (void)match;
    (void)env;
    (void)e;
    http_reply_text(reply, "ok\n");
    reply->keep = KEEP_LIVEZ;
    return true;
}

/* A failed reload leaves the daemon ready: it serves the last good snapshot, and every replica
 * would fail at once. The body says so all the same. */
static void put_ready(struct buf *b, const struct http_env *env, bool draining)
{
    const struct state_status *status = state_status(env->state);
    bool failed = atomic_load_explicit(&status->last_reload_failed, memory_order_relaxed);

    buf_printf(b, "[+] snapshot: generation %llu, %zu issuer(s)\n",
               (unsigned long long)env->snapshot->generation, env->snapshot->issuer_count);
    buf_str(b, failed ? "[!] reload: the last one failed, see the log; serving the snapshot "
                        "before it\n"
                      : "[+] reload: ok\n");
    buf_str(b, draining ? "[-] shutdown: draining\nnot ready\n" : "[+] shutdown: no\nready\n");
}

static bool answer_readyz(const struct http_req *req,
                          const struct http_match *match,
                          const struct http_env *env,
                          struct http_reply *reply,
                          struct sai_err *e)
{
    bool draining =
        atomic_load_explicit(&state_status(env->state)->draining, memory_order_relaxed);
    AUTO(buf) struct buf b;

    (void)req;
    (void)match;
    buf_init(&b, PAGE_MAX_BYTES);
    put_ready(&b, env, draining);
    if (!buf_ok(&b, e))
        return false;
    http_reply_text(reply, "");
    reply->status = draining ? 503 : 200;
    reply->body = buf_take(&b, &reply->size);
    reply->body_owned = true;
    return true;
}

static bool answer_metrics(const struct http_req *req,
                           const struct http_match *match,
                           const struct http_env *env,
                           struct http_reply *reply,
                           struct sai_err *e)
{
    AUTO(buf) struct buf b;

    (void)req;
    (void)match;
    buf_init(&b, PAGE_MAX_BYTES);
    metrics_page(&b, env);
    if (!buf_ok(&b, e))
        return false;
    reply->status = 200;
    reply->body = buf_take(&b, &reply->size);
    reply->body_owned = true;
    http_reply_header(reply, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    http_reply_header(reply, "Cache-Control", "no-store");
    http_reply_header(reply, "X-Content-Type-Options", "nosniff");
    return true;
}

const struct http_service admin_service = {
    .name = "admin",
    .find = find_path,
    .cors = false,
};
