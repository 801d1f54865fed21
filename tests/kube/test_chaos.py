# SPDX-License-Identifier: Apache-2.0
"""Everything goes wrong at once, at random: what is never to happen does not, and it ends."""

import pathlib
import random

import harness
import test_accounts
import test_reviews
from harness import AUDIENCE, USER

ROUNDS = 400


class Chaos(test_accounts.Case):
    def test_reviews_and_watches_under_random_faults(self):
        rng = random.Random(20)
        # Those that hang are tried on their own; here they would only take time.
        slow = {"no_answer", "one_byte_at_a_time", "informational_only", "http_429_later"}
        acts = [act for name, act in sorted(test_reviews.TRANSPORT.items()) if name not in slow]
        refused = list(test_reviews.TOKEN_REFUSED.values())
        tool = self.watching()
        self.assertComes(tool, "found")

        def misbehave(handler):
            path = f"{handler.command} {handler.path}"
            if rng.random() < 0.4:
                code_and_value = self.api.answer(handler)
                if "watch=1" in path:
                    self.api.watch(handler)
                else:
                    handler.send_json(*code_and_value)
            elif "tokenreviews" in path and rng.random() < 0.2:
                rng.choice(refused)(handler)
            else:
                rng.choice(acts)(handler)

        for i in range(0, ROUNDS, 2):
            self.api.users[f"good{i}"] = {"user": USER, "audiences": [AUDIENCE]}
        self.api.watch_s = 0.2
        self.api.fault("", misbehave)
        tally = {"allowed": 0, "refused": 0, "unclear": 0}
        for begin in range(0, ROUNDS, 40):
            asked = [(i, tool.send("token", AUDIENCE, f"{'bad' if i % 2 else 'good'}{i}"))
                     for i in range(begin, begin + 40)]
            for i, ident in asked:
                verdict = tool.answer(ident, 20).split()[0]
                tally[verdict] += 1
                if i % 2:
                    self.assertNotEqual(verdict, "allowed", "a token that is not valid")
            self.api.put("serviceaccounts", "shop", f"s{begin}")
        for verdict, count in tally.items():
            self.assertGreater(count, ROUNDS // 20, f"hardly any was {verdict}")
        self.api.mend()
        self.api.watch_s = None
        self.still_works(tool, 30)
        self.assertComes(tool, "found", "s0")
        for i in range(0, ROUNDS, 2):
            self.assertVerdict(tool.ask("token", AUDIENCE, f"good{i}"), "allowed")


class Size(test_accounts.Case):
    def resident(self, tool):
        for line in pathlib.Path(f"/proc/{tool.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def test_an_account_takes_less_than_a_kibibyte(self):
        count = 20000
        for i in range(count):
            self.api.put("serviceaccounts", "bank", f"account-{i}", annotations={
                "example.com/tenant": f"tenant-{i}", "example.com/owner": "somebody",
                "kubectl.kubernetes.io/last-applied-configuration": "x" * 500})
        tool = self.tool()
        self.assertVerdict(tool.ask("token", AUDIENCE, "unknown"), "refused")
        before = self.resident(tool)
        tool.send("watch")
        self.assertTrue(harness.until(lambda: self.stats(tool)["accounts"] == count + 1, 60))
        each = (self.resident(tool) - before) / count
        # A sanitizer's allocator spends far more, and is not what we measure.
        program = pathlib.Path(harness.TOOL).read_bytes()
        sanitized = b"__asan_init" in program or b"__tsan_init" in program
        self.assertLess(each, 16384 if sanitized else 1024)
        self.assertGreater(each, 100)

    def test_a_look_up_does_not_depend_on_how_many_there_are(self):
        tool = self.watching()
        self.assertComes(tool, "found")
        few = min(int(tool.ask("time", "shop", "cart", "100000")) for _ in range(5))
        for i in range(20000):
            self.api.put("serviceaccounts", "bank", f"account-{i}")
        self.assertComes(tool, "found", "account-19999", "bank", seconds=60)
        many = min(int(tool.ask("time", "shop", "cart", "100000")) for _ in range(5))
        self.assertLess(many, 5 * few + 1000, "nanoseconds")
