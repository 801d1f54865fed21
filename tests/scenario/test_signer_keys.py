# SPDX-License-Identifier: Apache-2.0
"""Keys of the signer over their life: listed first, signing later, gone last."""

import json
import os
import signal
import threading
import time

import daemon
import keys
import signer

# A key is listed for this long before it signs.
WAIT = 2
FAST = {"refreshHint": f"{WAIT}s"}


def fast(c, d):
    c["issuers"][0]["discovery"] = {"jwksMaxAge": "1s"}
    c["reload"] = {"watch": False, "poll": "0s"}  # reloads happen when the test says so


class Caller:
    """Calls Sign all the time, like an API server; what failed is kept."""

    def __init__(self, d):
        self.d, self.kids, self.failures = d, [], []
        self.client = signer.Client(d)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()
        self.client.close()

    def _run(self):
        while not self.stopping.is_set():
            try:
                signed = self.client.sign(signer.claims(self.d))
                self.kids.append(signed.head()["kid"])
            except Exception as error:  # pylint: disable=broad-except
                self.failures.append(repr(error))
            self.stopping.wait(0.01)


class Rotation(daemon.Case):
    def client(self, d):
        c = signer.Client(d)
        self.addCleanup(c.close)
        return c

    def kid(self, d, name):
        return keys.kid(d.keys / name)

    def signing_kid(self, c, d):
        return c.sign(signer.claims(d)).head()["kid"]

    def test_add_wait_switch_and_remove_without_one_failure(self):
        d = signer.daemon_that_signs(self, FAST, fast)
        c = self.client(d)
        first = self.kid(d, "first.pem")
        with Caller(d) as caller:
            listed = c.keys()
            d.add_key("a-second.pem", "p256")  # before the first in name order: the active one?
            d.config["issuers"][0]["keys"]["signing"] = ["a-second.pem"]
            d.write_config()
            begin = time.monotonic()
            self.assertEqual(d.reload(), "ok")
            second = self.kid(d, "a-second.pem")
            fetched = c.keys()
            self.assertTrue([m for m in d.messages("info") if second in m and "signs later" in m])
            self.assertEqual(fetched.kids, [second, first])
            self.assertGreaterEqual(fetched.changed, listed.changed)
            self.assertEqual(d.kids(), {first, second})
            daemon.wait_until("the new key signs",
                              lambda: caller.kids and caller.kids[-1] == second)
            # Seconds of the wall clock: one may be cut short at its begin.
            self.assertGreater(time.monotonic() - begin, WAIT - 1)
            (d.keys / "first.pem").unlink()
            self.assertEqual(d.reload(), "ok")
            count = len(caller.kids)
            daemon.wait_until("more is signed", lambda: len(caller.kids) > count + 10)
        self.assertEqual(caller.failures, [])
        self.assertEqual(c.keys().kids, [second])
        # One switch, and never back.
        self.assertEqual(caller.kids, sorted(caller.kids, key=lambda kid: kid == second))

    def test_the_key_that_signs_cannot_be_replaced_at_once(self):
        d = signer.daemon_that_signs(self, FAST, fast)
        c = self.client(d)
        first = self.signing_kid(c, d)
        d.add_key("new.pem")
        (d.keys / "first.pem").rename(d.dir / "first.pem")
        self.assertEqual(d.reload(), "failed")
        self.assertIn(f"the key {first}, which signed until now, is gone", d.log_text())
        self.assertIn("issuers[0].keys", d.log_text())
        self.assertEqual(self.signing_kid(c, d), first)
        self.assertEqual(c.keys().kids, [first])
        (d.dir / "first.pem").rename(d.keys / "first.pem")
        self.assertEqual(d.reload(), "ok")
        self.assertEqual(c.keys().kids, [first, self.kid(d, "new.pem")])

    def test_a_restart_in_the_middle_changes_nothing(self):
        slow = {"refreshHint": "1h", "stateFile": "signer.json"}
        d = signer.daemon_that_signs(self, slow, fast)
        c = self.client(d)
        first = self.signing_kid(c, d)
        d.add_key("a-new.pem")
        self.assertEqual(d.reload(), "ok")
        changed = c.keys().changed
        self.assertEqual(self.signing_kid(c, d), first)
        for number in (signal.SIGTERM, signal.SIGKILL):
            d.send(number)
            d.process.wait()
            d.start()
            c = self.client(d)
            self.assertEqual(self.signing_kid(c, d), first)
            self.assertEqual(c.keys().changed, changed)
        state = json.loads((d.dir / "signer.json").read_text())
        self.assertEqual(sorted(state["since"]), sorted(c.keys().kids))
        self.assertEqual(os.stat(d.dir / "signer.json").st_mode & 0o777, 0o600)

    def test_a_restart_with_another_key_alone_uses_it_and_says_so(self):
        slow = {"refreshHint": "1h", "stateFile": "signer.json"}
        d = signer.daemon_that_signs(self, slow, fast)
        c = self.client(d)
        self.signing_kid(c, d)
        c.close()
        d.stop()
        (d.keys / "first.pem").unlink()
        d.add_key("new.pem")
        d.start()
        self.assertEqual(self.signing_kid(self.client(d), d), self.kid(d, "new.pem"))
        self.assertTrue([m for m in d.messages("warn") if "which signed until now, is gone" in m])

    def test_legacy_keys_verify_but_are_not_published(self):
        def change(c, d):
            fast(c, d)
            legacy = keys.put("rsa", d.dir / "legacy.key")
            (d.dir / "sa.pub").write_bytes(keys.public_pem(legacy))
            old = keys.put("rsa", d.dir / "old.key")
            (d.dir / "old.pub").write_bytes(keys.public_pem(old))
            c["issuers"][0]["keys"]["files"].append("old.pub")
        d = signer.daemon_that_signs(self, {**FAST, "legacyKeys": ["sa.pub"]}, change, start=False)
        d.start()
        found = self.client(d).keys()
        self.assertEqual([(k.kid, k.excluded) for k in found.keys],
                         [(self.kid(d, "first.pem"), False),
                          (keys.kid(d.dir / "old.key"), False),
                          (keys.kid(d.dir / "legacy.key"), True)])
        self.assertEqual(found.keys[2].der, signer.spki(d.dir / "legacy.key"))
        self.assertEqual(d.kids(), {k.kid for k in found.keys if not k.excluded})
        # Another legacy key is taken up by a reload.
        other = keys.put("p256", d.dir / "other.key")
        (d.dir / "sa.pub").write_bytes(keys.public_pem(other))
        self.assertEqual(d.reload(), "ok")
        self.assertEqual(self.client(d).keys().kids[2], keys.kid(other))
