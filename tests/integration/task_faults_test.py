"""Faults that servers of this kind are known for, with tasks: tests/examples/tasks.cc has none of them."""

import contextlib
import os
import signal
import socket
import struct
import threading

from harness import Client, alive, connections, kept, needs, wait_until
from task_server import (Gate, begin, begin_many, both_workers, command, counts, many, many_of, post, run,
                         status, task_workers, tasks)
from ws_client import WebSocket


def test_a_full_queue_stops_no_worker():
    """swoole-src #252"""
    with tasks("workers=2", "task_workers=1", "queue=2") as server, Gate() as gate, \
            both_workers(server) as both, Client(server.port) as client:
        begin(client, "/run/hold", gate.path)
        wait_until(lambda: counts(server)["running"] == 1)
        begun = [int(post(one, "/many/echo/50").body) for one in both]
        assert sorted(begun) == [0, 1], begun
        for _ in range(200):
            for one in both:
                assert one.get("/fast").body == b"fast\n"
        for one in both:
            assert post(one, "/run/echo").body == b"refused full\n"
            state = many_of(one)
            assert state["drains"] == 0 < state["refused"], state
        gate.open("go")
        assert client.response().body == b"done hold go\n"
        for one in both:
            state = wait_until(lambda: (now := many_of(one))["done"] == 50 and now)
            assert state["drains"] > 0 == state["swapped"] + state["twice"], state
        assert counts(server)["lost"] == 0


def test_results_are_not_swapped_between_those_who_asked():
    """swoole-src #465"""
    with tasks("workers=2", "task_workers=4", "queue=512") as server, both_workers(server) as both:
        for one, kind in zip(both, ("pause", "echo")):
            post(one, f"/many/{kind}/2000")
        for one in both:
            state = wait_until(lambda: (now := many_of(one))["done"] == 2000 and now, timeout=30)
            assert state["swapped"] == state["twice"] == state["died"] == 0, state


def test_who_takes_the_place_of_one_that_asked_hears_nothing_of_its_tasks():
    """swoole-src #465"""
    with tasks("task_workers=1", "queue=64") as server, Gate() as gate:
        with Client(server.port) as client:
            begin(client, "/run/hold", gate.path)
            wait_until(lambda: counts(server)["running"] == 1)
            begin_many(server, "echo", 50)
            before = many(server)["process"]
            os.kill(before, signal.SIGKILL)
        wait_until(lambda: status(server)["workers"][0]["pid"] != before)
        wait_until(lambda: status(server)["workers"][0]["state"] == "ready")
        assert begin_many(server, "echo", 10) == 10
        gate.open("go")
        wait_until(lambda: counts(server)["done"] == 61)
        state = many(server)
        assert state["process"] != before and state["done"] == 10, state
        assert state["swapped"] == state["twice"] == 0 == counts(server)["lost"], state


# ---- by id

def test_an_answer_for_a_client_that_is_gone_reaches_nobody():
    """swoole-src #88: the fd and the row of who asked have another client when the task ends."""
    with tasks("task_workers=1") as server, Gate() as gate, WebSocket(server.port) as looker:
        with WebSocket(server.port) as gone:
            row, generation, *_ = map(int, gone.send("?").receive().split())
            gone.send(f"hold {gate.path}")
            wait_until(lambda: counts(server)["running"] == 1)
        wait_until(lambda: connections(status(server)) == 1, what="it to be gone")
        with contextlib.ExitStack() as stack:
            # In process mode another thread may take it, in rows of its own.
            others = (stack.enter_context(WebSocket(server.port)) for _ in range(64))
            seen = ((one, *map(int, one.send("?").receive().split()[:2])) for one in others)
            other, other_generation = next(one[::2] for one in seen if one[1] == row)
            assert other_generation != generation
            gate.open("a secret")
            wait_until(lambda: looker.send("?").receive().split()[2:] == ["0", "1"])
            assert other.send("echo for me").receive() == "ended for me"
            assert other.send("?").receive() == f"{row} {other_generation} 1 1"


def test_a_late_answer_for_a_client_that_is_gone_reaches_nobody():
    """swoole-src #88, over HTTP."""
    with tasks("task_workers=1") as server, Gate() as first, Gate() as second:
        with Client(server.port) as gone:
            begin(gone, "/run/hold", first.path)
            wait_until(lambda: counts(server)["running"] == 1)
            # It ends with RST: one that only stops sending still gets its answer.
            gone.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wait_until(lambda: connections(status(server)) == 0, what="it to be gone")
        with Client(server.port) as other:
            begin(other, "/run/hold", second.path)
            wait_until(lambda: counts(server)["queued"] == 1)
            first.open("a secret")
            second.open("for me")
            assert other.response().body == b"done hold for me\n"
            assert other.get("/fast").body == b"fast\n"


def test_a_task_reaches_connections_and_rooms_while_it_runs():
    with tasks("workers=2", "task_workers=1") as server, Gate() as gate, contextlib.ExitStack() as stack:
        one, other = (stack.enter_context(WebSocket(server.port)) for _ in range(2))
        row, generation, *_ = one.send("?").receive().split()
        assert post(stack.enter_context(Client(server.port)), "/run/tell", "0 0 x").body == b"done tell 001\n"
        for socket_of in one, other:
            assert [socket_of.receive(), socket_of.receive()] == ["begun in the room", "told by room"]
        other.send(f"tell {row} {generation} {gate.path}")
        # Its handler still runs.
        assert [one.receive(), one.receive(), other.receive()] == ["begun"] + 2 * ["begun in the room"]
        assert counts(server)["running"] == 1
        gate.open("")
        assert [one.receive(), one.receive()] == ["told by id", "told by room"]
        assert sorted([other.receive(), other.receive()]) == ["ended 111", "told by room"]


def test_a_task_reaches_nobody_where_its_client_is_gone():
    """swoole-src #88, from the task worker."""
    with tasks("task_workers=1") as server, Gate() as gate, WebSocket(server.port) as looker:
        with WebSocket(server.port) as gone:
            row, generation, *_ = gone.send("?").receive().split()
            looker.send(f"tell {row} {generation} {gate.path}")
            assert gone.receive() == "begun"
            assert looker.receive() == "begun in the room"
        wait_until(lambda: connections(status(server)) == 1, what="it to be gone")
        with contextlib.ExitStack() as stack:
            # In process mode another thread may take it, in rows of its own.
            others = (stack.enter_context(WebSocket(server.port)) for _ in range(64))
            other = next(one for one in others if one.send("?").receive().split()[0] == row)
            gate.open("")
            assert other.receive() == "told by room"
            assert sorted([looker.receive(), looker.receive()]) == ["ended 101", "told by room"]
            assert other.send("?").receive().split()[0] == row


@needs("prlimit")
def test_a_limit_of_file_sizes_refuses_tasks_and_kills_nobody():
    with tasks("task_workers=1", prefix=("prlimit", "--fsize=1000000")) as server, Gate() as gate, \
            Client(server.port) as held:
        begin(held, "/run/hold", gate.path)
        wait_until(lambda: counts(server)["running"] == 1)
        assert run(server, "echo", "beyond the first area") == (503, "refused no_memory")
        gate.open("go")
        assert held.response().body == b"failed hold \n"  # No room for a reason either.
        assert run(server, "nothing") == (200, "done nothing ")
        shown = status(server)
        assert [one["restarts"] for one in shown["workers"] + shown["task_workers"]] == [0, 0], shown


# ---- leaving

def test_tasks_that_wait_through_reloads_are_not_lost():
    """swoole-src #425, #6069"""
    with tasks("task_workers=1", "timeout=20000") as server, Gate() as gate, contextlib.ExitStack() as stack:
        running, *waiting = (stack.enter_context(Client(server.port)) for _ in range(12))
        begin(running, "/run/hold", gate.path)
        wait_until(lambda: counts(server)["running"] == 1)
        first, = task_workers(server)
        for i, client in enumerate(waiting[:6]):
            begin(client, "/run/echo", f"before {i}")
        wait_until(lambda: counts(server)["accepted"] == 7)
        command(server, "reload")
        # The new task worker runs what waits, while the old one has its task.
        for i, client in enumerate(waiting[:6]):
            assert client.response().body == f"done echo before {i}\n".encode()
        for i, client in enumerate(waiting[6:]):
            begin(client, "/run/echo", f"behind {i}")
            command(server, "reload" if i < 3 else "status")
            assert client.response().body == f"done echo behind {i}\n".encode()
        gate.open("at last")
        assert running.response().body == b"done hold at last\n"
        shown = counts(server)
        assert (shown["done"], shown["retried"], shown["lost"]) == (12, 0, 0), shown
    assert not alive(first)


def test_fifty_reloads_lose_no_worker_and_no_task_worker():
    """swoole-src #1500"""
    with tasks("workers=3", "task_workers=2", "queue=256") as server, Gate() as gate, \
            contextlib.ExitStack() as stack:
        begin_many(server, "pause", 3000)
        for _ in range(50):
            command(server, "reload")
        shown = status(server)
        for kind, count in ("workers", 3), ("task_workers", 2):
            now = [one for one in shown[kind] if one["generation"] == 51]
            assert [one["state"] for one in now] == ["ready"] * count, shown
            assert [one["restarts"] for one in now] == [0] * count, shown
        assert shown["reloads"] == 50 and shown["reloads_failed"] == 0
        wait_until(lambda: len(kept(server.pid)) == 5, what="the old ones to leave")
        shown = status(server)
        served = set()

        def look():
            served.add(many_of(stack.enter_context(Client(server.port)))["process"])
            return len(served) == 3
        wait_until(look, what="all to serve")
        assert served == {one["pid"] for one in shown["workers"]}
        client = stack.enter_context(Client(server.port))
        begin(client, "/run/hold", gate.path)
        held, = wait_until(lambda: [one["pid"] for one in status(server)["task_workers"] if one["running"]])
        ran = int(run(server, "who")[1].split()[2])
        assert sorted([held, ran]) == sorted(one["pid"] for one in shown["task_workers"])
        gate.open("go")
        assert client.response().body == b"done hold go\n"
        assert counts(server)["lost"] == 0


def ask_until(server, name, stop, answers):
    """Asks for one task after another, each over a connection of its own; whether all was as it must be."""
    while not stop.is_set():
        text = f"{name}.{len(answers)}"
        answers.append(None)
        answer = run(server, "pause_again", text)
        answers[-1] = answer == (200, f"done pause_again {text}") or answer


def test_every_client_is_answered_once_through_kills_and_reloads():
    with tasks("workers=2", "task_workers=2", "queue=64") as server:
        stop, answers = threading.Event(), [[] for _ in range(4)]
        askers = [threading.Thread(target=ask_until, args=(server, i, stop, answers[i])) for i in range(4)]
        for asker in askers:
            asker.start()
        try:
            for i in range(40):
                seen = sum(map(len, answers))
                wait_until(lambda: sum(map(len, answers)) >= seen + 20, what="answers to go on")
                if i % 4 == 0:
                    command(server, "reload")
                for pid in task_workers(server)[:1]:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
        finally:
            stop.set()
            for asker in askers:
                asker.join()
        assert all(one is True for each in answers for one in each), [
            one for each in answers for one in each if one is not True]
        shown = counts(server)
        assert shown["done"] == shown["accepted"] == sum(map(len, answers)), (shown, len(answers))
        assert shown["died"] == shown["lost"] == 0 < shown["retried"], shown
