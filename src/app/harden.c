/* SPDX-License-Identifier: Apache-2.0 */
#include "app/harden.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#if defined(__SANITIZE_ADDRESS__)
#define LEAK_CHECKER_ATTACHES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAK_CHECKER_ATTACHES 1
#endif
#endif

void harden_process(void)
{
    struct rlimit limit = { 0 };

    (void)umask(077);
    /* GnuTLS and libcurl would write the secrets of all our connections into that file. */
    (void)unsetenv("SSLKEYLOGFILE"); /* NOLINT(concurrency-mt-unsafe): no other thread yet */
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifndef LEAK_CHECKER_ATTACHES
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    (void)setrlimit(RLIMIT_CORE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}
