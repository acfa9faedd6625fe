"""The examples of the manual pages, as they stand there: programs are built and asked, commands are typed."""

import os
import re
import subprocess

from cli_test import place, text_of, works
from harness import ROOT, Oklo, files, free_port, get, http, kept, listening, request, timeout, wait_until
from install_test import SAN, build_flags, installed

# What the pieces of programs take for granted.
AROUND = """#include <oklo/oklo.h>
using oklo::Request, oklo::Response;
extern oklo::Router site;
extern oklo::Server server;
extern oklo::ConnectionId id;
extern std::vector<oklo::RequestId> listeners;
std::string slow_hash(std::string_view bytes);
"""


def examples(page, section=None):
    """What a page shows, as a reader sees it."""
    text = text_of(os.path.join(ROOT, "man", page))
    if section:
        text = text.partition(f"\n.Sh {section}\n")[2].partition("\n.Sh ")[0]
    return [found.replace("\\e", "\\") for found in
            re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", text, re.M | re.S)]


def compiler():
    return [*os.environ.get("CXX", "g++").split(), "-std=c++20", "-Wall", "-Wextra", "-Werror"]


def piece(number, text):
    """A piece of a program: what it declares stands outside, what it does in a function."""
    outside, inside = [], []
    for part in re.split(r"\n(?=\n)", text):
        (outside if re.match(r"\s*(struct|void) ", part) else inside).append(part)
    return "\n".join([f"namespace piece_{number} {{", *outside, "auto run() {", *inside, "}", "}"])


@timeout(120)
def test_the_pieces_of_oklo_3_compile():
    pieces = [text for text in examples("oklo.3") if "oklo::" in text and "main()" not in text]
    assert len(pieces) >= 13, len(pieces)
    source = AROUND + "\n".join(piece(number, text) for number, text in enumerate(pieces))
    done = subprocess.run([*compiler(), "-Wno-unused", "-I", os.path.join(ROOT, "include"), "-fsyntax-only",
                           "-x", "c++", "-"], input=source, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr


@timeout(120)
def test_the_program_of_oklo_3_builds_and_answers():
    program, = [text for text in examples("oklo.3") if "main()" in text]
    with installed() as root, files({"www/a page.txt": b"x"}) as there:
        port, source = free_port(), os.path.join(there, "count.cc")
        assert '":8080"' in program
        with open(source, "w") as file:
            file.write(program.replace('":8080"', f'"127.0.0.1:{port}"'))
        binary = os.path.join(there, "count")
        done = subprocess.run([*compiler(), source, f"-fsanitize={SAN}" if SAN else "-static",
                               *build_flags(root), "-o", binary], capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr
        with Oklo(program=binary, port=port, prefix=["env", "-C", there]) as count:
            assert get(port, "/hello/reader").body == b"hello, reader\n"
            assert http(port, request("POST", "/count", b"x" * 100_000))[0].body == b"100000\n"
            assert b"a page.txt" in get(port).body
            wait_until(lambda: "POST /count" in count.stderr(), what="the line of the access log")
            assert len(kept(count.pid)) == 4


def test_the_commands_of_oklo_1_do_what_they_say():
    commands, service = examples("oklo.1", "EXAMPLES")
    with place() as here:
        os.symlink(".oklo", here.at("oklo"))
        port = free_port()
        with open(here.at("oklo.conf"), "w") as file:
            file.write(f"workers 1\nlisten http 127.0.0.1:{port} {{ route / {{ text there }} }}\n")
        for line in commands.splitlines():
            before = "serve :8080", "127.0.0.1:8080", "/run/oklo.pid", "oklo "
            after = f"serve 127.0.0.1:{port}", f"127.0.0.1:{port}", "pid", "./oklo "
            for old, new in zip(before, after):
                line = line.replace(old, new)
            if "bench" in line:
                line += " --duration 300ms"  # the last one counts
            if "start" in line:
                works(here.run("stop"))
            done = subprocess.run([*here.prefix, "sh", "-c", line], capture_output=True, text=True,
                                  timeout=20, env={**os.environ, **here.env}, stdin=subprocess.DEVNULL)
            assert (done.returncode, done.stderr) == (0, ""), (line, done)
            assert listening(port)
        assert get(port).body == b"there"
        works(here.run("stop"))
        assert not listening(port)
        unit = re.search(r"^oklo (init-script .*) > oklo.service$", service, re.M)[1]
        assert "ExecStart=" in works(here.run(*unit.split()), None)
