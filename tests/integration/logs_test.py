"""Where the logs go: files that are opened anew, a syslog daemon."""

import contextlib
import json
import os
import re
import signal
import socket
import time

from harness import descendants, files, free_port, get, mode, run_oklo, wait_until
from hosted import command, control, serving, text_of


# ---- logs

class Syslog:
    """Plays the daemon behind /dev/log, at another path."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        self.socket.settimeout(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def message(self):
        """(priority, pid, text) of the next one, whose time is that of this moment."""
        text = self.socket.recv(65536).decode()
        found = re.fullmatch(r"<(\d+)>(\w{3} [ \d]\d \d\d:\d\d:\d\d) oklo\[(\d+)\]: (.*)", text)
        assert found, text
        now = time.time()
        times = [time.strftime("%b %e %H:%M:%S", time.gmtime(now - back)) for back in range(5)]
        assert found[2] in times, (found[2], times)
        return int(found[1]), int(found[3]), found[4]

    def until(self, pattern):
        while True:
            message = self.message()
            if re.search(pattern, message[2]):
                return message


@contextlib.contextmanager
def syslog():
    with files({}) as place, Syslog(os.path.join(place, "log")) as daemon:
        yield daemon


def logging(error, access, *args, **options):
    return serving("--error-log", error, "--access-log", access, *args, **options)


def test_logs_go_to_a_syslog_daemon():
    with syslog() as daemon:
        with logging(f"syslog:{daemon.path}", f"syslog:local3:{daemon.path}") as oklo:
            pids = {get(oklo.port).body and daemon.until("GET / HTTP/1.1")[:2] for _ in range(10)}
            assert {priority for priority, _ in pids} == {19 * 8 + 6}
            assert {pid for _, pid in pids} <= set(oklo.workers())
            os.kill(oklo.workers()[0], signal.SIGKILL)
            priority, pid, text = daemon.until("was killed by signal 9")
            keeper = "master" if mode() == "base" else "manager"
            assert priority == 29 and text.startswith(keeper + ": worker "), text
            assert command(oklo, "reopen") == 0
            assert get(oklo.port).body == b"hello"
            daemon.until("GET / HTTP/1.1")
        assert daemon.until("stopped")[2] == "master: stopped"


def test_a_syslog_daemon_that_was_restarted_is_found_again():
    with files({}) as place:
        path = os.path.join(place, "log")
        with Syslog(path) as first, logging("stderr", f"syslog:{path}") as oklo:
            assert get(oklo.port).body == b"hello"
            first.until("GET / HTTP/1.1")
            first.socket.close()
            with Syslog(path) as again:
                assert get(oklo.port).body == b"hello"
                again.until("GET / HTTP/1.1")


def test_a_syslog_daemon_that_does_not_read_keeps_nobody_waiting():
    with syslog() as daemon:
        with logging(f"syslog:{daemon.path}", f"syslog:{daemon.path}") as oklo:
            for _ in range(1000):
                assert get(oklo.port).body == b"hello"
            os.kill(oklo.workers()[0], signal.SIGKILL)
            wait_until(lambda: len(oklo.workers()) == 2, what="another worker")
            status = run_oklo("status", "--json", "--control", control(oklo.port))
            assert json.loads(status.stdout)["error_lines_dropped"] > 0, status


def test_both_logs_are_opened_anew():
    with files({}) as place:
        error, access = os.path.join(place, "error"), os.path.join(place, "access")
        with logging(error, access) as oklo:
            get(oklo.port)
            wait_until(lambda: os.path.getsize(access) > 0, what="a line in the access log")
            os.rename(error, error + ".1")
            os.rename(access, access + ".1")
            assert command(oklo, "reopen") == 0
            get(oklo.port)
            wait_until(lambda: os.path.getsize(access) > 0, what="a line in the new access log")
            os.kill(oklo.workers()[0], signal.SIGKILL)
            wait_until(lambda: "was killed by signal 9" in text_of(error), what="a line in the new error log")
            for pid in [oklo.pid] + descendants(oklo.pid):
                wait_until(lambda: not holds(pid, ".1"), what=f"{pid} to let the old logs go")
            assert "serving" in oklo.stderr() and "killed" not in oklo.stderr()


def holds(pid, end):
    """Whether that process has a file open whose name ends so."""
    links = [f"/proc/{pid}/fd/{fd}" for fd in os.listdir(f"/proc/{pid}/fd")]
    return any(os.readlink(link).endswith(end) for link in links if os.path.lexists(link))


def test_a_failed_start_is_told_where_it_was_started():
    with files({}) as place, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        log = os.path.join(place, "log")
        failed = run_oklo("serve", "127.0.0.1:0", os.path.join(place, "gone"), "--error-log", log)
        assert failed.returncode == 100 and "cannot open the directory" in failed.stderr, failed
        failed = run_oklo("serve", f"127.0.0.1:{free_port()}", place, "--error-log", "syslog:/nowhere")
        assert failed.returncode == 100 and "cannot reach the syslog daemon" in failed.stderr, failed


def test_a_daemon_has_an_error_log_with_all_that_it_says():
    with files({}) as place:
        port = free_port()
        started = run_oklo("serve", f"127.0.0.1:{port}", ".", "-d", "--error-log", "log", "--control",
                           control(port), cwd=place)
        assert started.returncode == 0, started
        assert run_oklo("stop", "--control", control(port)).returncode == 0
        assert re.search(r"master\[\d+\]: stopping .*: stopped\n", text_of(os.path.join(place, "log")), re.S)
