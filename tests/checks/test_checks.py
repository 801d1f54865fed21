# SPDX-License-Identifier: Apache-2.0
"""The checks hold for the project, and each can fail."""

import pathlib
import tempfile
import unittest

import bans
import buffers
import form
import headers
import layers
import links
import source


class Project(unittest.TestCase):
    def clean(self, check):
        found = check(source.ROOT)
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_includes_point_downwards(self):
        self.clean(layers.downward)

    def test_foreign_apis_have_one_home(self):
        self.clean(layers.homes)

    def test_banned_functions_are_not_called(self):
        self.clean(bans.problems)

    def test_buffers_are_initialised_before_they_can_be_released(self):
        self.clean(buffers.problems)

    def test_files_have_licence_guard_and_length(self):
        self.clean(form.problems)

    def test_links_lead_somewhere(self):
        self.clean(links.problems)

    def test_headers_compile_alone(self):
        self.clean(headers.problems)

    def test_top_level_is_as_designed(self):
        names = {n.split("/")[0] for n in source.files(source.ROOT)}
        self.assertEqual({n for n in names if not n.startswith(".")},
                         {"CMakeLists.txt", "src", "include", "config", "tests", "deploy", "docs",
                          "README.md", "LICENSE"})


LICENCE = f"/* {form.SPDX} */\n"
HEADER = LICENCE + "#pragma once\n"

# check, file, content, what the one problem says (None: no problem)
BROKEN = [
    (layers.downward, "src/base/a.c", '#include "http/server.h"\n', "base (layer 0) includes"),
    (layers.downward, "src/keys/a.c", '#include "rules/rule.h"\n', "keys (layer 4) includes"),
    (layers.downward, "src/keys/a.c", '#include "keys/b.h"\n#include "jose/c.h"\n', None),
    (layers.downward, "src/keys/a.c", '#include "b.h"\n', "is not a path from src/"),
    (layers.downward, "src/keys/a.c", '/* #include "http/server.h" */\n', None),
    (layers.downward, "src/attic/a.c", "\n", "room attic has no layer"),
    (layers.downward, "include/sa_issuer/a.h", '#include "base/buf.h"\n', "a public header"),
    (layers.downward, "include/sa_issuer/a.h", "#include <base/buf.h>\n", "a public header"),
    (layers.homes, "src/conf/a.c", "#include <yaml.h>\n", "whose home is src/codec/"),
    (layers.homes, "src/keys/a.c", "#include <openssl/evp.h>\n", "whose home is src/jose/"),
    (layers.homes, "src/jose/a.c", "#include <openssl/evp.h>\n", None),
    (bans.problems, "src/base/a.c", "int f(char *s)\n{\n    return atoi(s);\n}\n", "a.c:3: atoi"),
    (bans.problems, "src/base/a.c", "/* atoi(s) */ char *s = \"system(1)\"; // gets(\n", None),
    (bans.problems, "src/base/a.c", "my_atoi(s); x->system(1); snprintf(b);\n", None),
    (bans.problems, "src/base/a.c", "strcpy (a, b);\n", "strcpy() is banned"),
    (buffers.problems, "src/a.c", "{\n    AUTO(buf) struct buf b;\n\n    if (x)\n"
     "        return 1;\n    buf_init(&b, 9);\n}\n", "a.c:2: b may be released"),
    (buffers.problems, "src/a.c", "{\n    AUTO(buf) struct buf b;\n    int c = 0;\n\n"
     "    buf_init(&b, 9);\n    return c;\n}\n", None),
    (buffers.problems, "src/a.c", "{\n    AUTO(buf) struct buf b;\n}\n", "a.c:2: b may be"),
    (form.problems, "src/base/a.c", "int a;\n", "no 'SPDX"),
    (form.problems, "src/base/a.h", LICENCE, "no #pragma once"),
    (form.problems, "src/base/a.c", LICENCE + "\n" * form.MAX_LINES, "longer than"),
    (form.problems, "tests/a.sh", "#!/bin/sh\n", "no 'SPDX"),
    (form.problems, "tests/a.o", "x", "a binary"),
    (form.problems, "config/a.pem", "-----BEGIN PRIVATE" + " KEY-----\nAA\n", "a private key"),
    (links.problems, "docs/a.md", "[b](b.md)\n", "docs/a.md:1: b.md does not exist"),
    (links.problems, "docs/a.md", "# Two words\n[a](#three)\n", "no such heading"),
    (links.problems, "docs/a.md", "```\n# no heading\n```\n[a](#no-heading)\n", "no such heading"),
    (links.problems, "docs/a.md", "## `Two` words!\n[a](a.md#two-words) [b](..) [c](https://x)\n",
     None),
    (headers.problems, "src/base/a.h", HEADER + "size_t f(void);\n", "does not compile alone"),
    (headers.problems, "src/base/a.h", "static int twice;\nint f(void) { return twice; }\n",
     "does not compile alone"),
    (headers.problems, "src/base/a.h", HEADER + "#include <stddef.h>\nsize_t f(void);\n", None),
    (headers.problems, "include/sa_issuer/a.h", HEADER + "int f(int class);\n", "c++"),
]


class SelfTest(unittest.TestCase):
    def found(self, check, files):
        with tempfile.TemporaryDirectory() as root:
            for name, content in files.items():
                path = pathlib.Path(root) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
            return check(root)

    def test_each_rule_can_be_broken(self):
        for check, name, content, problem in BROKEN:
            with self.subTest(check=check.__module__, content=content[:60]):
                found = self.found(check, {name: content})
                if problem is None:
                    self.assertEqual(found, [])
                else:
                    self.assertEqual(len(found), 1, found)
                    self.assertIn(problem, found[0])

    def test_a_second_home_is_one_too_many(self):
        one = "#include <yaml.h>\n"
        self.assertEqual(self.found(layers.homes, {"src/codec/a.c": one}), [])
        found = self.found(layers.homes, {"src/codec/a.c": one, "src/codec/b.c": one})
        self.assertEqual(len(found), 2, found)


if __name__ == "__main__":
    unittest.main()
