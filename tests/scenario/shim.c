/* SPDX-License-Identifier: Apache-2.0 */

/* Preloaded into a program under test: clocks that the test moves, and nobody waits long.
 *
 * SHIM_CLOCK     a file with the seconds that time() is ahead (or behind: negative)
 * SHIM_ELAPSED   a file with the seconds that CLOCK_MONOTONIC is ahead
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

static long long seconds_in(const char *variable)
{
    const char *file = getenv(variable);
    char text[32] = "";
    int fd = file == NULL ? -1 : open(file, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        ssize_t n = read(fd, text, sizeof(text) - 1);

        (void)n;
        (void)close(fd);
    }
    return strtoll(text, NULL, 10);
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    int result = (int)syscall(SYS_clock_gettime, id, out);

    if (id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_RAW || id == CLOCK_MONOTONIC_COARSE)
        out->tv_sec += seconds_in("SHIM_ELAPSED");
    return result;
}

time_t time(time_t *out)
{
    struct timespec now;

    (void)syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
    now.tv_sec += seconds_in("SHIM_CLOCK");
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
