"""What the integration tests share. Standard library only.

A test is a function test_* in a *_test.py; run.py runs each in a process of its own, and fails it when
it leaves a process behind. OKLO names the binary, EXAMPLES the directory of the built examples.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from ports import connect, free_port, listening

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OKLO = os.environ.get("OKLO", os.path.join(ROOT, "build/oklo"))
EXAMPLES = os.environ.get("EXAMPLES", os.path.join(ROOT, "build/examples"))


# ---- marks for tests

def needs(*tools):
    """The test needs these programs in PATH; "root" means that it must run as root, "static" that oklo must
    be one file, which it is not with a sanitizer, "prompt signals" that they come in the middle of a
    function, which the thread sanitizer puts off."""
    def mark(test):
        test.needs = getattr(test, "needs", ()) + tools
        return test
    return mark


def timeout(seconds):
    """The test may take that long (default 60)."""
    def mark(test):
        test.timeout = seconds
        return test
    return mark


def mode():
    """In which mode the programs run: "base" or "process"."""
    return os.environ.get("OKLO_MODE", "base")


def base_mode_alone(why):
    """The test is about base mode alone, or starts its programs in the mode that it wants."""
    def mark(test):
        test.base_mode_alone = why
        return test
    return mark


def missing(tool):
    if tool == "static":
        return bool(os.environ.get("SAN"))
    if tool == "prompt signals":
        return "thread" in os.environ.get("SAN", "")
    if tool == "python3-websockets":
        return not os.path.exists("/usr/lib/python3/dist-packages/websockets")
    if tool == "root":
        return os.getuid() != 0
    return shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is None


# ---- waiting

def wait_until(predicate, timeout=10, what="the condition"):
    """Waits until predicate() is true and returns what it gave: a bounded wait, looking every 10 ms."""
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s for {what}")
        time.sleep(0.01)


def let_pass(seconds):
    """Lets time pass that a test is about, such as the pace of what is killed; not to wait for something."""
    deadline = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= deadline, timeout=seconds + 10)


# ---- processes, read from /proc

def _stat(pid):
    """The fields of /proc/PID/stat after the name: state, ppid, pgrp, session, ..."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def state(pid):
    """One letter as in ps(1), or None when there is no such process."""
    fields = _stat(pid)
    return fields[0] if fields else None


def alive(pid):
    return state(pid) not in (None, "Z", "X")


def children(pid):
    """The pids of its children, zombies not counted, oldest first."""
    found = []
    for candidate in pids():
        fields = _stat(candidate)
        if fields and int(fields[1]) == pid and fields[0] not in "ZX":
            found.append((int(fields[19]), candidate))
    return [candidate for _, candidate in sorted(found)]


def descendants(pid):
    found = children(pid)
    for child in list(found):
        found += descendants(child)
    return found


def kept(master):
    """The pids of what the service keeps: workers, task workers, processes of its own, oldest first."""
    keepers = ("oklo: manager", "oklo: gate")
    return [pid for pid in descendants(master) if not title(pid).startswith(keepers)]


def connections(status):
    """How many are open, of a status as JSON: who owns them differs with the mode."""
    return sum(row["connections"] for row in status.get("gate", status["workers"]))


def title(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").strip().decode(errors="replace")
    except OSError:
        return ""


def open_fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu_seconds(pid):
    """Processor time the process has used, all its threads."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as file:
            total += int(file.read().split()[0])
    return total / 1e9


def memory_kb(pid, field="Pss"):
    """A sum from /proc/PID/smaps_rollup: Pss, Rss, Private_Dirty, ..."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return int(re.search(rf"^{field}:\s+(\d+)", file.read(), re.M)[1])


# ---- sockets

class Response:
    """One HTTP answer: status, reason, fields (a list of pairs, names in lower case), body."""

    def __init__(self, status, reason, fields, body):
        self.status, self.reason, self.fields, self.body = status, reason, fields, body

    def field(self, name, default=None):
        """The value of a field, lines of the same name joined by commas."""
        values = [value for key, value in self.fields if key == name.lower()]
        return ", ".join(values) if values else default

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.fields} {self.body[:200]!r}>"


class Client:
    """A raw connection. Reads keep what they did not use."""

    def __init__(self, port, host="127.0.0.1", timeout=10, source=None):
        self.socket = connect((host, port), timeout, source)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def end(self):
        """Says that nothing more will be sent (FIN)."""
        self.socket.shutdown(socket.SHUT_WR)

    def _fill(self):
        data = self.socket.recv(65536)
        self.buffer += data
        return bool(data)

    def read(self, count):
        pieces, missing = [self.buffer], count - len(self.buffer)
        try:
            while missing > 0:
                pieces.append(self.socket.recv(65536))
                missing -= len(pieces[-1])
                if not pieces[-1]:
                    raise EOFError(f"closed after {b''.join(pieces)!r}")
        finally:
            self.buffer = b"".join(pieces)
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read_until(self, mark):
        while mark not in self.buffer:
            if not self._fill():
                raise EOFError(f"closed after {self.buffer!r}")
        return self.read(self.buffer.index(mark) + len(mark))

    def read_all(self):
        """Everything up to the end of the stream."""
        while self._fill():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def closed(self):
        """Waits for the end of the stream; false when bytes come instead, an error when it is reset."""
        return not self.buffer and not self._fill()

    def response(self, method="GET"):
        """Reads one answer, with its body by Content-Length, by chunks or up to the end."""
        lines = self.read_until(b"\r\n\r\n")[:-4].decode("latin-1").split("\r\n")
        _, status, reason = (lines[0] + " ").split(" ", 2)
        fields = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            fields.append((name.lower(), value.strip()))
        answer = Response(int(status), reason.strip(), fields, b"")
        if method == "HEAD" or answer.status < 200 or answer.status in (204, 304):
            return answer
        if "chunked" in answer.field("transfer-encoding", "").lower():
            answer.body = self._chunks(answer)
        elif answer.field("content-length") is not None:
            answer.body = self.read(int(answer.field("content-length")))
        else:
            answer.body = self.read_all()
        return answer

    def _chunks(self, answer):
        body = b""
        while True:
            size = int(self.read_until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                break
            body += self.read(size)
            assert self.read(2) == b"\r\n", "a chunk without its end"
        while (line := self.read_until(b"\r\n")) != b"\r\n":
            name, _, value = line.decode("latin-1").partition(":")
            answer.fields.append((name.lower(), value.strip()))
        return body

    def get(self, target="/", **fields):
        """Sends a GET on this connection and reads the answer; fields by keyword, if_none_match="x"."""
        return self.send(request("GET", target, **fields)).response()


def request(method, target="/", body=None, **fields):
    """The bytes of a request; `fields` by keyword, with _ for -. Host is there unless given."""
    fields.setdefault("host", "localhost")
    if body is not None:
        fields.setdefault("content_length", len(body))
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def http(port, raw, count=1, method="GET", timeout=10):
    """Sends the bytes on a new connection and reads `count` answers (1xx come along uncounted)."""
    answers = []
    with Client(port, timeout=timeout) as client:
        client.send(raw)
        while sum(answer.status >= 200 for answer in answers) < count:
            answers.append(client.response(method))
    return answers


def get(port, target="/", method="GET", **fields):
    """One request on a connection of its own."""
    return http(port, request(method, target, connection="close", **fields), method=method)[-1]


# ---- files

@contextlib.contextmanager
def files(content):
    """A temporary directory with these files: {"a/b.txt": b"..."}; readable by everybody."""
    with tempfile.TemporaryDirectory(prefix="oklo-test-") as directory:
        os.chmod(directory, 0o755)
        for name, data in content.items():
            path = os.path.join(directory, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data)
        yield directory


# ---- the program

class Oklo:
    """A running oklo (or another program), for a with statement.

    with Oklo("serve", "127.0.0.1:{port}", "{root}", root={"index.html": b"hi"}) as oklo:
        assert get(oklo.port).body == b"hi"

    {port} is a free port, {root} the directory `root` (a path, or a dict of files to make one of). It
    is up when something listens on its port, and there are workers. On leaving it gets SIGTERM and must
    end with `code` and leave no process of its session behind.
    """

    def __init__(self, *args, root=None, env=None, program=None, port=None, code=0, wait=True, prefix=()):
        self.port = port or free_port()
        self.code, self.wait, self.prefix, self.env = code, wait, list(prefix), env or {}
        self.program = program or OKLO
        self.args, self.root = args, root
        self.process = None
        self._has_workers = self.program.startswith((OKLO, EXAMPLES)) and "single" not in args
        self._cleanup, self._stderr = contextlib.ExitStack(), None

    def __enter__(self):
        if isinstance(self.root, dict):
            self.root = self._cleanup.enter_context(files(self.root))
        names = {"{port}": str(self.port), "{root}": str(self.root)}
        args = [re.sub(r"\{port\}|\{root\}", lambda m: names[m[0]], str(arg)) for arg in self.args]
        self._stderr = self._cleanup.enter_context(tempfile.NamedTemporaryFile(prefix="oklo-stderr-"))
        self.process = subprocess.Popen(self.prefix + [self.program] + args, stdin=subprocess.DEVNULL,
                                        stdout=self._stderr, stderr=self._stderr, start_new_session=True,
                                        env={**os.environ, **{k: str(v) for k, v in self.env.items()}})
        try:
            if self.wait:
                wait_until(self._up, 30, f"{self.program} to listen on port {self.port}")
        except BaseException:
            self._end()
            raise
        return self

    def _up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.program} ended with {self.process.returncode} before it was up")
        return listening(self.port) and (not self._has_workers or self.workers())

    @property
    def pid(self):
        return self.process.pid

    def stderr(self):
        """All it wrote to stdout and stderr until now."""
        with open(self._stderr.name, errors="replace") as file:
            return file.read()

    def wait_for_stderr(self, pattern, timeout=10):
        return wait_until(lambda: re.search(pattern, self.stderr()), timeout, f"{pattern!r} on stderr")

    def workers(self):
        """The pids of its processes that bear the title of a worker."""
        return [pid for pid in descendants(self.pid) if title(pid).startswith("oklo: worker")]

    def owners(self):
        """The pids of its processes that own the connections: the workers, in process mode the gate."""
        gates = [pid for pid in descendants(self.pid) if title(pid) == "oklo: gate"]
        return self.workers() if mode() == "base" else gates

    def kill(self, number):
        os.kill(self.pid, number)

    def stop(self, number=signal.SIGTERM, timeout=15):
        """Signals it (once), waits for its end, returns the exit code."""
        if self.process.poll() is None:
            self.kill(number)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            what = f"{self.program} did not end within {timeout} s after signal {number}"
            raise AssertionError(what) from None

    def _session(self):
        return [pid for pid in pids() if (fields := _stat(pid)) and int(fields[3]) == self.pid
                and fields[0] not in "ZX"]

    def _end(self):
        print(f"---- stderr of {' '.join(map(str, self.args))}\n{self.stderr()}----", file=sys.stderr)
        for pid in self._session():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self._cleanup.close()

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                code = self.stop()
                assert code == self.code, f"{self.program} ended with {code}, not {self.code}"
                wait_until(lambda: not self._session(), 5, "every process of it to end")
        finally:
            self._end()


def run_oklo(*args, timeout=10, env=None, **options):
    """Runs oklo to its end: a CompletedProcess with returncode, stdout, stderr as text."""
    return subprocess.run([OKLO] + [str(arg) for arg in args], capture_output=True, text=True,
                          timeout=timeout, stdin=subprocess.DEVNULL,
                          env={**os.environ, **(env or {})}, **options)
