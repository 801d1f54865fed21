/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fetch.h"

#include "base/printable.h"
#include "kube/libcurl.h"

#include <string.h>

enum { REASON_SHOWN = 120 };

static const long connect_timeout_ms = 5000;
static const long timeout_ms = 10000;

/* CURL is void: one cleanup for each type, by hand. */
static void auto_curl_(CURL **p)
{
    if (*p != NULL)
        libcurl.easy_cleanup(*p);
}

static void auto_headers_(struct curl_slist **p)
{
    if (*p != NULL)
        libcurl.slist_free_all(*p);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *out)
{
    buf_add(out, bytes, size * count);
    return ((struct buf *)out)->failed ? 0 : size * count;
}

/* CAPATH must go when there is a CA file: Debian's libcurl would trust its directory as well.
 */
static CURLcode set_authorities(CURL *curl, const char *ca_file)
{
    CURLcode code;

    if (ca_file == NULL)
        return CURLE_OK;
    code = libcurl.easy_setopt(curl, CURLOPT_CAINFO, ca_file);
    return code == CURLE_OK ? libcurl.easy_setopt(curl, CURLOPT_CAPATH, NULL) : code;
}

static CURLcode
set_up(CURL *curl, const char *url, const char *ca_file, struct curl_slist *headers)
{
    const char *protocol = strncmp(url, "http:", 5) == 0 ? "http" : "https";
    CURLcode code = libcurl.easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocol);

    if (code == CURLE_OK)
        code = libcurl.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    if (code == CURLE_OK)
        code = libcurl.easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    if (code == CURLE_OK)
        code = libcurl.easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (code == CURLE_OK)
        code = set_authorities(curl, ca_file);
    return code == CURLE_OK ? libcurl.easy_setopt(curl, CURLOPT_URL, url) : code;
}

/* Tells why there is no whole answer, in libcurl's words where it has some. */
static bool fail_transfer(const char *url,
                          CURLcode code,
                          const char *reason,
                          const struct buf *out,
                          struct sai_err *e)
{
    char shown[REASON_SHOWN];

    if (out->too_long)
        return err_set(e, SAI_E_LIMIT, "%s: more than %zu bytes", url, out->max_bytes);
    if (out->failed || code == CURLE_OUT_OF_MEMORY)
        return err_nomem(e);
    if (reason[0] == '\0')
        reason = libcurl.easy_strerror(code);
    return err_set(e, SAI_E_IO, "%s: %s", url,
                   printable(reason, strlen(reason), shown, sizeof(shown)));
}

static bool check_status(CURL *curl, const char *url, struct sai_err *e)
{
    long status = 0;

    (void)libcurl.easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200)
        return true;
    return err_set(e, status == 404 ? SAI_E_NOTFOUND : SAI_E_INVALID,
                   "%s: status %ld: want 200%s", url, status,
                   status >= 300 && status < 400 ? " (redirects are not followed)" : "");
}

static bool perform(CURL *curl, const char *url, struct buf *out, struct sai_err *e)
{
    char reason[CURL_ERROR_SIZE] = "";
    CURLcode code = libcurl.easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);

    if (code == CURLE_OK)
        code = libcurl.easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    if (code == CURLE_OK)
        code = libcurl.easy_setopt(curl, CURLOPT_WRITEDATA, out);
    if (code == CURLE_OK)
        code = libcurl.easy_perform(curl);
    if (code != CURLE_OK)
        return fail_transfer(url, code, reason, out, e);
    return check_status(curl, url, e);
}

bool fetch(const char *url, const char *ca_file, struct buf *out, struct sai_err *e)
{
    __attribute__((cleanup(auto_headers_))) struct curl_slist *headers = NULL;
    __attribute__((cleanup(auto_curl_))) CURL *curl = NULL;
    CURLcode code;

    if (!libcurl_load(e))
        return false;
    headers = libcurl.slist_append(NULL, "Accept: application/json");
    curl = libcurl_new();
    if (curl == NULL || headers == NULL)
        return err_nomem(e);
    code = set_up(curl, url, ca_file, headers);
    if (code != CURLE_OK)
        return err_set(e, SAI_E_IO, "%s: %s", url, libcurl.easy_strerror(code));
    return perform(curl, url, out, e);
}
