#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the unittest cases of a directory, a line each.

usage: run_python.py [--tally FILE] DIRECTORY [NAME...]

NAME limits the run to test ids that contain it. A skipped case counts as failed: what could
not be tried is not known to work. Ends with  N passed, N failed  or writes the two numbers and
the names of the failed ones to FILE; the exit code is 1 if any failed or none ran.
"""

import argparse
import pathlib
import sys
import time
import unittest


class Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.passed = 0
        self.failed = []

    def startTest(self, test):
        super().startTest(test)
        self._begin = time.monotonic()
        self._bad = []

    def stopTest(self, test):
        super().stopTest(test)
        seconds = time.monotonic() - self._begin
        print(f"{'FAIL' if self._bad else 'ok  '} {test.id()} ({seconds:.1f} s)", flush=True)
        for text in self._bad:
            print("    " + text.replace("\n", "\n    "), flush=True)
        if self._bad:
            self.failed.append(test.id())
        else:
            self.passed += 1

    def _broken(self, test, err):
        text = self._exc_info_to_string(err, test)
        if isinstance(test, unittest.TestCase):
            self._bad.append(text)
        else:  # setUpClass and setUpModule have no case of their own
            print(f"FAIL {test.id()}\n    " + text.replace("\n", "\n    "), flush=True)
            self.failed.append(test.id())

    def addError(self, test, err):
        self._broken(test, err)

    def addFailure(self, test, err):
        self._broken(test, err)

    def addSubTest(self, test, subtest, err):
        if err:
            self._bad.append(self._exc_info_to_string(err, test))
            self._bad[-1] = f"{subtest.id()}\n{self._bad[-1]}"

    def addSkip(self, test, reason):
        self._bad.append(f"skipped, so not known to work: {reason}")

    def addUnexpectedSuccess(self, test):
        self._bad.append("unexpected success")


def cases(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from cases(item)
        else:
            yield item


def report(passed, failed, tally):
    """Prints the closing lines, or leaves them to whoever gave us the tally file."""
    if tally:
        lines = [f"{passed} {len(failed)}", *failed]
        pathlib.Path(tally).write_text("".join(line + "\n" for line in lines))
    else:
        for name in failed:
            print(f"failed: {name}")
        print(f"{passed} passed, {len(failed)} failed")
    return 0 if passed and not failed else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tally", metavar="FILE")
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("name", nargs="*")
    given = parser.parse_args()
    directory = given.directory.resolve()
    found = unittest.defaultTestLoader.discover(str(directory), top_level_dir=str(directory))
    wanted = [c for c in cases(found)
              if not given.name or any(name in c.id() for name in given.name)]
    result = Result()
    unittest.TestSuite(wanted).run(result)
    return report(result.passed, result.failed, given.tally)


if __name__ == "__main__":
    sys.exit(main())
