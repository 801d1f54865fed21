/* SPDX-License-Identifier: Apache-2.0 */
#include "http/daemon.h"

#include "base/attr.h"
#include "base/log.h"
#include "http/head.h"
#include "http/tls.h"

#include <stdio.h>
#include <string.h>

/* Room for the library's list of fields (64 bytes each) and the head of its answer, beside what
 * the client may send. All of it is zeroed between two requests, so it should not be large. */
enum { POOL_EXTRA_BYTES = 8192, STACK_BYTES = 512 * 1024 };
/* Connections are capped by conn_admit() and ended by conn_sweep(). The library's time-out,
 * longer than any that can be configured, is but a second line for what those might lose. */
enum { LIBRARY_CONNECTIONS = 1 << 20, LIBRARY_TIMEOUT_S = 2 * 3600 };

/* Nothing is decoded: paths are compared raw, so "%00" or "%2f" cannot mean anything. */
static size_t keep_raw(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

PRINTF_LIKE(2, 0) static void on_log(void *cls, const char *format, va_list arguments)
{
    char text[512];
    int len;

    (void)cls;
    if (!log_enabled(LOG_DEBUG))
        return;
    len = vsnprintf(text, sizeof(text), format, arguments);
    if (len > 0 && (size_t)len < sizeof(text) && text[len - 1] == '\n')
        text[len - 1] = '\0';
    log_debug("libmicrohttpd", LOG_STR("text", len < 0 ? format : text));
}

_Noreturn static void on_panic(void *cls, const char *file, unsigned line, const char *reason)
{
    (void)cls;
    log_error("libmicrohttpd gave up", LOG_STR("reason", reason), LOG_STR("file", file),
              LOG_U64("line", line));
    abort();
}

/* While a client owes its part of a TLS handshake, the library's epoll loop turns without
 * waiting, as it forgets that there is nothing to read (0.9.75 and 1.0.1). Its poll loop looks
 * at all connections each time, but waits. */
static unsigned loop(bool tls)
{
    return tls ? MHD_USE_POLL_INTERNAL_THREAD : MHD_USE_EPOLL_INTERNAL_THREAD;
}

/* Level 1 is what RFC 9112 wants from 1.0 on. Before, it only makes the library answer a
 * missing Host itself, with its status line sent twice; our own check does better. */
static int strictness(void)
{
    return head_library_is_strict() ? 1 : 0;
}

struct MHD_Daemon *daemon_start(const struct daemon_options *o)
{
    struct MHD_OptionItem own[] = {
        { MHD_OPTION_LISTEN_SOCKET, o->unix_fd, NULL },
        { MHD_OPTION_END, 0, NULL },
    };
    struct MHD_OptionItem tls[] = {
        { MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES },
        { MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)(uintptr_t)tls_no_certificate },
        { MHD_OPTION_END, 0, NULL },
    };
    unsigned flags = loop(o->tls) | MHD_USE_ITC | MHD_USE_ERROR_LOG;

    if (o->unix_fd < 0) {
        flags |= MHD_USE_NO_LISTEN_SOCKET;
        own[0].option = MHD_OPTION_END;
    }
    if (o->suspends)
        flags |= MHD_ALLOW_SUSPEND_RESUME;
    if (o->tls)
        flags |= MHD_USE_TLS;
    else
        tls[0].option = MHD_OPTION_END;
    MHD_set_panic_func(on_panic, NULL);
    return MHD_start_daemon(
        flags, 0, NULL, NULL, o->request, o->cls, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, o->connection, o->cls, MHD_OPTION_NOTIFY_COMPLETED,
        o->completed, o->cls, MHD_OPTION_URI_LOG_CALLBACK, o->target, o->cls,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_raw, NULL, MHD_OPTION_STRICT_FOR_CLIENT,
        strictness(), MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIBRARY_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)LIBRARY_TIMEOUT_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, o->max_header_bytes + POOL_EXTRA_BYTES,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_ARRAY, own,
        MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}
