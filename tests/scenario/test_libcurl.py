# SPDX-License-Identifier: Apache-2.0
"""libcurl is loaded by who asks another server, and by nobody else."""

import json
import subprocess
import sys
import unittest

import daemon
import minting

sys.path.insert(0, str(daemon.ROOT / "tests/kube"))
import pki  # noqa: E402 pylint: disable=wrong-import-position

MISSING = "cannot load libcurl.so.4: install it (Debian's package is libcurl4)"
OLD = "libcurl.so.4 has no curl_global_init: want libcurl 7.87 or later"


class Libcurl(daemon.Case):
    def setUp(self):
        super().setUp()
        self.library = self.dir / "libcurl.so.4"
        self.library.write_bytes(b"")  # found before the real one, and not to be loaded
        self.environment = {"LD_LIBRARY_PATH": str(self.dir)}

    def use_another_library(self):
        subprocess.run(["cc", "-shared", "-o", self.library, "-x", "c", "/dev/null"], check=True)

    def with_kubernetes(self, c, d):
        pki.Authority(d.dir, "ca")
        (d.dir / "kubeconfig").write_text(json.dumps({
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": {
                "server": f"https://127.0.0.1:{daemon.free_port()}",
                "certificate-authority": "ca.crt"}}],
            "users": [{"name": "u", "user": {"token": "own"}}]}))
        c["listeners"]["tokens"] = {"unix": "tokens.sock"}
        c["accounts"] = {"kubernetes": {"kubeconfig": "kubeconfig"}}
        c["callers"] = {"kubernetes": {"audience": "sa-issuerd"}}

    def test_daemon_without_kubernetes_does_not_want_it(self):
        d = minting.daemon_that_mints(self, environment=self.environment)
        self.assertEqual(len(d.kids()), 2)

    def test_daemon_with_kubernetes_says_what_is_missing(self):
        for text in (MISSING, OLD):
            d = minting.daemon_that_mints(self, change=self.with_kubernetes, start=False,
                                          environment=self.environment)
            d.exit_expected = 1
            d.start(ready=False)
            self.assertEqual(d.wait_exit(), 1)
            self.assertIn(text, d.messages("error")[-1])
            self.use_another_library()


if __name__ == "__main__":
    unittest.main()
