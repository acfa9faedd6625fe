"""The commands and flags of the binary, as a person at a terminal uses them."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess

from harness import (OKLO, ROOT, Oklo, alive, descendants, files, free_port, get, listening, needs,
                     wait_until)

NO_RIGHTS = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
COMMANDS = ["serve", "demo", "start", "check", "stop", "reload", "diff", "scale", "reopen", "status",
            "connections", "top", "metrics", "health", "bench", "model", "lab", "help", "completion",
            "version"]


class Place:
    """A directory with a site "www", where commands are run by a user without rights, who sees no control
    socket but those of this place."""

    def __init__(self, path):
        self.path = path
        # Where the binary stands other users may not get to.
        self.program = shutil.copy(OKLO, self.at(".oklo"))
        os.mkdir(self.at(".run"))
        self.prefix = ["env", "-C", path]
        if os.getuid() == 0:
            self.prefix = NO_RIGHTS + self.prefix
            for name in path, self.at(".run"):
                os.chown(name, 65534, 65534)
        self.env = {"XDG_RUNTIME_DIR": self.at(".run")}

    def at(self, name):
        return os.path.join(self.path, name)

    def names(self):
        """What is there beside the site."""
        return sorted(name for name in os.listdir(self.path) if name not in ("www", ".oklo", ".run"))

    def sockets(self):
        return sorted(os.listdir(self.at(".run")))

    def run(self, *args, prefix=(), **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.run([*self.prefix, *prefix, self.program, *map(str, args)], text=True, timeout=20,
                              stdin=subprocess.DEVNULL, env={**os.environ, **self.env}, **options)

    @contextlib.contextmanager
    def start(self, *args, prefix=(), **options):
        """A service in the foreground; "." and relative names are those of the place."""
        prefix = [*self.prefix, *prefix]
        with Oklo(*args, prefix=prefix, program=self.program, env=self.env, **options) as oklo:
            wait_until(lambda: re.search("serving|is up", oklo.stderr()), what="the service to be up")
            yield oklo

    def serve(self, *flags, **options):
        return self.start("serve", "127.0.0.1:{port}", "./www", "--workers", 1, *flags, **options)

    @contextlib.contextmanager
    def daemon(self, *flags, command=("serve", "./www")):
        """The port of a service in the background."""
        port = free_port()
        done = self.run(command[0], f"127.0.0.1:{port}", *command[1:], "-d", "--pid-file", "pid",
                        "--workers", 1, *flags)
        assert (done.returncode, done.stderr) == (0, ""), done
        pid = int(text_of(self.at("pid")))
        try:
            yield port
        finally:
            if alive(pid):
                os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not alive(pid), what="the daemon to end")


@contextlib.contextmanager
def place(content=None):
    with files(content or {"www/index.html": b"hello", "www/sub/a.txt": b"a"}) as path:
        yield Place(path)


def text_of(path):
    with open(path) as file:
        return file.read()


def complains(done, code, *words):
    """It failed with one line on stderr that holds these words."""
    assert done.returncode == code, done
    assert not done.stdout, done
    assert re.fullmatch(r"oklo: [^\n]+\n", done.stderr), done.stderr
    for word in words:
        assert word in done.stderr, (word, done.stderr)


def works(done, stdout=""):
    """It succeeded, with that output if it is not None; what it printed."""
    assert (done.returncode, done.stderr) == (0, ""), done
    assert stdout is None or done.stdout == stdout, done
    return done.stdout


# ---- serve and demo

def test_serve_takes_address_and_directory_in_any_order():
    with place() as here:
        for words in ("127.0.0.1:{port}", "./www"), ("./www", "localhost:{port}"):
            with here.start("serve", *words, "--control", "off") as oklo:
                assert get(oklo.port).body == b"hello"
                assert f"oklo: serving ./www on 127.0.0.1:{oklo.port}\n" in oklo.stderr()
        with here.start("serve", "{port}", prefix=["env", "-C", "www"]) as oklo:
            assert get(oklo.port).body == b"hello" and get(oklo.port, "/sub/a.txt").body == b"a"


def test_demo_prints_where_to_look():
    with place() as here, here.start("demo", "127.0.0.1:{port}", "--workers", 1, "--echo", "off") as oklo:
        urls = re.findall(r"http://127\.0\.0\.1:(\d+)(/\S*)", oklo.stderr())
        assert ("/" in [path for _, path in urls]) and {port for port, _ in urls} == {str(oklo.port)}
        for _, path in urls:
            page = get(oklo.port, path)
            assert page.status == 200 and page.field("content-type") == "text/html; charset=utf-8"
            for link in re.findall(r'(?:src|href)="(/[^"]*)"', page.body.decode()):
                assert get(oklo.port, link).status == 200, (path, link)
        assert get(oklo.port, "/hello/you").body == b"hello, you\n"
        assert json.loads(get(oklo.port, "/status.json").body)["pid"] == oklo.pid


def test_demo_in_the_background():
    with place() as here:
        port = free_port()
        done = here.run("demo", f"127.0.0.1:{port}", "-d", "--workers", 1, "--echo", "off")
        assert done.returncode == 0 and not done.stderr
        assert get(port).status == 200
        works(here.run("stop"))
        assert not listening(port)


def test_workers():
    with place() as here:
        for flags, count in (["--workers", "3"], 3), (["--workers=2"], 2), (
                ["--workers", "auto"], len(os.sched_getaffinity(0))):
            with here.start("serve", "127.0.0.1:{port}", "./www", *flags) as oklo:
                assert len(oklo.workers()) == count
                assert len(json.loads(works(here.run("status", "--json"), None))["workers"]) == count


def test_listing_is_off_until_it_is_asked_for():
    with place() as here:
        for flags, status in ([], 403), (["--listing", "off"], 403), (["--listing=on"], 200):
            with here.serve(*flags) as oklo:
                answer = get(oklo.port, "/sub/")
                assert answer.status == status and (b"a.txt" in answer.body) == (status == 200)
                assert get(oklo.port, "/").body == b"hello"


def test_access_log_to_a_file_to_stderr_and_off():
    common = r'127\.0\.0\.1 - - \[[^]]+\] "GET /\?q HTTP/1\.1" 200 5\n'
    with place() as here:
        with here.serve("--access-log", "log") as oklo:
            get(oklo.port, "/?q")
        assert re.fullmatch(common, text_of(here.at("log")))
        assert stat.S_IMODE(os.stat(here.at("log")).st_mode) == 0o640
        with here.serve("--access-log=log", "--access-log-format", "json") as oklo:
            get(oklo.port, "/?q")
        line = json.loads(text_of(here.at("log")).splitlines()[1])
        assert "/?q" in line.values() and 200 in line.values(), line
        with here.serve("--access-log", "stderr") as oklo:
            get(oklo.port, "/?q")
            oklo.wait_for_stderr(common)
        with here.serve("--access-log", "off") as oklo:
            get(oklo.port, "/?q")
            oklo.stop()
            assert "GET" not in oklo.stderr() and here.names() == ["log"]


@needs("root")
def test_the_workers_run_as_the_user():
    with files({"index.html": b"hello"}) as root:
        for user, ids in ([], "65534 65534"), (["--user", "daemon"], "1 1"), (["--user=123:456"], "123 456"):
            with Oklo("serve", "127.0.0.1:{port}", root, "--workers", 1, "--control", "off", *user) as oklo:
                assert get(oklo.port).body == b"hello"
                status = text_of(f"/proc/{oklo.workers()[0]}/status")
                uid, gid = (re.search(rf"^{name}:\s+(\d+)\s", status, re.M)[1] for name in ("Uid", "Gid"))
                assert f"{uid} {gid}" == ids
                assert re.search(r"^CapEff:\s+0+$", status, re.M) and f"\nGroups:\t{gid} \n" in status
                assert ("as 65534" in oklo.stderr()) == (not user)


def test_the_pid_file_is_locked_and_removed():
    with place() as here:
        with here.serve("--pid-file", "pid") as oklo:
            assert text_of(here.at("pid")) == f"{oklo.pid}\n"
            second = here.run("serve", "127.0.0.1:0", "./www", "--pid-file", "pid")
            assert second.returncode == 111 and str(oklo.pid) in second.stderr, second
            assert text_of(here.at("pid")) == f"{oklo.pid}\n"
        assert here.names() == []


# ---- commands to a running service

def test_the_commands_find_the_service():
    with place() as here, here.daemon("--access-log", "log") as port:
        assert here.sockets() == [f"oklo-{port}.sock"]
        assert works(here.run("reload"), None) == "generation 2 is ready\n"
        works(here.run("health"))
        get(port)
        wait_until(lambda: os.path.getsize(here.at("log")) > 0, what="a line in the log")
        os.rename(here.at("log"), here.at("old"))
        works(here.run("reopen"))
        assert os.path.getsize(here.at("log")) == 0
        table = works(here.run("status"), None)
        assert re.match(r"oklo \S+, master \d+, up \d+ s, generation 2, reloads 1 \(0 failed\)\n"
                        rf"listens on 127\.0\.0\.1:{port}\nrequests 1, connections accepted 1\n\n"
                        r"worker +pid +state +generation +connections", table), table
        assert re.search(r"\n +1 +\d+ +ready +2 ", table), table
        everything = json.loads(works(here.run("status", "--json"), None))
        assert everything["addresses"] == [f"127.0.0.1:{port}"] and everything["requests"] == 1
        works(here.run("stop"))
        assert not listening(port) and here.sockets() == [] and here.names() == ["log", "old"]
        complains(here.run("health"), 1, "no running oklo")


def test_commands_without_a_service():
    with place() as here:
        for command in "stop", "reload", "reopen", "status", "connections", "metrics", "health":
            complains(here.run(command), 1, "no running oklo was found", "--control")
            complains(here.run(command, "--control", "missing"), 1, "nothing runs behind missing")


def test_of_two_services_one_must_be_chosen():
    with place() as here, here.serve() as first, here.serve() as second:
        sockets = [here.at(f".run/oklo-{oklo.port}.sock") for oklo in (first, second)]
        for command in "stop", "reload", "status", "health":
            complains(here.run(command), 1, "more than one oklo runs", "--control", *sockets)
        works(here.run("stop", "--control", sockets[0]))
        assert first.process.wait(10) == 0
        assert str(second.pid) in works(here.run("status"), None)


def test_what_a_killed_service_left_is_taken_over():
    with place() as here:
        with here.serve("--pid-file", "pid", code=-signal.SIGKILL) as oklo:
            oklo.stop(signal.SIGKILL)
        assert here.sockets() == [f"oklo-{oklo.port}.sock"] and here.names() == ["pid"]
        complains(here.run("status"), 1, "no running oklo")
        with here.serve("--pid-file", "pid", port=oklo.port) as again:
            assert text_of(here.at("pid")) == f"{again.pid}\n"
            works(here.run("health"))
        assert here.sockets() == [] and here.names() == []


def test_the_control_socket_has_a_place_or_is_off():
    with place() as here:
        with here.serve("--control", "mine"):
            assert here.names() == ["mine"] and here.sockets() == []
            assert stat.S_IMODE(os.stat(here.at("mine")).st_mode) == 0o600
            works(here.run("health", "--control=mine"))
            complains(here.run("health"), 1, "no running oklo")
        with here.serve("--control", "off"):
            assert here.names() == [] and here.sockets() == []
        with here.start("serve", "unix:socket", "./www", wait=False):
            assert here.names() == ["socket"] and here.sockets() == ["oklo-unix.sock"]
            works(here.run("health"))
        assert here.names() == [] and here.sockets() == []


def test_without_a_place_for_the_control_socket_it_warns_once_and_serves():
    with place() as here:
        here.env["XDG_RUNTIME_DIR"] = here.at("missing")
        with here.serve() as oklo:
            assert get(oklo.port).body == b"hello"
            assert len(re.findall(r"no control socket: .*name a place for it\n", oklo.stderr())) == 1


@needs("root")
def test_another_user_has_no_command():
    with place() as here, files({"index.html": b"hello"}) as root:
        os.chmod(here.path, 0o755)
        control = here.at("control")
        with Oklo("serve", "127.0.0.1:{port}", root, "--workers", 1, "--control", control) as oklo:
            wait_until(lambda: "serving" in oklo.stderr(), what="the service to be up")
            complains(here.run("stop", "--control", control), 1, "Permission denied")
            os.chmod(control, 0o666)
            complains(here.run("stop", "--control", control), 1, "only root and the service's own user")
            assert get(oklo.port).body == b"hello"


def test_reload_opens_the_directory_anew_and_keeps_the_old_one_when_it_is_gone():
    with place() as here, here.serve() as oklo:
        os.rename(here.at("www"), here.at("old"))
        complains(here.run("reload"), 1, "reload failed", "cannot open the directory")
        assert get(oklo.port).body == b"hello"
        shutil.copytree(here.at("old"), here.at("www"))
        with open(here.at("www/index.html"), "w") as file:
            file.write("new")
        assert get(oklo.port).body == b"hello"
        works(here.run("reload"), None)
        assert get(oklo.port).body == b"new"
        assert "reloads 1 (1 failed)" in works(here.run("status"), None)


def test_reopen_that_fails_keeps_the_log():
    with place({"www/index.html": b"hello", "logs/none": b""}) as here:
        os.chmod(here.at("logs"), 0o777)
        with here.serve("--access-log", "logs/log") as oklo:
            os.rename(here.at("logs"), here.at("old"))
            complains(here.run("reopen"), 1, "reopen failed: cannot open the log", "the old log goes on")
            get(oklo.port)
            wait_until(lambda: text_of(here.at("old/log")), what="a line in the old log")
        with here.serve():
            complains(here.run("reopen"), 1, "there is no log file to open again")


# ---- what is wrong

WRONG_WORDS = [
    ("sevre", "unknown command sevre; did you mean serve? See: oklo help"),
    ("frobnicate", "unknown command frobnicate; see: oklo help"),
    ("stop it", "too many words", "oklo help stop"), ("serve 1 ./a 2", "too many words"),
    ("serve 1 2", "two addresses"), ("serve ./a /b", "two directories", "oklo serve :8080 ./www"),
    ("serve www", '"www" is no address', "./www"), ("help nothing", "no help on nothing"),
    ("serve --worker 2", "unknown flag --worker; did you mean --workers? See: oklo help serve"),
    ("demo --pidfile=x", "did you mean --pid-file?"), ("serve --json", "unknown flag --json; see"),
    ("status --workers 2", "unknown flag --workers; see: oklo help status"),
    ("demo --listing on", "unknown flag --listing"), ("serve -d=yes", "-d takes no value"),
    ("serve --workers", '"" for --workers', "N|auto"), ("serve --workers 0", '"0" for --workers'),
    ("serve --workers -1", "N|auto"), ("serve --workers 2x", "N|auto"), ("serve --workers=1025", "N|auto"),
    ("serve --listing maybe", "on|off"), ("serve --access-log-format xml", "common|json"),
    ("serve --shutdown-timeout 0", "SECONDS"), ("serve --shutdown-timeout 1.5", "SECONDS"),
    ("serve --control=", "SOCKET|off"), ("serve -d --access-log stderr", "a daemon has no stderr"),
    ("serve 127.0.0.1:65536", "0 to 65535"), ("serve 127.0.0.1:", "0 to 65535"), ("serve :x", "0 to 65535"),
    ("serve 127.0.0.256:80", "not an IPv4 address"), ("serve example.com:80", "names are not looked up"),
    ("serve ::1:80", 'stands in "[]"'), ("serve [::1:80", '"]" is missing'), ("serve [::1]", "port is"),
    ("serve [::g]:80", "not an IPv6 address"), ("serve unix:", "the path is missing"),
    ("serve unix:" + "x" * 108, "at most 107 bytes"),
]


def test_wrong_words_are_refused_with_a_hint():
    with place() as here:
        for words, *hints in WRONG_WORDS:
            complains(here.run(*words.split()), 100, *hints)
        assert here.names() == [] and here.sockets() == []


def wrong_starts(taken):
    """(exit code, words of the message, words of the command): what only the system can refuse."""
    address = "127.0.0.1:0"
    return [
        (100, ["cannot open the directory", "missing: No such file", "check the path"], address, "./missing"),
        (100, ["Not a directory", "check the path"], address, "./www/index.html"),
        (100, ["closed: Permission denied", "need root"], address, "./closed"),
        (111, [f"127.0.0.1:{taken}: Address already in use", "choose another"], f"127.0.0.1:{taken}"),
        (111, [f"{taken}: Address already in use", "choose another"], f":{taken}"),
        (100, ["this host does not have that address"], "192.0.2.1:0"),
        (100, ["cannot listen on unix:", "check the path"], "unix:missing/socket"),
        (111, ["cannot listen on unix:", "choose another"], "unix:note"),
        (100, ["cannot write the pid file", "check the path"], address, "--pid-file", "missing/pid"),
        (100, ["cannot write the pid file", "name a file"], address, "--pid-file", "www"),
        (100, ["no control socket: ", "check the path"], address, "--control", "missing/control"),
        (111, ["no control socket: ", "choose another"], address, "--control", "note"),
        (100, ["cannot open the log", "check the path"], address, "--access-log", "missing/log"),
        (100, ["cannot open the log", "name a file"], address, "--access-log", "www"),
        (100, ['no user "no-such-user"'], address, "--user", "no-such-user"),
        (100, ["only root can become user root", "name no user"], address, "--user", "root"),
    ]


def test_what_the_system_refuses_is_told_and_leaves_nothing():
    with place() as here, socket.create_server(("127.0.0.1", 0)) as holder:
        os.mkdir(here.at("closed"), 0)
        open(here.at("note"), "w").close()
        for code, hints, *words in wrong_starts(holder.getsockname()[1]):
            for mode in [], ["-d"]:
                directory = [] if any(word.startswith("./") for word in words) else ["./www"]
                start = ["serve", "--pid-file", "pid", "--control", "control", *mode, *directory, *words]
                complains(here.run(*start), code, *hints)
                assert here.names() == ["closed", "note"] and here.sockets() == [], words
                assert not descendants(os.getpid())
        os.rmdir(here.at("closed"))


def test_a_user_without_a_place_for_control_hears_of_the_failure_alone():
    with place() as here:
        here.env["XDG_RUNTIME_DIR"] = here.at("missing")
        complains(here.run("serve", "127.0.0.1:0", "./missing"), 100, "cannot open the directory")


@needs("root")
def test_root_hears_of_the_failure_alone():
    done = subprocess.run([OKLO, "serve", "127.0.0.1:0", "./missing", "--control", "off"],
                          capture_output=True, text=True, timeout=20)
    complains(done, 100, "cannot open the directory")


def test_too_few_files_for_all_listeners():
    with place() as here:
        few = ["sh", "-c", 'ulimit -n 20; exec "$0" "$@"']
        done = here.run("serve", "127.0.0.1:0", "./www", "--workers", 64, "--pid-file", "pid", prefix=few)
        complains(done, 111, "Too many open files", "ulimit -n", "fewer workers")
        assert here.names() == [] and here.sockets() == []


# ---- output

def test_output_that_cannot_be_written_is_an_error():
    with place() as here, here.serve():
        closed = ["sh", "-c", 'exec "$0" "$@" >&-']
        for words in "status", "status --json", "help", "help serve", "help oklo", "version":
            with open("/dev/full", "w") as full:
                complains(here.run(*words.split(), stdout=full), 1, "cannot write to stdout")
            complains(here.run(*words.split(), prefix=closed), 1, "cannot write to stdout")


def test_closed_standard_streams_are_not_taken_by_sockets():
    closed = ["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-']
    with place() as here:
        with Oklo("serve", "127.0.0.1:{port}", "./www", "--workers", 1, "--access-log", "stderr",
                  prefix=here.prefix + closed, program=here.program, env=here.env) as oklo:
            wait_until(here.sockets, what="the control socket")
            works(here.run("reload"), None)
            assert get(oklo.port).body == b"hello"
            for pid in [oklo.pid] + oklo.workers():
                held = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)]
                assert not [name for name in held if ":" in name], held
        done = here.run("serve", f"127.0.0.1:{oklo.port}", "./www", "-d", "--workers", 1, prefix=closed)
        assert done.returncode == 0 and get(oklo.port).body == b"hello"
        works(here.run("stop"))


def test_help_and_version():
    with place() as here:
        overview = works(here.run("help"), None)
        assert re.findall(r"^  (\w+) ", overview, re.M)[:len(COMMANDS)] == COMMANDS
        for words in [], ["--help"], ["-h"]:
            works(here.run(*words), overview)
        for name in COMMANDS:
            assert works(here.run("help", name), None).startswith(f"usage: oklo {name}")
        flags = re.findall(r"^  (--?[a-z-]+) ", works(here.run("help", "serve"), None), re.M)
        manual = works(here.run("help", "oklo"), None)
        assert "--workers" in flags and "-d" in flags
        assert all(flag in manual for flag in flags) and all(name in manual for name in COMMANDS)
        for page in os.listdir(os.path.join(ROOT, "man")):
            assert "NAME" in works(here.run("help", page.rpartition(".")[0]), None), page
        assert re.fullmatch(r"oklo \d+\.\d+\.\d+ \(.+\)\n", works(here.run("version"), None))
        works(here.run("--version"), works(here.run("version"), None))
