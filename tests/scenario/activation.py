# SPDX-License-Identifier: Apache-2.0
"""Daemons that are started with listening sockets, as systemd does (sd_listen_fds(3))."""

import os
import socket

import daemon


class Case(daemon.Case):
    def passed(self, sockets, names, config):
        """A daemon started with these sockets; the shell sets LISTEN_PID, as it keeps its
        process id when it becomes the daemon."""
        d = self.daemon(config, start=False)
        fds = [s.fileno() for s in sockets]
        wrapper = d.dir / "activated"
        moves = " ".join(f"{3 + i}<&{fd + 100}" for i, fd in enumerate(fds))
        wrapper.write_text("#!/bin/bash\nexport LISTEN_PID=$$ LISTEN_FDS=%d LISTEN_FDNAMES=%s\n"
                           'exec %s "$@" %s\n' % (len(fds), ":".join(names), daemon.BINARY,
                                                  moves))
        wrapper.chmod(0o755)
        high = [os.dup2(fd, fd + 100) for fd in fds]
        d.binary = str(wrapper)
        d.serve_options = {"pass_fds": high}
        try:
            d.start()
        finally:
            for fd in high:
                os.close(fd)
        return d

    def listening(self, family=socket.AF_INET, address=("127.0.0.1", 0)):
        s = socket.socket(family, socket.SOCK_STREAM)
        self.addCleanup(s.close)
        s.bind(address)
        s.listen(16)
        return s
