/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/client.h"

#include "agent/trade.h"
#include "base/file.h"
#include "base/printable.h"
#include "kube/libcurl.h"

#include <string.h>

enum { CA_MAX_BYTES = 1 << 20, SHOWN = 160 };

static const struct libcurl_number numbers[] = {
    { CURLOPT_CONNECTTIMEOUT_MS, 5000 },
    { CURLOPT_TIMEOUT_MS, 20000 },
    /* The next one is minutes away, and perhaps with other authorities. */
    { CURLOPT_FORBID_REUSE, 1 },
    /* Do not wait for the resolver's thread when told to stop. */
    { CURLOPT_QUICK_EXIT, 1 },
};

struct request {
    struct request *next;
    struct client *client;
    CURL *easy;
    void *owner;
    struct buf form;
    struct buf answer;
    char why[CURL_ERROR_SIZE];
};

struct client {
    struct client_options options;
    client_done_fn *done;
    CURLM *multi;
    struct curl_slist *headers;
    struct request *requests;
};

static void request_free(struct request *r)
{
    if (r == NULL)
        return;
    if (r->easy != NULL)
        libcurl.easy_cleanup(r->easy);
    buf_done(&r->form);
    buf_done(&r->answer);
    free(r);
}

DEFINE_AUTO(request, request_free)

/* No "Expect: 100-continue", which would only cost a round trip. */
static bool add_headers(struct client *c)
{
    static const char *const lines[] = { "Accept: application/json", "Expect:" };

    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        struct curl_slist *longer = libcurl.slist_append(c->headers, lines[i]);

        if (longer == NULL)
            return false;
        c->headers = longer;
    }
    return true;
}

bool client_new(const struct client_options *o,
                client_done_fn *done,
                struct client **out,
                struct sai_err *e)
{
    AUTO(client) struct client *c = NULL;

    if (!libcurl_load(e))
        return false;
    c = calloc(1, sizeof(*c));
    if (c == NULL)
        return err_nomem(e);
    c->options = *o;
    c->done = done;
    c->multi = libcurl.multi_init();
    if (c->multi == NULL || !add_headers(c))
        return err_nomem(e);
    *out = TAKE(c);
    return true;
}

static void forget(struct client *c, struct request *r)
{
    struct request **at = &c->requests;

    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    (void)libcurl.multi_remove_handle(c->multi, r->easy);
}

void client_free(struct client *c)
{
    if (c == NULL)
        return;
    while (c->requests != NULL) {
        struct request *r = c->requests;

        forget(c, r);
        request_free(r);
    }
    if (c->multi != NULL)
        (void)libcurl.multi_cleanup(c->multi);
    libcurl.slist_free_all(c->headers);
    free(c);
}

static size_t take_answer(char *bytes, size_t size, size_t count, void *owner)
{
    struct request *r = owner;

    buf_add(&r->answer, bytes, size * count);
    return r->answer.failed ? CURL_WRITEFUNC_ERROR : size * count;
}

/* libcurl keeps a file of authorities that it has read for a day, and asks Debian's directory
 * besides: so it is given their bytes, and no directory. */
static bool set_authorities(CURL *easy, const char *ca_file, struct sai_err *e)
{
    AUTO(buf) struct buf pem;
    struct curl_blob blob = { .flags = CURL_BLOB_COPY };

    buf_init(&pem, CA_MAX_BYTES);
    if (ca_file == NULL)
        return true;
    if (!file_read(ca_file, CA_MAX_BYTES, &pem, NULL, e))
        return false;
    if (pem.len == 0)
        return err_set(e, SAI_E_INVALID, "%s: no certificates", ca_file);
    blob.data = pem.data;
    blob.len = pem.len;
    return (libcurl.easy_setopt(easy, CURLOPT_CAINFO, NULL) == CURLE_OK &&
            libcurl.easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK &&
            libcurl.easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK) ||
           err_nomem(e);
}

static bool set_route(CURL *easy, const struct client_options *o)
{
    const char *protocol = strncmp(o->url, "http:", 5) == 0 ? "http" : "https";

    if (libcurl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocol) != CURLE_OK ||
        libcurl.easy_setopt(easy, CURLOPT_URL, o->url) != CURLE_OK)
        return false;
    if (o->unix_socket != NULL &&
        libcurl.easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, o->unix_socket) != CURLE_OK)
        return false;
    return o->proxy == NULL || (libcurl.easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK &&
                                libcurl.easy_setopt(easy, CURLOPT_PROXY, o->proxy) == CURLE_OK);
}

static bool set_request(struct request *r)
{
    CURL *easy = r->easy;

    return libcurl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)r->form.len) == CURLE_OK &&
           libcurl.easy_setopt(easy, CURLOPT_POSTFIELDS, r->form.data) == CURLE_OK &&
           libcurl.easy_setopt(easy, CURLOPT_HTTPHEADER, r->client->headers) == CURLE_OK &&
           libcurl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_answer) == CURLE_OK &&
           libcurl.easy_setopt(easy, CURLOPT_WRITEDATA, r) == CURLE_OK &&
           libcurl.easy_setopt(easy, CURLOPT_PRIVATE, r) == CURLE_OK &&
           libcurl.easy_setopt(easy, CURLOPT_ERRORBUFFER, r->why) == CURLE_OK;
}

bool client_post(struct client *c, struct buf *form, void *owner, struct sai_err *e)
{
    AUTO(request) struct request *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return err_nomem(e);
    r->client = c;
    r->owner = owner;
    buf_init_secret(&r->answer, TRADE_ANSWER_MAX_BYTES);
    r->easy = libcurl_new();
    if (r->easy == NULL)
        return err_nomem(e);
    if (!set_authorities(r->easy, c->options.ca_file, e))
        return false;
    r->form = *form;
    *form = (struct buf){ 0 };
    if (!libcurl_set_numbers(r->easy, numbers, ARRAY_SIZE(numbers)) ||
        !set_route(r->easy, &c->options) || !set_request(r) ||
        libcurl.multi_add_handle(c->multi, r->easy) != CURLM_OK)
        return err_set(e, SAI_E_IO, "cannot prepare a request to %s", c->options.url);
    r->next = c->requests;
    c->requests = TAKE(r);
    return true;
}

static void describe(const struct request *r, CURLcode code, struct sai_err *e)
{
    const char *why = r->why[0] != '\0' ? r->why : libcurl.easy_strerror(code);
    char text[SHOWN];

    if (r->answer.too_long)
        (void)err_set(e, SAI_E_LIMIT, "the answer is longer than %zu bytes",
                      r->answer.max_bytes);
    else if (r->answer.failed || code == CURLE_OUT_OF_MEMORY)
        (void)err_nomem(e);
    else
        (void)err_set(e, SAI_E_IO, "%s", printable(why, strlen(why), text, sizeof(text)));
}

static void finish(struct client *c, struct request *r, CURLcode code)
{
    struct client_answer answer = { .body = &r->answer };
    curl_off_t seconds = 0;
    long status = 0;

    if (libcurl.easy_getinfo(r->easy, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK &&
        seconds > 0)
        answer.retry_after_s = (uint64_t)seconds;
    if (code != CURLE_OK)
        describe(r, code, &answer.e);
    else if (libcurl.easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK)
        answer.status = (unsigned)status;
    forget(c, r);
    c->done(r->owner, &answer);
    request_free(r);
}

void client_run(struct client *c, int fd, int timeout_ms)
{
    struct curl_waitfd also = { .fd = fd, .events = CURL_WAIT_POLLIN };
    const CURLMsg *message;
    int running;
    int left;

    (void)libcurl.multi_poll(c->multi, &also, 1, timeout_ms, NULL);
    (void)libcurl.multi_perform(c->multi, &running);
    while ((message = libcurl.multi_info_read(c->multi, &left)) != NULL) {
        struct request *r = NULL;
        CURLcode code = message->data.result;

        if (message->msg == CURLMSG_DONE &&
            libcurl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &r) == CURLE_OK)
            finish(c, r, code);
    }
}
