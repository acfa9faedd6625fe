"""make install, and a program that is built from what it installed."""

import contextlib
import os
import re
import shlex
import shutil
import stat
import subprocess
import tempfile

from harness import OKLO, ROOT, Oklo, files, free_port, get, kept, timeout

# As the make that runs the tests has it, or else where the binary stands.
BUILD = os.environ.get("BUILD", os.path.dirname(OKLO))
SAN = os.environ.get("SAN", "")


@contextlib.contextmanager
def installed():
    """Where `make install` put all, as if it were the root directory."""
    with tempfile.TemporaryDirectory(prefix="oklo-test-") as root:
        # The make above is at work with a job server that is not for this one.
        env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        # What is to be installed is built; -o keeps this from building it anew beside running tests.
        done = subprocess.run(["make", "-o", "all", "install", f"BUILD={BUILD}", f"DESTDIR={root}",
                               "PREFIX=/usr"], cwd=ROOT, capture_output=True, text=True, timeout=50, env=env)
        assert done.returncode == 0, done
        os.chmod(root, 0o755)
        yield root


def tree(root):
    """The mode of each file, by name."""
    found = {}
    for directory, _, names in os.walk(root):
        for name in names:
            path = os.path.join(directory, name)
            found[os.path.relpath(path, root)] = stat.S_IMODE(os.stat(path).st_mode)
    return found


def test_install_puts_each_file_where_it_belongs():
    with installed() as root:
        wanted = {"usr/bin/oklo": 0o755, "usr/lib/liboklo.a": 0o644, "usr/lib/pkgconfig/oklo.pc": 0o644}
        for name in os.listdir(os.path.join(ROOT, "include/oklo")):
            wanted["usr/include/oklo/" + name] = 0o644
        for name in (page for page in os.listdir(os.path.join(ROOT, "man")) if not page.endswith(".svg")):
            wanted[f"usr/share/man/man{name[-1]}/{name}"] = 0o644
        assert tree(root) == wanted
        command = [os.path.join(root, "usr/bin/oklo"), "version"]
        version = subprocess.run(command, capture_output=True, text=True, timeout=10)
        with open(os.path.join(root, "usr/lib/pkgconfig/oklo.pc")) as file:
            number = re.search(r"^Version: (\S+)$", file.read(), re.M)[1]
        assert version.stdout.startswith(f"oklo {number} ")


def build_flags(root):
    """What a compiler needs to find the library: from pkg-config where that is, else by hand."""
    if not shutil.which("pkg-config"):
        return [f"-I{root}/usr/include", f"-L{root}/usr/lib", "-loklo"]
    env = {**os.environ, "PKG_CONFIG_SYSROOT_DIR": root, "PKG_CONFIG_LIBDIR": f"{root}/usr/lib/pkgconfig",
           "PKG_CONFIG_ALLOW_SYSTEM_CFLAGS": "1", "PKG_CONFIG_ALLOW_SYSTEM_LIBS": "1"}
    command = ["pkg-config", "--cflags", "--libs", "oklo"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=10)
    assert done.returncode == 0, done
    assert f"-I{root}/usr/include" in done.stdout and "-loklo" in done.stdout, done.stdout
    return shlex.split(done.stdout)


def program_of_readme():
    """The program under "Write with it", with another address."""
    with open(os.path.join(ROOT, "README.md")) as file:
        section = file.read().partition("\n## Write with it\n")[2].partition("\n## ")[0]
    program = re.search(r"```cpp\n(.*?)```", section, re.S)[1]
    assert '":8080"' in program and '"./www"' in program and '"/hello/:name"' in program
    return program


@timeout(120)
def test_the_program_of_the_readme_builds_and_answers():
    with installed() as root, files({"www/index.html": b"a page"}) as place:
        port, source = free_port(), os.path.join(place, "hello.cc")
        with open(source, "w") as file:
            file.write(program_of_readme().replace('":8080"', f'"127.0.0.1:{port}"'))
        program = os.path.join(place, "hello")
        command = [*os.environ.get("CXX", "g++").split(), "-std=c++20", "-Wall", "-Wextra", "-Werror", source,
                   f"-fsanitize={SAN}" if SAN else "-static", *build_flags(root), "-o", program]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr
        with Oklo(program=program, port=port, prefix=["env", "-C", place]) as hello:
            assert get(port, "/hello/reader").body == b"hello, reader\n"
            assert get(port).body == b"a page"
            assert len(kept(hello.pid)) == 4
