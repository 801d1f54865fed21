# SPDX-License-Identifier: Apache-2.0
"""Start, and what stops it from starting; the command line."""

import os
import re
import resource
import shutil
import socket
import subprocess
import unittest

import daemon
import keys
import minting


class Start(daemon.Case):
    def test_first_start_serves_both_documents(self):
        d = self.daemon()
        document = d.get("/.well-known/openid-configuration")
        self.assertEqual(document.status, 200)
        self.assertEqual(document.headers["Content-Type"], "application/json")
        self.assertEqual(document.json()["issuer"], d.issuer)
        self.assertEqual(document.json()["jwks_uri"], d.issuer + "/openid/v1/jwks")
        self.assertEqual(document.json()["id_token_signing_alg_values_supported"], ["RS256"])
        jwks = d.get("/openid/v1/jwks")
        self.assertEqual(jwks.headers["Content-Type"], "application/jwk-set+json")
        self.assertEqual([k["kid"] for k in jwks.json()["keys"]],
                         [keys.kid(d.keys / "first.pem")])
        self.assertEqual(d.generation(), 1)

    def test_same_keys_give_the_same_bytes_in_another_process(self):
        first = self.daemon()
        bodies = [first.get(p).body for p in ("/.well-known/openid-configuration",
                                              "/openid/v1/jwks")]
        etag = first.get("/openid/v1/jwks").headers["ETag"]
        first.stop()
        first.start()
        self.assertEqual(bodies, [first.get(p).body for p in
                                  ("/.well-known/openid-configuration", "/openid/v1/jwks")])
        self.assertEqual(etag, first.get("/openid/v1/jwks").headers["ETag"])

    def test_several_issuers_in_one_process(self):
        def config(c, d):
            c["issuers"] = [
                {"url": f"{d.issuer}/a", "role": "federation", "keys": {"files": ["keys"]}},
                {"url": f"{d.issuer}/b", "role": "publish", "keys": {"files": ["public"]}},
            ]
        d = self.daemon(config, start=False)
        other = keys.put("p256", d.dir / "other.pem")
        (d.dir / "public").mkdir()
        (d.dir / "public/sa.pub").write_bytes(keys.public_pem(other))
        d.start()
        self.assertEqual(d.kids("/a"), {keys.kid(d.keys / "first.pem")})
        self.assertEqual(d.kids("/b"), {keys.kid(other)})
        self.assertEqual(d.discovery("/b")["issuer"], d.issuer + "/b")
        self.assertEqual(d.discovery("/b")["id_token_signing_alg_values_supported"], ["ES256"])
        self.assertEqual(d.get("/openid/v1/jwks").status, 404)

    def test_idle_memory_is_small(self):
        d = self.daemon()
        d.get("/openid/v1/jwks")
        if not daemon.is_sanitized():
            self.assertLess(d.rss_kib(), 16 * 1024)  # not the goal, which docs/benchmarks.md keeps

    def test_small_descriptor_limit_is_survived(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        d = self.daemon(serve_options={"preexec_fn": limit})
        held = []
        try:
            for _ in range(150):
                held.append(socket.create_connection(("127.0.0.1", d.port), timeout=5))
            self.assertTrue(d.running())
        finally:
            for s in held:
                s.close()
        daemon.wait_until("it serves again", lambda: self.served(d))
        self.assertTrue(self.served(d))

    @staticmethod
    def served(d):
        try:
            return d.get("/openid/v1/jwks").status == 200
        except OSError:
            return False


class Refused(daemon.Case):
    def refused(self, d, *texts, **options):
        """Starting d fails with exit code 1 and an error line that contains all texts."""
        d.exit_expected = 1
        d.start(ready=False, **options)
        self.assertEqual(d.wait_exit(), 1, d.log_text())
        errors = d.messages("error")
        self.assertTrue(any(all(t in line for t in texts) for line in errors), d.log_text())

    def test_port_in_use_names_the_address(self):
        d = self.daemon(start=False)
        with socket.socket() as s:
            s.bind(("127.0.0.1", d.port))
            s.listen()
            self.refused(d, f"127.0.0.1:{d.port}", "in use")

    def test_no_configuration_file(self):
        d = self.daemon(start=False)
        d.config_file.unlink()
        self.refused(d, "config.yaml", "No such file")

    def test_configuration_that_may_not_be_read(self):
        d = self.daemon(start=False)
        d.config_file.chmod(0)
        if os.geteuid() == 0:  # whom no mode keeps out
            self.dir.chmod(0o755)
            d.dir.chmod(0o755)
            d.binary = shutil.copy(d.binary, d.dir)  # from where nobody may not come
            d.serve_options = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        self.refused(d, "config.yaml", "Permission denied")

    def test_directory_as_configuration(self):
        d = self.daemon(start=False)
        d.config_file.unlink()
        d.config_file.mkdir()
        self.refused(d, "config.yaml")

    def test_every_mistake_is_logged(self):
        d = self.daemon(start=False)
        d.write_config(lambda c: c.update(workers=1000, bogus=1))
        self.refused(d, "workers")
        self.assertIn("bogus", d.log_text())

    def test_world_readable_key(self):
        d = self.daemon(start=False)
        (d.keys / "first.pem").chmod(0o644)
        self.refused(d, "first.pem", "0644")

    def test_no_keys(self):
        d = self.daemon(key=None, start=False)
        self.refused(d, "keys")


COMMANDS = ("serve", "check", "version", "help")


class CommandLine(daemon.Case):
    def test_help_lists_every_command_and_has_a_page_for_each(self):
        overview = daemon.run("help")
        self.assertEqual((overview.returncode, overview.stderr), (0, ""))
        for command in COMMANDS:
            with self.subTest(command):
                self.assertRegex(overview.stdout, rf"(?m)^  {command}\b")
                page = daemon.run("help", command)
                self.assertEqual((page.returncode, page.stderr), (0, ""))
                self.assertIn(f"usage: sa-issuerd {command}", page.stdout)
                self.assertEqual(daemon.run(command, "--help").stdout, page.stdout)

    def test_every_command_has_its_place_in_the_man_page(self):
        page = (daemon.ROOT / "docs/sa-issuerd.1").read_text()
        for command in re.findall(r"(?m)^  (\w+)  ", daemon.run("help").stdout):
            self.assertTrue(re.search(rf"(?m)^\.It Cm {command}\b", page), command)
            for option in re.findall(r"--(\w+)", daemon.run("help", command).stdout):
                if option != "help":
                    self.assertTrue(f"-{option}" in page, f"{command} --{option}")

    def test_wrong_usage_exits_with_2_and_tells_what_to_try(self):
        for arguments in ([], ["bogus"], ["serve", "--bogus"], ["serve", "operand"],
                          ["serve", "--config"], ["check"], ["check", "a", "b"],
                          ["version", "x"], ["help", "bogus"]):
            with self.subTest(arguments):
                done = daemon.run(*arguments)
                self.assertEqual(done.returncode, 2, done)
                self.assertEqual(done.stdout, "")
                self.assertIn("sa-issuerd", done.stderr)

    def test_version(self):
        done = daemon.run("version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^sa-issuerd \d+\.\d+\.\d+\n")
        self.assertIn("libmicrohttpd", done.stdout)
        self.assertRegex(done.stdout, r"\nnghttp2 1\.\d+\.\d+\n")
        self.assertEqual(daemon.run("--version").stdout, done.stdout)

    def test_check_says_what_would_be_served(self):
        d = self.daemon(start=False)
        done = daemon.run("check", d.config_file)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for text in (d.issuer, keys.kid(d.keys / "first.pem"), "RS256", "first.pem",
                     f"127.0.0.1:{d.port}"):
            self.assertIn(text, done.stdout)

    def test_check_says_who_may_ask_for_tokens(self):
        def config(c, d):
            crt, key = keys.certificate(d.dir)
            c["listeners"]["tokens"] = {
                "unix": "tokens.sock", "mode": "0600", "address": "192.0.2.1:8444",
                "tls": {"certificate": str(crt), "key": str(key), "clientCA": str(crt)}}
            c["issuers"][0]["audiences"] = [{"name": "vault"}]
            c["callers"] = {"unixPeers": [{"uids": [0]}, {"gids": [7]}],
                            "clientCertificates": [{"users": ["a"]}]}
            c["accounts"] = {"manifests": ["accounts.yaml"]}
        d = self.daemon(config, start=False)
        (d.dir / "accounts.yaml").write_text(minting.MANIFESTS)
        done = daemon.run("check", d.config_file)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for line in ("listener tokens: https://192.0.2.1:8444",
                     f"listener tokens: http on Unix socket {d.dir}/tokens.sock, mode 0600",
                     "accounts: 1 from manifests", "callers: Unix peers by 2 rows",
                     f"callers: client certificates of {d.dir}/tls.crt by 1 row"):
            self.assertIn(line + "\n", done.stdout)

        def kubernetes(c):
            c["listeners"]["tokens"] = {"unix": "tokens.sock"}
            c["accounts"] = {"kubernetes": {}}
            c["callers"] = {"kubernetes": {"audience": "sa-issuerd"}}
        d.write_config(kubernetes)
        done = daemon.run("check", d.config_file)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for line in ("accounts: from Kubernetes, by the pod's own account",
                     "callers: those that Kubernetes knows by tokens for sa-issuerd, and pods "
                     "for themselves"):
            self.assertIn(line + "\n", done.stdout)

    def test_check_says_where_the_signer_is(self):
        def config(c, _):
            c["issuers"][0]["role"] = "cluster"
            c["listeners"]["signer"] = {"unix": "signer.sock", "mode": "0660"}
        d = self.daemon(config, start=False)
        done = daemon.run("check", d.config_file)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(f"listener signer: grpc on Unix socket {d.dir}/signer.sock, mode 0660\n",
                      done.stdout)

    def test_check_reports_every_mistake_with_its_place(self):
        d = self.daemon(start=False)
        d.config_file.write_text("apiVersion: sa-issuerd/v1\nkind: Configuration\n"
                                 "workers: many\nbogus: 1\nissuers:\n"
                                 "  - url: https://oidc.example.com/\n"
                                 "    role: federation\n    keys: { files: [ keys ] }\n")
        done = daemon.run("check", d.config_file)
        self.assertEqual(done.returncode, 1)
        lines = done.stderr.splitlines()
        for place in ("3:10: workers:", "4:1: unknown key \"bogus\"", "6:10: issuers[0].url:"):
            self.assertTrue(any(f"config.yaml:{place}" in line for line in lines), lines)

    def test_check_finds_a_broken_key(self):
        d = self.daemon(start=False)
        keys.write_private(d.keys / "second.pem", b"-----BEGIN PRIVATE KEY-----\nAAAA\n")
        done = daemon.run("check", d.config_file)
        self.assertEqual(done.returncode, 1)
        self.assertIn("second.pem", done.stderr)

    def test_check_finds_a_certificate_of_another_key(self):
        d = self.daemon(start=False)
        crt, _ = keys.certificate(d.dir, "one")
        _, key = keys.certificate(d.dir, "two")
        d.write_config(lambda c: c["listeners"]["discovery"].update(
            tls={"certificate": str(crt), "key": str(key)}))
        done = daemon.run("check", d.config_file)
        self.assertEqual(done.returncode, 1)
        self.assertIn("listeners.discovery.tls", done.stderr)

    def test_explain_prints_the_committed_reference(self):
        done = daemon.run("check", "--explain")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        committed = (daemon.ROOT / "docs/configuration.md").read_text()
        self.assertEqual(done.stdout, committed,
                         "run: sa-issuerd check --explain > docs/configuration.md")

    def test_output_to_a_full_device_is_a_failure(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([daemon.BINARY, "check", "--explain"], stdout=full,
                                  stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main()
