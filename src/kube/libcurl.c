/* SPDX-License-Identifier: Apache-2.0 */
#include "kube/libcurl.h"

#include "base/version.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

/* The interface that curl/curl.h describes, since 2006. */
#define LIBRARY "libcurl.so.4"

struct libcurl libcurl;

static const struct {
    const char *name;
    void *slot; /* a function pointer of libcurl */
} functions[] = {
#define FUNCTION(function) { "curl_" #function, &libcurl.function },
    LIBCURL_FUNCTIONS(FUNCTION)
#undef FUNCTION
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct sai_err failure; /* of loading; written once */

static bool load(struct sai_err *e)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL)
        return err_set(e, SAI_E_NOTFOUND,
                       "cannot load %s: install it (Debian's package is libcurl4)", LIBRARY);
    for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
        void *function = dlsym(library, functions[i].name);

        if (function == NULL)
            return err_set(e, SAI_E_NOTFOUND, "%s has no %s: want libcurl 7.87 or later",
                           LIBRARY, functions[i].name);
        memcpy(functions[i].slot, &function, sizeof(function));
    }
    return libcurl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK || err_nomem(e);
}

static void load_once(void)
{
    (void)load(&failure);
}

bool libcurl_load(struct sai_err *e)
{
    (void)pthread_once(&once, load_once);
    return failure.code == SAI_OK || err_set(e, failure.code, "%s", failure.text);
}

bool libcurl_set_numbers(CURL *easy, const struct libcurl_number *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (libcurl.easy_setopt(easy, rows[i].option, rows[i].value) != CURLE_OK)
            return false;
    }
    return true;
}

static const struct libcurl_number careful[] = {
    { CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
    { CURLOPT_SSL_VERIFYPEER, 1 },
    { CURLOPT_SSL_VERIFYHOST, 2 },
    { CURLOPT_FOLLOWLOCATION, 0 },
    { CURLOPT_NETRC, CURL_NETRC_IGNORED },
    { CURLOPT_DISALLOW_USERNAME_IN_URL, 1 },
    { CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
    { CURLOPT_HTTP09_ALLOWED, 0 },
    { CURLOPT_NOSIGNAL, 1 },
};

CURL *libcurl_new(void)
{
    CURL *easy = libcurl.easy_init();

    if (easy == NULL)
        return NULL;
    /* No proxy, whatever https_proxy says. */
    if (libcurl_set_numbers(easy, careful, ARRAY_SIZE(careful)) &&
        libcurl.easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
        libcurl.easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK &&
        libcurl.easy_setopt(easy, CURLOPT_USERAGENT, "sa-issuerd/" SA_ISSUERD_VERSION) ==
            CURLE_OK)
        return easy;
    libcurl.easy_cleanup(easy);
    return NULL;
}
