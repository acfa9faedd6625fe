#!/usr/bin/env python3
"""The test of tools/tidy: small trees, each with one thing wrong, and what tidy must say of it."""

import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

TIDY = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tools/tidy")


def body(lines):
    return "  work();\n" * (lines - 2)


HEADER = "#pragma once\n"
# A tree that is right: what stands in it must not be found. Each case below changes some of it.
GOOD = {
    "Makefile": "all:\n\ttrue\n",
    "src/base/thing.h": HEADER + "namespace oklo {\nstruct Thing { int x = {1}; };\n}  // namespace oklo\n",
    "src/base/thing.cc": '#include "base/thing.h"\n\n#include <errno.h>\n\nint f(int a = {}) { return a; }\n',
    "src/sys/kernel.h": HEADER + '#include <sys/socket.h>\n#include "base/thing.h"\n',
    "src/sys/kernel.cc": '#include "sys/kernel.h"\nint g() {\n' + body(20) + "}\n",
    "src/http/page.h": HEADER + '#include "sys/kernel.h"\n',
    "src/http/page.cc": '#include "http/page.h"\n#include <oklo/page.h>\n',
    "src/cli/main.cc": '#include "http/page.h"\n// A word; no more.\nint main() {\n' + body(60) + "}\n",
    "include/oklo/page.h": HEADER + "#include <string_view>\n// How to use it:\n//\n//   page.show();\n",
}

W = "wo" + "rk"  # so that tidy does not find this file
SLEEP = "sle" + "ep"
# rule, a part of what it says, the files that are wrong
BAD = [
    ("length", "111 columns", {"src/base/thing.cc": '#include "base/thing.h"\n// ' + "x" * 108 + "\n"}),
    ("length", "451 lines", {"src/base/thing.cc": '#include "base/thing.h"\n' + "int x();\n" * 450}),
    ("length", "function of 61", {"src/base/thing.cc": "void f() {\n" + body(61) + "}\n"}),
    ("length", "function of 21", {"src/sys/kernel.cc": "void f() {\n" + body(21) + "}\n"}),
    ("length", "function of 61", {"src/base/thing.h": HEADER + "class A : B<C> {\n public:\n  A(int x)\n"
                                  "      : x_{x}, y_(x) {\n" + body(61) + "  }\n};\n"}),
    ("length", "function of 61", {"src/base/thing.cc": "namespace {\nconst char* k = \"}{\"; // }\n"
                                  "auto f() -> int {\n  auto g = [] {\n" + body(59) + "  };\n}\n}\n"}),
    ("length", "function of 61", {"tools/x.py": "def f():\n" + "    f()\n" * 60}),
    ("floors", "base may not include sys/kernel.h", {"src/base/thing.cc": '#include "sys/kernel.h"\n'}),
    ("floors", "codec may not include sys/kernel.h", {"src/codec/main.cc": '#include "sys/kernel.h"\n'}),
    ("floors", "http may not include process/x.h", {"src/http/page.cc": '#include "process/x.h"\n'}),
    ("floors", "models may not include http/page.h", {"src/models/main.cc": '#include "http/page.h"\n'}),
    ("floors", "base may not include <oklo/page.h>", {"src/base/thing.cc": "#include <oklo/page.h>\n"}),
    ("floors", "not of the form", {"src/base/thing.cc": '#include "thing.h"\n'}),
    ("floors", "has no floor", {"src/attic/main.cc": "\n"}),
    ("includes", "<iostream> is banned", {"src/cli/main.cc": "#include <iostream>\n"}),
    ("includes", "<sstream> is banned", {"include/oklo/page.h": HEADER + "#include <sstream>\n"}),
    ("includes", "<unistd.h> belongs to src/sys", {"src/http/page.cc": "#include <unistd.h>\n"}),
    ("includes", "<sys/stat.h> belongs to", {"src/http/page.cc": "#include <sys/stat.h>\n"}),
    ("includes", "a public header includes", {"include/oklo/page.h": HEADER + '#include "base/thing.h"\n'}),
    ("includes", "getaddrinfo does not work", {"src/sys/kernel.cc": "int x = getaddrinfo(0, 0, 0, 0);\n"}),
    ("includes", "using namespace", {"src/base/thing.h": HEADER + "using namespace oklo;\n"}),
    ("words", "the word", {"src/base/thing.cc": "// TO" + "DO: finish it\n"}),
    ("words", "the word", {"Makefile": "# good enough for " + "now\n"}),
    ("words", "the path", {"src/base/thing.cc": f"// see /{W}/notes\n"}),
    ("words", "sleeping", {"src/base/thing.cc": f"void f() {{ u{SLEEP}(100); }}\n"}),
    ("words", "sleeping", {"tests/integration/x_test.py": f"time.{SLEEP}(1)\n"}),
    ("words", "harness.py:2", {"tests/integration/harness.py": f"time.{SLEEP}(1)\n" * 2}),
    ("comments", "code in a comment", {"src/base/thing.cc": "// x = 3;\n"}),
    ("comments", "code in a comment", {"src/base/thing.cc": "int x;\n//   if (x) {\nint y;\n"}),
    ("comments", "code in a comment", {"src/base/thing.cc": "  // return;\n"}),
    ("space", "space at the end", {"src/base/thing.cc": "int x; \n"}),
    ("space", "a tab", {"src/base/thing.cc": "\tint x;\n"}),
    ("space", "no end of line", {"src/base/thing.cc": "int x;"}),
    ("map", "http is not on the map", {"README.md": "rooms: base sys cli, include/oklo\n"}),
    ("map", "bench is not on the map", {"README.md": "base sys cli http include/oklo\n",
                                        "tests/bench/x": "x\n"}),
    ("map", "src/http/page.cc is not on the map", {"man/oklo-source.7": "thing kernel.h kernel.cc main\n"}),
    ("map", "there is no gone.cc", {"man/oklo-source.7": "thing kernel main page gone.cc\n"}),
    ("dead", "orphan.h:1: dead: nothing includes", {"src/base/orphan.h": HEADER}),
    ("dead", "it has no header", {"src/base/lonely.cc": "int x;\n"}),
    ("headers", "pragma once", {"src/base/thing.h": "int x;\n"}),
    ("headers", "does not compile alone", {"include/oklo/page.h": HEADER + "std::string_view x();\n"}),
    ("manual", "unknown", {"man/oklo.1": ".Dd May 1, 2026\n.Dt OKLO 1\n.Os\n.Sh NAME\n.Nm x\n.Nd x\n.Xyz\n"}),
]


def tidy(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**GOOD, **files}.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return subprocess.run([TIDY, root], capture_output=True, text=True).stdout


def main():
    passed = failed = skipped = 0
    cases = [("", "", {})] + BAD
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        outputs = list(pool.map(lambda case: tidy(case[2]), cases))
    for (rule, what, _), output in zip(cases, outputs):
        findings = [line for line in output.splitlines() if re.match(r"\S+:\d+: ", line)]
        if f"SKIPPED tidy {rule}:" in output:
            print(f"SKIPPED tidy_test {rule}: {what}")
            skipped += 1
        elif any(f": {rule}: " in line and what in line for line in findings) if rule else not findings:
            passed += 1
        else:
            print(f"FAIL tidy_test {rule}: {what}\n{output}")
            failed += 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
