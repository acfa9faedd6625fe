"""A reload as a transaction: from one configuration to the next, or not at all."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import threading

from configured import place, start
from harness import (OKLO, Client, base_mode_alone, children, descendants, free_port, get, kept, listening,
                     memory_kb, mode, needs, open_fds, run_oklo, timeout, wait_until)
from ws_client import WebSocket


class Site:
    """A service from a file that `write` writes anew."""

    def __init__(self, path, port):
        self.path, self.port, self.more = path, port, free_port()
        self.file = os.path.join(path, "oklo.conf")
        self.control = os.path.join(path, "control")

    def write(self, workers=2, more=False, text="one", extra="", **values):
        lines = [f"workers {workers}", f"control {self.control}"]
        lines += [f"{name} {value}" for name, value in values.items()]
        lines += [f"listen http 127.0.0.1:{self.port} {{ route / {{ text {text} }}; route /ws {{ echo }} }}"]
        lines += [f"listen http 127.0.0.1:{self.more} {{ route / {{ text more }} }}"] if more else []
        lines += [extra] if extra else []
        with open(self.file + ".new", "w") as file:
            file.write("\n".join(lines) + "\n")
        os.rename(self.file + ".new", self.file)

    def ask(self, *words):
        return run_oklo(*words, "--control", self.control, timeout=30)

    def reload(self):
        done = self.ask("reload")
        assert done.returncode == 0, done

    def status(self):
        done = self.ask("status", "--json")
        assert done.returncode == 0, done
        return json.loads(done.stdout)

    def metric(self, name):
        return int(re.search(rf"^{name} (\d+)$", self.ask("metrics").stdout, re.M)[1])


@contextlib.contextmanager
def site(prefix=(), **values):
    with place({}) as path:
        made = Site(path, free_port())
        made.write(**values)
        with start(path, made.port, prefix=prefix) as made.oklo:
            wait_until(lambda: made.ask("health").returncode == 0, what="the service to be up")
            yield made


def test_listeners_workers_and_routes_change():
    with site() as made:
        assert made.ask("diff").stdout == "a reload would change nothing\n"
        made.write(workers=4, more=True, text="two")
        assert made.ask("diff").stdout == (
            f"added: listen http 127.0.0.1:{made.more}\n"
            f"listen http 127.0.0.1:{made.port}: other routes\nworkers: 2 -> 4\n")
        done = made.ask("reload")
        assert (done.returncode, done.stdout) == (0, "generation 2 is ready\n"), done
        assert get(made.port).body == b"two" and get(made.more).body == b"more"
        assert len(made.status()["workers"]) == 4
        made.write(workers=1)
        assert "removed: listen http" in made.ask("diff").stdout
        made.reload()
        assert get(made.port).body == b"one" and not listening(made.more)
        status = made.status()
        assert (len(status["workers"]), status["generation"], status["reloads"]) == (1, 3, 2)
        assert status["addresses"] == [f"127.0.0.1:{made.port}"]
        wait_until(lambda: len(made.oklo.workers()) == 1, what="the old workers to leave")


def test_what_was_counted_goes_on():
    with site() as made:
        for _ in range(5):
            get(made.port)
        os.kill(made.oklo.workers()[0], signal.SIGKILL)
        wait_until(lambda: len(made.oklo.workers()) == 2)
        made.write(workers=1)
        made.reload()
        get(made.port)
        assert made.metric("oklo_requests_total") == 6
        assert made.metric("oklo_connections_accepted_total") == 6
        assert made.metric('oklo_restarts_total{role="worker"}') == 1
        # Those of the old workers are counted until the last of them is gone.
        with Client(made.port) as client:
            client.get("/")
            made.write(workers=2)
            made.reload()
            client.get("/")
            wait_until(lambda: made.metric("oklo_requests_total") == 8)


def test_a_broken_file_changes_nothing_however_often():
    with site() as made:
        stop, wrong = threading.Event(), []

        def look():
            while not stop.is_set():
                if get(made.port).body != b"one":
                    wrong.append("another answer")
        looker = threading.Thread(target=look)
        looker.start()
        workers = made.oklo.workers()
        with open(made.file, "a") as file:
            file.write("nonsense on\n")
        for times in range(20):
            done = made.ask("reload")
            assert done.returncode == 1, done
            assert re.search(r"oklo\.conf:4:1: unknown directive nonsense", done.stderr), done
            made.oklo.kill(signal.SIGHUP)
            fault = "oklo.conf:4:1: unknown directive nonsense"
            wait_until(lambda: made.oklo.stderr().count(fault) == 2 * times + 2, what="the log to tell it")
        done = made.ask("diff")
        assert done.returncode == 1 and "oklo.conf:4:1: unknown directive" in done.stderr, done
        stop.set()
        looker.join()
        status = made.status()
        assert (status["generation"], status["reloads_failed"]) == (1, 40), status
        assert made.oklo.workers() == workers and not wrong
        made.write(text="two")
        made.reload()
        assert get(made.port).body == b"two"


def test_what_can_not_be_opened_changes_nothing():
    with site() as made, Client(made.port) as client:
        client.get("/")
        workers = made.oklo.workers()
        for values, fault in [
                ({"more": True}, r"cannot listen on 127\.0\.0\.1:\d+: Address already in use"),
                ({"access_log": os.path.join(made.path, "log")}, r"oklo\.conf:3:12: .*/log is a directory")]:
            os.makedirs(os.path.join(made.path, "log"), exist_ok=True)
            with Blocker(made.more):
                made.write(workers=3, text="two", **values)
                done = made.ask("reload")
            assert done.returncode in (1, 100) and re.search(fault, done.stderr), done
            assert get(made.port).body == b"one" and client.get("/").body == b"one"
            assert made.oklo.workers() == workers
        made.write(workers=3, more=True)
        made.reload()
        assert get(made.more).body == b"more"


class Blocker:
    """Listens on a port."""

    def __init__(self, port):
        self.port = port

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", self.port))

    def __exit__(self, *_):
        self.socket.close()


@base_mode_alone("it is in both modes, one after the other")
def test_the_mode_changes_and_back():
    with site(prefix=("env", "-u", "OKLO_MODE")) as made:  # What the environment says is stronger.
        for wanted, other in ("process", True), ("base", False):
            made.write(**{"mode": wanted})
            made.reload()
            assert get(made.port).body == b"one"
            assert ("gate" in made.status()) == other
            wait_until(lambda: len(kept(made.oklo.pid)) == 2, what="the old ones to leave")


def test_scale():
    with site() as made:
        for workers in 4, 1, 3:
            done = made.ask("scale", str(workers))
            assert done.returncode == 0 and done.stdout.endswith(" is ready\n"), done
            wait_until(lambda: len(made.status()["workers"]) == workers, what="the old workers to be gone")
            assert get(made.port).body == b"one"
        for words, fault in [(["3"], "there are 3 workers already"), (["0"], "1 to 1024"),
                             (["x"], "1 to 1024"), (["2000"], "1 to 1024")]:
            done = made.ask("scale", *words)
            assert done.returncode == 1 and fault in done.stderr, done
        assert made.ask("scale").returncode == 100
        # The file is what it was: a reload of it keeps the number, one with a change has its own.
        made.reload()
        wait_until(lambda: len(made.status()["workers"]) == 3, what="the old workers to be gone")
        made.write(text="two")
        made.reload()
        wait_until(lambda: len(made.status()["workers"]) == 2, what="the old workers to be gone")


def test_changes_that_overlap_come_one_after_another():
    with site() as made:
        asked = []
        for number in range(12):
            made.write(workers=1 + number % 3, text=f"t{number}")
            asked.append(subprocess.Popen(made_command(made, "reload"), stdout=subprocess.PIPE, text=True))
            made.oklo.kill(signal.SIGUSR1 if number % 2 else signal.SIGHUP)
        made.write(workers=3, text="last")
        for one in asked:
            assert one.communicate(timeout=30)[0].endswith("is ready\n") and one.returncode == 0
        made.reload()
        assert get(made.port).body == b"last"
        assert [worker["state"] for worker in made.status()["workers"]
                if worker["generation"] == made.status()["generation"]] == ["ready"] * 3
        wait_until(lambda: len(made.oklo.workers()) == 3, what="the old workers to leave")


def made_command(made, word):
    return OKLO, word, "--control", made.control


def test_connections_of_the_old_one_drain_and_end_in_time():
    port = free_port()
    echo = f"listen tcp 127.0.0.1:{port} {{ echo }}"
    with site(shutdown_timeout="12s", extra=echo) as made, Client(port, timeout=30) as stream:
        clients = [Client(made.port, timeout=30) for _ in range(3)]
        sockets = [WebSocket(made.port, timeout=30) for _ in range(8)]
        for client in clients:
            client.get("/")
        made.write(text="two", shutdown_timeout="12s", extra=echo)
        made.reload()
        stream.send(b"still")
        assert stream.read(5) == b"still"
        # An answer that was under way may not say yet that it is the last.
        wait_until(lambda: clients[0].get("/").field("connection") == "close", what="the last answer")
        assert clients[0].closed()
        assert sockets[0].send("still").receive() == "still"
        codes = [one.closed_with() for one in sockets]
        assert codes == [1012] * 8, codes
        assert stream.closed() and all(client.closed() for client in clients[1:])
        wait_until(lambda: len(made.oklo.workers()) == 2, what="the old workers to leave")


def test_sockets_logs_and_files_of_the_old_one_are_gone():
    with site() as made:
        old, new = (os.path.join(made.path, name) for name in ("old.sock", "new.sock"))
        made.write(extra=f"listen tcp unix:{old} {{ echo }}")
        made.reload()
        assert os.path.exists(old)
        log = os.path.join(made.path, "access.log")
        made.write(access_log=log, extra=f"listen tcp unix:{new} {{ echo }}")
        made.reload()
        assert os.path.exists(new) and not os.path.exists(old)
        get(made.port, "/?logged")
        wait_until(lambda: "GET /?logged" in open(log).read())
    assert not os.path.exists(new)


def storm(made, args, change, times):
    """Reloads while wrk runs; what wrk says."""
    wrk = subprocess.Popen(["wrk", "-t2", "-c32", "-d60s", *args, f"http://127.0.0.1:{made.port}/"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait_until(lambda: made.status()["requests"] > 100, what="wrk to begin")
    for number in range(times):
        change(number)
        made.reload()
    wrk.send_signal(signal.SIGINT)
    said = wrk.communicate(timeout=30)[0]
    assert "Socket errors" not in said and "Non-2xx" not in said, said
    assert made.status()["reloads"] >= times
    return said


@needs("wrk")
@base_mode_alone("it is in both modes, one after the other")
@timeout(180)
def test_fifty_reloads_with_changes_lose_no_connection():
    def change(number):
        made.write(workers=(2, 4, 1)[number % 3], more=number % 2 == 0,
                   mode="base" if number < 25 else "process")
    with site(prefix=("env", "-u", "OKLO_MODE")) as made:
        storm(made, ["-H", "Connection: close"], change, 50)


@needs("wrk")
@timeout(120)
def test_twenty_reloads_lose_nothing_with_keep_alive():
    with site() as made:
        storm(made, [], lambda number: made.write(workers=2 + number % 2), 20)


@needs("static")  # A sanitizer keeps what was freed.
@timeout(180)
def test_two_hundred_reloads_leave_nothing():
    with site() as made:
        fds = open_fds(made.oklo.pid)

        def memory_after(reloads):
            for number in range(reloads):
                made.write(text=f"t{number}")
                made.reload()
            wait_until(lambda: open_fds(made.oklo.pid) == fds, what="the old configurations to be closed")
            return memory_kb(made.oklo.pid, "Rss")
        early, late = memory_after(10), memory_after(190)
        assert late <= early * 1.05, (early, late)
        processes = len(descendants(made.oklo.pid))
        assert processes == (2 if mode() == "base" else 4), children(made.oklo.pid)
