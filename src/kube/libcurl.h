/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* libcurl, loaded when something is first asked of another server. A daemon that asks nobody
 * has neither it nor what it brings along (Kerberos, LDAP, SSH: some 2 MB) in its memory. */

#include "base/attr.h"
#include "base/err.h"

#include <curl/curl.h>
#include <stdbool.h>

/* All that we call of it, without curl_ in front. */
#define LIBCURL_FUNCTIONS(F)                                                                   \
    F(global_init)                                                                             \
    F(easy_init)                                                                               \
    F(easy_cleanup)                                                                            \
    F(easy_setopt)                                                                             \
    F(easy_getinfo)                                                                            \
    F(easy_perform)                                                                            \
    F(easy_strerror)                                                                           \
    F(multi_init)                                                                              \
    F(multi_cleanup)                                                                           \
    F(multi_setopt)                                                                            \
    F(multi_add_handle)                                                                        \
    F(multi_remove_handle)                                                                     \
    F(multi_poll)                                                                              \
    F(multi_perform)                                                                           \
    F(multi_info_read)                                                                         \
    F(multi_wakeup)                                                                            \
    F(slist_append)                                                                            \
    F(slist_free_all)

struct libcurl {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): it declares */
#define LIBCURL_MEMBER(name) __typeof__(&curl_##name) name;
    LIBCURL_FUNCTIONS(LIBCURL_MEMBER)
#undef LIBCURL_MEMBER
};

/* All NULL before libcurl_load() has returned true. curl/curl.h checks the types of options
 * only where its own names are called, so numbers must be written as long here. */
extern struct libcurl libcurl;

/* Loads and initialises the library, once and for good; from any thread. SAI_E_NOTFOUND: it is
 * not installed, or too old. */
bool libcurl_load(struct sai_err *e) MUST_USE;

/* A handle as a careful client begins: TLS 1.2 or later with the certificate checked, HTTP/1.1,
 * no redirect, no proxy, no user name, nothing from the environment or from files. Which
 * authorities are trusted is left to say. NULL: out of memory. */
CURL *libcurl_new(void) MUST_USE;

/* An option for a number, for tables. */
struct libcurl_number {
    CURLoption option;
    long value;
};

bool libcurl_set_numbers(CURL *easy, const struct libcurl_number *rows, size_t count) MUST_USE;
