# SPDX-License-Identifier: Apache-2.0
"""/metrics: well-formed, complete, and true."""

import math
import re
import shutil
import subprocess
import time
import unittest

import daemon
import keys
import raw
from raw import DISCOVERY, JWKS

LABEL = r'[a-z_]+="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"([a-z_]+)(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\d+(?:\.\d+)?)")
SUFFIXES = ("_bucket", "_sum", "_count")


def parse(text):
    """{family: (type, [(name, labels, value)])} of the Prometheus text format 0.0.4, strictly:
    HELP, TYPE, then samples; no family and no sample twice."""
    families, family, seen = {}, None, set()
    assert text.endswith("\n")
    for line in text.splitlines():
        if match := re.fullmatch(r"# HELP ([a-z_]+) (\S.*)", line):
            family = match[1]
            assert family not in families, f"{family} twice"
            families[family] = None
        elif match := re.fullmatch(r"# TYPE ([a-z_]+) (counter|gauge|histogram)", line):
            assert match[1] == family and families[family] is None, line
            families[family] = (match[2], [])
        else:
            match = SAMPLE.fullmatch(line)
            assert match, f"no sample: {line!r}"
            kind, samples = families[family]
            allowed = [family + s for s in SUFFIXES] if kind == "histogram" else [family]
            assert match[1] in allowed, line
            assert line.rsplit(" ", 1)[0] not in seen, f"twice: {line}"
            seen.add(line.rsplit(" ", 1)[0])
            labels = dict(pair.split("=", 1) for pair in re.findall(LABEL, match[2] or ""))
            samples.append((match[1], labels, float(match[3])))
    return families


class Metrics(daemon.Case):
    def test_the_page_is_well_formed(self):
        def config(c, d):
            c["listeners"]["discovery"]["tls"] = {"certificate": "tls.crt", "key": "tls.key"}
            c["issuers"][0]["url"] = f"https://localhost:{d.port}"
        d = self.daemon(config, start=False)
        keys.certificate(d.dir)
        d.start()
        d.get("/none", context=daemon.ssl._create_unverified_context())
        text = d.admin("/metrics").body.decode()
        families = parse(text)
        for name, (kind, _) in families.items():
            self.assertRegex(name, r"^(sa_issuerd|process)_")
            self.assertEqual(name.endswith("_total"), kind == "counter", name)
        kind, samples = families["sa_issuerd_http_request_duration_seconds"]
        self.assertEqual(kind, "histogram")
        self.check_histogram(samples)
        if shutil.which("promtool"):
            subprocess.run(["promtool", "check", "metrics"], input=text.encode(), check=True,
                           capture_output=True)

    def check_histogram(self, samples):
        last = {}
        for name, labels, value in samples:
            key = tuple(v for k, v in labels.items() if k != "le")
            if name.endswith("_bucket"):
                bound = float(labels["le"].strip('"').replace("+Inf", "inf"))
                before = last.get(key, (-1.0, 0.0))
                self.assertGreater(bound, before[0])
                self.assertGreaterEqual(value, before[1])
                last[key] = (bound, value)
            elif name.endswith("_count"):
                self.assertEqual(last[key], (math.inf, value))

    def test_requests_are_counted_by_route_and_code(self):
        d = self.daemon()
        rows = [(JWKS, "GET", {}, "jwks", 200, 7), (DISCOVERY, "GET", {}, "discovery", 200, 5),
                (JWKS, "GET", {"If-None-Match": "*"}, "jwks", 304, 3),
                (JWKS, "HEAD", {}, "jwks", 200, 2), ("/none", "GET", {}, "none", 404, 4),
                (JWKS, "POST", {}, "jwks", 405, 1), (JWKS, "OPTIONS", {}, "jwks", 204, 1)]
        for path, method, headers, _, _, count in rows:
            for _ in range(count):
                d.request(path, method=method, headers=headers)
        raw.exchange(d.port, f"GET {JWKS} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".encode())
        expected = {}
        for *_, route, code, count in [*rows, ("none", 400, 1)]:
            expected[route, code] = expected.get((route, code), 0) + count

        def counted():
            return {(route, code): d.metric("sa_issuerd_http_requests_total",
                                            listener="discovery", route=route, code=code)
                    for route, code in expected} == expected
        daemon.wait_until("every request is counted", counted)
        total = sum(expected.values())
        self.assertEqual(d.metric("sa_issuerd_http_requests_total", listener="discovery"),
                         total)
        self.assertEqual(d.metric("sa_issuerd_http_request_duration_seconds_count",
                                  listener="discovery"), total)
        self.assertEqual(d.metric("sa_issuerd_http_requests_refused_total",
                                  listener="discovery", reason="host"), 1)

    def test_several_workers_are_summed(self):
        d = self.daemon(lambda c, _: c.update(workers=4))
        for _ in range(40):  # a connection each, so that they go round
            self.assertEqual(d.get(JWKS).status, 200)
        daemon.wait_until("all are counted", lambda: d.metric(
            "sa_issuerd_http_requests_total", listener="discovery", route="jwks") == 40)

    def test_keys_snapshot_and_process(self):
        begin = time.time()
        d = self.daemon()
        d.add_key("ec.pem", "p256")
        d.add_key("old.pem", "rsa")
        self.assertEqual(d.reload(), "ok")

        def count(**labels):
            return d.metric("sa_issuerd_keys", issuer=d.issuer, **labels)
        self.assertEqual(count(alg="RS256", state="active"), 1)
        self.assertEqual(count(alg="RS256", state="published"), 1)
        self.assertEqual(count(alg="ES256", state="active"), 1)
        self.assertEqual(count(), 3)
        self.assertEqual(d.metric("sa_issuerd_issuers"), 1)
        built = d.metric("sa_issuerd_snapshot_built_timestamp_seconds")
        self.assertTrue(begin - 1 <= built <= time.time())
        self.assertAlmostEqual(d.metric("process_start_time_seconds"), begin, delta=10)
        self.assertGreater(d.metric("process_cpu_seconds_total"), 0)
        self.assertAlmostEqual(d.metric("process_resident_memory_bytes") / 1024, d.rss_kib(),
                               delta=4096)
        threads = d.metric("process_threads")
        self.assertTrue(3 <= threads <= 12, threads)

    def test_a_failed_reload_shows(self):
        d = self.daemon()
        d.write_config_text("nonsense: [")
        self.assertEqual(d.reload(), "failed")
        self.assertEqual(d.metric("sa_issuerd_last_reload_failed"), 1)
        ready = d.admin("/readyz")
        self.assertEqual(ready.status, 200)
        self.assertIn(b"[!] reload", ready.body)


if __name__ == "__main__":
    unittest.main()
