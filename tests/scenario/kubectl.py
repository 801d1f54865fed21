# SPDX-License-Identifier: Apache-2.0
"""The kubectl of this machine: Debian 12 has 1.20, Debian 13 a recent one.

    class Manifests(daemon.Case):
        @kubectl.needs(24)
        def test_kubectl_sees_the_same(self):

What is too old for a case makes it no case at all, as one that is skipped counts as failed;
tests/cluster has a kubectl of its own."""

import functools
import json
import os
import re
import shutil
import subprocess

import daemon


@functools.lru_cache
def minor():
    """The version behind "1."; -1: there is none."""
    if not shutil.which("kubectl"):
        return -1
    done = subprocess.run(["kubectl", "version", "--client", "-o", "json"], check=True,
                          capture_output=True, text=True)
    return int(re.match(r"\d+", json.loads(done.stdout)["clientVersion"]["minor"]).group())


def needs(version):
    """create token came with 1.24, protobuf with 1.32; kustomize of 1.20 does not read all of
    our manifests."""
    return lambda case: case if minor() >= version else None


def run(*arguments, home, kubeconfig):
    """A CompletedProcess with text output; what it caches goes to home."""
    return subprocess.run(["kubectl", "--kubeconfig", kubeconfig, *map(str, arguments)],
                          check=False, capture_output=True, text=True,
                          timeout=60 * daemon.PATIENCE, env={**os.environ, "HOME": str(home)})
