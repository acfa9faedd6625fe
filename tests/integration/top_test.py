"""oklo top, in a terminal of its own."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios

from harness import OKLO, Client, descendants, state, wait_until
from observed import control, demo, stopped

ENTER, LEAVE, HOME = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l", "\x1b[H"


class Terminal:
    """A pseudo terminal in which `oklo top` runs; leaving it the program must have ended."""

    def __init__(self, *words, term="vt100", columns=80, rows=24):
        self.words, self.term, self.size = words, term, (rows, columns)
        self.text = ""

    def __enter__(self):
        self.ours, self.theirs = pty.openpty()
        self.resize(*reversed(self.size))
        self.before = termios.tcgetattr(self.theirs)
        environment = {name: value for name, value in os.environ.items() if name != "TERM"}
        if self.term is not None:
            environment["TERM"] = self.term
        self.process = subprocess.Popen(
            [OKLO, "top", *map(str, self.words)], stdin=self.theirs, stdout=self.theirs, stderr=self.theirs,
            start_new_session=True, env=environment,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                assert self.process.poll() is not None, "top still runs"
        finally:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()
            os.close(self.ours)
            os.close(self.theirs)

    def resize(self, columns, rows):
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.ours, keys.encode())

    def read(self):
        while select.select([self.ours], [], [], 0)[0]:
            self.text += os.read(self.ours, 65536).decode()
        return self.text

    def wait_for(self, predicate, what):
        return wait_until(lambda: predicate(self.read()), what=what)

    def frame(self):
        """The last whole screen, as lines."""
        frames = self.text.split(HOME)[1:]
        whole = [frame for frame in frames if frame.partition("\x1b[J")[2].endswith("\x1b[m")]
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", whole[-1]).split("\r\n") if whole else []

    def wait_for_line(self, pattern):
        self.wait_for(lambda _: any(re.match(pattern, line) for line in self.frame()), f"a line {pattern!r}")
        return self.frame()

    def ended(self):
        """Waits for its end: the exit code. The terminal must be as it was."""
        def over():
            self.read()
            return self.process.poll() is not None
        wait_until(over, what="top to end")
        self.read()
        assert termios.tcgetattr(self.theirs) == self.before
        return self.process.returncode


def is_raw(terminal):
    return not termios.tcgetattr(terminal.theirs)[3] & (termios.ICANON | termios.ECHO)


def test_a_screen_of_processes_and_connections_that_q_ends():
    with demo("--workers", 2) as oklo, Client(oklo.port) as client:
        client.get("/hello/you")
        with Terminal("--control", control(oklo)) as top:
            lines = top.wait_for_line("a second: requests [0-9]")
            assert top.text.startswith(ENTER) and is_raw(top)
            assert len(lines) == 24 and all(len(line) <= 80 for line in lines), lines
            assert re.match(rf"oklo \S+, master {oklo.pid}, up \d+ s, generation 1", lines[0])
            assert sum(bool(re.match(r"worker \d +\d+ +ready ", line)) for line in lines) == 2, lines
            assert any(re.match(r"127\.0\.0\.1:\d+ +http +(worker|gate) \d ", line) for line in lines), lines
            assert lines[-1].startswith("q quits")
            client.get("/hello/you")
            top.wait_for_line("a second: requests .* 50% [0-9]+\\.[0-9]+ ms, 99% ")
            top.type("q")
            assert top.ended() == 0
            assert top.text.endswith(LEAVE)


def test_it_follows_the_size_of_the_terminal():
    with demo("--workers", 2) as oklo, Terminal("--control", control(oklo), "--interval", 3600) as top:
        assert len(top.wait_for_line("oklo ")) == 24
        for columns, rows in (40, 10), (132, 50), (80, 24), (5, 3):
            top.resize(columns, rows)
            wait_until(lambda: top.read() and len(top.frame()) == rows, what=f"{rows} rows")
            assert all(len(line) <= columns for line in top.frame())
        top.type("q")
        assert top.ended() == 0


def test_ctrl_c_ends_it_and_ctrl_z_lends_the_terminal():
    with demo("--workers", 1) as oklo, Terminal("--control", control(oklo)) as top:
        top.wait_for_line("worker 1 ")
        top.type("\x1a")
        wait_until(lambda: state(top.process.pid) == "T", what="it to stop")
        assert top.read().endswith(LEAVE) and termios.tcgetattr(top.theirs) == top.before
        os.kill(top.process.pid, signal.SIGCONT)
        top.wait_for(lambda text: text.split(LEAVE)[-1].startswith(ENTER + HOME), "the screen again")
        assert is_raw(top)
        top.type("\x03")
        assert top.ended() == 0 and top.text.endswith(LEAVE)
    for number in signal.SIGTERM, signal.SIGHUP:
        with demo("--workers", 1) as oklo, Terminal("--control", control(oklo)) as top:
            top.wait_for_line("worker 1 ")
            os.kill(top.process.pid, number)
            assert top.ended() == 0 and top.text.endswith(LEAVE)


def test_lines_alone_for_a_terminal_that_understands_nothing():
    with demo("--workers", 1) as oklo:
        for term in "dumb", "unknown", None:
            # The kernel knows no size of a serial line.
            with Terminal("--control", control(oklo), term=term, columns=0, rows=0) as top:
                top.wait_for(lambda text: text.count("oklo ") >= 2, "two pictures")
                assert "\x1b" not in top.text and "\nworker 1 " in top.text
                assert all(len(line) <= 80 for line in top.text.split("\r\n"))
                top.type("q")
                assert top.ended() == 0 and "\x1b" not in top.text


def test_it_shows_workers_that_are_stopped_and_sorts():
    with demo("--workers", 1) as oklo, Client(oklo.port) as quiet, Client(oklo.port) as busy:
        quiet.get("/hello/you")
        for _ in range(9):
            busy.get("/hello/a-longer-name")
        with stopped(descendants(oklo.pid)), \
                Terminal("--control", control(oklo), "--sort", "in") as top:
            lines = top.wait_for_line(r"worker 1 +\d+ +stopped +1 +\d+ +\d+ +0 ")
            first = next(i for i, line in enumerate(lines) if line.startswith("peer ")) + 1
            assert lines[first].startswith("127.0.0.1:%d " % busy.socket.getsockname()[1]), lines
            top.type("q")
            assert top.ended() == 0


def test_a_service_that_is_not_there_or_goes():
    with Terminal("--control", "/nowhere/oklo.sock") as top:
        assert top.ended() == 1
        assert "nothing runs behind /nowhere/oklo.sock" in top.text
    with demo("--workers", 1) as oklo, Terminal("--control", control(oklo)) as top:
        top.wait_for_line("worker 1 ")
        os.kill(oklo.pid, signal.SIGSTOP)
        try:
            top.wait_for_line("no answer yet")
        finally:
            os.kill(oklo.pid, signal.SIGCONT)
        top.wait_for_line("q quits, s sorts")
        oklo.stop()
        top.wait_for_line("nothing runs behind")
        top.type("q")
        assert top.ended() == 0


def test_without_a_terminal_it_says_so():
    done = subprocess.run([OKLO, "top", "--control", "/nowhere"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=10)
    assert done.returncode == 1 and "no terminal" in done.stderr and done.stdout == "", done
