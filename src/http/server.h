/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* All HTTP listeners of the process: sockets, threads, requests.
 *
 * Threads: one that accepts TCP connections and enforces deadlines, one for each worker of the
 * discovery listener, as many for the tokens listener, one for the admin listener, and one for
 * each listener that also has a Unix socket. They block every signal. Documents, certificates,
 * limits and time-outs come from the current snapshot of the state; addresses, workers and
 * whether there is TLS at all are those of the snapshot at the start. */

#include "base/attr.h"
#include "base/passed_sockets.h"
#include "state/state.h"

#include <sa_issuer/err.h>
#include <stdbool.h>
#include <stdint.h>

struct metric_source;
struct token_desk;

struct http_server;

/* Binds or adopts every socket that the current configuration names and serves. Sockets of
 * passed that are used are taken over. st and desk must outlive the server; the desk is NULL if
 * and only if there is no tokens listener (http_server_needs_desk()). more_metrics (NULL: none)
 * is put on the metrics page, outlives the server, and may be asked by any thread. Any error
 * leaves nothing open. */
bool http_server_start(struct state *st,
                       struct token_desk *desk,
                       const struct metric_source *more_metrics,
                       struct passed_sockets *passed,
                       struct http_server **out,
                       struct sai_err *e) MUST_USE;

struct conf;
/* Whether the configuration has a tokens listener. */
bool http_server_needs_desk(const struct conf *c);

/* Stops gracefully: no new connections, answers close theirs, idle ones are ended, requests in
 * flight are finished. Returns when no connection is left or after timeout_ms. The caller has
 * set state_status()->draining before, so that /readyz tells. */
void http_server_drain(struct http_server *s, uint64_t timeout_ms);

/* Ends what is left at once; takes NULL. The desk must have been closed before, as connections
 * that wait for it can only be ended once they have been woken. */
void http_server_free(struct http_server *s);
DEFINE_AUTO(http_server, http_server_free)

/* Of libmicrohttpd, as it runs; a constant. */
const char *http_library_version(void);
