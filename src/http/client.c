/* SPDX-License-Identifier: Apache-2.0 */
#include "http/client.h"

void client_done(struct client *c)
{
    client_forget(c);
}

void client_forget(struct client *c)
{
    free(c->user);
    for (size_t i = 0; i < c->group_count; i++)
        free(c->groups[i]);
    *c = (struct client){ 0 };
}

/* A TCP socket has an answer, too: nobody's ids, which must not be taken for somebody's. */
static bool is_unix(int fd)
{
    int domain = AF_UNSPEC;
    socklen_t len = sizeof(domain);

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX;
}

void client_ask_socket(struct client *c, int fd)
{
    socklen_t len = sizeof(c->peer);
    bool ok = is_unix(fd) && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c->peer, &len) == 0 &&
              len == sizeof(c->peer);

    c->proof = ok ? CLIENT_PEER : CLIENT_NOBODY;
}
