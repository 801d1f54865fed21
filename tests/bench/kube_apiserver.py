#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""TokenRequests to kube-apiserver that signs with its own key file, beside one that has
sa-issuerd sign, on this machine.

usage: tests/bench/kube_apiserver.py [--no-write]

Both serve one cluster, and are asked in turn by h2load (nghttp2-client). Prints a table and
writes it to docs/benchmarks.md (unless --no-write). Takes about three minutes, and once ten
more: kube-apiserver is built from its Go module (tests/cluster/build.sh).
The binary is $SA_ISSUERD, else build/src/sa-issuerd."""

import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / d) for d in ("scenario", "kube", "cluster")]
sys.dont_write_bytecode = True
import cluster  # noqa: E402 (needs the path)
import external  # noqa: E402
import keys  # noqa: E402

ROUNDS, REQUESTS, ALONE = 9, 1000, 300
TICKS = os.sysconf("SC_CLK_TCK")
PATH = "/api/v1/namespaces/default/serviceaccounts/web/token"


def processor_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Side:
    """An API server, the processes that its tokens take, and the rounds' figures."""

    def __init__(self, server, body, bearer, signer=None):
        self.server, self.body, self.bearer = server, body, bearer
        self.pids = [server.process.process.pid, *([signer.pid] if signer else [])]
        self.rate, self.per_processor_s, self.alone_us = [], [], []

    def load(self, *arguments):
        done = subprocess.run(
            ["h2load", "-t", "1", "-d", self.body, "-H", "content-type: application/json", "-H",
             f"authorization: Bearer {self.bearer}", *arguments, self.server.url + PATH],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        good = int(re.search(r"status codes: (\d+) 2xx", done.stdout).group(1))
        wanted = int(re.search(r"requests: (\d+) total", done.stdout).group(1))
        if good != wanted:
            raise SystemExit(f"kube_apiserver.py: {good} tokens of {wanted}\n{done.stdout}")
        return done.stdout

    def round(self):
        before = sum(map(processor_s, self.pids))
        text = self.load("-n", str(REQUESTS), "-c", "4", "-m", "4")
        used = sum(map(processor_s, self.pids)) - before
        self.rate.append(float(re.search(r", ([\d.]+) req/s", text).group(1)))
        self.per_processor_s.append(REQUESTS / used)
        with tempfile.NamedTemporaryFile("r") as log:
            self.load("-n", str(ALONE), "-c", "1", "-m", "1", "--log-file", log.name)
            self.alone_us.append(statistics.median(int(line.split()[2]) for line in log))


def ratio(ours, theirs):
    found = sorted(a / b for a, b in zip(ours, theirs))
    return f"{statistics.median(found):.2f} ({found[0]:.2f} to {found[-1]:.2f})"


def measure(place, algorithm, kind):
    """A row of the table."""
    static = cluster.ApiServer(place / "static")
    keys.put(kind, static.signing_key)
    static.public_key.write_bytes(keys.public_pem(static.signing_key))
    signer = external.Signer(place / "signer", key=static.signing_key)
    flags = {**signer.flags(), "service-account-issuer": [signer.issuer, cluster.ISSUER]}
    delegating = cluster.ApiServer(place / "delegating", flags, peer=static)
    try:
        signer.start()
        static.start()
        delegating.start()
        static.apply(cluster.account("default", "web"), *cluster.grant(
            "web", {"kind": "ServiceAccount", "namespace": "default", "name": "web"},
            {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]}))
        body = place / "body"
        body.write_text('{"spec":{"audiences":["https://relying.party.example"]}}')
        bearer = static.create_token("default", "web")
        ours, theirs = Side(delegating, body, bearer, signer), Side(static, body, bearer)
        for side in (ours, theirs):  # caches and connections
            side.load("-n", "200", "-c", "4", "-m", "4")
        for number in range(ROUNDS):
            for side in ((ours, theirs) if number % 2 else (theirs, ours)):
                side.round()
    finally:
        for process in (static, delegating, signer):
            process.stop()
    added = [a - b for a, b in zip(ours.alone_us, theirs.alone_us)]
    return (f"| {algorithm} | {ratio(ours.rate, theirs.rate)} | "
            f"{ratio(ours.per_processor_s, theirs.per_processor_s)} | "
            f"{statistics.median(added):+.0f} µs of {statistics.median(theirs.alone_us):.0f} µs |")


def main():
    if sys.argv[1:] not in ([], ["--no-write"]):
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory(prefix="sa-bench-") as place:
        rows = []
        for algorithm, kind in (("RS256", "rsa"), ("ES256", "p256")):
            directory = pathlib.Path(place) / kind
            directory.mkdir()
            rows.append(measure(directory, algorithm, kind))
    version = cluster.binaries().name.split("-")[1]
    section = f"""## TokenRequests to kube-apiserver

Written by `tests/bench/kube_apiserver.py` on {os.cpu_count()} processors, with kube-apiserver {version}. It signs
with its own key file (Go), or has sa-issuerd sign: requests per second, and per second of processor
time of all that takes part, divided by those with the key file; and what one alone takes longer. The
median of {ROUNDS} rounds of {REQUESTS} requests over four connections, and of {ALONE} one after the other. The
machine's load average was {os.getloadavg()[0]:.2f}.

| algorithm | per second (range) | per processor second (range) | one alone |
|---|---|---|---|
""" + "\n".join(rows)
    print(section)
    if "--no-write" not in sys.argv:
        subprocess.run([ROOT / "tests/bench/write_section.py", "kube-apiserver"], input=section,
                       text=True, check=True)


main()
