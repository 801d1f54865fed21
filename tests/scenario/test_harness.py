# SPDX-License-Identifier: Apache-2.0
"""The helper of the scenarios sees what it is there to see."""

import pathlib
import tempfile
import unittest

import daemon
import keys

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW0ifQ.c2ln"


class Logs(unittest.TestCase):
    def test_what_must_not_be_in_a_log_is_found(self):
        for bad in ("SUMMARY: AddressSanitizer: 12 bytes leaked",
                    "src/a.c:3:4: runtime error: signed integer overflow",
                    "WARNING: ThreadSanitizer: data race (pid=1)",
                    '{"msg":"-----BEGIN EC PRIVATE KEY-----"}', f'{{"token":"{TOKEN}"}}',
                    "plain text", '"a string"', '{"msg":'):
            with self.subTest(bad):
                self.assertTrue(daemon.log_problems('{"msg":"ok"}\n' + bad + "\n", True))
        self.assertEqual(daemon.log_problems('{"msg":"kid eyJ"}\n', True), [])
        self.assertEqual(daemon.log_problems("info ready\n", False), [])

    def test_private_key_material_is_found(self):
        with tempfile.TemporaryDirectory() as place:
            keys.put("p256", pathlib.Path(place) / "a.pem")
            (pathlib.Path(place) / "a.pub").write_bytes(
                keys.public_pem(pathlib.Path(place) / "a.pem"))
            secrets = keys.material(place)
            public = (pathlib.Path(place) / "a.pub").read_text().splitlines()
        self.assertTrue(secrets)
        self.assertFalse(secrets & set(public))
        self.assertTrue(daemon.log_problems(f'{{"m":"{min(secrets)}"}}', True, secrets))

    def test_waiting_in_vain_fails(self):
        with self.assertRaisesRegex(AssertionError, "in vain: the sea"):
            daemon.wait_until("the sea", lambda: False, seconds=0.05)


if __name__ == "__main__":
    unittest.main()
