# SPDX-License-Identifier: Apache-2.0
"""ServiceAccounts in memory: as the API has them, or not used."""

import json
import time

import fake_apiserver as fake
import harness

LISTS = r"GET /api/v1/(serviceaccounts|namespaces)\?limit"
WATCHES = r"GET /api/v1/(serviceaccounts|namespaces)\?watch"
ACCOUNT_WATCH = r"GET /api/v1/serviceaccounts\?watch"
MINUTE = "60000"
MIB = 1 << 20


def event(kind, name="cart", version="999999", uid="uid-x", **metadata):
    return {"type": kind, "object": {
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
        "metadata": {"name": name, "namespace": "shop", "uid": uid, "resourceVersion": version,
                     **metadata}}}


def failure(code, reason):
    return {"type": "ERROR", "object": fake.status(code, reason, "injected")}


class Case(harness.Case):
    def setUp(self):
        super().setUp()
        self.api.put("namespaces", None, "shop", labels={"team": "red"})
        self.api.put("namespaces", None, "bank")
        self.cart = self.api.put("serviceaccounts", "shop", "cart", annotations={"tenant": "a"})
        self.uid = self.cart["metadata"]["uid"]

    def watching(self, *arguments):
        tool = self.tool(*arguments)
        tool.send("watch")
        return tool

    def find(self, tool, name="cart", namespace="shop", max_age=MINUTE):
        return tool.ask("find", namespace, name, max_age)

    def assertComes(self, tool, text, name="cart", namespace="shop", seconds=15):
        """A look-up contains that text before long."""
        self.assertTrue(
            harness.until(lambda: text in self.find(tool, name, namespace), seconds),
            f"{namespace}/{name} is {self.find(tool, name, namespace)}, not {text}")

    def stats(self, tool):
        names = ("age", "lists", "watches", "events", "failures", "accounts", "namespaces")
        return dict(zip(names, map(int, tool.ask("stats").split())))

    def still_works(self, tool, seconds=15):
        """What changes now is seen, without a restart."""
        self.api.put("serviceaccounts", "shop", "cart", annotations={"tenant": "changed"})
        self.assertComes(tool, "annotation:tenant=changed", seconds=seconds)
        self.api.put("serviceaccounts", "shop", "late")
        self.assertComes(tool, "found", "late", seconds=seconds)
        self.api.delete("serviceaccounts", "shop", "late")
        self.assertComes(tool, "no", "late", seconds=seconds)


class Following(Case):
    def test_list_and_changes(self):
        tool = self.watching()
        self.assertComes(tool, f"found {self.uid} annotation:tenant=a nslabel:team=red")
        self.api.put("serviceaccounts", "shop", "cart", annotations={"tenant": "b"},
                     labels={"x": "y"})
        self.assertComes(tool, "annotation:tenant=b label:x=y nslabel:team=red")
        self.api.put("namespaces", None, "shop", labels={"team": "blue"},
                     annotations={"cost": "7"})
        self.assertComes(tool, "nsannotation:cost=7 nslabel:team=blue")
        self.api.delete("serviceaccounts", "shop", "cart")
        self.assertComes(tool, "no")
        again = self.api.put("serviceaccounts", "shop", "cart")
        self.assertComes(tool, f"found {again['metadata']['uid']}")
        self.assertNotEqual(again["metadata"]["uid"], self.uid)
        self.assertEqual(self.stats(tool)["lists"], 2)

    def test_what_is_asked_for(self):
        tool = self.watching()
        self.assertComes(tool, "found")
        self.assertTrue(harness.until(lambda: self.api.count(WATCHES) == 2))
        for _, path, headers, _ in self.api.requests:
            kind = "PartialObjectMetadata" if "watch" in path else "PartialObjectMetadataList"
            self.assertTrue(headers["Accept"].startswith(f"application/json;as={kind};"))
        watch = [p for _, p, _, _ in self.api.requests if "serviceaccounts?watch" in p][0]
        self.assertIn("allowWatchBookmarks=true", watch)
        self.assertIn(f"resourceVersion={self.api.version}", watch)

    def test_pages(self):
        self.api.page = 7
        for i in range(50):
            self.api.put("serviceaccounts", "bank", f"a{i}")
        tool = self.watching()
        self.assertComes(tool, "found", "a49", "bank")
        self.assertTrue(harness.until(lambda: self.stats(tool)["accounts"] == 51))
        self.assertGreaterEqual(self.api.count("continue="), 7)

    def test_deleting_is_gone(self):
        tool = self.watching()
        self.assertComes(tool, "found")
        self.api.put("serviceaccounts", "shop", "cart", deletionTimestamp="2026-01-01T00:00:00Z")
        self.assertComes(tool, "no")
        self.assertVerdict(tool.ask("ask", "shop", "cart"), "absent", "being deleted")

    def test_namespace_that_goes_takes_its_accounts(self):
        tool = self.watching()
        self.assertComes(tool, "found")
        self.api.delete("namespaces", None, "shop")
        self.assertComes(tool, "no")
        self.assertVerdict(tool.ask("ask", "shop", "cart"), "absent")

    def test_copy_of_what_was_applied_is_not_kept(self):
        self.api.put("serviceaccounts", "shop", "cart", annotations={
            "kubectl.kubernetes.io/last-applied-configuration": "{}", "z": "1", "b": "2"})
        tool = self.watching()
        self.assertComes(tool, f"found {self.uid} annotation:b=2 annotation:z=1 nslabel")

    def test_one_unreadable_object_hides_no_other(self):
        """U+0000 in an annotation is legal; whoever writes it has locked out himself alone."""
        self.api.put("serviceaccounts", "shop", "evil", annotations={"tenant": "a\0b"})
        tool = self.watching()
        self.assertComes(tool, "found")
        self.assertEqual(self.find(tool, "evil"), "no")
        self.assertVerdict(tool.ask("ask", "shop", "evil"), "unknown", "NUL")
        self.api.put("serviceaccounts", "shop", "cart", annotations={"tenant": "\0"})
        self.assertComes(tool, "no")
        self.assertEqual(self.stats(tool)["failures"], 0)
        self.still_works(tool)

    def test_what_is_large_is_asked_for(self):
        """A user of a namespace may have thousands of them, at 256 KiB each."""
        large = {"x": "y" * 9000}
        self.api.put("serviceaccounts", "shop", "large", annotations=large)
        tool = self.watching()
        self.assertComes(tool, "found")
        for _ in range(2):
            self.assertEqual(self.find(tool, "large"), "no")
            self.assertIn("annotation:x=yyy", tool.ask("ask", "shop", "large"))
        self.assertEqual(self.stats(tool)["accounts"], 1)
        self.api.put("serviceaccounts", "shop", "large", annotations={"x": "y" * 7000})
        self.assertComes(tool, "annotation:x=yyy", "large")
        self.api.put("serviceaccounts", "shop", "large", annotations=large)
        self.assertComes(tool, "no", "large")
        self.assertIn("annotation:x=yyy", tool.ask("ask", "shop", "large"))

    def test_bookmarks_keep_it_fresh(self):
        tool = self.watching()
        self.assertComes(tool, "found")
        time.sleep(1.5)
        self.assertVerdict(self.find(tool, max_age="1000"), "found")

    def test_without_bookmarks_it_grows_old(self):
        self.api.bookmark_s = 1000
        tool = self.watching()
        self.assertComes(tool, "found")
        time.sleep(1.2)
        self.assertEqual(self.find(tool, max_age="1000"), "no")
        self.assertVerdict(self.find(tool), "found")
        self.assertVerdict(tool.ask("ask", "shop", "cart"), "found")
        self.assertVerdict(self.find(tool, max_age="1000"), "found")

    def test_asking(self):
        tool = self.watching()
        self.assertEqual(tool.ask("ask", "shop", "cart"),
                         f"found {self.uid} annotation:tenant=a nslabel:team=red")
        self.assertVerdict(tool.ask("ask", "shop", "till"), "absent")
        self.assertVerdict(tool.ask("ask", "shop", "../cart"), "absent")
        self.api.fault("/serviceaccounts/cart", fake.fail(403, "Forbidden"))
        self.assertVerdict(tool.ask("ask", "shop", "cart"), "unknown", "HTTP 403")
        self.api.mend()
        self.api.fault("/namespaces/shop$", fake.fail(500))
        self.assertVerdict(tool.ask("ask", "shop", "cart"), "unknown", "HTTP 500")

    def test_recreated_behind_a_silent_watch(self):
        """The old uid is not handed out once it is older than the caller bears."""
        self.api.bookmark_s = 1000
        tool = self.watching()
        self.assertComes(tool, "found")
        self.api.fault(WATCHES, fake.hang)
        self.api.forget_silently("serviceaccounts", "shop", "cart")
        time.sleep(1)
        self.assertEqual(self.find(tool, max_age="900"), "no")
        self.assertVerdict(tool.ask("ask", "shop", "cart"), "absent")

    def test_normal_ends_are_no_failures(self):
        self.api.watch_s = 0.3
        tool = self.watching()
        self.assertComes(tool, "found")
        self.assertTrue(harness.until(lambda: self.api.count(ACCOUNT_WATCH) >= 5))
        self.still_works(tool)
        self.assertEqual(self.stats(tool)["lists"], 2)

    def test_many(self):
        for i in range(5000):
            self.api.put("serviceaccounts", "bank", f"account-{i}", annotations={
                "example.com/tenant": f"tenant-{i}", "example.com/owner": "somebody"})
        tool = self.watching()
        self.assertComes(tool, "found", "account-4999", "bank", seconds=30)
        self.assertTrue(harness.until(lambda: self.stats(tool)["accounts"] == 5001))
        self.assertGreater(int(tool.ask("time", "bank", "account-17", "10000")), 0)


class Faults(Case):
    """Each fault for a while, in the list or in the watch; then all is well again."""

    def list_fault(self, act, times=2):
        if act is LIST["refused_401"]:
            times = 4  # each of the two lists asks again once, which is no failure
        fault = self.api.fault(LISTS, act, times)
        tool = self.watching()
        self.assertTrue(harness.until(lambda: fault.met == times, 30))
        self.assertComes(tool, "found")
        self.assertGreaterEqual(self.stats(tool)["failures"], 1)
        self.still_works(tool)

    def watch_fault(self, act, times=2, lists=None):
        """lists: whether it leads to a new list."""
        tool = self.watching()
        self.assertComes(tool, "found")
        before = self.api.count(r"GET /api/v1/serviceaccounts\?limit")
        fault = self.api.fault(ACCOUNT_WATCH, act, times)
        self.api.cut()
        self.assertTrue(harness.until(lambda: fault.met == times, 30))
        self.still_works(tool, 30)
        after = self.api.count(r"GET /api/v1/serviceaccounts\?limit")
        if lists is not None:
            self.assertEqual(after > before, lists)

    def test_server_is_not_there_at_first(self):
        port = harness.closed_port()
        tool = self.watching("kubeconfig", self.kubeconfig(port))
        time.sleep(0.5)
        self.assertEqual(self.find(tool), "no")
        self.assertEqual(self.stats(tool)["age"], 2**64 - 1)
        objects = self.api.objects
        self.api = self.start_api(port=port)
        self.api.objects, self.api.version = objects, 5000
        self.assertComes(tool, "found")
        self.still_works(tool)

    def test_server_goes_and_comes_back_changed(self):
        tool = self.watching()
        self.assertComes(tool, "found")
        port = self.api.port
        self.api.stop()
        time.sleep(1)
        self.assertVerdict(self.find(tool), "found")  # for who bears a minute
        self.assertEqual(self.find(tool, max_age="500"), "no")
        self.assertVerdict(tool.ask("ask", "shop", "cart"), "unknown")
        self.api = self.start_api(port=port)
        self.api.version = 7000
        self.api.put("namespaces", None, "shop")
        self.api.put("serviceaccounts", "shop", "other")
        self.api.compact()
        self.assertComes(tool, "found", "other")
        self.assertComes(tool, "no")
        self.still_works(tool)

    def test_server_restored_from_a_backup(self):
        """Versions that go back: the new list counts, not the old numbers."""
        tool = self.watching()
        self.assertComes(tool, "found")
        port = self.api.port
        self.api.stop()
        self.api = self.start_api(port=port)
        self.api.version = 10
        self.api.put("namespaces", None, "shop")
        self.api.put("serviceaccounts", "shop", "cart", annotations={"tenant": "restored"})
        self.api.fault(WATCHES, fake.fail(504, "Timeout"), times=2)
        self.assertComes(tool, "annotation:tenant=restored")
        self.still_works(tool)

    def test_list_told_to_come_later(self):
        fault = self.api.fault(LISTS, fake.fail(503, headers={"Retry-After": "1"}), 2)
        tool = self.watching()
        self.assertComes(tool, "found")
        self.assertEqual((fault.met, self.stats(tool)["failures"]), (2, 0))
        self.still_works(tool)

    def test_list_endless_410(self):
        self.list_fault(fake.fail(410, "Expired"), 5)

    def test_list_continue_expired(self):
        self.api.page = 1
        fault = self.api.fault("continue=", fake.fail(410, "Expired"), 3)
        tool = self.watching()
        self.assertComes(tool, "found")
        self.assertTrue(harness.until(lambda: fault.met == 3))
        self.still_works(tool)

    def test_list_second_page_cut(self):
        self.api.page = 1
        self.api.fault("namespaces.limit.*continue=", fake.raw(b"HTTP/1.1 200 OK\r\n"), 2)
        tool = self.watching()
        self.assertComes(tool, "found")
        self.still_works(tool)

    def test_list_that_turns_in_a_circle(self):
        def again(page):
            page["metadata"]["continue"] = "1.1"
        self.api.fault("namespaces.limit", fake.change_json(again), 4)
        tool = self.watching()
        self.assertComes(tool, "found")
        self.assertEqual(self.stats(tool)["failures"], 2)
        self.still_works(tool)

    def test_list_with_empty_pages(self):
        pages = iter(range(5))

        def empty(page):
            page["items"] = []
            page["metadata"]["continue"] = f"{'0' * next(pages)}0.{self.api.version}"
        self.api.fault("serviceaccounts.limit", fake.change_json(empty), 5)
        tool = self.watching()
        self.assertComes(tool, "found")
        self.assertEqual(self.stats(tool)["failures"], 0)

    def test_list_pages_too_large(self):
        """Fewer objects are asked for, until they fit."""
        for i in range(40):
            self.api.put("serviceaccounts", "bank", f"a{i}", annotations={"x": "y" * MIB})
        self.api.put("serviceaccounts", "zoo", "last")
        self.api.put("namespaces", None, "zoo")
        tool = self.watching()
        self.assertComes(tool, "found", "last", "zoo", seconds=60)
        self.still_works(tool, 60)

    def test_watch_gone_at_connect(self):
        self.watch_fault(fake.fail(410, "Expired"), 1, lists=True)

    def test_watch_gone_again_and_again(self):
        self.watch_fault(fake.fail(410, "Gone"), 4, lists=True)

    def test_watch_compacted(self):
        tool = self.watching()
        self.assertComes(tool, "found")
        self.api.fault(WATCHES, fake.fail(503), times=4)
        self.api.cut()
        self.api.compact()
        self.still_works(tool)

    def test_watch_error_410(self):
        self.watch_fault(fake.stream(failure(410, "Expired")), 2, lists=True)

    def test_watch_error_gone_without_code(self):
        self.watch_fault(fake.stream({"type": "ERROR", "object": {
            "kind": "Status", "apiVersion": "v1", "reason": "Gone"}}), 1, lists=True)

    def test_watch_error_500(self):
        self.watch_fault(fake.stream(failure(500, "InternalError")), lists=False)

    def test_watch_version_ahead(self):
        self.watch_fault(fake.fail(504, "Timeout"), 1, lists=True)

    def test_watch_refused_for_a_while(self):
        self.watch_fault(fake.fail(429, "TooManyRequests"), lists=False)

    def test_watch_is_silent(self):
        """Nothing for two seconds, not even a bookmark: begun anew."""
        self.watch_fault(fake.stream(then=fake.hang), 1, lists=False)

    def test_watch_never_answers(self):
        self.watch_fault(fake.hang, 1, lists=False)

    def test_watch_drips(self):
        def drip(handler):
            for _ in range(20):
                if handler.server.api.stopping.wait(0.2):
                    return
                handler.chunk(b" ")
        self.watch_fault(fake.stream(then=drip), 1)

    def test_watch_cut_in_a_chunk(self):
        self.watch_fault(fake.stream(event("ADDED", "new", version="1002"), cut=True), 1,
                         lists=False)

    def test_watch_events_in_pieces(self):
        """Chunks and lines have nothing to do with each other."""
        tool = self.watching()
        self.assertComes(tool, "found")
        text = b'\n' + b"".join(
            json.dumps(event("ADDED", f"p{i}")).encode() + b"\n" for i in range(3))
        pieces = [text[i:i + 7] for i in range(0, len(text), 7)]
        self.api.fault(ACCOUNT_WATCH, fake.stream(*pieces, then=fake.hang), 1)
        self.api.cut()
        for i in range(3):
            self.assertComes(tool, "found uid-x", f"p{i}")

    def test_watch_a_large_line(self):
        tool = self.watching()
        self.assertComes(tool, "found")
        self.api.fault(ACCOUNT_WATCH, fake.stream(
            event("ADDED", "large", managedFields=["y" * MIB], annotations={"x": "y"}),
            then=fake.hang), 1)
        self.api.cut()
        self.assertComes(tool, "annotation:x=y", "large")

    def test_watch_a_line_without_end(self):
        self.watch_fault(fake.stream(b'{"type":"ADDED","object":{"a":"' + b"x" * 5 * MIB), 1,
                         lists=True)

    def test_watch_older_events_change_nothing(self):
        self.api.put("serviceaccounts", "shop", "cart", annotations={"tenant": "new"})
        tool = self.watching()
        self.assertComes(tool, "annotation:tenant=new")
        self.api.fault(ACCOUNT_WATCH, fake.stream(
            event("MODIFIED", version="3", annotations={"tenant": "old"}),
            event("DELETED", version="4"), event("ADDED", "marker", version="5"),
            then=fake.hang), 1)
        self.api.cut()
        self.assertComes(tool, "found", "marker")
        self.assertVerdict(self.find(tool), "found", "annotation:tenant=new")

    def test_watch_deletes_what_is_not_there(self):
        self.watch_fault(fake.stream(event("DELETED", "nobody"), event("DELETED", "nobody")), 1)

    def test_watch_adds_twice(self):
        tool = self.watching()
        self.assertComes(tool, "found")
        self.api.fault(ACCOUNT_WATCH, fake.stream(
            event("ADDED", uid="u1"), event("ADDED", uid="u2", version="1000000"),
            then=fake.hang), 1)
        self.api.cut()
        self.assertComes(tool, "found u2")


HTML = {"Content-Type": "text/html"}
JSON = {"Content-Type": "application/json"}
LIST = {
    "refused_500": fake.fail(500), "refused_403": fake.fail(403, "Forbidden"),
    "refused_401": fake.fail(401, "Unauthorized"), "refused_404": fake.fail(404, "NotFound"),
    "refused_429": fake.fail(429, "TooManyRequests", headers={"Retry-After": "0"}),
    "redirect": fake.reply(302, b"", {"Location": "https://127.0.0.1:1/"}),
    "html": fake.reply(200, b"<html>", HTML), "empty": fake.reply(200, b"", JSON),
    "cut": fake.reply(200, b'{"kind":', JSON, length=1000),
    "closed": fake.raw(b""), "not_http": fake.raw(b"hello\r\n"),
    "bad_utf8": fake.change(lambda b: b.replace(b"team", b"te\xff\xfem").replace(
        b"tenant", b"ten\xff")),
    "duplicate_keys": fake.change(lambda b: b[:-1] + b',"items":[]}'),
    "wrong_kind": fake.change_json(lambda v: v.update(kind="PodList", apiVersion="v1")),
    "no_items": fake.change_json(lambda v: v.pop("items")),
    "items_map": fake.change_json(lambda v: v.update(items={})),
    "items_of_text": fake.change_json(lambda v: v.update(items=["a"])),
    "no_version": fake.change_json(lambda v: v["metadata"].pop("resourceVersion")),
    "version_for_a_url": fake.change_json(lambda v: v["metadata"].update(
        resourceVersion="1&watch=0")),
    "version_number": fake.change_json(lambda v: v["metadata"].update(resourceVersion=5)),
    "continue_number": fake.change_json(lambda v: v["metadata"].update({"continue": 5})),
    "continue_too_long": fake.change_json(lambda v: v["metadata"].update(
        {"continue": "c" * 10000})),
    "object_without_uid": fake.change_json(lambda v: v["items"][0]["metadata"].pop("uid")),
    "object_with_bad_name": fake.change_json(lambda v: v["items"][0]["metadata"].update(
        name="../x")),
    "object_with_text_labels": fake.change_json(lambda v: v["items"][0]["metadata"].update(
        labels="x")),
    "deep": fake.reply(200, b'{"a":' * 100000, JSON),
}

WATCH = {
    "html": fake.reply(200, b"<html>\nlog in\n</html>", HTML),
    "not_http": fake.raw(b"hello\r\n"), "closed": fake.raw(b""),
    "refused_400": fake.fail(400, "BadRequest"), "refused_401": fake.fail(401, "Unauthorized"),
    "refused_403": fake.fail(403, "Forbidden"), "refused_404": fake.fail(404, "NotFound"),
    "refused_500": fake.fail(500), "refused_503": fake.fail(503, headers={"Retry-After": "0"}),
    "redirect": fake.reply(307, b"", {"Location": "https://127.0.0.1:1/"}),
    "ends_at_once": fake.stream(),
    "no_json": fake.stream(b"hello\n"), "bad_utf8": fake.stream(b'{"type":"\xc3\x28"}\n'),
    "array": fake.stream(b"[]\n"), "nul": fake.stream(b"{\0}\n"),
    "unknown_type": fake.stream(event("UPDATED")), "type_number": fake.stream(event(7)),
    "no_object": fake.stream({"type": "ADDED"}),
    "object_text": fake.stream({"type": "ADDED", "object": "x"}),
    "other_kind": fake.stream({"type": "ADDED", "object": {
        **event("ADDED")["object"], "kind": "Pod", "apiVersion": "v1"}}),
    "no_version": fake.stream(event("ADDED", version=None)),
    "no_uid": fake.stream(event("ADDED", uid="")),
    "bad_name": fake.stream(event("ADDED", "a/b")),
    "no_namespace": fake.stream(event("ADDED", namespace=None)),
    "duplicate_keys": fake.stream(b'{"type":"ADDED","type":"DELETED","object":{}}\n'),
    "bookmark_without_version": fake.stream(event("BOOKMARK", version="")),
    "bookmark_for_a_url": fake.stream(event("BOOKMARK", version="1&a=b")),
    "error_without_status": fake.stream({"type": "ERROR", "object": {}}),
}


def _add(prefix, method, faults):
    for name, act in faults.items():
        def test(self, act=act):
            getattr(self, method)(act)
        setattr(Faults, f"test_{prefix}_{name}", test)


_add("list", "list_fault", LIST)
_add("watch", "watch_fault", WATCH)
