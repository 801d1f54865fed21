#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for a cluster's API, for tokens.sh.

usage: cluster.py answer|hang DIRECTORY
       cluster.py watch COUNT

answer: an API that knows no token; hang: one that takes requests and never answers. The file
DIRECTORY/kubeconfig is for it, and there once it listens; it does so until it is killed.

watch: COUNT accounts, which build/tests/kube_tool (or $SA_KUBE_TOOL) lists and watches with the
client of sa-issuerd. Prints how many bytes one takes there, and the median of the nanoseconds
that a look-up takes, each of another account."""

import json
import pathlib
import random
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "kube"))

import fake_apiserver  # noqa: E402
import harness  # noqa: E402
import make_accounts  # noqa: E402
import pki  # noqa: E402

LOOKUPS = 20000


def start(directory):
    """The API, and the kubeconfig for it in the directory."""
    authority = pki.Authority(directory, "ca")
    api = fake_apiserver.Api(*authority.issue("server"))
    api.bookmark_s = 60
    (directory / "kubeconfig").write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "clusters": [{"name": "k", "cluster": {
            "server": f"https://127.0.0.1:{api.port}", "certificate-authority": "ca.crt"}}],
        "users": [{"name": "u", "user": {"token": "own"}}]}))
    return api


def serve(directory, hangs):
    api = start(pathlib.Path(directory))
    if hangs:
        api.fault("", fake_apiserver.hang)
    api.thread.join()


def resident_bytes(tool):
    text = pathlib.Path(f"/proc/{tool.process.pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) * 1024


def fill(api, count):
    """Not one by one, as the log of changes is for watches only."""
    resources = {"ServiceAccount": "serviceaccounts", "Namespace": "namespaces"}
    for value in make_accounts.objects(count):
        metadata = value["metadata"]
        key = (resources[value["kind"]], metadata.get("namespace", ""), metadata["name"])
        api.objects[key] = {"metadata": metadata}


def look_up_ns(tool, accounts):
    return [int(tool.ask("time", namespace, name, "1"))
            for _, namespace, name in random.choices(accounts, k=LOOKUPS)]


def watch(count):
    with tempfile.TemporaryDirectory(prefix="sa-issuerd-bench.") as name:
        directory = pathlib.Path(name)
        api = start(directory)
        fill(api, count)
        tool = harness.Tool("kubeconfig", directory / "kubeconfig")
        tool.ask("token", "none", "unknown")  # what a connection takes is there already
        before = resident_bytes(tool)
        tool.send("watch")
        if not harness.until(lambda: int(tool.ask("stats").split()[5]) == count, 300):
            sys.exit(f"cluster.py: {count} accounts did not come")
        kept = (resident_bytes(tool) - before) // count
        accounts = [key for key in api.objects if key[0] == "serviceaccounts"]
        print(kept, round(statistics.median(look_up_ns(tool, accounts))))
        tool.stop()
        api.stop()


if len(sys.argv) != 3 or sys.argv[1] not in ("answer", "hang", "watch"):
    sys.exit(__doc__)
if sys.argv[1] == "watch":
    watch(int(sys.argv[2]))
else:
    serve(sys.argv[2], sys.argv[1] == "hang")
