"""Task workers: slow work beside the workers (tests/examples/tasks.cc)."""

import contextlib
import os
import random
import re
import signal
import sys
import threading

from harness import (EXAMPLES, Client, Oklo, alive, files, let_pass, mode, needs, request, run_oklo,
                     timeout, title, wait_until)
from task_server import (begin_many, command, counts, end_task, ended, many, post, run, status, task_workers,
                         tasks)

TASKS = int(os.environ.get("TASKS", "20000"))


# ---- the outcomes

def test_the_outcomes_of_a_task():
    with tasks() as server:
        assert run(server, "echo", "hello") == (200, "done echo hello")
        assert run(server, "nothing", "hello") == (200, "done nothing ")
        assert run(server, "refuse", "rain") == (500, "failed refuse because of rain")
        assert run(server, "nobody") == (503, "refused unknown_name")
        assert run(server, "inflate", "1048577") == (500, "failed inflate its result is too large")
        assert run(server, "hash", "abc")[1].startswith("done hash ")
        shown = counts(server)
        assert (shown["accepted"], shown["done"], shown["failed"], shown["lost"]) == (5, 3, 2, 0), shown


def test_a_megabyte_both_ways():
    with tasks("bytes=1048576") as server, Client(server.port) as client:
        for seed in range(4):
            sent = random.Random(seed).randbytes(1 << 20)
            answer = post(client, "/run/echo", sent)
            assert answer.status == 200 and answer.body == b"done echo " + sent + b"\n"
        assert post(client, "/run/echo", sent + b"x").body == b"refused too_large\n"
        assert post(client, "/run/echo", b"x").body == b"done echo x\n"
        assert post(client, "/run/inflate", b"1048576").body == b"done inflate " + (1 << 20) * b"x" + b"\n"


def test_no_task_workers():
    with files({}) as place, Oklo("127.0.0.1:{port}", "task_workers=0", f"control={place}/c",
                                  program=os.path.join(EXAMPLES, "tasks")) as server:
        assert run(server, "echo") == (503, "refused no_task_workers")
        server.control = f"{place}/c"
        assert "tasks" not in status(server)


def test_wrong_options_are_told():
    for word, text in (("task_workers=65", "64 task workers"), ("queue=0", "task_queue must be"),
                       ("queue=65537", "task_queue must be"), ("bytes=67108865", "task_bytes_max")):
        server = Oklo("127.0.0.1:{port}", "control=off", word, program=os.path.join(EXAMPLES, "tasks"),
                      wait=False, code=100)
        with server:
            server.wait_for_stderr(text)
            wait_until(lambda: server.process.poll() is not None)


# ---- deaths

def test_a_crash_in_a_task_is_told_or_retried_as_declared():
    with tasks() as server:
        assert run(server, "crash") == (500, "died crash its task worker died")
        assert run(server, "crash_again") == (200, "done crash_again at attempt 3")
        assert run(server, "crash_always") == (500, "died crash_always its task worker died")
        assert run(server, "echo", "after all") == (200, "done echo after all")
        shown = counts(server)
        assert (shown["died"], shown["retried"], shown["done"], shown["lost"]) == (2, 4, 2, 0), shown
        server.wait_for_stderr(r"the task of task worker \d \(pid \d+, generation 1\) is queued again")
        server.wait_for_stderr(r"the task of task worker \d \(pid \d+, generation 1\) died with it")


def test_a_task_that_takes_too_long_is_ended_and_not_retried():
    with tasks("task_workers=1") as server:
        assert run(server, "nap", "1") == (200, "done nap slept 1 ms")
        assert run(server, "nap", "60000") == (500, "timed_out nap it took too long")
        assert run(server, "nap", "2") == (200, "done nap slept 2 ms")
        shown = counts(server)
        assert (shown["timed_out"], shown["retried"], shown["died"], shown["lost"]) == (1, 0, 0, 0), shown
        server.wait_for_stderr("killed by signal 9: its task nap took longer than 300 ms; starting another")


def test_a_handler_that_has_answered_and_does_not_end_is_killed_too():
    with tasks("task_workers=1") as server:
        assert run(server, "linger") == (200, "done linger at once")
        assert run(server, "echo", "behind it") == (200, "done echo behind it")
        shown = counts(server)
        assert (shown["done"], shown["timed_out"], shown["died"], shown["lost"]) == (2, 0, 0, 0), shown
        server.wait_for_stderr("killed by signal 9: its task linger took longer than 300 ms")


def kill_some(server, pace_s, stop):
    """Kills a task worker at that pace until it is told to stop; how many it killed."""
    chosen = random.Random(1)
    killed = 0
    while not stop.is_set():
        let_pass(pace_s)
        found = task_workers(server)
        if found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(chosen.choice(found), signal.SIGKILL)
                killed += 1
    return killed


def run_under_kills(kind):
    with tasks("task_workers=4", "queue=256") as server:
        stop, killed = threading.Event(), []
        killer = threading.Thread(target=lambda: killed.append(kill_some(server, 0.1, stop)))
        begin_many(server, kind, TASKS)
        killer.start()
        try:
            wait_until(lambda: ended(many(server)) == TASKS, timeout=500, what="all tasks to end")
        finally:
            stop.set()
            killer.join()
        state = many(server)
        shown = wait_until(lambda: (now := counts(server))["queued"] == now["running"] == 0 and now)
        print(f"{TASKS} tasks, {killed[0]} kills: {state} {shown}", file=sys.stderr)
        assert state["asked"] == TASKS and state["swapped"] == state["twice"] == state["failed"] == 0, state
        assert shown["accepted"] == TASKS and shown["lost"] == 0, shown
        assert shown["done"] == state["done"] and shown["died"] == state["died"], (shown, state)
        return state, shown, killed[0]


@timeout(600)
def test_kills_fail_the_tasks_that_they_hit_and_no_others():
    state, shown, killed = run_under_kills("pause")
    assert killed and 0 < state["died"] <= killed and shown["retried"] == 0
    assert state["done"] + state["died"] == TASKS


@timeout(600)
def test_kills_delay_tasks_that_are_retried_and_all_are_done():
    state, shown, killed = run_under_kills("pause_again")
    assert killed and 0 < shown["retried"] <= killed
    assert state["done"] == TASKS


def test_who_asked_dies_and_its_tasks_run_on():
    with tasks("task_workers=1") as server:
        begin_many(server, "pause", 3)
        wait_until(lambda: counts(server)["done"] == 3)
        with Client(server.port) as client:
            client.send(request("GET", "/sleep/60000"))
            wait_until(lambda: counts(server)["running"] == 1)
            begin_many(server, "echo", 50)
            os.kill(server.workers()[0], signal.SIGKILL)
            with contextlib.suppress(ConnectionError):
                assert client.closed() if mode() == "base" else client.response().status == 502
        assert counts(server)["queued"] == 50
        end_task(server)
        shown = wait_until(lambda: (now := counts(server))["done"] == 53 and now)
        assert (shown["died"], shown["queued"], shown["running"], shown["lost"]) == (1, 0, 0, 0), shown
        assert begin_many(server, "echo", 1024) == 1024  # Nothing holds a record.


def test_a_task_worker_does_not_outlive_the_master():
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(tasks("task_workers=1", "timeout=300", code=-signal.SIGKILL))
        client = stack.enter_context(Client(server.port))
        client.send(request("GET", "/sleep/60000"))
        wait_until(lambda: counts(server)["running"] == 1)
        worker, = task_workers(server)
        server.kill(signal.SIGKILL)
        wait_until(lambda: not alive(worker))


# ---- the queue

def test_a_full_queue_is_told_and_so_is_room():
    with tasks("task_workers=1", "queue=4") as server, contextlib.ExitStack() as stack:
        running, *waiting = (stack.enter_context(Client(server.port)) for _ in range(4))
        running.send(request("GET", "/sleep/60000"))
        wait_until(lambda: counts(server)["running"] == 1)
        for client in waiting:
            client.send(request("POST", "/run/echo", b"y"))
        wait_until(lambda: counts(server)["queued"] == 3)
        assert run(server, "echo", "x") == (503, "refused full")
        assert many(server)["drains"] == 0
        end_task(server)
        assert running.response().body == b"died sleep its task worker died\n"
        for client in waiting:
            assert client.response().body == b"done echo y\n"
        wait_until(lambda: many(server)["drains"] == 1)
        assert run(server, "echo", "x") == (200, "done echo x")


def test_all_of_more_than_the_queue_takes_are_done():
    for words in ("queue=1", "task_workers=1"), ("queue=64", "task_workers=3"):
        with tasks(*words) as server:
            assert begin_many(server, "echo", 5000) == int(words[0][6:])
            state = wait_until(lambda: (now := many(server))["done"] == 5000 and now, timeout=30)
            assert state["swapped"] == state["twice"] == state["died"] == 0 < state["drains"]
            assert counts(server)["lost"] == 0


# ---- connections

def test_a_task_that_sleeps_delays_no_connection():
    with tasks("task_workers=1") as server, Client(server.port) as slow, Client(server.port) as fast:
        slow.send(request("GET", "/sleep/60000"))
        wait_until(lambda: counts(server)["running"] == 1)
        for _ in range(1000):
            assert fast.get("/fast").body == b"fast\n"
        shown, = status(server)["task_workers"]
        assert shown["running"] == "sleep" and shown["done"] == 0  # All were answered before the task ended.
        end_task(server)
        assert slow.response().body == b"died sleep its task worker died\n"


def test_crashing_tasks_delay_no_connection():
    with tasks("task_workers=2") as server, Client(server.port) as fast:
        begin_many(server, "crash", 30)
        answered = 0
        while ended(many(server)) < 30:
            assert fast.get("/fast").body == b"fast\n"
            answered += 1
        state = many(server)
        assert state["died"] == 30 and answered > 0
        assert run(server, "echo", "x") == (200, "done echo x")


# ---- leaving

def test_a_reload_loses_no_task():
    with tasks("task_workers=2", "queue=128", "timeout=20000") as server:
        with Client(server.port) as client:
            client.send(request("GET", "/sleep/3000"))
            wait_until(lambda: counts(server)["running"] == 1)
            before = task_workers(server)
            command(server, "reload")
            # The worker that asked drains too, and its client hears of the task all the same.
            assert run(server, "echo", "x") == (200, "done echo x")
            assert client.response().body == b"done sleep slept 3000 ms\n"
        wait_until(lambda: not [pid for pid in before if alive(pid)])
        assert [one["generation"] for one in status(server)["task_workers"]] == [2, 2]
        begin_many(server, "pause", 2000)
        for _ in range(3):
            command(server, "reload")
        shown = wait_until(lambda: (now := counts(server))["queued"] == now["running"] == 0 and now, 30)
        assert shown["lost"] == shown["died"] == shown["stopped"] == 0 and shown["done"] == shown["accepted"]


def test_a_stop_finishes_what_runs_and_drops_what_waits():
    with tasks("task_workers=1", "timeout=20000") as server, contextlib.ExitStack() as stack:
        running, waiting = (stack.enter_context(Client(server.port)) for _ in range(2))
        running.send(request("GET", "/sleep/3000"))
        wait_until(lambda: counts(server)["running"] == 1)
        waiting.send(request("GET", "/sleep/1"))
        wait_until(lambda: counts(server)["queued"] == 1)
        server.kill(signal.SIGTERM)
        assert waiting.response().body == b"stopped sleep the service stopped\n"
        assert running.response().body == b"done sleep slept 3000 ms\n"
        server.wait_for_stderr("1 tasks that had not begun are dropped")
        assert server.stop() == 0


def test_a_task_that_does_not_end_is_killed_when_the_time_is_over():
    with tasks("task_workers=1", "timeout=300") as server, Client(server.port) as client:
        client.send(request("GET", "/sleep/60000"))
        wait_until(lambda: counts(server)["running"] == 1)
        assert server.stop() == 0
        assert re.search("task worker 1 .*did not leave in time|some did not leave in time", server.stderr())


def test_task_workers_are_replaced_after_so_many_tasks():
    with tasks("task_workers=2", "max=40") as server:
        first = set(task_workers(server))
        begin_many(server, "pause", 1000)
        wait_until(lambda: ended(many(server)) == 1000, timeout=30)
        wait_until(lambda: not first & set(task_workers(server)), what="all to be replaced")
        state = many(server)
        assert state["done"] == 1000 and state["swapped"] == state["twice"] == 0
        server.wait_for_stderr(r"task worker \d \(pid \d+, generation 1\) leaves after \d+ tasks")
        assert counts(server)["lost"] == 0


# ---- what they are

def test_what_a_task_worker_is():
    with tasks("task_workers=2") as server, Client(server.port) as client:
        assert sorted(map(title, task_workers(server))) == ["oklo: task worker 1", "oklo: task worker 2"]
        held = {os.readlink(f"/proc/{pid}/fd/{fd}") for pid in task_workers(server)
                for fd in os.listdir(f"/proc/{pid}/fd")}
        inodes = {link[8:-1] for link in held if link.startswith("socket:")}
        with open("/proc/net/tcp") as file:
            assert not [line for line in file.readlines()[1:] if line.split()[9] in inodes]
        pid = int(post(client, "/run/who").body.split()[2])
        assert pid in task_workers(server)
        shown = run_oklo("status", "--control", server.control).stdout
        assert re.search(r"^task worker +pid +state", shown, re.M), shown
        assert re.search(r"^tasks accepted 1, queued 0, running 0, done 1, .*, lost 0$", shown, re.M), shown


@needs("root")
def test_a_task_worker_drops_its_rights():
    with tasks() as server:
        for pid in task_workers(server):
            with open(f"/proc/{pid}/status") as file:
                assert re.search(r"^Uid:\t65534\t65534\t65534\t65534$", file.read(), re.M)


def test_no_descriptor_and_no_memory_is_left_behind():
    with tasks("task_workers=2") as server, Client(server.port) as client:
        post(client, "/run/echo", b"x" * 1000)
        worker, = server.workers()
        fds = len(os.listdir(f"/proc/{worker}/fd"))
        for _ in range(50):
            assert post(client, "/run/echo", b"y" * (1 << 20)).status == 200
        assert len(os.listdir(f"/proc/{worker}/fd")) == fds
        link, = [f"/proc/{worker}/fd/{fd}" for fd in os.listdir(f"/proc/{worker}/fd")
                 if "oklo tasks" in os.readlink(f"/proc/{worker}/fd/{fd}")]
        wait_until(lambda: os.stat(link).st_blocks * 512 <= 1 << 20, what="the memory to be given back")
