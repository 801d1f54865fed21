# SPDX-License-Identifier: Apache-2.0
"""Reloading: new keys without one failed request; failures change nothing."""

import itertools
import json
import os
import pathlib
import shutil
import signal
import time
import unittest

import daemon
import keys
from hammer import Hammer, Wrk


class Keys(daemon.Case):
    def test_sighup_publishes_a_new_key_without_one_failed_request(self):
        d = self.daemon(lambda c, d: c.update(reload={"watch": False}))
        first = keys.kid(d.keys / "first.pem")
        with Hammer(d.port, "/openid/v1/jwks") as h:
            second = keys.kid(d.add_key("second.pem", "p256"))
            self.assertEqual(d.kids(), {first})
            self.assertEqual(d.reload(), "ok")
            self.assertEqual(d.kids(), {first, second})
            time.sleep(0.3)
        self.assertEqual(h.problems, [])
        self.assertGreater(h.count, 50)
        self.assertEqual(d.discovery()["id_token_signing_alg_values_supported"],
                         ["ES256", "RS256"])
        self.assertEqual(d.generation(), 2)

    def test_files_of_a_watched_directory_come_and_go(self):
        d = self.daemon()
        first = keys.kid(d.keys / "first.pem")
        second = keys.kid(d.add_key("second.pem", "p256"))
        daemon.wait_until("the key appears", lambda: d.kids() == {first, second})
        (d.keys / "first.pem").unlink()
        daemon.wait_until("the key goes", lambda: d.kids() == {second})
        (d.keys / "second.pem").rename(d.dir / "elsewhere.pem")
        daemon.wait_until("an empty set is refused", lambda: d.metric(
            "sa_issuerd_reloads_total", result="failed") > 0)
        self.assertEqual(d.kids(), {second})
        (d.dir / "elsewhere.pem").rename(d.keys / "third.pem")
        time.sleep(0.5)
        self.assertEqual(d.kids(), {second})

    def test_key_written_in_place_is_taken_when_whole(self):
        d = self.daemon()
        pem = keys.generate("p256")
        fd = os.open(d.keys / "slow.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb", buffering=0) as f:
            for i in range(0, len(pem), 40):
                f.write(pem[i:i + 40])
                time.sleep(0.02)
        daemon.wait_until("the key appears", lambda: len(d.kids()) == 2)

    def test_the_data_swap_of_a_kubernetes_volume(self):
        d = self.daemon(key=None, start=False)
        volume = Volume(d.keys)
        volume.swap({"a.pem": keys.generate("rsa")})
        d.start()
        self.assertEqual(d.kids(), {volume.kid("a.pem")})
        for names in (["a.pem", "b.pem"], ["b.pem"], ["b.pem", "c.pem"]):
            volume.swap({n: keys.generate("p256") for n in names})
            want = {volume.kid(n) for n in names}
            daemon.wait_until("the swap is served", lambda want=want: d.kids() == want)
        self.assertEqual(d.metric("sa_issuerd_reloads_total", result="failed"), 0)

    def test_unchanged_files_make_no_new_generation(self):
        d = self.daemon()
        etag = d.get("/openid/v1/jwks").headers["ETag"]
        text = (d.keys / "first.pem").read_bytes()
        keys.write_private(d.keys / "first.pem", text)
        daemon.wait_until("the change is looked at", lambda: d.metric(
            "sa_issuerd_reloads_total", result="unchanged") > 0)
        self.assertEqual(d.generation(), 1)
        self.assertEqual(d.get("/openid/v1/jwks").headers["ETag"], etag)

    def test_configuration_change_is_watched(self):
        d = self.daemon()
        d.write_config(lambda c: c["issuers"][0].update(discovery={"jwksMaxAge": "42s"}))
        daemon.wait_until("the change is served", lambda: "max-age=42" in
                          d.get("/openid/v1/jwks").headers["Cache-Control"])

    def test_certificate_is_swapped_while_serving(self):
        def config(c, d):
            crt, key = keys.certificate(d.dir, "tls")
            c["listeners"]["discovery"]["tls"] = {"certificate": str(crt), "key": str(key)}
            c["issuers"][0]["url"] = f"https://127.0.0.1:{d.port}"
        d = self.daemon(config)

        def served_by(certificate):
            context = daemon.tls_context(certificate)
            try:
                return d.get("/openid/v1/jwks", context=context).status == 200
            except OSError:
                return False
        old = self.dir / "old.crt"
        shutil.copy(d.dir / "tls.crt", old)
        self.assertTrue(served_by(old))
        keys.certificate(d.dir, "tls")
        daemon.wait_until("the new certificate is served", lambda: served_by(d.dir / "tls.crt"))
        self.assertFalse(served_by(old))


class Volume:
    """A directory as kubelet keeps it for a Secret: files are links through ..data, which is
    swapped by rename."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.number = itertools.count()

    def swap(self, files):
        version = self.directory / f"..2026_11_23_{next(self.number)}"
        version.mkdir()
        for name, pem in files.items():
            keys.write_private(version / name, pem)
        old = self.directory / "..data"
        before = os.readlink(old) if old.is_symlink() else None
        link = self.directory / "..data_tmp"
        link.symlink_to(version.name)
        link.rename(old)
        for name in files:
            if not (self.directory / name).is_symlink():
                (self.directory / name).symlink_to(f"..data/{name}")
        for path in self.directory.iterdir():
            if not path.name.startswith("..") and path.name not in files:
                path.unlink()
        if before:
            shutil.rmtree(self.directory / before)

    def kid(self, name):
        return keys.kid(self.directory / name)


class Failures(daemon.Case):
    """Each mistake keeps what is served, is counted and logged once, and is forgiven."""

    def setUp(self):
        super().setUp()
        self.d = self.daemon(self.config)
        self.before = self.served()

    @staticmethod
    def config(c, d):
        crt, key = keys.certificate(d.dir, "tls")
        c["listeners"]["discovery"]["tls"] = {"certificate": str(crt), "key": str(key)}
        c["issuers"][0]["url"] = f"https://127.0.0.1:{d.port}"
        # Mistakes are found again and again by polling.
        c["reload"] = {"watch": False, "poll": "1s"}

    def served(self):
        context = daemon.tls_context(self.d.dir / "tls.crt")
        return [self.d.get(path, context=context).body
                for path in ("/.well-known/openid-configuration", "/openid/v1/jwks")]

    def refused(self, *texts):
        d = self.d
        daemon.wait_until("the mistake is found",
                          lambda: d.metric("sa_issuerd_reloads_total", result="failed"))
        time.sleep(2.2 * daemon.PATIENCE)
        self.assertEqual(self.served(), self.before)
        self.assertEqual(d.generation(), 1)
        self.assertEqual(d.metric("sa_issuerd_reloads_total", result="failed"), 1)
        found = [line for line in d.messages("error") if all(t in line for t in texts)]
        self.assertEqual(len(found), 1, d.log_text())
        self.assertEqual(d.admin("/readyz").status, 200)

    def mended(self):
        failed = self.d.metric("sa_issuerd_reloads_total", result="failed")
        self.assertEqual(self.d.reload(), "ok")
        self.assertEqual(self.d.generation(), 2)
        self.assertEqual(self.served(), self.before)
        self.assertEqual(self.d.metric("sa_issuerd_reloads_total", result="failed"), failed)

    def test_broken_key(self):
        bad = keys.write_private(self.d.keys / "second.pem", b"-----BEGIN PRIVATE KEY-----\nAA\n")
        self.refused("second.pem")
        bad.unlink()
        self.mended()

    def test_key_that_anyone_may_read(self):
        bad = self.d.add_key("second.pem", "p256")
        bad.chmod(0o604)
        self.refused("second.pem", "0604")
        bad.unlink()
        self.mended()

    def test_broken_configuration(self):
        good = self.d.config_file.read_text()
        self.d.write_config_text(good.replace('"workers"', '"werkers"'))
        self.refused("werkers", "workers")
        self.d.write_config_text(good)
        self.mended()

    def test_configuration_that_is_gone(self):
        good = self.d.config_file.read_text()
        self.d.config_file.unlink()
        self.refused("config.yaml", "No such file")
        self.d.write_config_text(good)
        self.mended()

    def test_certificate_that_does_not_fit_its_key(self):
        good = (self.d.dir / "tls.key").read_bytes()
        _, other = keys.certificate(self.d.dir, "other")
        keys.write_private(self.d.dir / "tls.key", other.read_bytes())
        self.refused("listeners.discovery.tls")
        keys.write_private(self.d.dir / "tls.key", good)
        self.mended()

    def test_a_mistake_is_logged_again_after_another_one(self):
        bad = self.d.keys / "second.pem"
        keys.write_private(bad, b"-----BEGIN PRIVATE KEY-----\nAA\n")
        self.assertEqual(self.d.reload(), "failed")
        bad.rename(self.d.keys / "third.pem")
        self.assertEqual(self.d.reload(), "failed")
        self.assertTrue(any("third.pem" in m for m in self.d.messages("error")))

    def test_what_needs_a_restart_is_refused_by_name(self):
        good = self.d.config_file.read_text()
        self.d.write_config(lambda c: c["listeners"]["discovery"].update(
            address=f"127.0.0.1:{daemon.free_port()}"))
        self.refused("listeners.discovery.address", "restart")
        self.d.write_config_text(good)
        self.mended()

    def test_workers_need_a_restart(self):
        good = self.d.config_file.read_text()
        self.d.write_config(lambda c: c.update(workers=2))
        self.refused("workers", "restart")
        self.d.write_config_text(good)
        self.mended()


class Storm(daemon.Case):
    RELOADS = 1000

    def versions(self, d):
        """Three key directories and what is served of each: {etag: body} of both documents."""
        rsa, ec = keys.pool("rsa", 2), keys.pool("p256", 2)
        sets = [[rsa[0]], [rsa[0], ec[0]], [rsa[1], ec[1], ec[0]]]
        known, names = {}, []
        for number, pems in enumerate(sets):
            name = f"version{number}"
            (d.dir / name).mkdir()
            for i, pem in enumerate(pems):
                keys.write_private(d.dir / name / f"{i}.pem", pem)
            names.append(name)
            self.switch(d, name)
            d.reload()
            expected = {keys.kid(p) for p in (d.dir / name).iterdir()}
            self.assertEqual(d.kids(), expected)
            for path in ("/openid/v1/jwks", "/.well-known/openid-configuration"):
                answer = d.get(path)
                known[answer.headers["ETag"]] = answer.body
        # version0 and version1 differ in their algorithms, version1 and version2 only in keys.
        self.assertEqual(len(known), 3 + 2)
        return names, known

    @staticmethod
    def switch(d, name):
        new = d.dir / "current.new"
        new.symlink_to(name)
        new.rename(d.dir / "current")

    def test_reload_storm_under_load(self):
        d = self.daemon(lambda c, d: (c.update(reload={"watch": False, "poll": "0s"}),
                                      c["log"].update(level="warn"),
                                      c["issuers"][0]["keys"].update(files=["current"])),
                        start=False)
        (d.dir / "current").symlink_to("keys")
        d.start()
        names, known = self.versions(d)

        def judge(headers, body):
            if known.get(headers["ETag"]) != body:
                return f"a body that is of no generation: {headers['ETag']} {body[:200]}"
            if int(headers["Content-Length"]) != len(body):
                return "Content-Length and body differ"
            return None
        jwks = Hammer(d.port, "/openid/v1/jwks", judge)
        discovery = Hammer(d.port, "/.well-known/openid-configuration", judge, threads=1)
        wrk = Wrk(f"{d.issuer}/openid/v1/jwks", connections=16)
        count = self.RELOADS // 4 if daemon.is_sanitized() else self.RELOADS
        figures = []
        generation = d.generation()
        with wrk, jwks, discovery:
            for i in range(count):
                self.switch(d, names[i % len(names)])
                d.send(signal.SIGHUP)
                generation += 1
                daemon.wait_until("the reload is carried out",
                                  lambda: d.generation() == generation, step=0.001)
                if i in (count // 4, count - 1):
                    figures.append((d.rss_kib(), d.fd_count()))
        self.assertEqual(wrk.problems + jwks.problems + discovery.problems, [])
        self.assertGreater(wrk.requests, count)
        self.assertGreater(min(jwks.count, discovery.count), count // 10)
        if not daemon.is_sanitized():
            (rss_early, fds_early), (rss_late, fds_late) = figures
            self.assertLess(rss_late - rss_early, 1024, figures)
            self.assertLessEqual(abs(fds_late - fds_early), 4, figures)

    def test_files_rewritten_without_pause_never_show_half(self):
        """Key, certificate and configuration are rewritten in place while reloads run."""
        d = self.daemon(lambda c, d: c.update(reload={"debounce": "10ms"}))
        pems = keys.pool("p256", 2)
        allowed = {keys.kid(keys.write_private(self.dir / f"{i}.pem", p))
                   for i, p in enumerate(pems)}
        allowed.add(keys.kid(d.keys / "first.pem"))
        target = keys.write_private(d.keys / "second.pem", pems[0])

        def judge(_, body):
            kids = {k["kid"] for k in json.loads(body)["keys"]}
            return None if kids <= allowed and kids else f"unexpected keys {kids}"
        with Hammer(d.port, "/openid/v1/jwks", judge) as h:
            end = time.monotonic() + 3
            for i in itertools.count():
                if time.monotonic() > end:
                    break
                with open(target, "r+b", buffering=0) as f:
                    f.truncate(0)
                    f.write(pems[i % 2][:100])
                    f.write(pems[i % 2][100:])
                d.config_file.write_text(json.dumps(d.config, indent=1 + i % 3))
                if i % 5 == 0:
                    d.send(signal.SIGHUP)
                time.sleep(0.01)
        self.assertEqual(h.problems, [])
        d.write_config()
        self.assertEqual(d.reload(), "ok")
        self.assertEqual(len(d.kids()), 2)


if __name__ == "__main__":
    unittest.main()
