"""Connections that are served by coroutines: the example coroutines, driven from outside."""

import contextlib
import os
import signal
import socket
import struct

from harness import (EXAMPLES, Client, Oklo, base_mode_alone, free_port, get, http, listening, memory_kb,
                     mode, needs, request, wait_until)
from ws_client import WebSocket


@contextlib.contextmanager
def coroutines():
    """With a proxy in front of itself, at server.proxy, and HTTP at server.http."""
    proxy, site = free_port(), free_port()
    with Oklo("127.0.0.1:{port}", f"127.0.0.1:{proxy}", "127.0.0.1:{port}", f"127.0.0.1:{site}",
              program=os.path.join(EXAMPLES, "coroutines")) as server:
        server.proxy, server.http = proxy, site
        wait_until(lambda: listening(proxy) and listening(site), what="all addresses")
        yield server


def ask(client, line):
    client.send(line.encode() + b"\n")
    return client.read_until(b"\n").decode().rstrip("\n")


def reset(client):
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def ended(server):
    return server.stderr().count("a conversation has ended")


def test_each_line_has_its_answer_in_order():
    with coroutines() as server, Client(server.port) as client:
        client.send(b"echo a\nnap 20\necho b\r\n\nhash 5000 abc\necho c\n")
        answers = [client.read_until(b"\n") for _ in range(6)]
        assert answers == [b"a\n", b"awake\n", b"b\n", b"what?\n", b"96354\n", b"c\n"], answers
        client.send(b"quit\necho never\n")
        assert client.closed()
        client.close()
        wait_until(lambda: ended(server) == 1)


def test_one_that_waits_holds_up_nobody():
    with coroutines() as server, Client(server.port) as slow, Client(server.port) as quick:
        slow.send(b"nap 60000\n")
        assert ask(quick, "echo quick") == "quick"


def test_a_conversation_stays_where_it_began():
    """Of those that begin while a worker is stopped some would have been that one's."""
    with coroutines() as server, contextlib.ExitStack() as stack:
        os.kill(server.workers()[0], signal.SIGSTOP)
        server.wait_for_stderr("was stopped")
        clients = [stack.enter_context(Client(server.port)) for _ in range(8)]
        assert [ask(client, "echo one") for client in clients] == ["one"] * 8
        os.kill(server.workers()[0], signal.SIGCONT)
        server.wait_for_stderr("goes on")
        assert [ask(client, "echo two") for client in clients] == ["two"] * 8


def test_a_task_that_is_late_is_given_up_and_its_result_dropped():
    with coroutines() as server, Client(server.port) as client:
        assert ask(client, "hash 20 slow") == "no result yet"
        assert ask(client, "hash 10000 abc") == "96354"
        assert ask(client, "echo still in step") == "still in step"


def test_asking_another_server():
    with coroutines() as server, Client(server.port) as client:
        assert ask(client, f"ask 127.0.0.1:{server.port} echo there") == "there"
        nested = f"ask 127.0.0.1:{server.proxy} " * 3
        assert ask(client, f"{nested}echo far") == "far"
        port = free_port()
        assert ask(client, f"ask 127.0.0.1:{port} x").endswith("Connection refused")
        wait_until(lambda: ended(server) == 4, what="the inner conversations to end")


def test_who_is_silent_for_too_long_is_closed_and_nobody_else():
    """Time in which it waits for what is not a line does not count."""
    with coroutines() as server, contextlib.ExitStack() as stack:
        silent, other, talker = (stack.enter_context(Client(server.port)) for _ in range(3))
        other.send(b"patience 50\npatience 0\n")
        assert other.read_until(b"\n") + other.read_until(b"\n") == b"as you like\n" * 2
        assert ask(talker, "patience 60000") == "as you like"
        silent.send(b"patience 50\nnap 200\nhash 10000 slow\necho last\nand no en")
        assert silent.read_all() == b"as you like\nawake\n3533313\nlast\n"
        server.wait_for_stderr("a peer was silent for too long")
        wait_until(lambda: ended(server) == 1)
        assert ask(talker, "echo still here") == ask(other, "echo still here") == "still here"


def test_another_server_that_is_silent_for_too_long():
    with coroutines() as server, Client(server.port) as client:
        to = f"127.0.0.1:{server.proxy}"
        assert ask(client, f"within 50 {to} nap 600000") == "no answer in time"
        assert ask(client, f"within 60000 {to} echo there") == "there"
        assert ask(client, "echo still in step") == "still in step"


def test_a_client_that_has_sent_all_gets_its_answers():
    for through in ("port", "proxy"):
        with coroutines() as server, Client(getattr(server, through)) as client:
            client.send(b"nap 20\nhash 5000 abc\necho last\nrest without an end")
            client.end()
            assert client.read_all() == b"awake\n96354\nlast\n"


def test_a_reset_ends_the_coroutine_where_it_waits():
    with coroutines() as server:
        cases = [(server.port, b"nap 600000\n")]
        cases += [(port, line) for port in (server.port, server.proxy)
                  for line in (b"echo x\n", b"flood 100000000\n", b"x")]
        for count, (port, line) in enumerate(cases, 1):
            client = Client(port).send(line)
            if line == b"echo x\n":
                client.read_until(b"\n")
            reset(client)
            wait_until(lambda: ended(server) == count, what=f"the end after {line}")
        with Client(server.port) as client:
            assert ask(client, "echo fine") == "fine"


@needs("static")  # A sanitizer keeps what was freed.
def test_what_waits_to_be_sent_is_bounded():
    with coroutines() as server:
        processes = {*server.workers(), *server.owners()}
        before = {process: memory_kb(process) for process in processes}
        for port in (server.port, server.proxy):
            with Client(port) as client:
                client.send(b"flood 60000000\n")
                total, most = 0, 0
                while total < 60_000_001:
                    total += len(client.socket.recv(1 << 20))
                    if total % 11 == 0:
                        most = max(most, *(memory_kb(one) - before[one] for one in processes))
                assert total == 60_000_001
                assert most < 16384, most


@base_mode_alone("in process mode a coroutine ends with the worker that a reload replaces")
def test_after_a_reload_it_goes_on_and_the_old_worker_leaves_behind_it():
    with coroutines() as server, Client(server.port) as client:
        assert ask(client, "echo a") == "a"
        old = set(server.workers())
        client.send(b"nap 300\n")
        server.kill(signal.SIGUSR1)
        wait_until(lambda: set(server.workers()) - old, what="the next worker")
        assert client.read_until(b"\n") == b"awake\n"
        assert ask(client, "hash 5000 abc") == "96354"
        assert ask(client, f"ask 127.0.0.1:{server.port} echo next") == "next"
        client.send(b"quit\n")
        assert client.closed()
        client.close()
        wait_until(lambda: not set(server.workers()) & old, what="the old worker to leave")


def test_who_is_served_by_a_worker_that_dies_or_is_replaced_hears_of_it_at_once():
    """In base mode a reload leaves them where they are."""
    with coroutines() as server, Client(server.port) as reader, Client(server.proxy) as far:
        assert ask(reader, "echo a") == "a" and ask(far, "echo b") == "b"
        for worker in server.workers():
            os.kill(worker, signal.SIGKILL)
        for client in reader, far:
            with contextlib.suppress(ConnectionResetError):
                assert client.closed()
        wait_until(server.workers)
        if mode() == "base":
            return
        with Client(server.port) as sleeper, Client(server.port) as idle:
            assert ask(idle, "echo c") == "c"
            sleeper.send(b"echo d\nnap 600000\n")
            assert sleeper.read_until(b"\n") == b"d\n"
            server.kill(signal.SIGUSR1)
            assert idle.closed() and sleeper.closed()
        with Client(server.port) as client:
            assert ask(client, "echo e") == "e"


def test_a_stop_ends_those_that_wait():
    with coroutines() as server:
        with Client(server.port) as sleeper, Client(server.proxy) as reader:
            sleeper.send(b"echo a\nnap 600000\n")
            assert sleeper.read_until(b"\n") == b"a\n"
            assert ask(reader, "echo b") == "b"
            server.kill(signal.SIGTERM)
            assert sleeper.closed() and reader.closed()
        wait_until(lambda: ended(server) == 2, what="both to end")


def test_a_thousand_conversations_at_once():
    with coroutines() as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(server.port)) for _ in range(1000)]
        for number, client in enumerate(clients):
            client.send(b"nap 100\necho %d\n" % number)
        for number, client in enumerate(clients):
            assert client.read_until(b"\n") == b"awake\n"
            assert client.read_until(b"\n") == b"%d\n" % number
        for client in clients:
            client.close()
        wait_until(lambda: ended(server) == 1000, what="all to end")


# ---- HTTP

def test_requests_are_answered_by_coroutines_in_order():
    with coroutines() as server:
        raw = request("POST", "/hash", b"abc") + request("POST", "/hash?ms=20", b"slow")
        raw += request("POST", f"/ask?address=127.0.0.1:{server.port}", b"echo there")
        bodies = [answer.body for answer in http(server.http, raw, 3)]
        assert bodies == [b"96354\n", b"no result yet\n", b"there\n"], bodies
        assert get(server.http, "/count/5").body == b"1\n2\n3\n4\n5\n"
        wait_until(lambda: server.stderr().count("a request has ended") == 4)


def test_a_client_that_goes_away_ends_the_coroutine_of_its_request():
    with coroutines() as server:
        client = Client(server.http).send(request("GET", "/count/1000000"))
        client.read_until(b"3\n")
        reset(client)
        server.wait_for_stderr("a request has ended")
        client = Client(server.http).send(
            request("POST", f"/ask?address=127.0.0.1:{server.port}", b"nap 600000"))
        let_in = Client(server.port)
        assert ask(let_in, "echo x") == "x"
        reset(client)
        wait_until(lambda: server.stderr().count("a request has ended") == 2)
        let_in.close()


def test_a_stop_waits_for_an_answer():
    with coroutines() as server, Client(server.http) as client:
        client.send(request("GET", "/count/40"))
        assert get(server.http, "/nothing").status == 404
        server.kill(signal.SIGTERM)
        assert client.response().body.count(b"\n") == 40


def test_a_websocket_gets_answers_when_they_are_there():
    with coroutines() as server, WebSocket(server.http, "/ws") as socket_:
        socket_.send("nap 100")
        socket_.send("echo first")
        assert socket_.receive() == "first"
        assert socket_.receive() == "awake"
