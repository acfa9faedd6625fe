"""A process of the program's own beside the workers: the ticker."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time

from harness import (EXAMPLES, Oklo, alive, descendants, files, kept, listening, needs, run_oklo, title,
                     wait_until)
from ws_client import WebSocket

WORKERS = 3


@contextlib.contextmanager
def ticker(*words, ready=True, **options):
    with files({}) as place:
        control = os.path.join(place, "control")
        os.chmod(place, 0o755)
        with Oklo("127.0.0.1:{port}", f"control={control}", *words, program=os.path.join(EXAMPLES, "ticker"),
                  **options) as server:
            server.control = control
            if ready:
                server.wait_for_stderr("the ticker begins")
            yield server


def processes(server):
    """The pids of the processes with the ticker's title, oldest first."""
    return [pid for pid in kept(server.pid) if title(pid) == "oklo: ticker"]


def process(server):
    found = processes(server)
    assert len(found) == 1, found
    return found[0]


def status(server):
    return json.loads(run_oklo("status", "--json", "--control", server.control).stdout)


def command(server, name):
    done = run_oklo(name, "--control", server.control, timeout=60)
    assert done.returncode == 0, done.stderr + done.stdout


def ticks(socket):
    """Reads until the next tick; its number."""
    while not (text := socket.receive()).startswith("ticker"):
        pass
    return int(text.split()[1])


def sockets_of_several_workers(server, stack):
    """Open WebSockets that are not all of one worker."""
    opened, workers = [], set()
    while len(workers) < 2:
        assert len(opened) < 60, "all of one worker"
        opened.append(stack.enter_context(WebSocket(server.port)))
        workers.add(opened[-1].receive())
    return opened


def test_it_reaches_the_websockets_of_all_workers():
    with ticker() as server, contextlib.ExitStack() as stack:
        opened = sockets_of_several_workers(server, stack)
        seen = [ticks(one) for one in opened]
        for one, first in zip(opened, seen):
            assert [ticks(one), ticks(one)] == [first + 1, first + 2]
        assert re.search(r" ticker\[\d+\]: the ticker begins as 4, generation 1\n", server.stderr())


def test_it_hears_messages_and_signals():
    with ticker() as server, WebSocket(server.port) as one:
        number = int(one.receive().split()[1])
        one.send("hello")
        while (text := one.receive()).startswith("ticker"):
            pass
        assert text == f"{number} said hello"
        server.kill(signal.SIGRTMIN + 2)
        while (text := one.receive()).startswith("ticker"):
            pass
        assert text == "signal"
        for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
            os.kill(process(server), number)
        ticks(one)


def test_it_has_nothing_of_a_client_and_no_listener():
    with ticker() as server, WebSocket(server.port) as one:
        one.receive()
        pid = process(server)
        sockets = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
        sockets = {link[8:-1] for link in sockets if link.startswith("socket:")}
        for table in "/proc/net/tcp", "/proc/net/tcp6":
            with open(table) as file:
                held = [line for line in file.readlines()[1:] if line.split()[9] in sockets]
                assert not held, held


def test_one_that_is_killed_is_replaced():
    with ticker() as server, WebSocket(server.port) as one:
        before = process(server)
        os.kill(before, signal.SIGKILL)
        server.wait_for_stderr(rf"ticker \(pid {before}, .*\) was killed by signal 9; starting another")
        server.wait_for_stderr(r"(?s)the ticker begins.*the ticker begins")
        one.receive()
        while ticks(one) != 1:  # of the new one
            pass
        shown, = status(server)["processes"]
        assert shown["restarts"] == 1 and shown["pid"] == process(server) != before
        assert len(status(server)["workers"]) == WORKERS
        assert "error of worker" not in server.stderr()


def test_a_crash_loop_backs_off_and_the_service_stays_up():
    with ticker("exits=3") as server:
        server.wait_for_stderr(r"exited with 3; the next one starts in 100 ms")
        server.wait_for_stderr(r"exited with 3; the next one starts in 200 ms")
        wait_until(lambda: status(server)["processes"][0]["state"] == "back-off", what="the back-off")
        assert status(server)["processes"][0]["backoff_ms"] >= 200
        assert [worker["state"] for worker in status(server)["workers"]] == ["ready"] * WORKERS
        with WebSocket(server.port) as one:
            assert one.receive().startswith("worker")
        assert run_oklo("health", "--control", server.control).returncode == 0
        assert "error of worker" not in server.stderr()


def test_whether_it_is_started_again_can_be_chosen():
    with ticker("exits=0", "restart=on_failure") as server:
        server.wait_for_stderr(r"exited with 0; it is not started again")
        assert status(server)["processes"][0]["state"] == "over"
        assert not processes(server)
        command(server, "reload")
        server.wait_for_stderr(r"(?s)generation 2\n.*generation 2\) exited with 0; it is not started again")
    with ticker("exits=0") as server:
        server.wait_for_stderr(r"exited with 0; the next one starts in 100 ms")
    with ticker("exits=3", "restart=on_failure") as server:
        server.wait_for_stderr(r"exited with 3; the next one starts in 100 ms")
    with ticker("exits=3", "restart=never") as server:
        server.wait_for_stderr(r"exited with 3; it is not started again")


def test_the_status_shows_it():
    with ticker() as server:
        shown, = status(server)["processes"]
        assert shown["process"] == "ticker" and shown["number"] == WORKERS + 1
        assert shown["pid"] == process(server) and shown["state"] == "ready" and shown["generation"] == 1
        assert shown["memory_kib"] > 0 and shown["restarts"] == 0 and shown["uptime_s"] < 60
        table = run_oklo("status", "--control", server.control).stdout
        assert re.search(rf"\nticker +{process(server)}  ready +1 +\d+ +\d+ +0\n", table), table
        wait_until(lambda: status(server)["processes"][0]["uptime_s"] >= 1, what="a second to pass")


def test_a_reload_replaces_it():
    with ticker() as server, WebSocket(server.port) as one:
        before = process(server)
        command(server, "reload")
        server.wait_for_stderr(r"the ticker begins as 4, generation 2")
        server.wait_for_stderr(r"the ticker ends")
        wait_until(lambda: processes(server) and before not in processes(server), what="the old one to leave")
        one.receive()
        while ticks(one) != 1:  # the WebSocket stays with the old worker, and hears the new process
            pass
        assert server.stderr().count("the ticker begins") == 2 and "exited" not in server.stderr()


def test_a_stop_asks_it_to_leave():
    with ticker() as server:
        pid = process(server)
        assert server.stop() == 0
        assert server.stderr().count("the ticker ends") == 1 and not alive(pid)
        assert "killed" not in server.stderr()


def test_one_that_never_returns_is_heard_and_killed_when_the_time_is_over():
    with ticker("block", "timeout=700") as server, contextlib.ExitStack() as stack:
        opened = sockets_of_several_workers(server, stack)
        for one in opened:
            first = ticks(one)
            assert ticks(one) == first + 1
        before = process(server)
        command(server, "reload")
        server.wait_for_stderr("the ticker begins as 4, generation 2")
        server.wait_for_stderr(rf"ticker \(pid {before}, generation 1\) did not leave in time, it is killed")
        wait_until(lambda: len(processes(server)) == 1, what="the old one to be gone")
        last, start = process(server), time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - start >= 0.6 and not alive(last)
        assert f"ticker (pid {last}, generation 2) did not leave in time" in server.stderr()
        assert "the ticker ends" not in server.stderr()


def test_quit_waits_for_clients_but_not_for_one_that_never_returns():
    with ticker("block", "timeout=500") as server:
        pid = process(server)
        server.kill(signal.SIGQUIT)
        assert server.process.wait(10) == 0 and not alive(pid)


def test_it_ends_with_the_master():
    for words in (), ("block",):
        with ticker(*words, code=-signal.SIGKILL) as server:
            everybody = descendants(server.pid)
            server.kill(signal.SIGKILL)
            wait_until(lambda: not any(map(alive, everybody)), what="all to leave")
            # The threads of a gate may end after its first one.
            wait_until(lambda: not listening(server.port), what="the address to be free")


@needs("root")
def test_it_runs_without_the_rights_of_root():
    with ticker() as server:
        with open(f"/proc/{process(server)}/status") as file:
            text = file.read()
        assert re.search(r"^Uid:\s+65534\s+65534\s+65534\s+65534$", text, re.M), text
        assert re.search(r"^CapEff:\s+0+$", text, re.M), text


def test_debug_single_does_not_start_it():
    with ticker("single", ready=False) as server:
        server.wait_for_stderr("debug_single has one process alone: ticker is not started")
        assert not descendants(server.pid)


def test_a_name_that_can_not_be_is_an_error():
    done = subprocess.run([os.path.join(EXAMPLES, "ticker"), "127.0.0.1:0", "name=a b", "control=off"],
                          capture_output=True, text=True, timeout=10)
    assert done.returncode == 100 and "name must be" in done.stderr, done
