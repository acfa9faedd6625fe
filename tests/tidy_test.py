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
    ("map", "there is no gone.cc", {"man/oklo-source.7": "thing kernel main page gone.cc\n"}),
    ("dead", "orphan.h:1: dead: nothing includes", {"src/base/orphan.h": HEADER}),
    ("dead", "it has no header", {"src/base/lonely.cc": "int x;\n"}),
    ("headers", "pragma once", {"src/base/thing.h": "int x;\n"}),
    ("headers", "does not compile alone", {"include/oklo/page.h": HEADER + "std::string_view x();\n"}),
    ("manual", "unknown", {"man/oklo.1": ".Dd May 1, 2026\n.Dt OKLO 1\n.Os\n.Sh NAME\n.Nm x\n.Nd x\n.Xyz\n"}),
    ("manual", "80 bytes", {"man/oklo.1": ".Dd May 1, 2026\n.Dt OKLO 1\n.Os\n.Sh NAME\n.Nm x\n.Nd x\n"
                                          ".Sh DESCRIPTION\n" + 9 * "too long " + "\n"}),
]



def head(section):
    return f".Dd May 1, 2026\n.Dt X {section}\n.Os\n.Sh NAME\n.Nm x\n.Nd x\n"


def listed(*rows):
    """A list of mdoc: each row a tag and what stands behind it."""
    items = "".join(f".It {tag}\n{text}\n" for tag, text in rows)
    return ".Bl -tag -width Ds\n" + items + ".El\n"


def files_of(room, *names):
    return f".Ss {room}\n" + listed(*((f"Pa {name}", "x") for name in names))


CODES = [(code, "x") for code in ("1", "100", "111")]
MAP = (".Sh MAP\n" + files_of("src/base", "thing") + files_of("src/sys", "kernel")
       + files_of("src/http", "page") + files_of("src/cli", "main", "commands", "options")
       + files_of("src/config", "directive") + files_of("src/models", "loud")
       + files_of("src/experiments", "quiet")
       + files_of("src/process", "master", "exit_code", "status_metrics") + files_of("include/oklo", "page"))
FLOORS = [(0, "base"), (1, "sys"), (2, "models"), (4, "process"), (5, "http"), (8, "config"),
          (8, "experiments"), (10, "cli")]
# What the manual pages are compared with, and pages that are right.
BOOKS = {
    "Makefile": GOOD["Makefile"] + "run:\n\ttrue\n",
    "src/cli/commands.h": HEADER + "inline constexpr int kDone = 0;\n",
    "src/cli/commands.cc": '#include "cli/commands.h"\nauto k = {\n      {"serve", "", "x"},\n'
                           '      {"stop", "", "x"},\n};\n',
    "src/cli/options.cc": '#include "cli/commands.h"\nauto k = {\n      {"--json", "", "x"},\n'
                          '      {"-d", "", "x"},\n};\n',
    "src/config/directive.h": HEADER,
    "src/config/directive.cc": '#include "config/directive.h"\nauto k = {\n    {"listen", kTop},\n};\n',
    "src/process/master.cc": '#include "process/exit_code.h"\n'
                             "auto k=SignalSource::create(*reactor_, {SIGTERM, SIGRTMIN + 1, SIGCHLD}, x);\n"
                             "int pipe = SIGPIPE;\nconstexpr int kTurnMax = 3, kTurn = 4;\n",
    "src/process/status_metrics.cc": '#include "process/exit_code.h"\n'
                                     'auto k = {"oklo_up", "oklo_done_total"};\n',
    "src/process/exit_code.h": HEADER + "constexpr int kExitFailed = 1;\nconstexpr int kExitUsage = 100;\n"
                               "constexpr int kExitTemporary = 111;\n",
    "src/cli/main.cc": '#include "cli/commands.h"\n#include "config/directive.h"\n'
                       '#include "experiments/quiet.h"\n' + GOOD["src/cli/main.cc"],
    "include/oklo/page.h": HEADER + """namespace oklo {
namespace inner { struct Hidden { int h; }; }
template <class T>
class Function;
// Comment; with int words() { in it.
enum class Color : unsigned char { red, green };
struct Options {
  enum Kind { small };
  int size = 3 << 2;
  const char* name = "a;b{";
  Color color = {};
  friend bool operator==(const Options&, const Options&) = default;
};
template <class T>
concept Plain = sizeof(T) <= 8;
class [[nodiscard("never; {")]] Page {
 public:
  using Done = void (*)(int);
  class Guard {
   public:
    explicit Guard(Page& page) : page_(page) {}
    bool held() const { return true; }

   private:
    Page& page_;
  };
  explicit Page(Options options = {});
  ~Page();
  Page& operator=(const Page&) = delete;
  explicit operator bool() const { return true; }
  bool show(int x = {}) const { return x > 2; }
  template <class T>
    requires(sizeof(T) > 1 && Plain<T>)
  T& state() { return *static_cast<T*>(memory()); }
  bool await_ready() const { return true; }
  static constexpr int kWide = 1;

 private:
  void* memory();
  int hidden_ = 0;
};
inline constexpr int kPages = 2;
int count(const Page& page, int (*visit)(int) = nullptr);
}
""",
    "src/models/loud.h": HEADER,
    "src/models/loud.cc": '#include "models/loud.h"\nconstexpr int kWaitMs = 3, kSignal = SIGUSR2;\n',
    "src/experiments/quiet.cc": '#include "models/loud.h"\n#include "base/thing.h"\n',
    "src/experiments/quiet.h": HEADER,
    "tests/examples/hello.cc": "int main() {}\n",
    "man/oklo.1": head(1) + ".Sh SYNOPSIS\n.Nm\n.Cm serve | stop\n.Sh DESCRIPTION\n"
                  + listed(("Cm serve", "x"), ("Cm stop", "x"))
                  + listed(("Fl -json", ".Cm oklo stop --json"), ("Fl d", ".Cm make run"))
                  + ".Sh SIGNALS\n" + listed(("TERM", "x"), ("RTMIN+1", "x")) + ".Sh EXIT STATUS\n"
                  + listed(("0", "x"), *CODES)
                  + ".Sh METRICS\n" + listed(("oklo_up", ".Va oklo_done_total ."))
                  + ".Sh EXAMPLES\n.Bd -literal\noklo serve -d && oklo stop\n.Ed\n",
    "man/oklo.3": head(3) + ".Sh DESCRIPTION\nSee\n.Sx REFERENCE , RETURN VALUES , EXAMPLES .\n"
                  + ".Sh REFERENCE\n.Ss oklo/page.h\n"
                  + listed(("Vt Color", ".Dv red , green ."),
                           ("Vt Options", ".Va size , name , color , Vt Kind ."),
                           ("Vt Options::Kind", ".Dv small ."), ("Vt Plain", "x"),
                           ("Vt Page", ".Vt Done , Guard ; Fn show , Fn state ; Dv kWide\n"
                                       "as in\n.Va Options::size .\n"
                                       "See\n.Fn count , Sx RETURN VALUES\nand\n.Xr oklo 1 ."),
                           ("Vt Page::Guard", ".Fn held ."), ("Fn count , Dv kPages", "x"))
                  + ".Sh RETURN VALUES\n" + listed(*CODES)
                  + ".Sh EXAMPLES\n" + listed(("Pa hello.cc", ".Pa tests/examples/hello.cc"))
                  + "The\n.Fn Page::show\nof\n.Vt Page&\nand\n.Vt std::string\n",
    "man/oklo.conf.5": head(5) + ".Sh DIRECTIVES\n" + listed(("Ic listen", "x")),
    "man/oklo-source.7": head(7) + ".Sh DESCRIPTION\n.Sx THE ROOMS\nand\n.Sx MAP\nand\n.Sx BOUNDS\n"
                         + ".Sh THE ROOMS\n"
                         + listed(*((f"{floor} Pa {room}", "x") for floor, room in FLOORS))
                         + MAP + ".Sh BOUNDS\n" + listed(
        ("Va kTurnMax", ".Pa process/master.cc :\n3."),
        ("PIPE", ".Fn Page::memory\nof\n.Vt inner::Hidden , Va hidden_ .")),
}
# a part of what is said, the page or file, what is replaced there, and by what
WRONG_BOOKS = [
    ("the page is missing", "man/oklo.3", None, ""),
    ("file of src/base thing is missing", "man/oklo-source.7", ".It Pa thing\nx\n", ""),
    ("no file of src/base gone", "man/oklo-source.7", ".It Pa thing\n", ".It Pa gone\n.It Pa thing\n"),
    ("file of src/sys thing", "man/oklo-source.7", ".It Pa kernel\n", ".It Pa thing\n.It Pa kernel\n"),
    ("file of include/oklo page is missing", "man/oklo-source.7", files_of("include/oklo", "page"), ""),
    ("what the commands of the books are compared with", "src/cli/commands.cc", None, ""),
    ("command stop is missing", "man/oklo.1", ".It Cm stop\nx\n", ""),
    ("command stop is missing in the synopsis", "man/oklo.1", " | stop", ""),
    ("there is no command start", "man/oklo.1", ".It Cm stop\nx\n", ".It Cm stop\nx\n.It Cm start\nx\n"),
    ("flag -d is missing", "man/oklo.1", ".It Fl d\n", ".It d\n"),
    ("there is no flag -e", "man/oklo.1", ".It Fl d\n", ".It Fl e\nx\n.It Fl d\n"),
    ("there is no flag -e", "man/oklo.3", ".Sh EXAMPLES\n", ".Sh EXAMPLES\nWith\n.Fl e\n"),
    ("there is no flag --yaml", "man/oklo.1", "oklo stop --json", "oklo stop --yaml"),
    ("there is no flag -e", "man/oklo.1", "oklo serve -d", "oklo serve -e"),
    ("there is no command halt", "man/oklo.1", "oklo stop --json", "oklo halt --json"),
    ("there is no command halt", "man/oklo.1", "&& oklo stop", "&& oklo halt"),
    ("no target go of make", "man/oklo.1", "make run", "make go"),
    ("directive listen is missing", "man/oklo.conf.5", "Ic listen", "listen"),
    ("no directive route", "man/oklo.conf.5", ".It Ic listen\n", ".It Ic route\nx\n.It Ic listen\n"),
    ("signal RTMIN+1 is missing", "man/oklo.1", "RTMIN+1", "x"),
    ("no signal HUP", "man/oklo.1", ".It TERM\n", ".It TERM, HUP\n"),
    ("signal SIGPIPE of src/process/master.cc", "man/oklo-source.7", "It PIPE", "It x"),
    ("counter oklo_up is missing", "man/oklo.1", ".It oklo_up", ".It x"),
    ("no counter oklo_gone", "man/oklo.1", "Va oklo_done_total", "Va oklo_gone , oklo_done_total"),
    ("exit code 0 is missing", "man/oklo.1", ".It 0\nx\n", ""),
    ("no exit code 2", "man/oklo.1", ".It 0\n", ".It 2\nx\n.It 0\n"),
    ("exit code 111 is missing", "man/oklo.3", ".It 111\nx\n", ""),
    ("example hello.cc is missing", "man/oklo.3", ".It Pa hello.cc", ".It Pa"),
    ("no example gone.cc", "man/oklo.3", ".It Pa hello.cc", ".It Pa gone.cc , hello.cc"),
    ("header oklo/page.h is missing", "man/oklo.3", ".Ss oklo/page.h", ".Ss page"),
    ("Plain is missing", "man/oklo.3", ".It Vt Plain\nx\n", ""),
    ("no type of oklo/page.h Gone", "man/oklo.3", ".It Vt Plain\n", ".It Vt Gone\nx\n.It Vt Plain\n"),
    ("Color::green is missing", "man/oklo.3", ", green", ""),
    ("Options::size is missing", "man/oklo.3", "Va size , name", "Va name"),
    ("Options::Kind is missing", "man/oklo.3", " , Vt Kind", ""),
    ("Options::Kind::small is missing", "man/oklo.3", ".Dv small .", "x"),
    ("Page::state is missing", "man/oklo.3", " , Fn state", ""),
    ("Page::kWide is missing", "man/oklo.3", "; Dv kWide", "."),
    ("Page::Guard::held is missing", "man/oklo.3", ".Fn held .", "x"),
    ("no Page::memory", "man/oklo.3", ", Fn state", ", Fn state , Fn memory"),
    ("no Page::size", "man/oklo.3", "Va Options::size", "Va size"),
    ("count of oklo/page.h is missing", "man/oklo.3", "Fn count , Dv", "Dv"),
    ("kPages of oklo/page.h is missing", "man/oklo.3", " , Dv kPages", ""),
    ("no public Page::hide", "man/oklo.3", "Page::show", "Page::hide"),
    ("no public Hidden", "man/oklo.3", ".Vt Page&", ".Vt Hidden&"),
    ("there is no Page::hide", "man/oklo-source.7", "Page::memory", "Page::hide"),
    ("there is no Page::h\n", "man/oklo-source.7", "Page::memory", "Page::h"),
    ("there is no inner::Gone", "man/oklo-source.7", "inner::Hidden", "inner::Gone"),
    ("there is no gone_", "man/oklo-source.7", "Va hidden_", "Va gone_"),
    ("bound kTurnMax of master.cc is missing", "man/oklo-source.7", "Va kTurnMax", "turn"),
    ("bound kTurnMax of master.cc is missing", "man/oklo-source.7", "Sh BOUNDS", "Sh LIMITS"),
    ("no bound kTurnMax in the file", "man/oklo-source.7", "process/master.cc :", "exit_code.h :"),
    ("bound kOtherMs of thing.cc is missing", "src/base/thing.cc", "int f",
     "constexpr int kOther = 1, kOtherMs = 2;\nint f"),
    ("does not lead to EXAMPLES", "man/oklo.3", " , EXAMPLES .", " ."),
    ("does not lead to BOUNDS", "man/oklo-source.7", ".Sx BOUNDS\n", ""),
    ("room http is missing", "man/oklo-source.7", ".It 5 Pa http\nx\n", ""),
    ("no room gate", "man/oklo-source.7", ".It 5 Pa http\n", ".It 6 Pa gate\nx\n.It 5 Pa http\n"),
    ("http stands on floor 5", "man/oklo-source.7", ".It 5 Pa http\n", ".It 6 Pa http\n"),
    ("flag --rate is missing", "src/cli/load_flags.cc", "", '      {"--rate", "N", "x"},\n'),
    ("no section GONE", "man/oklo.3", "Sx RETURN VALUES", "Sx GONE"),
    ("no tests/examples/gone.cc", "man/oklo.3", "tests/examples/hello.cc", "tests/examples/gone.cc"),
    ("no page oklo.2", "man/oklo.3", "Xr oklo 1", "Xr oklo 2"),
]


def wrong_book(path, old, new):
    """The tree with one thing replaced."""
    files = {**BOOKS}
    if old == "":
        files[path] = new
    elif old is None:
        del files[path]
    else:
        before = files.get(path, GOOD.get(path))
        assert old in before, (path, old)
        files[path] = before.replace(old, new, 1)
    return files


def tidy(files, **environment):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**GOOD, **files}.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return subprocess.run([TIDY, root], capture_output=True, text=True,
                              env={**os.environ, **environment}).stdout


def main():
    passed = failed = skipped = 0
    cases = [("", "", {}), ("", "", BOOKS)] + BAD
    cases += [("books", what, wrong_book(*change)) for what, *change in WRONG_BOOKS]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        # The headers of books are compiled once.
        outputs = list(pool.map(
            lambda case: tidy(case[2], **({"CXX": "true"} if case[0] == "books" else {})), cases))
    for (rule, what, _), output in zip(cases, outputs):
        findings = [line for line in output.splitlines() if re.match(r"\S+:\d+: ", line)]
        if f"SKIPPED tidy {rule}:" in output:
            print(f"SKIPPED tidy_test {rule}: {what}")
            skipped += 1
        elif (any(f": {rule}: " in line and what in line + "\n" for line in findings) if rule
              else not findings):
            passed += 1
        else:
            print(f"FAIL tidy_test {rule}: {what}\n{output}")
            failed += 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
