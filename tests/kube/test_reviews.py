# SPDX-License-Identifier: Apache-2.0
"""TokenReview and SubjectAccessReview: only a clear yes is a yes, whatever the server does."""

import gzip
import json
import time

import fake_apiserver as fake
import harness
from harness import AUDIENCE, TOKEN, USER

REVIEWS = "tokenreviews$|subjectaccessreviews$"
MIB = 1 << 20


def edit_status(**changes):
    """A review whose status is changed; None takes a member away."""
    def edit(review):
        for key, value in changes.items():
            if value is None:
                review["status"].pop(key, None)
            else:
                review["status"][key] = value
    return fake.change_json(edit)


def edit_user(**changes):
    def edit(review):
        review["status"]["user"] = {**USER, **changes}
    return fake.change_json(edit)


def edit_root(**changes):
    def edit(review):
        review.update(changes)
    return fake.change_json(edit)


def chunked(*parts, end):
    body = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts)
    return (b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n" + body + end)


GOOD = json.dumps({"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1",
                   "status": {"authenticated": True, "user": USER,
                              "audiences": [AUDIENCE]}}).encode()
GOOD_ACCESS = json.dumps({"kind": "SubjectAccessReview", "apiVersion": "authorization.k8s.io/v1",
                          "status": {"allowed": True}}).encode()
JSON = {"Content-Type": "application/json"}

# What may come instead of an answer to either review; all of it is our fault, never a yes.
TRANSPORT = {
    "no_answer": fake.hang,
    "connection_closed": fake.raw(b""),
    "not_http": fake.raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "http_0_9": fake.raw(GOOD),
    "one_byte_at_a_time": fake.slowly(b"HTTP/1.1 201 Created\r\nContent-Length: 4000\r\n\r\n", .2),
    "endless_headers": fake.raw(b"HTTP/1.1 201 Created\r\n" + b"X: " + b"x" * MIB),
    "many_headers": fake.raw(b"HTTP/1.1 201 Created\r\n" + b"X-Y: z\r\n" * 100000),
    "cut_in_a_chunk": fake.raw(chunked(GOOD[:20], end=b"ff\r\n{\"")),
    "cut_between_chunks": fake.raw(chunked(GOOD, end=b"")),
    "bad_chunk_size": fake.raw(chunked(GOOD, end=b"xyz\r\n")),
    "cut_body": fake.reply(201, GOOD, JSON, length=len(GOOD) + 10),
    "length_too_small": fake.reply(201, GOOD, JSON, length=len(GOOD) - 10),
    "empty_body": fake.reply(201, b"", JSON),
    "html": fake.reply(200, b"<html>please log in</html>", {"Content-Type": "text/html"}),
    "gzip": fake.reply(201, gzip.compress(GOOD), {"Content-Encoding": "gzip", **JSON}),
    "huge": fake.reply(201, b'{"a":"' + b"x" * 10 * MIB + b'"}', JSON),
    "deep": fake.reply(201, b'{"a":' * 100000, JSON),
    "bad_utf8": fake.change(lambda body: body.replace(b'"kind"', b'"\xc3\x28":1,"kind"')),
    "nul_byte": fake.change(lambda body: body + b"\0"),
    "behind_the_end": fake.change(lambda body: body + b"{}"),
    "array": fake.change(lambda body: b"[" + body + b"]"),
    "number_too_big": fake.change(lambda body: body[:-1] + b',"x":1e999}'),
    "wrong_kind": edit_root(kind="Status"),
    "wrong_version": edit_root(apiVersion="v1"),
    "no_kind": fake.change(lambda body: body.replace(b'"kind"', b'"kinds"')),
    "status_no_map": edit_root(status=[]),
    "status_null": edit_root(status=None),
    "http_202": fake.reply(202, GOOD, JSON),
    "http_204": fake.reply(204),
    "http_206": fake.reply(206, GOOD, JSON),
    "http_400": fake.fail(400, "BadRequest"),
    "our_own_401": fake.fail(401, "Unauthorized"),
    "http_403": fake.fail(403, "Forbidden"),
    "http_404": fake.fail(404, "NotFound"),
    "http_409": fake.fail(409, "Conflict"),
    "http_410": fake.fail(410, "Gone"),
    "http_413": fake.fail(413, "RequestEntityTooLarge"),
    "http_422": fake.fail(422, "Invalid"),
    "http_429": fake.fail(429, "TooManyRequests"),
    "http_429_later": fake.fail(429, "TooManyRequests", headers={"Retry-After": "60"}),
    "http_500": fake.fail(500),
    "http_503": fake.fail(503, "ServiceUnavailable"),
    "http_503_always_at_once": fake.fail(503, headers={"Retry-After": "0"}),
    "http_504": fake.fail(504, "Timeout"),
    "yes_with_500": fake.reply(500, GOOD, JSON),
    "redirect": fake.reply(307, b"", {"Location": "https://127.0.0.1:1/"}),
    "redirect_to_file": fake.reply(302, b"", {"Location": "file:///etc/passwd"}),
    "redirect_to_itself": fake.reply(301, b"", {"Location": "/apis"}),
    "informational_only": fake.raw(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3),
    "switching_protocols": fake.raw(b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + GOOD),
}

TOKEN_UNCLEAR = {
    "authenticated_text": edit_status(authenticated="true"),
    "authenticated_number": edit_status(authenticated=1),
    "authenticated_with_error": edit_status(error="something"),
    "error_no_text": edit_status(error={}),
    "audiences_text": edit_status(audiences=AUDIENCE),
    "audiences_map": edit_status(audiences={AUDIENCE: True}),
    "audiences_with_number": edit_status(audiences=[AUDIENCE, 1]),
    "no_user": edit_status(user=None),
    "user_text": edit_status(user="cart"),
    "no_username": edit_user(username=""),
    "username_number": edit_user(username=7),
    "username_with_nul": edit_user(username="system:serviceaccount:shop:cart\0x"),
    "uid_number": edit_user(uid=7),
    "groups_text": edit_user(groups="system:masters"),
    "group_number": edit_user(groups=["a", 1]),
    "extra_list": edit_user(extra=[]),
    "extra_text": edit_user(extra={"authentication.kubernetes.io/pod-name": "cart-1"}),
    "extra_number": edit_user(extra={"a": [1]}),
    "duplicate_authenticated": fake.change(lambda b: b.replace(
        b'"authenticated": true', b'"authenticated": false, "authenticated": true')),
    "duplicate_status": fake.change(lambda b: b[:-1] + b',"status":{"authenticated":true}}'),
    "an_access_review": fake.reply(201, GOOD_ACCESS, JSON),
}

TOKEN_REFUSED = {
    "not_authenticated": edit_status(authenticated=False),
    "authenticated_absent": edit_status(authenticated=None),
    "no_audiences": edit_status(audiences=None),
    "empty_audiences": edit_status(audiences=[]),
    "other_audience": edit_status(audiences=["https://kubernetes.default.svc"]),
    "audience_prefix": edit_status(audiences=[AUDIENCE + "x", AUDIENCE[:-1]]),
    "audience_case": edit_status(audiences=[AUDIENCE.upper()]),
    "audience_with_nul": edit_status(audiences=[AUDIENCE[:-1]]),
}

ACCESS_UNCLEAR = {
    "allowed_text": edit_status(allowed="true"),
    "allowed_number": edit_status(allowed=1),
    "allowed_null": fake.change(lambda b: b.replace(b'"allowed": true', b'"allowed": null')),
    "allowed_absent": edit_status(allowed=None),
    "allowed_and_denied": edit_status(denied=True),
    "denied_text": edit_status(denied="no"),
    "duplicate_allowed": fake.change(lambda b: b.replace(
        b'"allowed": true', b'"allowed": false, "allowed": true')),
    "a_token_review": fake.reply(201, GOOD, JSON),
}

ACCESS_REFUSED = {
    "not_allowed": edit_status(allowed=False),
    "denied": edit_status(allowed=False, denied=True),
    "not_allowed_with_error": edit_status(allowed=False, evaluationError="x"),
}

ACCESS = ("access", USER["username"], "shop", "cart")
ACCESS_KEY = (USER["username"], "create", "", "serviceaccounts", "token", "shop", "cart")


class Verdicts(harness.Case):
    def setUp(self):
        super().setUp()
        self.api.allowed.add(ACCESS_KEY)

    def check(self, question, act, verdict):
        """The answer to a question under a fault; then, without it, yes again."""
        tool = self.tool()
        fault = self.api.fault(REVIEWS, act)
        self.assertVerdict(tool.ask(*question), verdict)
        self.assertGreaterEqual(fault.met, 1)
        self.api.mend()
        if act is TRANSPORT["length_too_small"]:
            # What came behind the body may yet be taken for the head of the next answer.
            harness.until(lambda: tool.ask(*question).startswith("allowed"))
        self.assertVerdict(tool.ask(*question), "allowed")


def _add(prefix, question, faults, verdict):
    for name, act in faults.items():
        def test(self, act=act):
            self.check(question, act, verdict)
        setattr(Verdicts, f"test_{prefix}_{name}", test)


ASK_TOKEN = ("token", AUDIENCE, TOKEN)
_add("token", ASK_TOKEN, TRANSPORT, "unclear")
_add("token", ASK_TOKEN, TOKEN_UNCLEAR, "unclear")
_add("token", ASK_TOKEN, TOKEN_REFUSED, "refused")
_add("access", ACCESS, TRANSPORT, "unclear")
_add("access", ACCESS, ACCESS_UNCLEAR, "unclear")
_add("access", ACCESS, ACCESS_REFUSED, "refused")


class Requests(harness.Case):
    def test_what_is_sent_and_understood(self):
        self.api.allowed.add(ACCESS_KEY)
        tool = self.tool()
        self.assertEqual(tool.ask(*ASK_TOKEN),
                         "allowed system:serviceaccount:shop:cart uid-cart groups=3 pod=cart-1 "
                         "node=n1 account=shop/cart")
        self.assertEqual(tool.ask(*ACCESS), "allowed")
        token, access = self.api.requests
        self.assertEqual(token[:2], ("POST", "/apis/authentication.k8s.io/v1/tokenreviews"))
        self.assertEqual(json.loads(token[3]), {
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
            "spec": {"token": TOKEN, "audiences": [AUDIENCE]}})
        self.assertEqual(token[2]["Authorization"], "Bearer own")
        self.assertEqual(token[2]["Content-Type"], "application/json")
        self.assertEqual(access[:2],
                         ("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews"))
        self.assertEqual(json.loads(access[3])["spec"], {
            "user": USER["username"], "uid": "u-1", "extra": {},
            "groups": ["system:serviceaccounts", "system:authenticated"],
            "resourceAttributes": {"version": "v1", "verb": "create", "group": "",
                                   "resource": "serviceaccounts", "subresource": "token",
                                   "namespace": "shop", "name": "cart"}})
        self.assertEqual(self.api.connections, 1)

    def test_unknown_token(self):
        tool = self.tool()
        self.assertVerdict(tool.ask("token", AUDIENCE, "other.token"), "refused",
                           "invalid bearer token")

    def test_what_is_no_token_is_not_sent(self):
        tool = self.tool()
        for bad in ("a,b", 'a"b', "a\\b", "a\x01b", "a\u00e4", "x" * 16385):
            self.assertVerdict(tool.ask("token", AUDIENCE, bad), "refused")
        self.assertEqual(self.api.requests, [])

    def test_access_to_another(self):
        self.api.allowed.add(ACCESS_KEY)
        tool = self.tool()
        self.assertVerdict(tool.ask("access", USER["username"], "shop", "till"), "refused")
        self.assertVerdict(tool.ask("access", USER["username"], "bank", "cart"), "refused")

    def test_success_is_cached_by_token_and_audience(self):
        self.api.users[TOKEN]["audiences"].append("second")
        tool = self.tool()
        for _ in range(3):
            self.assertVerdict(tool.ask(*ASK_TOKEN), "allowed")
        self.assertEqual(len(self.api.requests), 1)
        self.assertVerdict(tool.ask("token", "second", TOKEN), "allowed")
        self.assertVerdict(tool.ask("token", AUDIENCE, TOKEN + "x"), "refused")
        self.assertEqual(len(self.api.requests), 3)

    def test_refusals_are_not_cached(self):
        tool = self.tool()
        known = self.api.users.pop(TOKEN)
        self.assertVerdict(tool.ask(*ASK_TOKEN), "refused")
        self.api.users[TOKEN] = known
        self.assertVerdict(tool.ask(*ASK_TOKEN), "allowed")

    def test_access_is_not_cached(self):
        tool = self.tool()
        self.api.allowed.add(ACCESS_KEY)
        self.assertVerdict(tool.ask(*ACCESS), "allowed")
        self.api.allowed.clear()
        self.assertVerdict(tool.ask(*ACCESS), "refused")

    def test_says_when_to_come_again(self):
        self.api.fault("tokenreviews", fake.fail(429, headers={"Retry-After": "1"}), times=1)
        tool = self.tool()
        begin = time.monotonic()
        self.assertVerdict(tool.ask(*ASK_TOKEN), "allowed")
        self.assertGreaterEqual(time.monotonic() - begin, 1)

    def test_many_at_once_on_few_connections(self):
        tool = self.tool(env={"KUBE_TOOL_PATIENT": "yes"})
        for i in range(200):
            self.api.users[f"t{i}"] = {"user": USER, "audiences": [AUDIENCE]}
        idents = [tool.send("token", AUDIENCE, f"t{i}") for i in range(200)]
        for ident in idents:
            self.assertVerdict(tool.answer(ident), "allowed")
        self.assertLessEqual(self.api.connections, 16)

    def test_a_dead_server_is_one_that_was_asked_in_time(self):
        """Nothing waits longer than its own limit, also with many others waiting."""
        self.api.fault("", fake.hang)
        tool = self.tool()
        begin = time.monotonic()
        idents = [tool.send("token", AUDIENCE, f"t{i}") for i in range(100)]
        for ident in idents:
            self.assertVerdict(tool.answer(ident), "unclear")
        self.assertLess(time.monotonic() - begin, 5 * harness.PATIENCE)

    def test_cancel(self):
        self.api.fault("tokenreviews", fake.hang)
        tool = self.tool()
        ident = tool.send("token", AUDIENCE, TOKEN)
        self.assertTrue(harness.until(lambda: self.api.requests))
        tool.send("cancel", ident=ident)
        self.assertVerdict(tool.answer(ident, 1), "unclear", "cancelled")

    def test_stopping_ends_what_is_under_way(self):
        self.api.fault("", fake.hang)
        tool = self.tool()
        idents = [tool.send("token", AUDIENCE, f"t{i}") for i in range(10)]
        self.assertTrue(harness.until(lambda: len(self.api.requests) >= 10))
        tool.process.stdin.close()
        for ident in idents:
            self.assertVerdict(tool.answer(ident, 1), "unclear")
