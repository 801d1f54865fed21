/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fetch.h"

#include "base/printable.h"
#include "base/version.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <string.h>

/* The interface that curl/curl.h describes, since 2006. */
#define LIBRARY "libcurl.so.4"

enum { CONNECT_TIMEOUT_MS = 5000, TIMEOUT_MS = 10000, REASON_SHOWN = 120 };

/* libcurl is loaded when something is fetched. The daemon never fetches, and so has neither it
 * nor what it brings along (Kerberos, LDAP, SSH: some 2 MB) in its memory. */
static struct {
    void *handle;
    __typeof__(curl_global_init) *global_init;
    __typeof__(curl_easy_init) *easy_init;
    __typeof__(curl_easy_cleanup) *easy_cleanup;
    CURLcode (*easy_setopt)(CURL *curl, CURLoption option, ...);
    CURLcode (*easy_getinfo)(CURL *curl, CURLINFO info, ...);
    __typeof__(curl_easy_perform) *easy_perform;
    __typeof__(curl_easy_strerror) *easy_strerror;
    __typeof__(curl_slist_append) *slist_append;
    __typeof__(curl_slist_free_all) *slist_free_all;
} lib;

static const struct {
    const char *name;
    void *slot; /* a function pointer of lib */
} functions[] = {
    { "curl_global_init", &lib.global_init },       { "curl_easy_init", &lib.easy_init },
    { "curl_easy_cleanup", &lib.easy_cleanup },     { "curl_easy_setopt", &lib.easy_setopt },
    { "curl_easy_getinfo", &lib.easy_getinfo },     { "curl_easy_perform", &lib.easy_perform },
    { "curl_easy_strerror", &lib.easy_strerror },   { "curl_slist_append", &lib.slist_append },
    { "curl_slist_free_all", &lib.slist_free_all },
};

/* Once, and for good; from the command line's only thread. */
static bool load_library(struct sai_err *e)
{
    if (lib.handle != NULL)
        return true;
    lib.handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (lib.handle == NULL)
        return err_set(e, SAI_E_NOTFOUND, "cannot load %s, which fetching needs", LIBRARY);
    for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
        void *function = dlsym(lib.handle, functions[i].name);

        if (function == NULL)
            return err_set(e, SAI_E_NOTFOUND, "%s has no %s", LIBRARY, functions[i].name);
        memcpy(functions[i].slot, &function, sizeof(function));
    }
    return lib.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK || err_nomem(e);
}

/* CURL is void: one cleanup for each type, by hand. */
static void auto_curl_(CURL **p)
{
    if (*p != NULL)
        lib.easy_cleanup(*p);
}

static void auto_headers_(struct curl_slist **p)
{
    if (*p != NULL)
        lib.slist_free_all(*p);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *out)
{
    buf_add(out, bytes, size * count);
    return ((struct buf *)out)->failed ? 0 : size * count;
}

struct setting {
    CURLoption option;
    long value;
};

static const struct setting settings[] = {
    { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
    { CURLOPT_SSL_VERIFYPEER, 1 },
    { CURLOPT_SSL_VERIFYHOST, 2 },
    { CURLOPT_FOLLOWLOCATION, 0 },
    { CURLOPT_NETRC, CURL_NETRC_IGNORED },
    { CURLOPT_DISALLOW_USERNAME_IN_URL, 1 },
    { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
    { CURLOPT_NOSIGNAL, 1 },
    { CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS },
    { CURLOPT_TIMEOUT_MS, TIMEOUT_MS },
};

/* CAPATH must go when there is a CA file: Debian's libcurl would trust its directory as well.
 */
static CURLcode set_authorities(CURL *curl, const char *ca_file)
{
    CURLcode code;

    if (ca_file == NULL)
        return CURLE_OK;
    code = lib.easy_setopt(curl, CURLOPT_CAINFO, ca_file);
    return code == CURLE_OK ? lib.easy_setopt(curl, CURLOPT_CAPATH, NULL) : code;
}

static CURLcode
set_up(CURL *curl, const char *url, const char *ca_file, struct curl_slist *headers)
{
    const char *protocol = strncmp(url, "http:", 5) == 0 ? "http" : "https";
    CURLcode code = CURLE_OK;

    for (size_t i = 0; code == CURLE_OK && i < ARRAY_SIZE(settings); i++)
        code = lib.easy_setopt(curl, settings[i].option, settings[i].value);
    if (code == CURLE_OK)
        code = lib.easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocol);
    if (code == CURLE_OK) /* whatever https_proxy says */
        code = lib.easy_setopt(curl, CURLOPT_PROXY, "");
    if (code == CURLE_OK)
        code = lib.easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (code == CURLE_OK)
        code = lib.easy_setopt(curl, CURLOPT_USERAGENT, "sa-issuerd/" SA_ISSUERD_VERSION);
    if (code == CURLE_OK)
        code = set_authorities(curl, ca_file);
    return code == CURLE_OK ? lib.easy_setopt(curl, CURLOPT_URL, url) : code;
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
        reason = lib.easy_strerror(code);
    return err_set(e, SAI_E_IO, "%s: %s", url,
                   printable(reason, strlen(reason), shown, sizeof(shown)));
}

static bool check_status(CURL *curl, const char *url, struct sai_err *e)
{
    long status = 0;

    (void)lib.easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == 200)
        return true;
    return err_set(e, status == 404 ? SAI_E_NOTFOUND : SAI_E_INVALID,
                   "%s: status %ld: want 200%s", url, status,
                   status >= 300 && status < 400 ? " (redirects are not followed)" : "");
}

static bool perform(CURL *curl, const char *url, struct buf *out, struct sai_err *e)
{
    char reason[CURL_ERROR_SIZE] = "";
    CURLcode code = lib.easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);

    if (code == CURLE_OK)
        code = lib.easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    if (code == CURLE_OK)
        code = lib.easy_setopt(curl, CURLOPT_WRITEDATA, out);
    if (code == CURLE_OK)
        code = lib.easy_perform(curl);
    if (code != CURLE_OK)
        return fail_transfer(url, code, reason, out, e);
    return check_status(curl, url, e);
}

bool fetch(const char *url, const char *ca_file, struct buf *out, struct sai_err *e)
{
    __attribute__((cleanup(auto_headers_))) struct curl_slist *headers = NULL;
    __attribute__((cleanup(auto_curl_))) CURL *curl = NULL;
    CURLcode code;

    if (!load_library(e))
        return false;
    headers = lib.slist_append(NULL, "Accept: application/json");
    curl = lib.easy_init();
    if (curl == NULL || headers == NULL)
        return err_nomem(e);
    code = set_up(curl, url, ca_file, headers);
    if (code != CURLE_OK)
        return err_set(e, SAI_E_IO, "%s: %s", url, lib.easy_strerror(code));
    return perform(curl, url, out, e);
}
