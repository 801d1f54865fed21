# SPDX-License-Identifier: Apache-2.0
"""docs/openapi.yaml against the running daemon: each status that it documents is provoked, and
each answer that is seen is as it says, with its fields and its body."""

import http.client
import json
import re
import signal
import unittest
import urllib.parse

import jsonschema
import yaml

import asking
import daemon
import fake_cluster
import raw

FILE = daemon.ROOT / "docs/openapi.yaml"
METHODS = ("get", "head", "put", "post", "delete", "options", "patch", "trace")
# Of HTTP itself, or told by the media type.
EVERYWHERE = {"date", "connection", "content-length", "content-type", "x-content-type-options"}
FORM = "application/x-www-form-urlencoded"


class Document:
    def __init__(self):
        self.tree = yaml.safe_load(FILE.read_text())
        self.plain = self._resolved(self.tree)

    def _resolved(self, node):
        """Without references; there is no recursion in these schemas."""
        if isinstance(node, dict) and "$ref" in node:
            return self._resolved(self.at(node["$ref"]))
        if isinstance(node, dict):
            return {k: self._resolved(v) for k, v in node.items()}
        if isinstance(node, list):
            return [self._resolved(v) for v in node]
        return node

    def at(self, reference):
        if not reference.startswith("#/"):
            raise AssertionError(f"{reference} is not in this file")
        node = self.tree
        for part in reference[2:].split("/"):
            node = node[part]
        return node

    def operations(self):
        for path, item in self.plain["paths"].items():
            for method in METHODS:
                if method in item:
                    yield path, method, item[method]

    def documented(self):
        return {(o["operationId"], str(status)) for _, _, o in self.operations()
                for status in o["responses"]}

    def find(self, method, path):
        """The operation and its template; (None, template) for another method."""
        for template, item in self.plain["paths"].items():
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            if re.search(f"{pattern}$", path.partition("?")[0]):
                return item.get(method.lower()), template
        raise AssertionError(f"{path} is not documented")


def check(schema, value):
    jsonschema.Draft202012Validator(schema).validate(value)


class Form(unittest.TestCase):
    """The file itself."""

    def setUp(self):
        self.document = Document()

    def test_schemas_are_schemas(self):
        for name, schema in self.document.plain["components"]["schemas"].items():
            with self.subTest(name):
                jsonschema.Draft202012Validator.check_schema(schema)

    def test_every_component_is_used(self):
        text = FILE.read_text()
        for kind, members in self.document.tree["components"].items():
            for name in members:
                wanted = (f"{name}: []" if kind == "securitySchemes"
                          else f'"#/components/{kind}/{name}"')
                self.assertIn(wanted, text)

    def test_operations_are_whole(self):
        ids = [o["operationId"] for _, _, o in self.document.operations()]
        self.assertEqual(len(ids), len(set(ids)))
        for path, method, operation in self.document.operations():
            with self.subTest(path=path, method=method):
                item = self.document.plain["paths"][path]
                named = {p["name"] for p in item.get("parameters", []) if p["in"] == "path"}
                self.assertEqual(named, set(re.findall(r"\{(\w+)\}", path)))
                for server in item["servers"]:
                    self.assertEqual(set(re.findall(r"\{(\w+)\}", server["url"])),
                                     set(server["variables"]))
                self.assertTrue(operation["summary"])
                self.assertIn("security", operation)
                for response in operation["responses"].values():
                    self.assertTrue(response["description"])

    def test_examples_are_valid(self):
        found = 0
        for _, _, operation in self.document.operations():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for example in content.get("examples", {}).values():
                    check(content["schema"], example["value"])
                    found += 1
        self.assertGreater(found, 0)


class Recorder:
    """Holds answers against the document and remembers which were seen."""

    def __init__(self):
        self.document = Document()
        self.seen = set()

    def hold(self, method, path, answer):
        operation, template = self.document.find(method, path)
        if operation is None:
            raise AssertionError(f"{method} {template} is not documented")
        responses = operation["responses"]
        status = str(answer.status) if str(answer.status) in responses else "default"
        if status not in responses:
            raise AssertionError(f"{method} {template}: {answer.status} is not documented")
        try:
            self._hold_fields(responses[status], answer)
            self._hold_body(responses[status], answer)
        except (AssertionError, jsonschema.ValidationError) as error:
            raise AssertionError(f"{method} {path}: {answer.status} {answer.body!r}: {error}") \
                from None
        self.seen.add((operation["operationId"], status))
        return answer

    @staticmethod
    def _hold_fields(response, answer):
        documented = {name.lower(): h for name, h in response.get("headers", {}).items()}
        for name, header in documented.items():
            value = answer.headers.get(name)
            if value is None and header.get("required"):
                raise AssertionError(f"no field {name}")
            if value is not None:
                check(header["schema"], value)
        allowed = EVERYWHERE | documented.keys() | {"cache-control"}
        unknown = {name.lower() for name in answer.headers.keys()} - allowed
        if unknown:
            raise AssertionError(f"fields that are not documented: {unknown}")

    @staticmethod
    def _hold_body(response, answer):
        if "content" not in response:
            if answer.body:
                raise AssertionError("a body that is not documented")
            return
        media_type = answer.headers["Content-Type"].partition(";")[0]
        schema = response["content"][media_type]["schema"]
        text = answer.body.decode()
        check(schema, json.loads(text) if "json" in media_type else text)

    def hold_request(self, method, path, content_type, data):
        """What is answered well has been asked as documented."""
        operation, _ = self.document.find(method, path)
        schema = operation["requestBody"]["content"][content_type]["schema"]
        check(schema, json.loads(data) if content_type == asking.JSON
              else self._form(schema, data))

    @staticmethod
    def _form(schema, data):
        """The parameters, numbers as such where the schema has them."""
        return {name: int(value) if schema["properties"][name].get("type") == "integer" else value
                for name, value in urllib.parse.parse_qsl(data.decode())}


class Daemon(daemon.Case):
    def setUp(self):
        super().setUp()
        self.recorder = Recorder()

    def tokens(self, d, expected, path=asking.PATH, data=None, content_type=asking.JSON,
               **fields):
        data = asking.body("vault") if data is None else data
        answer = asking.post(d, path, data, content_type=content_type, **fields)
        self.assertEqual(answer.status, expected, answer.body)
        if answer.status < 300:
            self.recorder.hold_request("POST", path, content_type, data)
        return self.recorder.hold("POST", path, answer)

    def get(self, d, expected, path, method="GET", port=None, **fields):
        answer = d.request(path, method=method, port=port or d.port,
                           headers={k.replace("_", "-"): v for k, v in fields.items()})
        self.assertEqual(answer.status, expected, answer.body)
        return self.recorder.hold(method, path, answer)

    def exchange(self, d, expected, token, audience="vault", **fields):
        return self.tokens(d, expected, asking.EXCHANGE, fake_cluster.exchange(token, audience),
                           FORM, **fields)

    def send(self, expected, connect, method, path, *fields, data=b""):
        """What http.client does not send, or not at once: it is answered before it is read."""
        with connect() as c:
            c.send(asking.raw_request(path, data, *fields, method=method))
            self.hold_raw(expected, c.answer(), method, path)

    def hold_raw(self, expected, answer, method, path):
        self.assertEqual(answer.status, expected)
        headers = http.client.HTTPMessage()
        for name, value in answer.headers.items():
            headers[name] = value
        self.recorder.hold(method, path, daemon.Response(answer.status, headers, answer.body))

    def malformed(self, connect, method, path):
        self.send(417, connect, method, path, "Expect: a-miracle")

    def provoke_token_requests(self, d, cluster):
        good = fake_cluster.bearer(cluster.token("ops", "admin"))
        self.tokens(d, 201)
        self.tokens(d, 201, **good)
        got = self.tokens(d, 201, data=asking.body("vault", expirationSeconds=7 * 86400))
        self.assertIn("Warning", got.headers)
        self.tokens(d, 201, data=asking.body(
            "vault", boundObjectRef=fake_cluster.bound("Pod", "web-1")))
        self.tokens(d, 400, data=b"{")
        self.tokens(d, 400, asking.PATH + "?dryRun=All")
        self.tokens(d, 401, **fake_cluster.bearer("not.a.token"))
        self.tokens(d, 401, Authorization="Basic YTpi")
        self.tokens(d, 403, **fake_cluster.bearer(cluster.token("shop", "web")))
        self.tokens(d, 404, fake_cluster.path_of("shop", "ghost"))
        self.tokens(d, 404, "/nowhere" + asking.PATH)
        self.tokens(d, 409, data=json.dumps({"metadata": {"uid": "another"}, "spec": {
            "audiences": ["vault"]}}).encode())
        self.tokens(d, 409, data=asking.body(
            "vault", boundObjectRef=fake_cluster.bound("Pod", "web-1", "another")))
        self.send(413, lambda: asking.unix(d), "POST", asking.PATH, data=b" " * 5000)
        self.tokens(d, 415, content_type="text/plain")
        self.tokens(d, 422, data=asking.body("elsewhere", expirationSeconds=1))
        self.malformed(lambda: asking.unix(d), "POST", asking.PATH)

    def provoke_exchanges(self, d, cluster):
        pod = cluster.pod_token("shop", "web-1")
        self.exchange(d, 200, pod)
        form = fake_cluster.exchange(pod)
        got = self.tokens(d, 200, asking.EXCHANGE, form + b"&expires_in=1200", FORM).json()
        self.assertEqual(got["expires_in"], 1200)
        self.tokens(d, 400, asking.EXCHANGE, form + b"&expires_in=soon", FORM)
        self.exchange(d, 400, cluster.token("shop", "web"))
        self.exchange(d, 400, pod, "elsewhere")
        self.tokens(d, 400, asking.EXCHANGE, b"", FORM)
        self.exchange(d, 401, pod, Authorization="Basic YTpi")
        self.tokens(d, 404, "/nowhere/token", b"", FORM)
        self.send(413, lambda: asking.unix(d), "POST", asking.EXCHANGE, data=b"x" * 5000)
        self.malformed(lambda: asking.unix(d), "POST", asking.EXCHANGE)

    def provoke_unclear(self, d, cluster):
        pod = cluster.pod_token("shop", "web-1")
        cluster.api.fault("POST .*reviews", fake_cluster.fake_apiserver.fail(500))
        self.tokens(d, 503, **fake_cluster.bearer(cluster.token("ops", "admin")))
        self.exchange(d, 503, pod)
        cluster.api.mend()
        d.write_config(lambda c: c["limits"].update(tokensPerSecondPerCaller=1))
        self.assertEqual(d.reload(), "ok")
        # A second has one request, so that one of the next few comes too soon.
        for ask in (lambda: asking.post(d), lambda: fake_cluster.post_exchange(d, pod)):
            for _ in range(100):
                if ask().status == 429:
                    break
        self.tokens(d, 429)
        self.exchange(d, 429, pod)

    def provoke_discovery(self, d):
        for path in ("/.well-known/openid-configuration", "/openid/v1/jwks"):
            etag = self.get(d, 200, path, Origin="https://app.example").headers["ETag"]
            self.get(d, 304, path, If_None_Match=etag)
            self.get(d, 404, "/nowhere" + path)
            self.get(d, 204, path, method="OPTIONS")
            self.malformed(lambda: raw.tcp(d.port), "GET", path)

    def provoke_admin(self, d):
        for path in ("/livez", "/readyz", "/metrics"):
            self.get(d, 200, path, port=d.admin_port)
            self.malformed(lambda: raw.tcp(d.admin_port), "GET", path)
        # New connections are closed then; a request whose body is not whole yet is answered.
        with raw.tcp(d.admin_port) as c:
            c.get("/readyz", "Content-Length: 2")
            daemon.wait_until("it is let in", lambda: d.metric(
                "sa_issuerd_http_connections_open", listener="admin") == 2)
            d.send(signal.SIGTERM)
            daemon.wait_until("nobody else is", lambda: self.is_closed(d.admin_port))
            c.send(b"{}")
            self.hold_raw(503, c.answer(), "GET", "/readyz")

    @staticmethod
    def is_closed(port):
        try:
            with raw.tcp(port) as c:
                c.get("/livez")
                return c.answer() is None
        except OSError:
            return True

    def test_every_documented_status_is_provoked(self):
        cluster = fake_cluster.shop(fake_cluster.FakeCluster(self))

        def change(c, d):
            c["limits"]["maxBodyBytes"] = 4096
            c["shutdownTimeout"] = "60s"

        d = fake_cluster.daemon_of(self, cluster, change)
        self.provoke_discovery(d)
        self.provoke_token_requests(d, cluster)
        self.provoke_exchanges(d, cluster)
        self.provoke_unclear(d, cluster)
        self.provoke_admin(d)
        self.assertEqual(self.recorder.document.documented() - self.recorder.seen, set())

    def test_other_methods_are_refused(self):
        d = asking.daemon_with_tokens(self)
        places = {"tokens": None, "discovery": d.port, "admin": d.admin_port}
        document = self.recorder.document
        for path, item in document.plain["paths"].items():
            there = {m.upper() for m in METHODS if m in item}
            there |= {"HEAD"} if "GET" in there else set()
            operation = item["get"] if "get" in item else item["post"]
            port = places[operation["tags"][0]]
            real = path.format(namespace="shop", name="web")
            for method in {m.upper() for m in METHODS} - there - {"TRACE"}:
                with self.subTest(method=method, path=path):
                    got = asking.post(d, real, b"", port=port, method=method)
                    self.assertEqual(got.status, 405)
                    self.assertEqual(set(got.headers["Allow"].split(", ")), there)
                    if method != "HEAD":
                        schema = operation["responses"]["default"]["content"]["application/json"]
                        check(schema["schema"], got.json())


if __name__ == "__main__":
    unittest.main()
