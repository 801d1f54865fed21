/* SPDX-License-Identifier: Apache-2.0 */

/* Asks for tokens over a Unix socket, and never sleeps: each connection is looked at in turn,
 * and asks again as soon as it has its answer. So the server does not spend its time on waking
 * this program up, which on a virtual machine takes longer than all else in the kernel.
 *
 * usage: ask SOCKET PATH BODYFILE CONNECTIONS SECONDS
 *
 * Prints how many tokens came, and the 50th and 99th percentile of what each took in
 * microseconds. */

#include "base/attr.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 256, BODY_MAX = 16384, ANSWER_MAX = 16384, US_MAX = 1 << 20 };

struct connection {
    int fd;
    uint64_t asked_ns;
    size_t len;
    char answer[ANSWER_MAX];
};

static struct connection connections[CONNECTIONS_MAX];
static char request[BODY_MAX + 1024];
static size_t request_len;
static unsigned long taken_us[US_MAX]; /* how many took so long */
static unsigned long tokens;

_Noreturn static void die(const char *what)
{
    (void)fprintf(stderr, "ask: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

static void make_request(const char *path, const char *body_file)
{
    static char body[BODY_MAX];
    FILE *f = fopen(body_file, "r");
    size_t body_len;
    int len;

    if (f == NULL)
        die(body_file);
    body_len = fread(body, 1, sizeof(body), f);
    (void)fclose(f);
    len = snprintf(request, sizeof(request),
                   "POST %s HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
                   "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%.*s",
                   path, body_len, (int)body_len, body);
    if (len < 0 || (size_t)len >= sizeof(request))
        die("the request is too long");
    request_len = (size_t)len;
}

static void ask(struct connection *c)
{
    c->len = 0;
    c->asked_ns = now_ns();
    if (send(c->fd, request, request_len, MSG_NOSIGNAL) != (ssize_t)request_len)
        die("send");
}

static void begin(struct connection *c, const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(addr.sun_path))
        die("the socket's path is too long");
    memcpy(addr.sun_path, path, strlen(path));
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0 ||
        fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0)
        die(path);
    ask(c);
}

/* A token's JSON ends with a newline, as nothing else in the answer's body does. */
static void look(struct connection *c)
{
    ssize_t n = recv(c->fd, c->answer + c->len, sizeof(c->answer) - c->len, 0);
    uint64_t us;

    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        die("recv");
    c->len += (size_t)n;
    if (c->answer[c->len - 1] != '\n' || memmem(c->answer, c->len, "\r\n\r\n{", 5) == NULL)
        return;
    if (strncmp(c->answer, "HTTP/1.1 201 ", 13) != 0) {
        (void)fprintf(stderr, "ask: refused: %.30s\n", c->answer);
        exit(1);
    }
    us = (now_ns() - c->asked_ns) / 1000;
    taken_us[us < US_MAX ? us : US_MAX - 1]++;
    tokens++;
    ask(c);
}

static unsigned percentile(unsigned p)
{
    unsigned long left = tokens * p / 100;
    unsigned us = 0;

    while (us + 1 < US_MAX && left >= taken_us[us])
        left -= taken_us[us++];
    return us;
}

int main(int argc, char **argv)
{
    uint64_t end_ns;
    size_t count;
    char *end;

    if (argc != 6) {
        (void)fprintf(stderr, "usage: ask SOCKET PATH BODYFILE CONNECTIONS SECONDS\n");
        return 2;
    }
    make_request(argv[2], argv[3]);
    count = strtoul(argv[4], &end, 10);
    if (count == 0 || count > CONNECTIONS_MAX)
        return 2;
    for (size_t i = 0; i < count; i++)
        begin(&connections[i], argv[1]);
    end_ns = now_ns() + (uint64_t)(strtod(argv[5], &end) * 1e9);
    while (now_ns() < end_ns) {
        for (size_t i = 0; i < count; i++)
            look(&connections[i]);
    }
    (void)printf("%lu %u %u\n", tokens, percentile(50), percentile(99));
    return 0;
}
