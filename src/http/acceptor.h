/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The thread that accepts TCP connections for all listeners, hands them round robin to the
 * workers, and looks after deadlines. */

#include "base/listen.h"
#include "http/worker.h"

struct acceptor;

/* A listening TCP socket and whom it accepts for. */
struct acceptor_socket {
    struct listen_socket *socket; /* outlives the acceptor */
    enum listener_id listener;
    struct worker **workers;
    size_t worker_count;
};

/* Starts the thread; sockets (count of them) are copied. */
bool acceptor_new(struct worker_shared *shared,
                  const struct acceptor_socket *sockets,
                  size_t count,
                  struct acceptor **out,
                  struct sai_err *e) MUST_USE;
/* Accepts no more: hands over what is queued on sockets of our own and closes them; those of
 * systemd keep their queue for whoever comes next. Deadlines go on. Returns when done. */
void acceptor_close(struct acceptor *a);
/* Stops the thread; takes NULL. */
void acceptor_free(struct acceptor *a);
DEFINE_AUTO(acceptor, acceptor_free)
