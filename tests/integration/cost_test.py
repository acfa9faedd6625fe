"""tools/cost: how it reads callgrind and strace, and what it makes of two runs."""

import importlib.machinery
import importlib.util
import os

from harness import EXAMPLES, ROOT, free_port, mode, needs, timeout

LOADER = importlib.machinery.SourceFileLoader("cost", os.path.join(ROOT, "tools/cost"))
cost = importlib.util.module_from_spec(importlib.util.spec_from_loader("cost", LOADER))
LOADER.exec_module(cost)

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


@needs("strace")
@timeout(60)
def test_a_request_costs_three_system_calls():
    """In process mode nine, of the gate and the worker together, where nothing else is under way."""
    port = free_port()
    command = [os.path.join(EXAMPLES, "testee"), f"127.0.0.1:{port}"]

    def calls(requests):
        return cost.count_calls(command, port, lambda: cost.send_requests("minimal", port, "/", requests))

    prices = cost.each(calls(200), calls(400), 200)
    assert abs(sum(prices.values()) - (3 if mode() == "base" else 9)) < 0.1, prices
