# SPDX-License-Identifier: Apache-2.0
"""Clients that ask without pause, for scenarios in which no request may fail."""

import http.client
import re
import subprocess
import threading
import time


class Hammer:
    """Threads that request a path over kept connections and judge each response.

        with Hammer(d.port, "/openid/v1/jwks", judge) as h:
            ...
        self.assertEqual(h.problems, [])

    judge(response headers, body) returns a problem or None. Every status but 200, every closed
    or refused connection is a problem as well."""

    def __init__(self, port, path, judge=lambda headers, body: None, threads=2):
        self.port, self.path, self.judge = port, path, judge
        self.problems = []
        self.count = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]

    def __enter__(self):
        for t in self._threads:
            t.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for t in self._threads:
            t.join(30)

    def _one(self, connection):
        connection.request("GET", self.path)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            return f"status {answer.status}"
        return self.judge(answer.headers, body)

    def _run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        while not self._stop.is_set():
            try:
                problem = self._one(connection)
            except (OSError, http.client.HTTPException) as error:
                problem = repr(error)
                connection.close()
            with self._lock:
                self.count += 1
                if problem and len(self.problems) < 20:
                    self.problems.append(problem)
            time.sleep(0.0005)
        connection.close()


class Wrk:
    """wrk in the background; its own count of what failed."""

    def __init__(self, url, connections=32, seconds=300):
        self.process = subprocess.Popen(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", url],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.output = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(2)  # SIGINT: it stops and reports
        self.output = self.process.communicate(timeout=30)[0]

    @property
    def requests(self):
        found = re.search(r"(\d+) requests in", self.output)
        return int(found.group(1)) if found else 0

    @property
    def problems(self):
        return re.findall(r"Socket errors.*|Non-2xx.*|unable to connect.*", self.output)
