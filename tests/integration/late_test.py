"""Answers that come later than their handlers return, and server-sent events."""

import os
import signal
import socket
import struct
import subprocess

from harness import (EXAMPLES, Client, Oklo, alive, files, get, http, listening, mode, needs, request,
                     wait_until)
from nginx_front import passing
from ports import tcp_sockets


def example(name, *args, **options):
    return Oklo("127.0.0.1:{port}", *args, program=os.path.join(EXAMPLES, name), **options)


def say(client, name, word):
    """Says a word on that connection until one that waits has heard it."""
    def heard():
        return client.send(request("POST", f"/say/{name}", word)).response().body == b"1 heard it\n"
    wait_until(heard, what="a request that waits")


def reload(server):
    """Replaces the worker; the pid of the old one, which knows that it leaves."""
    if mode() == "process":
        old = server.workers()[0]
        server.kill(signal.SIGUSR1)
        server.wait_for_stderr("generation 2 is ready")
        return old
    with Client(server.port) as client:
        assert client.get("/nothing").status == 404
        old = server.workers()[0]
        server.kill(signal.SIGUSR1)
        wait_until(lambda: client.get("/nothing").field("connection") == "close", what="the worker to drain")
    return old


def leave(client):
    """Closes its connection by a reset: one that only ends its side still wants an answer."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


# ---- late

def test_an_answer_that_is_awaited_holds_up_nobody():
    with example("late") as late, Client(late.port) as slow:
        slow.send(request("GET", "/slow") * 2)
        assert get(late.port, "/nothing").status == 404
        assert slow.response().body == b"at last\n"
        assert slow.response().body == b"at last\n"
        assert slow.get("/nothing").status == 404


def test_the_handler_of_one_request_answers_another():
    with example("late") as late, Client(late.port) as speaker:
        with Client(late.port) as first, Client(late.port) as second:
            first.send(request("GET", "/wait/a"))
            second.send(request("GET", "/wait/b"))
            say(speaker, "b", b"to b")
            say(speaker, "a", b"to a")
            assert (first.response().body, second.response().body) == (b"to a\n", b"to b\n")
            first.send(request("GET", "/wait/a") + request("GET", "/wait/c") + request("GET", "/nothing"))
            say(speaker, "a", b"one")
            say(speaker, "c", b"two")
            assert [first.response().body for _ in range(3)][:2] == [b"one\n", b"two\n"]
        assert speaker.send(request("POST", "/say/a", b"x")).response().body == b"0 heard it\n"


def test_a_client_that_only_stops_sending_is_answered_and_one_that_resets_is_gone():
    with example("late") as late, Client(late.port) as speaker:
        with Client(late.port) as half:
            half.send(request("GET", "/wait/a")).end()
            say(speaker, "a", b"still there")
            assert half.response().body == b"still there\n"
            assert half.closed()
        reset = Client(late.port)
        reset.send(request("GET", "/wait/b"))
        wait_until(lambda: open_connections(late) == 2, what="both connections")
        leave(reset)
        wait_until(lambda: open_connections(late) == 1, what="the reset connection to be gone")
        assert speaker.send(request("POST", "/say/b", b"x")).response().body == b"0 heard it\n"


def open_connections(server):
    """How many connections the server has that it has not closed: ESTABLISHED or CLOSE_WAIT."""
    return sum(state in ("01", "08") for state, _ in tcp_sockets(server.port))


def test_lines_come_one_by_one():
    with example("late") as late, Client(late.port) as client:
        client.send(request("GET", "/count") + request("GET", "/nothing"))
        head = client.read_until(b"\r\n\r\n")
        assert b"chunked" in head
        for number in range(1, 11):
            line = b"line %d\n" % number
            assert client.read_until(b"\n\r\n") == b"%x\r\n" % len(line) + line + b"\r\n"
            if number < 5:
                assert client.buffer == b""
        assert client.read_until(b"0\r\n\r\n") == b"0\r\n\r\n"
        assert client.response().status == 404


@needs("curl")
def test_curl_reads_them_in_every_version():
    with example("late") as late:
        for option in "--http1.1", "--http1.0":
            done = subprocess.run(["curl", "-sS", option, f"http://127.0.0.1:{late.port}/count"],
                                  capture_output=True, timeout=20)
            assert done.stdout == b"".join(b"line %d\n" % n for n in range(1, 11)), done


def test_a_reload_leaves_the_request_with_its_worker():
    with example("late") as late, Client(late.port) as waiting, Client(late.port) as speaker:
        waiting.send(request("GET", "/wait/a"))
        assert speaker.get("/nothing").status == 404
        old = reload(late)
        assert alive(old)
        if mode() == "process":
            # The next request of a connection goes to the next worker, which can't answer for the other one.
            answer = speaker.send(request("POST", "/say/a", b"from the new")).response()
            assert answer.body == b"0 heard it\n"
            leave(waiting)
            wait_until(lambda: not alive(old), what="the old worker to leave")
            return
        answer = speaker.send(request("POST", "/say/a", b"from the old")).response()
        assert answer.body == b"1 heard it\n" and answer.field("connection") == "close"
        answer = waiting.response()
        assert answer.body == b"from the old\n" and answer.field("connection") == "close"
        assert waiting.closed() and speaker.closed()
        wait_until(lambda: not alive(old), what="the old worker to leave")


def test_a_long_answer_goes_on_through_reloads_as_fast_as_it_is_read():
    with example("late") as late, Client(late.port) as slow:
        slow.send(request("GET", "/pour"))
        old = late.workers()[0]
        read = b""
        for number in 2, 3:
            read += slow.read(4 << 20)
            late.kill(signal.SIGUSR1)
            late.wait_for_stderr(f"generation {number} is ready")
        slow.buffer = read + slow.buffer
        assert slow.response().body == b"p" * (32 << 20)
        slow.close()
        wait_until(lambda: not alive(old), what="the old worker to leave")


def test_a_worker_that_leaves_hears_that_its_clients_are_gone():
    with example("late") as late:
        with Client(late.port) as pouring, Client(late.port) as waiting:
            waiting.send(request("GET", "/wait/a"))
            pouring.send(request("GET", "/pour")).read(1 << 20)
            old = reload(late)
            leave(waiting)
            assert alive(old)
            leave(pouring)
        wait_until(lambda: not alive(old), what="the old worker to leave")


def test_a_stop_waits_for_the_answer():
    with example("late") as late, Client(late.port) as slow:
        slow.send(request("GET", "/slow"))
        assert get(late.port, "/nothing").status == 404
        late.kill(signal.SIGTERM)
        wait_until(lambda: not listening(late.port), what="the listeners to be closed")
        answer = slow.response()
        assert answer.body == b"at last\n" and answer.field("connection") == "close"
        assert slow.closed()
        assert late.process.wait(10) == 0


# ---- events

def listen(port, **fields):
    client = Client(port)
    client.send(request("GET", "/feed", accept="text/event-stream", **fields))
    head = client.read_until(b"\r\n\r\n").lower()
    assert b" 200 " in head and b"\r\ncontent-type: text/event-stream\r\n" in head
    return client


def said(client):
    """The data of the next word, without the clock."""
    while True:
        event = client.read_until(b"\n\n\r\n").split(b"\r\n", 1)[1].decode()
        if not event.startswith("event: clock\n"):
            return event.rstrip("\r\n")


def test_every_listener_hears_every_word():
    with example("events") as events:
        with listen(events.port) as first, listen(events.port) as second:
            for number, word in enumerate([b"one", b"two\nlines", "ü".encode()], 1):
                assert http(events.port, request("POST", "/say", word))[0].status == 204
                data = "".join(f"\ndata: {line}" for line in word.decode().split("\n"))
                assert said(first) == said(second) == f"id: {number}{data}"
            first.close()
            assert http(events.port, request("POST", "/say", b"after"))[0].status == 204
            assert said(second) == "id: 4\ndata: after"
            with listen(events.port, Last_Event_ID=2) as back:
                assert [said(back), said(back)] == ["id: 3\ndata: ü", "id: 4\ndata: after"]
        wait_until(lambda: open_connections(events) == 0, what="all connections to be closed")


def test_the_clock_ticks_for_a_page():
    with example("events") as events, listen(events.port) as client:
        assert b"EventSource('/feed')" in get(events.port).body
        ticks = [client.read_until(b"\n\n\r\n").decode().split("\r\n", 1)[1] for _ in range(2)]
        first = int(ticks[0].split("data: ")[1])
        assert ticks == [f"event: clock\ndata: {n}\n\n\r\n" for n in (first, first + 1)]


def test_head_of_a_stream_is_its_head():
    with example("events") as events:
        answer = get(events.port, "/feed", method="HEAD")
        assert answer.field("content-type") == "text/event-stream"
        assert answer.field("x-accel-buffering") == "no" and answer.field("cache-control") == "no-store"


def test_a_stream_stays_with_its_worker_through_a_reload_and_ends_properly_with_the_service():
    with example("events") as events, listen(events.port) as client:
        old = reload(events)
        assert b"event: clock" in client.read_until(b"\n\n\r\n")
        assert alive(old)
        events.kill(signal.SIGTERM)
        assert client.read_all().endswith(b"0\r\n\r\n")
        assert events.process.wait(10) == 0


@needs("nginx", "curl")
def test_nginx_passes_each_event_on():
    with files({}) as place, example("events") as events:
        with passing(events.port, place, buffering="on") as proxy, listen(proxy.port) as client:
            assert http(events.port, request("POST", "/say", b"through"))[0].status == 204
            assert said(client).endswith("data: through")


@needs("curl")
def test_curl_ends_without_an_error_when_the_service_stops():
    with example("events") as events:
        command = ["curl", "-sSN", f"http://127.0.0.1:{events.port}/feed"]
        curl = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_until(lambda: open_connections(events) == 1, what="the connection of curl")
        assert http(events.port, request("POST", "/say", b"word"))[0].status == 204
        assert b"\ndata: word\n\n" in read_until(curl.stdout, b"word\n\n")
        events.kill(signal.SIGTERM)
        out, errors = curl.communicate(timeout=10)
        assert (curl.returncode, errors) == (0, b""), errors


def read_until(stream, mark):
    out = b""
    while mark not in out:
        piece = os.read(stream.fileno(), 4096)
        assert piece, out
        out += piece
    return out
