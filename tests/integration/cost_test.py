"""tools/cost: how it reads callgrind and strace, and what it makes of two runs."""

import contextlib
import importlib.machinery
import importlib.util
import os
import signal

import harness
from harness import EXAMPLES, ROOT, free_port, mode, needs, timeout

LOADER = importlib.machinery.SourceFileLoader("cost", os.path.join(ROOT, "tools/cost"))
cost = importlib.util.module_from_spec(importlib.util.spec_from_loader("cost", LOADER))
LOADER.exec_module(cost)

TOGETHER = 128

STRACE = """\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ------------------
 60.00    0.000600           1       600           recvfrom
 30.00    0.000300           1       300       100 accept4
 10.00    0.000100           1         3           close
------ ----------- ----------- --------- --------- ------------------
100.00    0.001000           1       903       100 total
"""


def test_reads_the_table_of_strace():
    assert cost.strace_calls(STRACE) == {"recvfrom": 600, "accept4": 300, "close": 3}


def test_reads_the_total_of_callgrind():
    assert cost.callgrind_total("events: Ir\nsummary: 12\n\ntotals: 345\n") == 345
    assert cost.callgrind_total("events: Ir\nsummary: 12\n") == 12
    assert cost.callgrind_total("") == 0


def test_start_and_timers_fall_out_of_the_difference():
    fewer = cost.collections.Counter(recvfrom=110, execve=1, timerfd_settime=7)
    more = cost.collections.Counter(recvfrom=210, execve=1, timerfd_settime=7, epoll_wait=50)
    assert cost.each(fewer, more, 100) == {"recvfrom": 1.0, "epoll_wait": 0.5}


def calls_of_a_request(kind, few, many, send):
    """System calls of one request or message, of all processes together; `send` makes that many."""
    port = free_port()
    command = [os.path.join(EXAMPLES, "testee"), f"127.0.0.1:{free_port() if kind == 'tcp' else port}"]
    if kind == "tcp":
        command += ["--tcp", f"127.0.0.1:{port}"]
    path = "/ws" if kind == "websocket" else "/"
    fewer, more = (cost.count_calls(command, port, lambda: send(kind, port, path, count))
                   for count in (few, many))
    return sum(cost.each(fewer, more, many - few).values())


@needs("strace", "static")
@timeout(60)
def test_a_request_costs_three_system_calls():
    """In process mode nine, of the gate and the worker together, where nothing else is under way.

    Sanitizers make calls of their own.
    Timers that wake the server in between belong to no request: where all is slow, one of some counts is free
    of them.
    """
    for kind in ("minimal", "websocket", "tcp"):
        seen = []
        while not seen or abs(seen[-1] - (3 if mode() == "base" else 9)) >= 0.1:
            assert len(seen) < 5, (kind, seen)
            seen.append(calls_of_a_request(kind, 200, 400, cost.send_requests))


def send_together(kind, port, path, count):
    """Whoever owns the connections is stopped until all of a round have been sent."""
    title = "oklo: worker" if mode() == "base" else "oklo: gate"
    [owner] = harness.wait_until(
        lambda: [pid for pid in harness.descendants(os.getpid()) if harness.title(pid).startswith(title)])
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(cost.connect(kind, port, path)) for _ in range(TOGETHER)]
        for _ in range(count // TOGETHER):
            os.kill(owner, signal.SIGSTOP)
            harness.wait_until(lambda: harness.state(owner) in "Tt")
            answers = [cost.ask(kind, port, path, client) for client in clients]
            os.kill(owner, signal.SIGCONT)
            for hear in answers:
                hear()


@needs("strace", "static")
@timeout(60)
def test_what_comes_together_is_handled_together():
    """One receives and one sends for each client; all else, in process mode also the hops, is for many."""
    for kind in ("minimal", "websocket", "tcp"):
        calls = calls_of_a_request(kind, TOGETHER, 11 * TOGETHER, send_together)
        assert calls < (2.5 if mode() == "base" else 3), (kind, calls)
