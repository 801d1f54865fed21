# SPDX-License-Identifier: Apache-2.0
"""Many callers at once, with an API server that fails at random or is slow: whoever may not have a
token never gets one, whoever may gets one or is told to come again, and it ends."""

import base64
import collections
import contextlib
import functools
import json
import random
import threading
import time

import asking
import daemon
import fake_cluster
from misbehaving import WEB, Case

# fake_cluster has put tests/kube on the path.
import fake_apiserver as fake
import test_reviews

CALLERS = 16
SLOW = {"no_answer", "one_byte_at_a_time", "informational_only", "http_429_later"}


def claims_of(got):
    part = got.json()["status"]["token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Parallel(Case):
    def together(self, work):
        """work(number, connection) of each caller on a thread and a connection of its own."""
        wrong = []

        def run(number):
            try:
                with contextlib.closing(asking.connect(self.d, timeout=30)) as connection:
                    work(number, connection)
            except Exception as error:  # for the main thread to tell
                wrong.append(repr(error))

        threads = [threading.Thread(target=run, args=(n,)) for n in range(CALLERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_under_random_faults(self):
        self.begin()
        rng = random.Random(4)
        acts = [act for name, act in sorted(test_reviews.TRANSPORT.items()) if name not in SLOW]
        acts += test_reviews.TOKEN_REFUSED.values()

        def misbehave(handler):
            if handler.query.get("watch"):
                self.api.watch(handler)
            elif rng.random() < 0.8:
                handler.send_json(*self.api.answer(handler))
            else:
                rng.choice(acts)(handler)

        good = [self.cluster.token("ops", "admin") for _ in range(CALLERS)]
        nobody = self.cluster.token("shop", "cart")
        ids, statuses = set(), collections.Counter()
        self.api.watch_s = 0.3
        self.api.fault("", misbehave)

        def work(number, connection):
            for turn in range(25):
                token = (good[number], nobody, f"garbage.{number}.{turn}")[turn % 3]
                got = asking.ask(connection, WEB, asking.body("vault"),
                                 **fake_cluster.bearer(token))
                statuses[turn % 3, got.status] += 1
                if got.status == 201:
                    ids.add(claims_of(got)["jti"])

        self.together(work)
        self.api.mend()
        seen = {kind: {status for k, status in statuses if k == kind} for kind in range(3)}
        self.assertLessEqual(seen[0], {201, 401, 403, 404, 503}, statuses)
        self.assertLessEqual(seen[1], {401, 403, 503}, statuses)
        self.assertLessEqual(seen[2], {401, 503}, statuses)
        self.assertGreater(statuses[0, 201], 10, statuses)
        self.assertGreater(statuses[0, 503], 3, statuses)
        self.assertEqual(len(ids), statuses[0, 201])
        self.assertDiscoveryAnswers()
        self.assertGiven(self.ask())
        self.assertEqual(self.d.metric("sa_issuerd_token_requests_waiting"), 0)
        self.assertEqual(self.d.metric("sa_issuerd_tokens_issued_total"), len(ids) + 1)

    def test_who_waits_holds_up_nobody_else(self):
        """The API server takes questions and answers none."""
        self.begin()
        waiting = functools.partial(self.d.metric, "sa_issuerd_token_requests_waiting")
        daemon.wait_until("accounts are in memory",
                          lambda: self.d.metric("sa_issuerd_kubernetes_accounts") == 3)
        self.api.fault("POST", fake.hang)
        statuses = collections.Counter()
        asked = threading.Barrier(CALLERS + 1)

        def work(_number, connection):
            asked.wait(30)
            got = asking.ask(connection, WEB, asking.body("vault"),
                             **fake_cluster.bearer("not.a.token"))
            statuses[got.status] += 1

        def meanwhile():
            asked.wait(30)
            daemon.wait_until("all wait", lambda: waiting() == CALLERS)
            for _ in range(5):  # the peer of the socket needs nothing but memory
                self.assertGiven(asking.post(self.d, WEB, asking.body("vault")))
                self.assertDiscoveryAnswers()
            seen.append(waiting())

        seen = []
        other = threading.Thread(target=meanwhile)
        other.start()
        self.together(work)
        other.join()
        self.assertEqual(statuses, {503: CALLERS})
        self.assertEqual(seen, [CALLERS], "it took until they were told to go")
        self.assertEqual(waiting(), 0)

    def test_the_limit_of_a_caller_holds(self):
        limit = 5
        self.begin(lambda c, d: (c["limits"].update(tokensPerSecondPerCaller=limit),
                                 c["callers"]["kubernetes"].update(cache="10s")))
        admin = self.cluster.token("ops", "admin")
        statuses = collections.Counter()
        begin = time.monotonic()

        def work(_number, connection):
            for _ in range(20):
                got = asking.ask(connection, WEB, asking.body("vault"),
                                 **fake_cluster.bearer(admin))
                statuses[got.status] += 1

        self.together(work)
        most = limit + limit * (time.monotonic() - begin) + 1
        self.assertEqual(set(statuses), {201, 429})
        self.assertLessEqual(statuses[201], most)
        self.assertGreaterEqual(statuses[201], limit)

    def test_keys_change_while_requests_wait(self):
        self.begin()

        def slowly(handler):
            time.sleep(0.05)
            handler.send_json(*self.api.answer(handler))

        self.api.fault("POST", slowly)
        admin = self.cluster.token("ops", "admin")
        kids, statuses = set(), collections.Counter()
        first, added = set(self.d.kids()), set()
        done = threading.Event()

        def work(_number, connection):
            while not done.is_set():
                got = asking.ask(connection, WEB, asking.body("vault"),
                                 **fake_cluster.bearer(admin))
                statuses[got.status] += 1
                if got.status == 201:
                    head = got.json()["status"]["token"].split(".")[0]
                    kids.add(json.loads(base64.urlsafe_b64decode(
                        head + "=" * (-len(head) % 4)))["kid"])

        def rotate():
            try:
                for n in range(5):
                    self.d.add_key(f"a{9 - n}.pem", "p256")  # the first in order signs
                    self.assertEqual(self.d.reload(), "ok")
                    new = set(self.d.kids()) - first - added
                    added.update(new)
                    daemon.wait_until("the new key signs", lambda: new & kids)
            finally:
                done.set()

        rotation = threading.Thread(target=rotate)
        rotation.start()
        self.together(work)
        rotation.join()
        self.assertEqual(set(statuses), {201}, "not one request failed")
        self.assertEqual(len(added), 5)
        self.assertLessEqual(added, kids, "each of them signed")
        self.assertLessEqual(kids, added | first)
        daemon.wait_until("old snapshots are gone", lambda: self.d.metric(
            "sa_issuerd_token_requests_waiting") == 0)
