/* SPDX-License-Identifier: Apache-2.0 */
#include "base/signals.h"

#include "base/err.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

bool signals_open(int *fd, struct sai_err *e)
{
    sigset_t set;
    int opened;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    (void)sigdelset(&set, SIGPIPE);
    opened = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (opened < 0)
        return err_errno(e, errno, "cannot receive signals");
    *fd = opened;
    return true;
}
