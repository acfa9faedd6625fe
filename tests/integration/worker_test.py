"""What a program does inside its workers: timers, fds, callbacks, replacement."""

import contextlib
import os
import re
import signal
import subprocess

from harness import (EXAMPLES, Client, Oklo, base_mode_alone, descendants, get, let_pass, listening, mode,
                     needs, request, title, wait_until)
from load import Load
from storm import named, numbers, status
from ws_client import WebSocket


def example(name, *args, **options):
    return Oklo("127.0.0.1:{port}", *args, program=os.path.join(EXAMPLES, name), **options)


def text(port, target):
    return get(port, target).body.decode().strip()


# ---- timers

def test_timers_and_watched_fds_are_called_in_the_worker():
    with example("timers") as timers:
        assert text(timers.port, "/start") == "worker 1 of 1, generation 1"
        timers.wait_for_stderr(r"worker 1\[\d+\]: the timers run")

        def counts():
            return [int(word) for word in text(timers.port, "/count").split()]
        wait_until(lambda: min(counts()) >= 10, what="both to be called")
        cancelled = int(text(timers.port, "/cancel"))
        heard = counts()[1]
        wait_until(lambda: counts()[1] > heard, what="the other timer to go on")
        assert counts()[0] == cancelled


def test_ten_thousand_timers_while_requests_are_answered():
    with example("timers") as timers, Client(timers.port) as client:
        client.get("/start")
        client.get("/cancel")
        assert client.get("/many").body == b"10000 timers\n"
        wait_until(lambda: int(client.get("/count").body.split()[0]) >= 10_000, what="all to be called")


def test_the_successor_of_a_worker_has_its_number_and_none_of_its_timers():
    with example("timers") as timers:
        text(timers.port, "/start")
        before, = timers.workers()
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: timers.workers() not in ([], [before]), what="another worker")
        assert text(timers.port, "/count") == "0 0"
        timers.kill(signal.SIGHUP)
        timers.wait_for_stderr("generation 2 is ready")
        wait_until(lambda: text(timers.port, "/start") == "worker 1 of 1, generation 2")


# ---- the callbacks of a life

def test_the_callbacks_of_start_stop_and_reload():
    with example("lifecycle") as server:
        server.wait_for_stderr(r"master\[\d+\]: up at 127")
        for number in 1, 2:
            assert re.search(rf"worker {number}\[\d+\]: start of {number}\n", server.stderr())
        assert text(server.port, "/").endswith("reloads 0")
        server.kill(signal.SIGHUP)
        server.wait_for_stderr("generation 2 is ready")
        assert re.search(r"(master|manager)\[\d+\]: reload 1\n", server.stderr())
        assert server.stderr().count("start of 2") == 2
        wait_until(lambda: text(server.port, "/").endswith("reloads 1"), what="the new workers")
        for number in 1, 2:
            server.wait_for_stderr(rf"worker {number}\[\d+\]: stop of {number}\n")
        assert server.stop() == 0
        assert server.stderr().count("stop of 1") == 2 and "error of" not in server.stderr()


def test_the_master_hears_of_a_worker_that_dies():
    with example("lifecycle") as server:
        server.wait_for_stderr("up at")
        with Client(server.port) as client:
            client.send(request("GET", "/die"))
            assert mode() == "base" or client.response().status == 502
            assert client.closed()
        error = server.wait_for_stderr(
            r"(?:master|manager)\[\d+\]: error of (\d), process (\d+), status 768\n")
        server.wait_for_stderr(rf"(?s)start of {error[1]}\n.*start of {error[1]}\n")
        killed, = [pid for pid in server.workers() if title(pid) == "oklo: worker 1"]
        os.kill(killed, signal.SIGKILL)
        server.wait_for_stderr(rf"error of 1, process {killed}, status 9\n")
        assert "stop of" not in server.stderr()


# ---- how workers are kept

def worker(server, number):
    """The pids of the workers with that number."""
    return [pid for pid in server.workers() if title(pid) == f"oklo: worker {number}"]


class Askers(Load):
    """Threads that ask again and again, with keep-alive and without, and note what went wrong."""

    def __init__(self, port):
        super().__init__(self._keep, self._keep, self._once)
        self.port, self.answered, self.wrong = port, 0, []

    def _keep(self):
        while self.running:
            try:
                with Client(self.port) as client:
                    while self.running:
                        answer = client.get()
                        assert answer.status == 200
                        self.answered += 1
                        if answer.field("connection") == "close":
                            break
            except (OSError, EOFError, AssertionError) as error:
                self.wrong.append(error)

    def _once(self):
        while self.running:
            try:
                assert get(self.port).status == 200
                self.answered += 1
            except (OSError, EOFError, AssertionError) as error:
                self.wrong.append(error)


def test_workers_are_replaced_after_enough_requests_and_none_is_lost():
    with example("lifecycle", "max=100") as server:
        server.wait_for_stderr("up at")
        with Askers(server.port) as askers:
            for number in 1, 2:
                server.wait_for_stderr(rf"(?s)(worker {number} \(.*leaves after.*){{2}}", timeout=30)
        assert not askers.wrong, askers.wrong
        counts = [int(count) for count in re.findall(r"leaves after (\d+) requests", server.stderr())]
        assert min(counts) >= 100
        wait_until(lambda: len(server.workers()) == 2, what="the old ones to leave")
        assert "error of" not in server.stderr() and "generation 2" not in server.stderr()


def test_messages_of_a_websocket_count_as_requests():
    with example("lifecycle", "max=100") as server, WebSocket(server.port) as client:
        for number in range(150):
            client.send(str(number))
            assert client.receive() == str(number)
        told = server.wait_for_stderr(r"worker \d \(.*leaves after (\d+) requests")
        assert int(told[1]) >= 100
        client.send("still there")
        assert client.receive() == "still there"


def test_each_worker_runs_on_a_processor_of_its_own():
    usable = sorted(os.sched_getaffinity(0))
    with example("lifecycle", "affinity") as server:
        server.wait_for_stderr("up at")
        assert os.sched_getaffinity(server.pid) == set(usable)
        for number in 1, 2:
            pid, = worker(server, number)
            assert os.sched_getaffinity(pid) == {usable[(number - 1) % len(usable)]}


def stuck_worker(server):
    """Has a worker hang; its number and pid."""
    client = Client(server.port).send(request("GET", "/hang"))
    told = server.wait_for_stderr(r"worker (\d) \(pid (\d+), generation 1\) is stuck in one turn for \d+ ms")
    return client, int(told[1]), int(told[2])


def test_a_worker_that_hangs_gets_nothing_new():
    with example("lifecycle") as server, contextlib.ExitStack() as stack:
        server.wait_for_stderr("up at")
        stack.enter_context(Client(server.port)).send(request("GET", "/hang"))

        def one_more_waits():
            stack.enter_context(Client(server.port)).send(request("GET", "/"))
            return "is late: connections wait" in server.stderr()
        wait_until(one_more_waits, what="somebody to wait for it for two looks")
        for _ in range(20):
            assert get(server.port).status == 200
        number, = re.findall(r"worker (\d) .* is late", server.stderr())
        os.kill(worker(server, int(number))[0], signal.SIGKILL)


@needs("prompt signals")
def test_the_watchdog_names_a_stuck_worker_with_its_stack():
    with example("lifecycle", "watchdog=200") as server:
        where = int(text(server.port, "/where"), 16)
        client, number, pid = stuck_worker(server)
        with client:
            told = server.wait_for_stderr(rf"worker {number}\[{pid}\]: its stack, .* at .*:(.*)\n")
            end = where + (1000 if os.environ.get("SAN") else 100)  # What checks itself is longer.
            assert any(where < int(address, 16) < end for address in told[1].split()), (where, told)
            assert server.stderr().count("is stuck in one turn") == 1
            assert pid in server.workers()
            os.kill(pid, signal.SIGKILL)


@needs("prompt signals")
def test_the_watchdog_replaces_a_stuck_worker():
    with example("lifecycle", "watchdog=200", "replace") as server:
        server.wait_for_stderr("up at")
        client, number, pid = stuck_worker(server)
        with client:
            server.wait_for_stderr(rf"\(pid {pid}, .*: it was stuck in one turn for \d+ ms; ")
            assert mode() == "base" or client.response().status == 502
            assert client.closed()
        server.wait_for_stderr(rf"error of {number}, process {pid}, status 9\n")
        wait_until(lambda: worker(server, number) not in ([], [pid]), what="another worker")
        assert "its stack, of the program" in server.stderr()


def test_the_watchdog_lets_idle_and_stopped_workers_be():
    with example("lifecycle", "watchdog=200", "replace") as server:
        server.wait_for_stderr("up at")
        pid, = worker(server, 1)
        os.kill(pid, signal.SIGSTOP)
        let_pass(0.6)
        os.kill(pid, signal.SIGCONT)
        server.wait_for_stderr("goes on")
        let_pass(0.6)
        assert "stuck" not in server.stderr() and pid in server.workers()


def stuck_gate(server):
    """Has a thread of the gate hang in the function of on_dispatch; the client, and the pid of the gate."""
    client = Client(server.tcp).send(b"! 1\n")
    told = server.wait_for_stderr(r"gate \d \(pid (\d+)\) is stuck in one turn for \d+ ms\n")
    return client, int(told[1])


@base_mode_alone("it runs in process mode anyway")
@needs("prompt signals")
def test_the_watchdog_names_a_stuck_thread_of_the_gate_with_its_stack():
    with numbers("dispatch=function", "watchdog=200") as server:
        client, pid = stuck_gate(server)
        with client:
            server.wait_for_stderr(rf"gate \d\[{pid}\]: its stack, .* at 0x[0-9a-f]+: 0x")
            assert [row["state"] for row in status(server)["gate"]].count("late") == 1
            assert server.stderr().count("is stuck in one turn") == 1
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: named(server, "oklo: gate") not in ([], [pid]), what="another gate")


@base_mode_alone("it runs in process mode anyway")
def test_the_watchdog_replaces_a_gate_with_a_stuck_thread():
    with numbers("dispatch=function", "watchdog=200", "replace") as server:
        workers = server.workers()
        client, pid = stuck_gate(server)
        server.wait_for_stderr(rf"gate \(pid {pid}\) was killed by signal 9: it was stuck in one turn for ")
        with client, contextlib.suppress(ConnectionResetError):
            assert client.closed()
        wait_until(lambda: named(server, "oklo: gate") not in ([], [pid]), what="another gate")
        with Client(server.tcp) as client:
            assert int(client.send(b"a 1\n").read_until(b"\n").split()[2]) in workers
        assert server.workers() == workers


def test_debug_single_is_one_process():
    with example("lifecycle", "single") as server:
        server.wait_for_stderr(rf"single\[{server.pid}\]: up at")
        assert not descendants(server.pid)
        assert text(server.port, "/") == f"worker 1, process {server.pid}, reloads 0"
        with Client(server.port) as client:
            assert client.get().status == 200
            server.kill(signal.SIGTERM)
            assert client.closed()
        assert server.process.wait(10) == 0
        assert server.stderr().count("start of 1") == 1 and server.stderr().count("stop of 1") == 1
        assert not listening(server.port)


def test_debug_single_tells_why_it_can_not_start():
    with example("lifecycle", "single") as first:
        again = subprocess.run([os.path.join(EXAMPLES, "lifecycle"), f"127.0.0.1:{first.port}", "single"],
                               capture_output=True, text=True, timeout=10)
        assert again.returncode == 111 and again.stderr.count("\n") == 1, again


# ---- messages between workers

def test_workers_and_the_master_send_messages():
    with example("messages") as server:
        for number in 1, 2, 3:
            server.wait_for_stderr(rf"worker {number}\[\d+\]: from 0: the master is up\n")
        sent = text(server.port, "/send/2/hello")
        sender = re.fullmatch(r"sent by (\d)", sent)[1]
        server.wait_for_stderr(rf"worker 2\[\d+\]: from {sender}: hello\n")
        assert text(server.port, "/all/ping") == "3"
        for number in 1, 2, 3:
            server.wait_for_stderr(rf"worker {number}\[\d+\]: from \d: ping\n")
        assert text(server.port, "/send/4/x").startswith("not sent")
        assert text(server.port, "/send/0/x").startswith("not sent")


def test_messages_wait_for_the_worker_that_takes_the_place_of_a_dead_one():
    with example("messages") as server:
        server.wait_for_stderr("from 0: the master is up")
        stopped, = worker(server, 2)
        os.kill(stopped, signal.SIGSTOP)
        wait_until(lambda: "was stopped" in server.stderr(), what="the master to see it")
        count = int(text(server.port, "/fill/2"))
        assert count >= 10 and text(server.port, "/send/2/x").startswith("not sent")
        os.kill(stopped, signal.SIGKILL)
        wait_until(lambda: server.stderr().count(": filling\n") == count, what="all to be read")
        assert text(server.port, "/send/2/again").startswith("sent")
        server.wait_for_stderr(r"worker 2\[\d+\]: from \d: again\n")


def test_messages_come_after_a_reload():
    with example("messages") as server:
        server.wait_for_stderr("the master is up")
        server.kill(signal.SIGHUP)
        server.wait_for_stderr("generation 2 is ready")
        wait_until(lambda: len(server.workers()) == 3, what="the old ones to leave")
        for i in range(20):
            assert text(server.port, f"/all/round{i}") == "3"
        wait_until(lambda: server.stderr().count(": round19\n") == 3, what="all to be read")


# ---- signals of the program's own

def test_signals_are_heard_in_the_master_or_in_the_workers():
    number = signal.SIGRTMIN + 2
    with example("lifecycle") as server:
        server.wait_for_stderr("up at")
        server.kill(signal.SIGWINCH)
        server.wait_for_stderr(rf"master\[\d+\]: signal {int(signal.SIGWINCH)}\n")
        server.kill(number)
        for one in 1, 2:
            server.wait_for_stderr(rf"worker {one}\[\d+\]: signal {number}\n")
        first, = worker(server, 1)
        os.kill(first, number)
        server.wait_for_stderr(rf"(?s)(worker 1\[\d+\]: signal {number}\n.*){{2}}")
        os.kill(first, signal.SIGWINCH)
        assert text(server.port, "/").startswith("worker")
        assert server.stderr().count(f"signal {number}\n") == 3
        assert server.stderr().count(f"signal {int(signal.SIGWINCH)}\n") == 1


def test_a_new_worker_hears_signals_and_debug_single_too():
    number = signal.SIGRTMIN + 2
    with example("lifecycle") as server:
        server.wait_for_stderr("up at")
        first, = worker(server, 1)
        os.kill(first, signal.SIGKILL)
        server.wait_for_stderr(r"(?s)start of 1\n.*start of 1\n")
        server.kill(number)
        server.wait_for_stderr(rf"worker 1\[\d+\]: signal {number}\n")
    with example("lifecycle", "single") as server:
        server.wait_for_stderr("up at")
        server.kill(number)
        server.wait_for_stderr(rf"single\[\d+\]: signal {number}\n")
