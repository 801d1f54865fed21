# SPDX-License-Identifier: Apache-2.0
"""As much of a Kubernetes API server as sa-issuerd asks, and what can go wrong with one.

Lists with pages, watches with bookmarks, single objects, TokenReview and SubjectAccessReview, in
the JSON of the real one, over TLS. Faults replace the answer to requests that they match.
"""

import copy
import http.server
import json
import re
import socket
import socketserver
import ssl
import threading
import time
import urllib.parse
import uuid

KINDS = {"serviceaccounts": "ServiceAccount", "namespaces": "Namespace", "pods": "Pod",
         "nodes": "Node", "secrets": "Secret"}
CLUSTER_WIDE = {"namespaces", "nodes"}
OBJECT = re.compile(r"/api/v1(?:/namespaces/([^/]+))?/(\w+)/([^/]+)")
LIST = re.compile(r"/api/v1/(\w+)")


def status(code, reason, message, **details):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": message, "reason": reason, "details": details, "code": code}


class Fault:
    """What happens to requests whose "METHOD path" matches: act(handler) instead of an answer,
    times over."""

    def __init__(self, pattern, act, times=None):
        self.pattern = re.compile(pattern)
        self.act = act
        self.left = times
        self.met = 0


# Faults, as functions of the handler.

def reply(code, body=b"", headers=(), length=None):
    def act(handler):
        handler.respond(code, body, dict(headers), length)
    return act


def fail(code, reason="InternalError", message="injected", headers=()):
    return reply(code, json.dumps(status(code, reason, message)).encode(),
                 {"Content-Type": "application/json", **dict(headers)})


def raw(data, close=True):
    """These bytes in place of an HTTP answer."""
    def act(handler):
        handler.wfile.write(data)
        handler.close_connection = close
    return act


def hang(handler):
    """Nothing, until the server stops or the client goes."""
    handler.server.api.stopping.wait(30)
    handler.close_connection = True


def slowly(data, pause):
    """One byte at a time."""
    def act(handler):
        for byte in data:
            if handler.server.api.stopping.wait(pause):
                break
            handler.wfile.write(bytes([byte]))
        handler.close_connection = True
    return act


def change(edit):
    """The right answer after edit(text) has had its way with its bytes."""
    def act(handler):
        code, value = handler.server.api.answer(handler)
        body = edit(json.dumps(value).encode())
        handler.respond(code, body, {"Content-Type": "application/json"})
    return act


def change_json(edit):
    """The right answer after edit(value) has changed it."""
    def act(handler):
        code, value = handler.server.api.answer(handler)
        edit(value)
        handler.send_json(code, value)
    return act


def stream(*lines, then=None, cut=False):
    """A watch that sends these lines (bytes, or values for JSON), then ends, hangs or breaks."""
    def act(handler):
        handler.begin_stream()
        for line in lines:
            data = line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"
            handler.chunk(data)
        if then is not None:
            then(handler)
        if cut:
            handler.wfile.write(b"ffff\r\n{\"type\":")
            handler.close_connection = True
        else:
            handler.chunk(b"")
    return act


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def setup(self):
        self.request.settimeout(30)
        self.request.do_handshake()
        super().setup()

    def log_message(self, *_args):
        pass

    def respond(self, code, body, headers, length=None):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        if length is not None:
            self.close_connection = True

    def send_json(self, code, value):
        headers = {"Content-Type": "application/json"}
        self.respond(code, json.dumps(value).encode(), headers)

    def begin_stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def handle_any(self):
        api = self.server.api
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length) if length else b""
        split = urllib.parse.urlsplit(self.path)
        self.route = split.path
        self.query = dict(urllib.parse.parse_qsl(split.query))
        api.record(self)
        fault = api.fault_for(f"{self.command} {self.path}")
        if fault is not None:
            fault.act(self)
        elif self.query.get("watch") and api.caller_is_known(self):
            api.watch(self)
        else:
            self.send_json(*api.answer(self))

    do_GET = do_POST = do_PUT = do_DELETE = handle_any


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def get_request(self):
        sock, address = self.socket.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        api = self.api
        api.connections += 1
        sock = api.tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        api.open.add(sock)
        return sock, address

    def handle_error(self, request, client_address):
        pass  # clients go away, and handshakes are meant to fail

    def shutdown_request(self, request):
        self.api.open.discard(request)
        try:
            request.close()
        except OSError:
            pass


class Api:
    def __init__(self, certificate, key, port=0, tls_edit=None):
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.stopping = threading.Event()
        self.objects = {}      # (resource, namespace, name): object
        self.log = []          # (version, resource, type, object)
        self.version = 1000
        self.oldest = 0        # watches from before get 410
        self.users = {}        # token: {"user": {...}, "audiences": [...]}
        self.allowed = set()   # (user, verb, group, resource, subresource, namespace, name)
        self.own_tokens = None  # that sa-issuerd may show; None: anything
        self.faults = []
        self.requests = []     # (method, path with query, headers, body)
        self.connections = 0
        self.open = set()
        self.bookmark_s = 0.2
        self.page = None       # most items of a page, whatever limit says
        self.watch_s = None    # longest watch, whatever timeoutSeconds says
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)
        if tls_edit:
            tls_edit(self.tls)
        self.server = Server(("127.0.0.1", port), Handler)
        self.server.api = self
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,),
                                       daemon=True)
        self.thread.start()

    def stop(self):
        self.stopping.set()
        with self.changed:
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        self.cut()

    def cut(self):
        """Breaks every connection."""
        for sock in list(self.open):
            try:
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                pass

    # What the tests do to it.

    def fault(self, pattern, act, times=None):
        fault = Fault(pattern, act, times)
        with self.lock:
            self.faults.append(fault)
        return fault

    def mend(self):
        with self.lock:
            self.faults.clear()

    def put(self, resource, namespace, name, **metadata):
        """Creates or changes an object; returns it."""
        with self.changed:
            key = (resource, namespace, name)
            self.version += 1
            known = self.objects.get(key)
            obj = copy.deepcopy(known) if known else {"metadata": {
                "name": name, "uid": str(uuid.uuid4()),
                "creationTimestamp": "2026-01-01T00:00:00Z"}}
            if namespace:
                obj["metadata"]["namespace"] = namespace
            spec = metadata.pop("spec", None)
            if spec is not None:
                obj["spec"] = spec
            obj["metadata"].update(metadata)
            obj["metadata"]["resourceVersion"] = str(self.version)
            self.objects[key] = obj
            self.log.append((self.version, resource, "MODIFIED" if known else "ADDED", obj))
            self.changed.notify_all()
            return obj

    def delete(self, resource, namespace, name):
        with self.changed:
            self.version += 1
            obj = copy.deepcopy(self.objects.pop((resource, namespace, name)))
            obj["metadata"]["resourceVersion"] = str(self.version)
            self.log.append((self.version, resource, "DELETED", obj))
            self.changed.notify_all()

    def forget_silently(self, resource, namespace, name):
        """A deletion of which no watch will ever hear."""
        with self.changed:
            self.version += 1
            del self.objects[(resource, namespace, name)]

    def compact(self):
        with self.changed:
            self.version += 1
            self.oldest = self.version

    def count(self, pattern):
        wanted = re.compile(pattern)
        with self.lock:
            return sum(1 for method, path, _, _ in self.requests
                       if wanted.search(f"{method} {path}"))

    # What it does itself.

    def record(self, handler):
        with self.lock:
            self.requests.append((handler.command, handler.path, dict(handler.headers),
                                  handler.body))

    def fault_for(self, text):
        with self.lock:
            for fault in self.faults:
                if fault.left != 0 and fault.pattern.search(text):
                    fault.met += 1
                    if fault.left is not None:
                        fault.left -= 1
                    return fault
        return None

    def caller_is_known(self, handler):
        shown = handler.headers.get("Authorization", "")
        return self.own_tokens is None or shown.removeprefix("Bearer ") in self.own_tokens

    def answer(self, handler):
        if not self.caller_is_known(handler):
            return 401, status(401, "Unauthorized", "Unauthorized")
        if handler.command == "POST" and handler.route.endswith("/tokenreviews"):
            return 201, self.token_review(json.loads(handler.body))
        if handler.command == "POST" and handler.route.endswith("/subjectaccessreviews"):
            return 201, self.access_review(json.loads(handler.body))
        if handler.command != "GET":
            return 405, status(405, "MethodNotAllowed", "not here")
        match = OBJECT.fullmatch(handler.route)
        if match:
            return self.get(handler, *match.groups())
        match = LIST.fullmatch(handler.route)
        if match and match.group(1) in KINDS:
            return self.list(handler, match.group(1))
        return 404, status(404, "NotFound", "the server could not find the requested resource")

    def token_review(self, review):
        known = self.users.get(review["spec"]["token"])
        wanted = review["spec"].get("audiences", [])
        review.setdefault("metadata", {})
        if known is None:
            review["status"] = {"user": {}, "error": "[invalid bearer token]"}
        elif not set(wanted) & set(known["audiences"]):
            review["status"] = {"user": {}, "error": "token audiences are invalid"}
        else:
            review["status"] = {"authenticated": True, "user": known["user"],
                                "audiences": [a for a in wanted if a in known["audiences"]]}
        return review

    def access_review(self, review):
        spec = review["spec"]
        what = spec["resourceAttributes"]
        key = (spec["user"], what["verb"], what["group"], what["resource"],
               what.get("subresource", ""), what["namespace"], what["name"])
        review.setdefault("metadata", {})
        review["status"] = {"allowed": key in self.allowed}
        return review

    def get(self, handler, namespace, resource, name):
        if resource in KINDS:
            with self.lock:
                obj = copy.deepcopy(self.objects.get((resource, namespace, name)))
            if obj is not None:
                return 200, self.shaped(handler, resource, obj)
        return 404, status(404, "NotFound", f'{resource} "{name}" not found', name=name,
                           kind=resource)

    @staticmethod
    def shaped(handler, resource, obj):
        if "as=PartialObjectMetadata" in handler.headers.get("Accept", ""):
            obj.pop("spec", None)
            return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", **obj}
        return {"kind": KINDS[resource], "apiVersion": "v1", **obj}

    def list(self, handler, resource):
        with self.lock:
            keys = sorted(k for k in self.objects if k[0] == resource)
            start, version = 0, self.version
            if handler.query.get("continue"):
                # A real one goes on with the state of the first page; close enough.
                start, version = map(int, handler.query["continue"].split("."))
                if version < self.oldest:
                    return 410, status(410, "Expired", "The provided continue parameter is too old")
            limit = int(handler.query.get("limit") or 0) or len(keys)
            limit = min(limit, self.page or limit)
            items = [copy.deepcopy(self.objects[k]) for k in keys[start:start + limit]]
        partial = "as=PartialObjectMetadataList" in handler.headers.get("Accept", "")
        metadata = {"resourceVersion": str(version)}
        if start + limit < len(keys):
            metadata["continue"] = f"{start + limit}.{version}"
            metadata["remainingItemCount"] = len(keys) - start - limit
        return 200, {
            "kind": "PartialObjectMetadataList" if partial else KINDS[resource] + "List",
            "apiVersion": "meta.k8s.io/v1" if partial else "v1",
            "metadata": metadata, "items": items}

    def watch(self, handler):
        resource = LIST.fullmatch(handler.route).group(1)
        after = int(handler.query["resourceVersion"])
        if after < self.oldest:
            handler.send_json(410, status(410, "Expired", "too old resource version"))
            return
        if after > self.version:
            handler.send_json(504, status(504, "Timeout", "Too large resource version"))
            return
        handler.begin_stream()
        seconds = float(handler.query.get("timeoutSeconds", 300))
        end = time.monotonic() + min(seconds, self.watch_s or seconds)
        next_bookmark = time.monotonic() + self.bookmark_s
        while time.monotonic() < end and not self.stopping.is_set():
            with self.changed:
                events = [e for e in self.log if e[0] > after and e[1] == resource]
                if not events:
                    self.changed.wait(0.02)
                bookmark = self.version
            for version, _, kind, obj in events:
                after = version
                shaped = self.shaped(handler, resource, copy.deepcopy(obj))
                handler.chunk(json.dumps({"type": kind, "object": shaped}).encode() + b"\n")
            if not events and time.monotonic() >= next_bookmark:
                next_bookmark = time.monotonic() + self.bookmark_s
                handler.chunk(json.dumps({"type": "BOOKMARK", "object": {
                    "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                    "metadata": {"resourceVersion": str(bookmark)}}}).encode() + b"\n")
        handler.chunk(b"")
