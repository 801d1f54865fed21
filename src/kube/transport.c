/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/transport.h"

#include "base/buf.h"
#include "base/printable.h"
#include "kube/libcurl.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

enum {
    MAX_URL_BYTES = 16384,
    CONNECTION_LIFE_S = 300, /* so that several API servers share the load */
    KEEPALIVE_IDLE_S = 30,
    KEEPALIVE_INTERVAL_S = 10,
    PEER_TIMEOUT_MS = 60000, /* for what we sent to be acknowledged */
};

struct transport {
    CURLM *multi;
};

struct transfer {
    CURL *easy;
    struct curl_slist *headers;
    struct curl_slist *connect_to;
    const struct transfer_events *events;
    void *owner;
    bool given_up; /* by data */
    char why[CURL_ERROR_SIZE];
};

bool transport_new(size_t max_connections, struct transport **out, struct sai_err *e)
{
    AUTO(transport) struct transport *t = calloc(1, sizeof(*t));

    if (t == NULL)
        return err_nomem(e);
    if (!libcurl_load(e))
        return false;
    t->multi = libcurl.multi_init();
    if (t->multi == NULL)
        return err_nomem(e);
    (void)libcurl.multi_setopt(t->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)max_connections);
    (void)libcurl.multi_setopt(t->multi, CURLMOPT_MAXCONNECTS, (long)max_connections);
    *out = TAKE(t);
    return true;
}

void transport_free(struct transport *t)
{
    if (t == NULL)
        return;
    if (t->multi != NULL)
        (void)libcurl.multi_cleanup(t->multi);
    free(t);
}

/* A header list may hold our token. */
static void free_headers(struct curl_slist *list)
{
    for (struct curl_slist *i = list; i != NULL; i = i->next)
        explicit_bzero(i->data, strlen(i->data));
    libcurl.slist_free_all(list);
}

static void transfer_free(struct transfer *x)
{
    if (x == NULL)
        return;
    libcurl.easy_cleanup(x->easy);
    free_headers(x->headers);
    libcurl.slist_free_all(x->connect_to);
    free(x);
}

DEFINE_AUTO(transfer, transfer_free)

static int status_of(const struct transfer *x)
{
    long status = 0;

    (void)libcurl.easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
    return (int)status;
}

static size_t on_data(char *bytes, size_t size, size_t count, void *owner)
{
    struct transfer *x = owner;

    if (x->events->data(x->owner, status_of(x), bytes, size * count))
        return size * count;
    x->given_up = true;
    return CURL_WRITEFUNC_ERROR;
}

/* A peer that is gone is noticed also while we wait for it to say something. */
static int on_socket(void *owner, curl_socket_t fd, curlsocktype purpose)
{
    unsigned timeout_ms = PEER_TIMEOUT_MS;

    (void)owner;
    (void)purpose;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
    return CURL_SOCKOPT_OK;
}

static bool add_header(struct transfer *x, const char *name, const char *value, size_t len)
{
    AUTO(buf) struct buf line = { 0 };
    struct curl_slist *longer = NULL;
    struct sai_err e = { 0 };

    buf_init_secret(&line, strlen(name) + len + 1);
    buf_str(&line, name);
    buf_add(&line, value, len);
    if (buf_ok(&line, &e))
        longer = libcurl.slist_append(x->headers, line.data);
    if (longer != NULL)
        x->headers = longer;
    return longer != NULL;
}

/* The name in the certificate comes from the URL, so that a server with another name is a URL
 * of that name which is looked for elsewhere. */
static bool add_server_name(struct transfer *x, const struct kube_config *c)
{
    AUTO_FREE char *where = NULL;
    AUTO_FREE char *host = NULL;

    if (asprintf(&where, "%s:%s:%s:%s", c->server_name, c->port, c->host, c->port) < 0) {
        where = NULL;
        return false;
    }
    if (asprintf(&host, "%s:%s", c->host, c->port) < 0) {
        host = NULL;
        return false;
    }
    x->connect_to = libcurl.slist_append(NULL, where);
    return x->connect_to != NULL && add_header(x, "Host: ", host, strlen(host));
}

static bool add_headers(struct transfer *x, const struct transfer_spec *s)
{
    const struct credential_text *token = &s->credentials->token;

    if (s->config->server_name != NULL && !add_server_name(x, s->config))
        return false;
    if (token->text != NULL &&
        !add_header(x, "Authorization: Bearer ", token->text, token->len))
        return false;
    if (s->body != NULL && (!add_header(x, "Content-Type: ", "application/json", 16) ||
                            !add_header(x, "Expect:", "", 0)))
        return false;
    return add_header(x, "Accept: ", s->accept, strlen(s->accept));
}

static bool set_blob(CURL *easy, CURLoption option, const struct credential_text *t)
{
    struct curl_blob blob = { .len = t->len, .flags = CURL_BLOB_COPY };

    if (t->text == NULL)
        return true;
    memcpy(&blob.data, &t->text, sizeof(blob.data)); /* libcurl does not write to it */
    return libcurl.easy_setopt(easy, option, &blob) == CURLE_OK;
}

/* Everything of TLS: the given authorities alone. CAPATH is named because the default of Debian
 * is the system's directory, which libcurl asks besides what it was given. */
static bool set_tls(CURL *easy, const struct credential_view *c)
{
    return libcurl.easy_setopt(easy, CURLOPT_CAINFO, NULL) == CURLE_OK &&
           libcurl.easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK && c->ca.text != NULL &&
           set_blob(easy, CURLOPT_CAINFO_BLOB, &c->ca) &&
           set_blob(easy, CURLOPT_SSLCERT_BLOB, &c->certificate) &&
           set_blob(easy, CURLOPT_SSLKEY_BLOB, &c->key);
}

static const struct libcurl_number numbers[] = {
    { CURLOPT_TCP_KEEPALIVE, 1 },
    { CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
    { CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
    { CURLOPT_MAXLIFETIME_CONN, CONNECTION_LIFE_S },
};

static bool set_behaviour(struct transfer *x, const struct transfer_spec *s)
{
    CURL *easy = x->easy;

    if (!libcurl_set_numbers(easy, numbers, ARRAY_SIZE(numbers)))
        return false;
    if (s->silence_s > 0 &&
        (libcurl.easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L) != CURLE_OK ||
         libcurl.easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)s->silence_s) != CURLE_OK))
        return false;
    return libcurl.easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)s->timeout_ms) == CURLE_OK &&
           libcurl.easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)s->connect_ms) ==
               CURLE_OK &&
           libcurl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK;
}

static bool set_callbacks(struct transfer *x)
{
    return libcurl.easy_setopt(x->easy, CURLOPT_WRITEFUNCTION, on_data) == CURLE_OK &&
           libcurl.easy_setopt(x->easy, CURLOPT_WRITEDATA, x) == CURLE_OK &&
           libcurl.easy_setopt(x->easy, CURLOPT_PRIVATE, x) == CURLE_OK &&
           libcurl.easy_setopt(x->easy, CURLOPT_SOCKOPTFUNCTION, on_socket) == CURLE_OK &&
           libcurl.easy_setopt(x->easy, CURLOPT_ERRORBUFFER, x->why) == CURLE_OK;
}

static bool set_request(struct transfer *x, const struct transfer_spec *s)
{
    const struct kube_config *c = s->config;
    AUTO(buf) struct buf url = { 0 };
    struct sai_err e = { 0 };

    buf_init(&url, MAX_URL_BYTES);
    buf_printf(&url, "https://%s:%s%s", c->server_name == NULL ? c->host : c->server_name,
               c->port, c->prefix);
    buf_str(&url, s->path);
    if (!buf_ok(&url, &e) || libcurl.easy_setopt(x->easy, CURLOPT_URL, url.data) != CURLE_OK ||
        !add_headers(x, s) ||
        libcurl.easy_setopt(x->easy, CURLOPT_HTTPHEADER, x->headers) != CURLE_OK)
        return false;
    if (x->connect_to != NULL &&
        libcurl.easy_setopt(x->easy, CURLOPT_CONNECT_TO, x->connect_to) != CURLE_OK)
        return false;
    if (s->body == NULL)
        return true;
    return libcurl.easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE, (long)s->body_len) == CURLE_OK &&
           libcurl.easy_setopt(x->easy, CURLOPT_COPYPOSTFIELDS, s->body) == CURLE_OK;
}

bool transport_start(struct transport *t,
                     const struct transfer_spec *spec,
                     struct transfer **out,
                     struct sai_err *e)
{
    AUTO(transfer) struct transfer *x = calloc(1, sizeof(*x));

    if (x == NULL)
        return err_nomem(e);
    x->events = spec->events;
    x->owner = spec->owner;
    x->easy = libcurl_new();
    if (x->easy == NULL || !set_behaviour(x, spec) || !set_tls(x->easy, spec->credentials) ||
        !set_callbacks(x) || !set_request(x, spec) ||
        libcurl.multi_add_handle(t->multi, x->easy) != CURLM_OK)
        return err_set(e, SAI_E_IO, "cannot prepare a request to the Kubernetes API");
    *out = TAKE(x);
    return true;
}

void transport_abort(struct transport *t, struct transfer *x)
{
    (void)libcurl.multi_remove_handle(t->multi, x->easy);
    transfer_free(x);
}

static void describe(const struct transfer *x, CURLcode code, struct sai_err *e)
{
    const char *why = x->why[0] == '\0' ? libcurl.easy_strerror(code) : x->why;
    char text[160];

    if (code == CURLE_OUT_OF_MEMORY)
        (void)err_nomem(e);
    else
        (void)err_set(e, x->given_up ? SAI_E_LIMIT : SAI_E_IO, "%s",
                      x->given_up ? "the answer was not read to its end"
                                  : printable(why, strlen(why), text, sizeof(text)));
}

static void finish(struct transport *t, struct transfer *x, CURLcode code)
{
    struct transfer_end end = { .retry_after_s = UINT64_MAX };
    curl_off_t seconds = 0;

    end.status = status_of(x);
    if (libcurl.easy_getinfo(x->easy, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK &&
        seconds > 0)
        end.retry_after_s = (uint64_t)seconds;
    if (code != CURLE_OK)
        describe(x, code, &end.e);
    (void)libcurl.multi_remove_handle(t->multi, x->easy);
    x->events->done(x->owner, &end);
    transfer_free(x);
}

void transport_run(struct transport *t, int timeout_ms)
{
    const CURLMsg *message;
    int running;
    int left;

    (void)libcurl.multi_poll(t->multi, NULL, 0, timeout_ms, NULL);
    (void)libcurl.multi_perform(t->multi, &running);
    while ((message = libcurl.multi_info_read(t->multi, &left)) != NULL) {
        struct transfer *x = NULL;
        CURLcode code = message->data.result;

        if (message->msg == CURLMSG_DONE &&
            libcurl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &x) == CURLE_OK)
            finish(t, x, code);
    }
}

void transport_wake(struct transport *t)
{
    (void)libcurl.multi_wakeup(t->multi);
}
