# SPDX-License-Identifier: Apache-2.0
"""The runners count what failed, whatever the way it failed."""

import contextlib
import io
import pathlib
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
import run_ctest  # noqa: E402 (needs the path)

SUITE = """
import unittest

class Good(unittest.TestCase):
    def test_passes(self): pass
    def test_subtests(self):
        for i in range(3):
            with self.subTest(i=i): pass

class Bad(unittest.TestCase):
    def test_fails(self): self.fail("so it says")
    def test_errors(self): raise OSError("gone")
    def test_skips(self): self.skipTest("no root here")
    def test_subtests(self):
        for i in range(3):
            with self.subTest(i=i): self.assertEqual(i, 1)
    def test_cleanup(self): self.addCleanup(self.fail, "late")

class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise OSError("no set-up")
    def test_never(self): pass
"""

JUNIT = """<testsuite>
<testcase name="good" status="run"><system-out>1..2
ok 1 - one
70 cases
ok 2 - two
</system-out></testcase>
<testcase name="bad" status="fail"><failure message="Failed"/><system-out>1..2
ok 1 - one
not ok 2 - two
</system-out></testcase>
<testcase name="leaky" status="fail"><system-out>ok 1 - one
</system-out></testcase>
<testcase name="plain" status="run"><system-out>done
</system-out></testcase>
<testcase name="missing" status="notrun"/>
<testcase name="absent" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/><system-out>skipped: no data
</system-out></testcase>
<testcase name="silent" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>
</testsuite>
"""


class RunPython(unittest.TestCase):
    def run_suite(self, text, *arguments):
        with tempfile.TemporaryDirectory() as place:
            (pathlib.Path(place) / "test_it.py").write_text(text)
            return subprocess.run([sys.executable, TESTS / "run_python.py", place, *arguments],
                                  capture_output=True, text=True, check=False)

    def test_counts_every_kind_of_failure(self):
        done = self.run_suite(SUITE)
        self.assertEqual(done.returncode, 1, done)
        self.assertEqual(done.stdout.splitlines()[-1], "2 passed, 6 failed")
        self.assertIn("so it says", done.stdout)
        self.assertIn("skipped, so not known to work: no root here", done.stdout)

    def test_no_case_is_no_success(self):
        self.assertEqual(self.run_suite(SUITE, "nothing_is_called_so").returncode, 1)

    def test_good_suite_passes(self):
        done = self.run_suite(SUITE, "Good")
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(done.stdout.splitlines()[-1], "2 passed, 0 failed")

    def test_a_module_that_does_not_import_fails(self):
        self.assertEqual(self.run_suite("import nothing_of_the_kind\n").returncode, 1)


class RunCtest(unittest.TestCase):
    def test_counts_cases_and_programs(self):
        with tempfile.TemporaryDirectory() as place:
            junit = pathlib.Path(place) / "junit.xml"
            junit.write_text(JUNIT)
            with contextlib.redirect_stdout(io.StringIO()):
                passed, failed = run_ctest.count(junit)
        self.assertEqual(passed, 2 + 69 + 1 + 1 + 1)
        self.assertEqual(failed, ["bad: two", "leaky", "missing", "silent"])


if __name__ == "__main__":
    unittest.main()
