/* SPDX-License-Identifier: Apache-2.0 */

/* Preloaded into a program under test: a clock that the test moves and nobody waits long for.
 *
 * SHIM_CLOCK     a file with the seconds that time() is ahead (or behind: negative)
 * SHIM_RESOLVER  if set, names are never resolved */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 20 };

time_t time(time_t *out)
{
    const char *file = getenv("SHIM_CLOCK");
    char text[32] = "";
    int fd = file == NULL ? -1 : open(file, O_RDONLY | O_CLOEXEC);
    struct timespec now;

    if (fd >= 0) {
        ssize_t n = read(fd, text, sizeof(text) - 1);

        (void)n;
        (void)close(fd);
    }
    (void)clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec += strtoll(text, NULL, 10);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    struct timespec t = { .tv_nsec = WAIT_MS * 1000000L };

    if (timeout_ms >= 0 && timeout_ms < WAIT_MS)
        t.tv_nsec = timeout_ms * 1000000L;
    return (int)syscall(SYS_ppoll, fds, count, &t, NULL, 0);
}

int getaddrinfo(const char *node,
                const char *service,
                const struct addrinfo *hints,
                struct addrinfo **out)
{
    static __typeof__(getaddrinfo) *real;

    if (getenv("SHIM_RESOLVER") != NULL) {
        for (;;)
            (void)pause();
    }
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(node, service, hints, out);
}
